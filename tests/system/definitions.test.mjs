import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, poll, trial, bearer } from './harness.mjs';

test('definitions', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());

  await t.test('are made, read, listed and deleted', async () => {
    const made = await s.put('/admin/v1/features/a', poll({ key: 'a' }));
    assert.equal(made.status, 201);
    assert.equal(made.body.version, 1);
    assert.equal(made.headers.get('etag'), '"1"');
    assert.deepEqual((await s.get('/admin/v1/features/a')).body.variants, poll().variants);
    for (const key of ['b', 'c']) await s.put(`/admin/v1/features/${key}`, poll({ key }));
    const page = (await s.get('/admin/v1/features?limit=2')).body;
    assert.deepEqual(page.items.map((i) => i.key), ['a', 'b']);
    const rest = (await s.get(`/admin/v1/features?limit=2&cursor=${page.next}`)).body;
    assert.deepEqual(rest.items.map((i) => i.key), ['c']);
    assert.equal(rest.next, null);
    assert.equal((await s.delete('/admin/v1/features/c')).status, 204);
    assert.equal((await s.get('/admin/v1/features/c')).status, 404);
  });

  await t.test('keep every version, and any of them can be restored', async () => {
    await s.patch('/admin/v1/features/a', { name: 'Second' });
    await s.patch('/admin/v1/features/a', { name: 'Third' });
    const versions = (await s.get('/admin/v1/features/a/versions')).body.items;
    assert.deepEqual(versions.map((v) => [v.version, v.body.name]), [[3, 'Third'], [2, 'Second'], [1, poll().name]]);
    const restored = await s.post('/admin/v1/features/a/restore', { version: 2 });
    assert.equal(restored.status, 200);
    assert.equal(restored.body.name, 'Second');
    assert.equal(restored.body.version, 4);
  });

  await t.test('answer 412 to an old If-Match, and change nothing', async () => {
    const now = (await s.get('/admin/v1/features/a')).body.version;
    assert.equal((await s.put('/admin/v1/features/a', poll({ key: 'a', name: 'X' }), { 'if-match': '"1"' })).status, 412);
    assert.equal((await s.get('/admin/v1/features/a')).body.version, now);
    assert.equal((await s.put('/admin/v1/features/a', poll({ key: 'a', name: 'X' }), { 'if-match': `"${now}"` })).status, 200);
  });

  for (const [what, change, pointer] of [
    ['an unknown member', { colour: 'red' }, '/colour'],
    ['a value of the wrong type', { type: 'boolean' }, '/variants/off/value'],
    ['an off variant that is not there', { off: 'nowhere' }, '/off'],
    ['a default that is not there', { default: { serve: 'nowhere' } }, '/default/serve'],
    ['a stage that is none', { stage: 'beta' }, '/stage'],
    ['weights that add up to nothing', { rules: [{ id: 'r', split: { off: 0, top: 0 } }] }, '/rules/0/split'],
    ['an unknown operator', { rules: [{ id: 'r', if: { almost: [1, 2] }, serve: 'top' }] }, '/rules/0/if'],
    ['a negative weight', { rules: [{ id: 'r', split: { off: -1, top: 2 } }] }, '/rules/0/split/off'],
  ])
    await t.test(`are refused for ${what}, and the answer points at it`, async () => {
      const answer = await s.put('/admin/v1/features/wrong', poll({ key: 'wrong', ...change }));
      assert.equal(answer.status, 400, JSON.stringify(answer.body));
      assert.ok(answer.body.errors.some((e) => e.pointer.startsWith(pointer)), JSON.stringify(answer.body));
      assert.equal((await s.get('/admin/v1/features/wrong')).status, 404);
    });

  await t.test('of a key that is none are refused', async () => {
    assert.equal((await s.put('/admin/v1/features/-x', poll({ key: '-x' }))).status, 400);
    assert.equal((await s.put('/admin/v1/features/x', poll({ key: 'y' }))).status, 400);
  });

  await t.test('of experiments must name what is there', async () => {
    const answer = await s.put('/admin/v1/experiments/e', { key: 'e', feature: 'nowhere', control: 'off', weights: { off: 1, top: 1 } });
    assert.equal(answer.status, 400);
    assert.ok(answer.body.errors.some((e) => e.pointer === '/feature'));
  });

  await t.test('a kill needs no version and shows at once; unkill takes it back', async () => {
    await s.put('/admin/v1/features/k', poll({ key: 'k', default: { serve: 'top' } }));
    assert.equal((await s.evaluate('k', 'u')).body.value, 'top');
    assert.equal((await s.post('/admin/v1/features/k/kill')).status, 200);
    const killed = (await s.evaluate('k', 'u')).body;
    assert.equal(killed.value, 'off');
    assert.equal(killed.reason, 'DISABLED');
    await s.post('/admin/v1/features/k/unkill');
    assert.equal((await s.evaluate('k', 'u')).body.value, 'top');
  });

  await t.test('a key without its kind is no question for the audit log', async () => {
    assert.equal((await s.get('/admin/v1/audit?key=a')).status, 400);
    assert.equal((await s.get('/livez')).status, 200);
  });

  await t.test('every change is in the audit log with before and after', async () => {
    const items = (await s.get('/admin/v1/audit?kind=feature&key=a&limit=2')).body.items;
    assert.equal(items.length, 2);
    assert.equal(items[0].before.name, 'Second');
    assert.equal(items[0].after.name, 'X');
    assert.ok(items[0].actor && items[0].at);
  });

  await t.test('a POST with an Idempotency-Key is done once', async () => {
    const make = () => s.post('/admin/v1/tokens', { name: 'once', role: 'server' }, { 'idempotency-key': 'k1' });
    const [first, again] = [await make(), await make()];
    assert.deepEqual(again.body, first.body);
    assert.equal((await s.get('/admin/v1/tokens')).body.items.filter((i) => i.name === 'once').length, 1);
    const other = await s.post('/admin/v1/tokens', { name: 'twice', role: 'server' }, { 'idempotency-key': 'k1' });
    assert.equal(other.status, 409);
  });

  await t.test('survive a restart', async () => {
    await s.kill();
    await s.up();
    assert.equal((await s.get('/admin/v1/features/a')).body.name, 'X');
    assert.equal((await s.evaluate('k', 'u')).body.value, 'top');
  });
});

