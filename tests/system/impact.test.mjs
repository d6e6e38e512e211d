// What a change would touch, and holdouts as the experiments that they are.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, poll, trial } from './harness.mjs';

const short = (items) => items.map((i) => `${i.kind} ${i.key} as ${i.as} of ${i.of.kind} ${i.of.key}`);

test('the impact of a change', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const on = { type: 'boolean', variants: { on: { value: true }, off: { value: false } }, off: 'off', default: { serve: 'on' } };
  await s.put('/admin/v1/segments/germans', { if: { '==': [{ var: 'country' }, 'DE'] } });
  await s.put('/admin/v1/segments/buyers', { if: { in_segment: 'germans' } });
  await s.put('/admin/v1/features/accounts', { ...on, rules: [{ id: 'b', if: { in_segment: 'buyers' }, serve: 'off' }] });
  await trial(s);
  await s.patch('/admin/v1/features/product-poll', { prerequisites: [{ feature: 'accounts', variants: ['on'] }] });
  for (let i = 0; i < 30; i++) await s.evaluate('product-poll', `u${i}`);

  await t.test('is followed from use to use, with the running trials and their units', async () => {
    const { status, body } = await s.get('/admin/v1/segments/germans/impact');
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(short(body.items), [
      'feature accounts as rule of segment buyers',
      'feature product-poll as prerequisite of feature accounts',
      'experiment poll-trial as feature of feature product-poll',
      'segment buyers as condition of segment germans',
    ]);
    const { state, units } = body.items[2];
    assert.deepEqual({ state, units }, { state: 'running', units: 30 });
    assert.deepEqual(body.totals, { runningTrials: 1, units: 30, features: 2, pages: 0 });
    assert.equal(body.next, null);
  });

  await t.test('of a trial that runs is its own units, and who sees its feature', async () => {
    const { body } = await s.get('/admin/v1/experiments/poll-trial/impact');
    assert.deepEqual(short(body.items), ['feature product-poll as on trial of experiment poll-trial', 'experiment poll-trial as itself of experiment poll-trial']);
    assert.deepEqual(body.totals, { runningTrials: 1, units: 30, features: 1, pages: 0 });
  });

  await t.test('of a metric is the experiments that it judges', async () => {
    const { body } = await s.get('/admin/v1/metrics/bought/impact');
    assert.deepEqual(short(body.items), ['experiment poll-trial as primary metric of metric bought']);
  });

  await t.test('comes in pages, is empty where nothing is touched, and 404 of what is not there', async () => {
    const first = (await s.get('/admin/v1/segments/germans/impact?limit=3')).body;
    assert.equal(first.items.length, 3);
    const rest = (await s.get(`/admin/v1/segments/germans/impact?limit=3&cursor=${first.next}`)).body;
    assert.deepEqual(short(rest.items), ['segment buyers as condition of segment germans']);
    assert.equal(rest.next, null);
    assert.deepEqual(rest.totals, first.totals);
    await s.put('/admin/v1/layers/home', {});
    assert.deepEqual((await s.get('/admin/v1/layers/home/impact')).body.items, []);
    assert.equal((await s.get('/admin/v1/features/nowhere/impact')).status, 404);
  });

  await t.test('stands in the way of deleting, too', async () => {
    const refused = await s.delete('/admin/v1/segments/buyers');
    assert.equal(refused.status, 409);
    assert.match(refused.body.detail, /is used by feature "accounts"/);
  });
});

test('a holdout', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await s.put('/admin/v1/metrics/bought', { key: 'bought', kind: 'conversion', event: 'Order Completed' });
  const start = new Date(Date.now() - 60000).toISOString();
  const holdout = { share: 30, start, metrics: { primary: 'bought' } };
  const made = await s.put('/admin/v1/holdouts/q1', holdout);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  await trial(s);
  const held = new Set(), open = new Set();
  const units = 600;
  for (let i = 0; i < units; i++) {
    const { body } = await s.evaluate('product-poll', `u${i}`);
    (body.metadata.experiment ? open : held).add(`u${i}`);
  }

  await t.test('reads out as an experiment: everybody it covers, held out against not', async () => {
    assert.ok(held.size > 130 && held.size < 230, `${held.size} of ${units} are held out`);
    const r = await s.results('holdout:q1', (x) => x.variants[0].units + x.variants[1].units === units);
    assert.deepEqual(r.variants.map((v) => [v.key, v.units]), [['held', held.size], ['open', open.size]]);
    assert.equal(r.variants[0].control, true);
    assert.equal(r.srm.verdict, 'ok');
    const trial = await s.results('poll-trial', (x) => x.variants[0].units + x.variants[1].units === open.size);
    assert.equal(trial.variants[0].units + trial.variants[1].units, open.size, 'the trial has the others alone');
  });

  await t.test('compares what they did since', async () => {
    const batch = [...held].slice(0, 20).concat([...open].slice(0, 90)).map((userId) => ({ type: 'track', event: 'Order Completed', userId, messageId: userId, properties: { order_id: userId, revenue: 1 } }));
    assert.equal((await s.post('/v1/batch', { batch })).status, 202);
    const r = await s.results('holdout:q1', (x) => x.metrics[0].variants[1].sum === 90);
    assert.deepEqual(r.metrics[0].variants.map((v) => v.sum), [20, 90]);
    assert.equal(r.metrics[0].role, 'primary');
  });

  await t.test('counts each unit once, over a restart too', async () => {
    await s.kill();
    await s.up();
    for (let i = 0; i < 100; i++) await s.evaluate('product-poll', `u${i}`);
    await s.evaluate('product-poll', 'one more');
    const r = await s.results('holdout:q1', (x) => x.variants[0].units + x.variants[1].units > units);
    assert.equal(r.variants[0].units + r.variants[1].units, units + 1);
    assert.equal(r.excluded.multipleExposure, 0);
  });

  await t.test('keeps its draw once it has begun, but may end', async () => {
    const other = await s.patch('/admin/v1/holdouts/q1', { share: 10 });
    assert.equal(other.status, 409);
    assert.match(other.body.detail, /has begun: share, unit, salt and start stay/);
    assert.equal((await s.patch('/admin/v1/holdouts/q1', { end: '2099-01-01T00:00:00Z' })).status, 200);
  });

  await t.test('is over when its end has passed, and says so', async () => {
    assert.equal((await s.results('holdout:q1')).state, 'running');
    const { status, body } = await s.patch('/admin/v1/holdouts/q1', { end: new Date().toISOString() });
    assert.equal(status, 200, JSON.stringify(body));
    const r = await s.results('holdout:q1', (x) => x.state === 'maturing');
    assert.equal(r.state, 'maturing');
    assert.equal(r.variants[0].units + r.variants[1].units, units + 1);
    assert.match(r.verdict.words, /bought.*no verdict, because `mde`/);
  });

  await t.test('takes no steps of an experiment', async () => {
    assert.equal((await s.post('/admin/v1/experiments/holdout:q1/conclude', { outcome: 'rollback' })).status, 404);
  });
});
