import test from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { Server, ADMIN, poll, trial, bearer } from './harness.mjs';
import { Listener, until, within } from './listen.mjs';

const admin = { authorization: `Bearer ${ADMIN}` };
const metric = async (s, pattern) => Number(pattern.exec(await (await fetch(s.url + '/metrics')).text())?.[1]);

test('the stream of changes', async (t) => {
  const s = await Server.start({ args: ['--streams.heartbeat', '100ms'] });
  t.after(() => s.stop());
  const listen = (headers) => Listener.open(s.url + '/admin/v1/stream', { ...admin, ...headers });

  await t.test('tells who may read what was changed, and nobody else', async () => {
    for (const role of ['manager', 'analyst', 'agent']) {
      const l = await Listener.open(s.url + '/admin/v1/stream', bearer(await s.token(role)));
      assert.equal(l.status, 200);
      assert.equal(l.headers.get('content-type'), 'text/event-stream');
      assert.equal(l.headers.get('cache-control'), 'no-store');
      l.close();
    }
    assert.equal((await Listener.open(s.url + '/admin/v1/stream')).status, 401);
    assert.equal((await Listener.open(s.url + '/admin/v1/stream', bearer(await s.token('browser')))).status, 403);
  });

  await t.test('ends with its token', async () => {
    const token = (await s.post('/admin/v1/tokens', { name: 'leaves', role: 'analyst' })).body;
    const shop = (await s.post('/admin/v1/tokens', { name: 'stays', role: 'server' })).body;
    const l = await Listener.open(s.url + '/admin/v1/stream', bearer(token.token)), other = await listen();
    const mine = await Listener.open(s.url + '/v1/me/stream', { ...bearer(shop.token), 'parley-act-as': 'ann' });
    await s.delete(`/admin/v1/tokens/${token.id}`);
    await s.put('/admin/v1/features/later', poll({ key: 'later' }));
    await until(() => l.ended && other.events.length === 1);
    assert.deepEqual([l.events, mine.ended], [[], false]);
    await s.delete(`/admin/v1/tokens/${shop.id}`);
    await until(() => mine.ended);
    await s.delete('/admin/v1/features/later');
    other.close();
  });

  await t.test('has every change with kind, key, version, action and revision', async () => {
    const l = await listen();
    await s.put('/admin/v1/features/one', poll({ key: 'one' }));
    const { body } = await s.patch('/admin/v1/features/one', { name: 'Another name' });
    await s.post('/admin/v1/features/one/kill');
    await s.patch('/admin/v1/features/one', { enabled: 'maybe' }); // refused: no change
    await s.delete('/admin/v1/features/one');
    await until(() => l.events.length === 4);
    const ready = (await s.get('/readyz?verbose')).body.configRevision;
    assert.deepEqual(l.events.map((e) => [e.name, e.data.kind, e.data.key]), Array(4).fill(['change', 'feature', 'one']));
    assert.deepEqual(l.events.map((e) => e.data.action), ['create', 'update', 'kill', 'delete']);
    assert.equal(l.events[1].data.version, body.version);
    assert.deepEqual(l.events.map((e) => e.data.revision), [ready - 3, ready - 2, ready - 1, ready]);
    l.close();
  });

  await t.test('tells many changes at once as one, since whoever listens must read all again', async () => {
    const l = await listen(), metrics = (n) => Array.from({ length: n }, (_, i) => ({ kind: 'metric', body: { key: `many-${n}-${i}`, kind: 'count', event: 'Pinned' } }));
    assert.equal((await s.post('/admin/v1/apply', { definitions: metrics(256) })).status, 200);
    await until(() => l.events.length === 256);
    assert.equal((await s.post('/admin/v1/apply', { definitions: metrics(257) })).status, 200);
    await s.put('/admin/v1/metrics/after', { key: 'after', kind: 'count', event: 'Pinned' });
    await until(() => l.events.length === 258);
    assert.deepEqual(l.events.slice(256).map((e) => [e.name, e.data.key]), [['reset', undefined], ['change', 'after']]);
    l.close();
  });

  await t.test('has both sides of a step that changes two things', async () => {
    await trial(s);
    const l = await listen();
    await s.post('/admin/v1/experiments/poll-trial/conclude', { outcome: 'ship', variant: 'top' });
    await until(() => l.events.length >= 2);
    assert.deepEqual(new Set(l.events.map((e) => `${e.data.kind} ${e.data.key}`)), new Set(['experiment poll-trial', 'feature product-poll']));
    l.close();
  });

  await t.test('has what is done to plugins, and keeps tokens to itself', async () => {
    const l = await listen();
    await s.token('server');
    await s.delete('/admin/v1/plugins/polls?force=yes');
    await until(() => l.events.length >= 1);
    assert.deepEqual([l.events[0].data.kind, l.events[0].data.key, l.events[0].data.action], ['plugin', 'polls', 'retire']);
    l.close();
  });

  await t.test('has what schedules do', async () => {
    const l = await listen();
    await s.put('/admin/v1/features/later', poll({ key: 'later' }));
    const made = await s.put('/admin/v1/experiments/by-itself', {
      key: 'by-itself', feature: 'later', control: 'off', weights: { off: 50, top: 50 }, metrics: { primary: 'bought' },
      schedule: { start: new Date(Math.ceil((Date.now() + 800) / 1000) * 1000).toISOString() } });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    await until(() => l.events.some((e) => e.data.kind === 'experiment' && e.data.key === 'by-itself' && e.data.action === 'start'));
    l.close();
  });

  await t.test('tells a listener that comes back what it missed, once and in order', async () => {
    const first = await listen();
    await s.put('/admin/v1/features/two', poll({ key: 'two' }));
    await until(() => first.events.length === 1);
    first.close();
    await s.patch('/admin/v1/features/two', { name: 'b' });
    await s.patch('/admin/v1/features/two', { name: 'c' });
    const second = await listen({ 'last-event-id': first.last });
    await until(() => second.events.length === 2);
    assert.deepEqual(second.events.map((e) => e.data.version), [2, 3]);
    second.close();
  });

  await t.test('tells one whose place is not remembered that it must read all again', async () => {
    const before = await listen();
    await until(() => before.last);
    await s.kill();
    await s.up();
    const l = await listen({ 'last-event-id': before.last });
    await until(() => l.events.length === 1);
    assert.equal(l.events[0].name, 'reset');
    l.close();
  });

  await t.test('shows that it lives while nothing happens', async () => {
    const l = await listen();
    await until(() => l.comments >= 3);
    assert.equal(l.events.length, 0);
    l.close();
  });

  await t.test('forgets listeners that went away', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => listen()));
    const now = () => metric(s, /^parley_stream_listeners\{stream="changes"\} (\d+)$/m);
    assert.ok(await now() >= 20);
    for (const l of many) l.close();
    await until(async () => await now() === 0, 'no listeners are counted');
  });
});

