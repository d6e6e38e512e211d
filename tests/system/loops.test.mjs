// Two loops that serve: whichever has a connection, its client sees one Parley. Clients here keep one connection each; they are dealt
// to the loops by turns, so that half of them are on either.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { ADMIN, Server, asShopper, bearer, poll, trial } from './harness.mjs';
import { activate, install, served } from './bundles.mjs';
import { Listener, until } from './listen.mjs';

const CLIENTS = 8;
const admin = { authorization: `Bearer ${ADMIN}` };
const flag = (key, over = {}) => ({ key, type: 'string', variants: { off: { value: 'off' }, on: { value: 'on' } }, off: 'off', default: { serve: 'on' }, ...over });

// One keep-alive connection.
class Client {
  constructor(server) {
    this.server = server;
    this.agent = new Agent({ keepAlive: true, maxSockets: 1 });
  }

  call(method, path, body, headers = {}) {
    return new Promise((done, failed) => {
      const sent = request(this.server.url + path, { method, agent: this.agent, headers: { ...admin, ...(body ? { 'content-type': 'application/json' } : {}), ...headers } }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part) => { text += part; }).on('error', failed)
          .on('end', () => done({ status: answer.statusCode, headers: answer.headers, body: /json/.test(answer.headers['content-type']) && text ? JSON.parse(text) : text }));
      });
      sent.on('error', failed).end(body ? JSON.stringify(body) : undefined);
    });
  }

  // A request whose body waits until the server has the head of it: resolves then, to what sends the body and gives the answer's status.
  begin(path, body) {
    return new Promise((begun, failed) => {
      const text = JSON.stringify(body);
      const sent = request(this.server.url + path, { method: 'POST', agent: this.agent, headers: { ...admin, 'content-type': 'application/json', 'content-length': text.length, expect: '100-continue' } });
      sent.on('continue', () => begun(() => new Promise((done) => {
        sent.on('response', (answer) => answer.resume().on('end', () => done(answer.statusCode))).on('error', failed).end(text);
      }))).on('error', failed).flushHeaders();
    });
  }

  evaluate(key, targetingKey, context = {}, headers) {
    return this.call('POST', `/ofrep/v1/evaluate/flags/${key}`, { context: { targetingKey, ...context } }, headers);
  }

  close() { this.agent.destroy(); }
}

const metric = async (s, name, labels) =>
  [...(await s.get('/metrics')).body.matchAll(new RegExp(`^${name}${labels ? `\\{${labels}\\}` : ''} (\\d+)`, 'gm'))].reduce((sum, m) => sum + Number(m[1]), 0);
const answered = (s, loop) => metric(s, 'parley_loop_answers_total', `loop="${loop}"`);

async function start(t, args = []) {
  const s = await Server.start({ args: ['--loops', '2', ...args] });
  t.after(() => s.stop());
  await metric(s, 'parley_loop_connections', '.*'); // the harness has its connection
  const clients = [];
  for (let i = 0; i < CLIENTS; i++) {
    clients.push(new Client(s));
    assert.equal((await clients[i].call('GET', '/livez')).status, 200); // one after the other: an order to deal them in
  }
  t.after(() => clients.forEach((c) => c.close()));
  const each = (ask) => Promise.all(clients.map(ask));
  return { s, clients, each };
}

