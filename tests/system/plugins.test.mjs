import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, poll, bearer, asShopper } from './harness.mjs';
import { until } from './listen.mjs';

const polls = '/admin/v1/plugins/polls';

test('the polls plugin on a feature', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await s.put('/admin/v1/features/product-poll', poll({ default: { serve: 'top' } }));
  const made = await s.post(`${polls}/api/polls`, {
    id: 'p1', question: 'Which colour?', kind: 'single', results: 'on_vote', about: 'sku:mug',
    options: [{ key: 'red', label: 'Red' }, { key: 'blue', label: 'Blue' }],
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const mine = (method, path, body, who = 'c1') => s.call(method, `/v1/features/product-poll${path}`, body, asShopper(who));

  await t.test('is found by what it is about', async () => {
    const { status, body } = await mine('GET', '/polls?about=sku:mug');
    assert.equal(status, 200);
    assert.equal(body.items[0].id, 'p1');
  });

  await t.test('takes a vote, shows results only then, and the last vote wins', async () => {
    assert.equal((await mine('GET', '/polls/p1')).body.tally, null);
    assert.equal((await mine('PUT', '/polls/p1/vote', { options: ['red'] })).status, 200);
    assert.equal((await mine('PUT', '/polls/p1/vote', { options: ['blue'] })).status, 200);
    const after = (await mine('GET', '/polls/p1')).body;
    assert.deepEqual(after.voted, ['blue']);
    assert.equal(after.tally.voters, 1);
    assert.equal((await mine('DELETE', '/polls/p1/vote')).status, 200);
  });

  await t.test('answers what is wrong as a problem', async () => {
    const wrong = await mine('PUT', '/polls/p1/vote', { options: ['green'] });
    assert.equal(wrong.status, 400);
    assert.match(wrong.body.detail, /green/);
    assert.equal((await mine('GET', '/polls/nowhere')).status, 404);
    assert.equal((await mine('PUT', '/polls/p1/vote', '{')).status, 400);
  });

  await t.test('is personal: no cache may keep it', async () => {
    assert.match((await mine('GET', '/polls/p1')).headers.get('cache-control'), /private, no-store/);
  });

  await t.test('is off where the variant has no plugin', async () => {
    await s.put('/admin/v1/features/off-poll', poll({ key: 'off-poll' }));
    const off = await s.get('/v1/features/off-poll/polls', asShopper('c1'));
    assert.equal(off.status, 404);
    assert.match(off.body.type, /feature-off$/);
  });

  await t.test('tracks votes into the journal, for any metric', async () => {
    await s.put('/admin/v1/metrics/votes', { key: 'votes', kind: 'count', event: 'Poll Voted' });
    await s.put('/admin/v1/experiments/v', { key: 'v', feature: 'product-poll', control: 'off', weights: { off: 0.0001, top: 100 }, metrics: { primary: 'votes' } });
    assert.equal((await s.post('/admin/v1/experiments/v/start', {})).status, 200);
    await s.evaluate('product-poll', 'c7');
    await new Promise((r) => setTimeout(r, 20));
    await mine('PUT', '/polls/p1/vote', { options: ['red'] }, 'c7');
    const r = await s.results('v', (x) => x.metrics[0]?.variants.some((v) => v.sum === 1));
    assert.equal(r.metrics[0].variants.find((v) => v.variant === 'top').sum, 1);
  });

  await t.test('serves its web component, to be kept for ever', async () => {
    const { metadata } = (await s.evaluate('product-poll', 'c7')).body;
    const file = await fetch(s.url + metadata.component);
    assert.equal(file.status, 200);
    assert.match(file.headers.get('content-type'), /javascript/);
    assert.match(file.headers.get('cache-control'), /immutable/);
    assert.match(await file.text(), /parley-poll/);
  });

  await t.test('keeps an acknowledged vote through kill -9', async () => {
    assert.equal((await mine('PUT', '/polls/p1/vote', { options: ['red'] }, 'k1')).status, 200);
    const { releases } = (await s.get(polls)).body;
    await s.kill();
    await s.up();
    assert.deepEqual((await mine('GET', '/polls/p1', undefined, 'k1')).body.voted, ['red']);
    assert.ok(releases.length >= 2);
  });
});

test('releases are swapped under load without a failed request', async () => {
  const s = await Server.start();
  await s.put('/admin/v1/features/product-poll', poll({ default: { serve: 'top' } }));
  await s.post(`${polls}/api/polls`, { id: 'p1', question: '?', kind: 'single', results: 'always', options: [{ key: 'a', label: 'A' }, { key: 'b', label: 'B' }] });
  let going = true, served = 0;
  const failed = [];
  const shopper = async (who) => {
    while (going) {
      const read = await s.get('/v1/features/product-poll/polls/p1', asShopper(who));
      const vote = await s.put('/v1/features/product-poll/polls/p1/vote', { options: [Math.random() < .5 ? 'a' : 'b'] }, asShopper(who));
      for (const answer of [read, vote]) answer.status === 200 ? served++ : failed.push(answer);
    }
  };
  const load = Array.from({ length: 16 }, (_, i) => shopper(`c${i}`));
  const active = async () => (await s.get(polls)).body.active;
  assert.equal(await active(), '1.2.0', 'a fresh folder begins with the newest');
  for (let i = 0; i < 10; i++) {
    const version = i % 2 ? '1.0.0' : '1.1.0';
    const swap = await s.post(`${polls}/activate`, { version });
    assert.equal(swap.status, 200, JSON.stringify(swap.body));
    assert.equal(await active(), version);
  }
  assert.equal((await s.post(`${polls}/rollback`)).status, 200);
  assert.equal(await active(), '1.1.0');
  await until(() => served > 100, 'a hundred answers');
  going = false;
  await Promise.all(load);
  assert.deepEqual(failed, []);
  const status = (await s.get('/admin/v1/audit?kind=plugin')).body.items;
  assert.equal(status.length, 11);
  assert.deepEqual([status[0].action, status[0].before, status[0].after], ['rollback', { version: '1.0.0' }, { version: '1.1.0' }]);
  await s.stop();
});

test('a plugin that cannot run costs nobody else anything', async (t) => {
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes'] });
  t.after(() => s.stop());
  await s.put('/admin/v1/features/product-poll', poll({ default: { serve: 'top' } }));

  await t.test('a bundle that is none is refused with a sentence', async () => {
    const answer = await s.call('POST', '/admin/v1/plugins', new Uint8Array([1, 2, 3]), { 'content-type': 'application/octet-stream' });
    assert.equal(answer.status, 400);
    assert.ok(answer.body.detail.length > 10);
  });

  await t.test('an unknown release is 404, an unknown plugin too', async () => {
    assert.equal((await s.post(`${polls}/activate`, { version: '9.9.9' })).status, 404);
    assert.equal((await s.post('/admin/v1/plugins/nowhere/activate', { version: '1.0.0' })).status, 404);
  });

  await t.test('a worker that is killed is started again; meanwhile its feature says 503 with Retry-After', async () => {
    const running = async () => (await s.get(polls)).body.releases.find((r) => r.state === 'running');
    const { pid } = await running();
    process.kill(pid, 'SIGKILL');
    const seen = new Set();
    const end = Date.now() + 60_000;
    let back;
    do {
      const answer = await s.put('/v1/features/product-poll/polls/none/vote', { options: ['a'] }, asShopper('c'));
      seen.add(answer.status);
      if (answer.status === 503) assert.ok(Number(answer.headers.get('retry-after')) >= 1);
      back = await running();
    } while ((!back || back.pid === pid) && Date.now() < end);
    assert.ok(back && back.pid !== pid);
    assert.ok([...seen].every((status) => status === 503 || status === 404), [...seen].join());
    assert.equal((await s.evaluate('product-poll', 'c')).status, 200);
  });

  await t.test('a publisher may bring releases and nothing else', async () => {
    const publisher = bearer(await s.token('publisher'));
    assert.equal((await s.get('/admin/v1/plugins', publisher)).status, 200);
    assert.equal((await s.put('/admin/v1/features/x', poll({ key: 'x' }), publisher)).status, 403);
  });
});

test('a feature that says so falls back to its off variant while its release is down', async () => {
  const s = await Server.start();
  await s.put('/admin/v1/features/product-poll', poll({ default: { serve: 'top' }, whenDown: 'off' }));
  assert.equal((await s.evaluate('product-poll', 'c')).body.value, 'top');
  await until(async () => { // more often than it is started again
    const { active, releases } = (await s.get(polls)).body, up = releases.find((r) => r.version === active);
    try { if (up.state === 'running') process.kill(up.pid, 'SIGKILL'); } catch { /* it died of the kill before, and is not reaped yet */ }
    return up.state === 'failed';
  });
  assert.equal((await s.evaluate('product-poll', 'c')).body.value, 'off');
  const call = await s.get('/v1/features/product-poll/polls', asShopper('c'));
  assert.equal(call.status, 404);
  assert.match(call.body.type, /feature-off$/);
  await s.stop();
});