test('OpenFeature clients are told to evaluate again', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await s.put('/admin/v1/features/plain', poll({ key: 'plain' }));
  let due = 0;
  const bulk = (headers) => s.post('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'u' } }, headers);

  await t.test('by a stream that the bulk answer names, which needs no header', async () => {
    const { body } = await bulk();
    assert.equal(body.eventStreams.length, 1);
    const [{ type, url, inactivityDelaySec }] = body.eventStreams;
    assert.equal(type, 'sse');
    assert.ok(url.startsWith(`${s.url}/ofrep/v1/stream?token=`), url);
    assert.equal(inactivityDelaySec, 120);
    const l = await Listener.open(url);
    assert.equal(l.status, 200);
    await until(() => l.last);
    assert.equal(l.events.length, 0);
    await s.post('/admin/v1/features/plain/kill');
    await until(() => l.events.length === 1);
    assert.equal(l.events[0].name, 'message');
    assert.deepEqual(l.events[0].data, { type: 'refetchEvaluation' });
    l.close();
  });

  await t.test('at once where the configuration has changed since the answer', async () => {
    const { body } = await bulk();
    await s.post('/admin/v1/features/plain/unkill');
    const l = await Listener.open(body.eventStreams[0].url);
    await until(() => l.events.length === 1);
    l.close();
  });

  await t.test('and not without the token, or with one that was changed', async () => {
    const url = new URL((await bulk()).body.eventStreams[0].url);
    const token = url.searchParams.get('token');
    for (const other of ['', 'x', token.slice(0, -1), token.replace(/^\d/, (d) => (Number(d) + 1) % 10), ADMIN]) {
      url.searchParams.set('token', other);
      assert.equal((await Listener.open(url)).status, 401, other);
    }
    assert.equal((await Listener.open(s.url + '/ofrep/v1/stream')).status, 401);
    assert.equal((await Listener.open(s.url + '/admin/v1/stream', bearer(token))).status, 401);
  });

  await t.test('when a scheduled change is due', () => within(1000, async () => {
    const key = `due-${due++}`, start = Date.now() + 3000;
    await s.put(`/admin/v1/features/${key}`, poll({ key }));
    await s.put(`/admin/v1/experiments/${key}`, { key, feature: key, control: 'off', weights: { off: 50, top: 50 } });
    const started = await s.post(`/admin/v1/experiments/${key}/start`, { at: new Date(start).toISOString() });
    assert.equal(started.status, 200, JSON.stringify(started.body));
    const l = await Listener.open((await bulk()).body.eventStreams[0].url);
    await until(() => l.last);
    const early = l.events.length;
    if (Date.now() < start) assert.equal(early, 0);
    else return Infinity; // it was due before anybody listened
    await until(() => l.events.length === 1);
    const late = Date.now() - start;
    assert.ok(late >= 0, `${late} ms`);
    l.close();
    return late;
  }));

  await t.test('while a 304 stays right: for this context, this configuration, nothing else', async () => {
    const first = await bulk();
    const tag = first.headers.get('etag');
    const again = await bulk({ 'if-none-match': tag });
    assert.equal(again.status, 304);
    assert.equal(again.headers.get('etag'), tag);
    assert.equal(again.body, '');
    assert.equal((await bulk({ 'if-none-match': `"x", W/${tag}` })).status, 304);
    assert.equal((await bulk({ 'if-none-match': '*' })).status, 200);
    const other = await s.post('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'v' } }, { 'if-none-match': tag });
    assert.equal(other.status, 200);
    await s.patch('/admin/v1/features/plain', { default: { serve: 'top' } });
    const changed = await bulk({ 'if-none-match': tag });
    assert.equal(changed.status, 200);
    assert.equal(changed.body.flags.find((f) => f.key === 'plain').value, 'top');
  });
});

test('two thousand listeners', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const { eventStreams: [{ url }] } = (await s.post('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'u' } })).body;
  const { pathname, search } = new URL(url);
  const sockets = [];
  t.after(() => { for (const socket of sockets) socket.destroy(); });
  const open = () => new Promise((answered, failed) => {
    const socket = connect(s.port, '127.0.0.1', () => socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: x\r\n\r\n`));
    socket.text = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => { socket.text += text; if (socket.text.includes('retry: ')) answered(); });
    socket.on('error', failed);
    socket.on('close', () => { socket.gone = true; });
    sockets.push(socket);
  });
  for (let i = 0; i < 2000; i += 100) await Promise.all(Array.from({ length: 100 }, open));
  let change = 0;

  await t.test('all hear of a change within a second, and others are served meanwhile', async () => {
    await within(1000, async () => {
      for (const socket of sockets) socket.text = '';
      await s.put('/admin/v1/features/one', poll({ key: 'one', name: `Change ${change++}` }));
      await until(() => sockets.every((socket) => socket.text.includes('refetchEvaluation')));
    });
    assert.equal((await s.get('/readyz')).status, 200);
    assert.equal(await metric(s, /^parley_stream_listeners_dropped_total\{stream="refetch"\} (\d+)$/m), 0);
  });

  await t.test('do not hold up the end', async () => {
    const started = Date.now();
    assert.deepEqual(await s.kill('SIGTERM'), { code: 0, signal: null });
    const took = Date.now() - started;
    assert.ok(took < 3000, `${took} ms`);
    assert.doesNotMatch(s.log, /did not finish in time/);
    await until(() => sockets.every((socket) => socket.gone));
    assert.ok(sockets.every((socket) => socket.text.endsWith('0\r\n\r\n')), 'each stream was ended in order');
  });
});