test('two loops', async (t) => {
  const { s, clients, each } = await start(t, ['--streams.heartbeat', '100ms', '--plugins.unsigned', 'on']);
  await trial(s);
  await s.put('/admin/v1/features/plain', flag('plain'));

  await t.test('share the connections, and each says what it does', async () => {
    for (const loop of [0, 1]) {
      const open = await metric(s, 'parley_loop_connections', `loop="${loop}"`);
      assert.ok(open >= CLIENTS / 2 && open <= CLIENTS / 2 + 1, `${open} connections on loop ${loop}`);
    }
    const before = [await answered(s, 0), await answered(s, 1)], decided = await metric(s, 'parley_evaluations_total');
    for (let i = 0; i < 5; i++) await each((c, k) => c.evaluate('plain', `u${k}`));
    for (const loop of [0, 1]) await until(async () => await answered(s, loop) - before[loop] >= 5 * CLIENTS / 2, `loop ${loop} says what it answered`);
    assert.equal(await metric(s, 'parley_evaluations_total') - decided, 5 * CLIENTS, 'both count into one sum');
  });

  await t.test('decide alike, and record each exposure once', async () => {
    const exposed = () => metric(s, 'parley_exposures_total');
    const before = await exposed();
    for (let i = 0; i < 40; i++) {
      const answers = await each((c) => c.evaluate('product-poll', `same-${i}`));
      assert.equal(new Set(answers.map((a) => a.body.variant)).size, 1);
    }
    const recorded = await exposed() - before;
    assert.ok(recorded >= 40 && recorded <= 80, `${recorded}`); // two loops may meet a unit at the same moment: it counts once all the same
    await s.post('/v1/track', { userId: 'nobody', event: 'Settled' });
    const r = await s.results('poll-trial', (r) => r.variants.reduce((n, v) => n + v.units, 0) >= 40);
    assert.equal(r.variants.reduce((n, v) => n + v.units, 0), 40);
  });

  await t.test('remember for one another who met what', async () => {
    const made = [
      await s.put('/admin/v1/features/moved', flag('moved', { default: { serve: 'off' } })),
      await s.put('/admin/v1/experiments/moving', { key: 'moving', feature: 'moved', control: 'off', weights: { off: 50, on: 50 }, traffic: 100, metrics: { primary: 'bought' } }),
      await s.post('/admin/v1/experiments/moving/start', {}),
    ];
    for (const answer of made) assert.ok(answer.status < 300, JSON.stringify(answer.body));
    const met = new Map();
    for (let i = 0; i < 40; i++) met.set(`m${i}`, (await clients[i % CLIENTS].evaluate('moved', `m${i}`)).body.variant);
    const changed = await s.patch('/admin/v1/experiments/moving', { weights: { off: 1, on: 99 } });
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    for (const [unit, variant] of met)
      for (const { body } of await each((c) => c.evaluate('moved', unit))) assert.equal(body.variant, variant, unit);
    assert.ok([...met.values()].includes('off'));
  });

  await t.test('show a change when it is answered, whichever of them made it', async () => {
    for (let i = 0; i < 40; i++) {
      const serve = i % 2 ? 'on' : 'off';
      const changed = await clients[i % CLIENTS].call('PATCH', '/admin/v1/features/plain', { default: { serve } });
      assert.equal(changed.status, 200);
      for (const { body } of await each((c) => c.evaluate('plain', 'x'))) {
        assert.equal(body.variant, serve);
        assert.ok(body.metadata.configRevision >= Number(changed.headers.etag.replaceAll('"', '')));
      }
    }
  });

  await t.test('change under load without an answer that is wrong', async () => {
    let over = false, answers = 0;
    const busy = each(async (c, k) => {
      for (let i = 0; !over; i++, answers++) {
        const { status, body } = i % 3 ? await c.evaluate('plain', `l${k}-${i}`) : await c.call('POST', '/ofrep/v1/evaluate/flags', { context: { targetingKey: `l${k}-${i}` } });
        assert.equal(status, 200);
        assert.ok(i % 3 ? ['on', 'off'].includes(body.variant) : body.flags.length >= 3, JSON.stringify(body));
      }
    });
    for (let i = 0; i < 60; i++) await s.patch('/admin/v1/features/plain', { default: { serve: i % 2 ? 'on' : 'off' } });
    over = true;
    await busy;
    assert.ok(answers > CLIENTS);
  });

  await t.test('know a token, and its end, at once', async () => {
    for (const client of clients.slice(0, 2)) {
      const { body } = await client.call('POST', '/admin/v1/tokens', { name: 'short-lived', role: 'server' });
      for (const { status } of await each((c) => c.evaluate('plain', 'x', {}, bearer(body.token)))) assert.equal(status, 200);
      assert.ok((await client.call('DELETE', `/admin/v1/tokens/${body.id}`)).status < 300);
      for (const { status } of await each((c) => c.evaluate('plain', 'x', {}, bearer(body.token)))) assert.equal(status, 401);
    }
  });

  await t.test('join keys for one another', async () => {
    for (let i = 0; i < CLIENTS; i++) {
      const { body } = await clients[i].evaluate('product-poll', `visitor-${i}`);
      assert.equal((await clients[i].call('POST', '/v1/identify', { userId: `customer-${i}`, anonymousId: `visitor-${i}` })).status, 202);
      for (const { body: joined } of await each((c) => c.evaluate('product-poll', `customer-${i}`))) assert.equal(joined.variant, body.variant);
    }
  });

  await t.test('reach plugins, pages, preferences and files', async () => {
    const question = { id: 'p1', question: 'Which?', kind: 'single', results: 'always', about: 'home', options: [{ key: 'a', label: 'A' }, { key: 'b', label: 'B' }] };
    assert.ok((await clients[1].call('POST', '/admin/v1/plugins/polls/api/polls', question)).status < 300);
    await s.put('/admin/v1/features/home-poll', poll({ key: 'home-poll', default: { serve: 'top' } }));
    await s.put('/admin/v1/pages/home', { key: 'home', name: 'Home', sections: { hero: { feature: 'plain' }, question: { feature: 'home-poll', path: '/polls?about=home' } }, order: ['question', 'hero'], deadline: 5000 });
    await s.put('/admin/v1/pages/bare', { key: 'bare', name: 'Bare', sections: { hero: { feature: 'plain' } }, order: ['hero'] });
    for (const { status, body } of await each((c, k) => c.call('PUT', '/v1/features/home-poll/polls/p1/vote', { options: ['a'] }, asShopper(`v${k}`)))) assert.ok(status < 300, JSON.stringify(body));
    for (const { body } of await each((c) => c.call('GET', '/v1/pages/home', undefined, asShopper('anna')))) {
      assert.deepEqual(body.sections.map((section) => section.section), ['question', 'hero']);
      assert.equal(body.sections[0].data.items[0].id, 'p1');
    }
    for (const { body } of await each((c) => c.call('GET', '/v1/pages/bare', undefined, asShopper('anna')))) assert.equal(body.sections.length, 1);
    assert.equal((await clients[0].call('PUT', '/v1/me/preferences', { muted: ['plain'] }, asShopper('bert'))).status, 200);
    for (const { body } of await each((c) => c.call('GET', '/v1/pages/bare', undefined, asShopper('bert')))) assert.deepEqual(body.leftOut, [{ section: 'hero', why: 'muted' }]);
    const web = (await clients[0].evaluate('home-poll', 'x')).body.metadata;
    for (const { body } of await each((c) => c.evaluate('home-poll', 'x'))) assert.deepEqual(body.metadata, { ...web, configRevision: body.metadata.configRevision });
    for (const { status, body } of await each((c) => c.call('GET', web.component))) assert.ok(status === 200 && body.length > 100);
    for (const { status } of await each((c) => c.call('GET', '/parley.js'))) assert.equal(status, 200);
  });

  await t.test('see alike whether a plugin serves', async () => {
    assert.ok((await install(s, 'notes-1.0.0', { name: 'notes' })).status < 300);
    await served(s, 'noting', 'notes', { whenDown: 'off' });
    for (const { body } of await each((c) => c.evaluate('noting', 'x'))) assert.equal(body.variant, 'off');
    assert.ok((await activate(s, 'notes')).status < 300);
    for (const { body } of await each((c) => c.evaluate('noting', 'x'))) assert.equal(body.variant, 'on');
    assert.ok((await clients[1].call('DELETE', '/admin/v1/plugins/notes?force=yes')).status < 300);
    for (const { body } of await each((c) => c.evaluate('noting', 'x'))) assert.equal(body.variant, 'off');
  });

  await t.test('tell listeners on either of what changes, in order', async () => {
    const listeners = [];
    for (let i = 0; i < 6; i++) listeners.push(await Listener.open(s.url + '/admin/v1/stream', admin));
    const url = (await clients[0].call('POST', '/ofrep/v1/evaluate/flags', { context: { targetingKey: 'x' } })).body.eventStreams[0].url;
    for (let i = 0; i < 6; i++) listeners.push(await Listener.open(url));
    for (const loop of [0, 1]) assert.ok(await metric(s, 'parley_loop_connections', `loop="${loop}"`) >= CLIENTS / 2 + 6);
    for (let i = 0; i < 30; i++) await s.patch('/admin/v1/features/plain', { name: `Name ${i} ${'x'.repeat(100)}` });
    await until(() => listeners.every((l) => l.events.length >= 30), 'every listener hears of 30 changes');
    for (const l of listeners.slice(0, 6)) {
      const revisions = l.events.map((e) => e.data.revision);
      assert.deepEqual(revisions, [...revisions].sort((a, b) => a - b));
    }
    await until(() => listeners.every((l) => l.comments > 0), 'quiet streams beat');
    const again = await Listener.open(s.url + '/admin/v1/stream', { ...admin, 'last-event-id': listeners[0].events[9].id });
    const too = await Listener.open(s.url + '/admin/v1/stream', { ...admin, 'last-event-id': listeners[0].events[9].id });
    for (const l of [again, too]) await until(() => l.events.length >= 20, 'who comes back hears what was missed');
    for (const l of [...listeners, again, too]) l.close();
    await until(async () => await metric(s, 'parley_stream_listeners', '.*') === 0, 'nobody listens any more');
  });

  await t.test('export and erase a customer', async () => {
    for (let i = 0; i < 40; i++) await clients[i % CLIENTS].call('POST', '/v1/batch', { batch: Array.from({ length: 50 }, (_, k) => ({ type: 'track', userId: 'dora', event: 'Seen', properties: { i, k, filler: 'y'.repeat(100) } })) });
    for (const { status, body } of await each((c) => c.call('GET', '/v1/me/export', undefined, asShopper('dora')))) {
      assert.equal(status, 200);
      assert.equal(body.events.filter((e) => e.event === 'Seen' || e.name === 'Seen').length, 2000, JSON.stringify(body.events[0]));
    }
    assert.ok((await clients[1].call('DELETE', '/v1/me', undefined, asShopper('dora'))).status < 300);
    for (const { body } of await each((c) => c.call('POST', '/v1/track', { userId: 'dora', event: 'Seen' }))) assert.equal(body.rejected.length, 1, JSON.stringify(body));
  });

  await t.test('count together how often a feature is asked for', async () => {
    const asked = async () => (await s.get('/admin/v1/usage?limit=1000')).body.items.find((i) => i.feature === 'plain').evaluations;
    const before = await asked();
    for (let i = 0; i < 5; i++) await each((c) => c.evaluate('plain', 'x'));
    assert.equal(await asked() - before, 5 * CLIENTS);
  });
});