test('an experiment', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s);

  await t.test('cannot be started twice, nor beside another on its feature', async () => {
    assert.equal((await s.post('/admin/v1/experiments/poll-trial/start', {})).status, 409);
    await s.put('/admin/v1/experiments/second', { key: 'second', feature: 'product-poll', control: 'off', weights: { off: 1, top: 1 } });
    assert.equal((await s.post('/admin/v1/experiments/second/start', {})).status, 409);
  });

  await t.test('locks its primary metric and its control', async () => {
    const body = (await s.get('/admin/v1/experiments/poll-trial')).body;
    assert.equal(body.state, 'running');
    assert.equal((await s.patch('/admin/v1/experiments/poll-trial', { metrics: { primary: 'again', secondary: ['spend', 'pins'] } })).status, 409);
  });

  await t.test('paused gives everyone the default and records nothing; resumed goes on', async () => {
    assert.equal((await s.post('/admin/v1/experiments/poll-trial/pause')).status, 200);
    for (let i = 0; i < 20; i++) assert.equal((await s.evaluate('product-poll', `p${i}`)).body.value, 'off');
    await s.post('/admin/v1/experiments/poll-trial/resume');
    const values = new Set();
    for (let i = 0; i < 40; i++) values.add((await s.evaluate('product-poll', `p${i}`)).body.value);
    assert.deepEqual([...values].sort(), ['off', 'top']);
  });

  await t.test('keeps what refers to it from being deleted', async () => {
    assert.equal((await s.delete('/admin/v1/features/product-poll')).status, 409);
    assert.equal((await s.delete('/admin/v1/metrics/bought')).status, 409);
    assert.equal((await s.delete('/admin/v1/experiments/poll-trial')).status, 409);
  });

  await t.test('shipped gives its variant to everybody in one step, with the note in the audit log', async () => {
    const wrong = await s.post('/admin/v1/experiments/poll-trial/conclude', { outcome: 'ship', variant: 'nowhere' });
    assert.equal(wrong.status, 400);
    const done = await s.post('/admin/v1/experiments/poll-trial/conclude', { outcome: 'ship', variant: 'top', note: 'more buyers' });
    assert.equal(done.status, 200, JSON.stringify(done.body));
    assert.equal(done.body.state, 'concluded');
    for (let i = 0; i < 20; i++) assert.equal((await s.evaluate('product-poll', `new${i}`)).body.value, 'top');
    assert.equal((await s.get('/admin/v1/features/product-poll')).body.stage, 'shipped');
    const audit = (await s.get('/admin/v1/audit?limit=5')).body.items;
    assert.ok(audit.some((a) => a.action === 'conclude' && a.note === 'more buyers'));
  });

  await t.test('a token of another role may look, not change', async () => {
    const analyst = bearer(await s.token('analyst'));
    assert.equal((await s.get('/admin/v1/experiments/poll-trial', analyst)).status, 200);
    assert.equal((await s.post('/admin/v1/experiments/poll-trial/start', {}, analyst)).status, 403);
  });
});