test('SIGTERM ends two loops with what is in flight, and with those who listen', async (t) => {
  const { s, clients, each } = await start(t);
  const listeners = [];
  for (let i = 0; i < 4; i++) listeners.push(await Listener.open(s.url + '/admin/v1/stream', admin));
  const batch = { batch: Array.from({ length: 1000 }, (_, i) => ({ type: 'track', event: 'E', userId: `u${i}` })) };
  const begun = await each((c) => c.begin('/v1/batch', batch));
  s.process.kill('SIGTERM');
  await until(() => /msg=draining/.test(s.log), 'it drains');
  for (const status of await Promise.all(begun.map((finish) => finish()))) assert.equal(status, 202);
  assert.deepEqual(await s.exited, { code: 0, signal: null });
  assert.match(s.log, /msg=stopped/);
  for (const l of listeners) await until(() => l.ended, 'a stream ends');
  clients.forEach((c) => c.close());
});

test('kill -9 leaves what either loop acknowledged', async (t) => {
  const { s, clients } = await start(t);
  const acknowledged = [];
  let over = false;
  const senders = clients.map(async (c, k) => {
    for (let i = 0; !over; i++) {
      const { status } = await c.call('POST', '/v1/track', { userId: `u${k}`, event: 'Kept', messageId: `m${k}-${i}` }).catch(() => ({}));
      if (status === 202) acknowledged.push(`m${k}-${i}`);
      else return;
    }
  });
  await until(() => acknowledged.length > 100 && ['m0-', 'm1-'].every((mine) => acknowledged.some((id) => id.startsWith(mine))), 'both loops acknowledge');
  await s.kill('SIGKILL');
  over = true;
  await Promise.all(senders);
  await s.up();
  const { body } = await s.post('/v1/batch', { batch: acknowledged.slice(0, 500).map((messageId) => ({ type: 'track', userId: 'u', event: 'Kept', messageId })) });
  assert.deepEqual([body.accepted, body.duplicates], [0, Math.min(500, acknowledged.length)]);
});
