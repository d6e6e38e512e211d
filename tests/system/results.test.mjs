import test from 'node:test';
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { Server, trial } from './harness.mjs';
import { parley } from './parley.mjs';

const close = (a, b, relative = 1e-9) => assert.ok(Math.abs(a - b) <= relative * Math.max(Math.abs(a), Math.abs(b)), `${a} is not ${b}`);

// Sends events in batches of 2,000; `make(i)` gives the i-th.
async function sendAll(s, n, make) {
  for (let i = 0; i < n; i += 2000) {
    const batch = Array.from({ length: Math.min(2000, n - i) }, (_, j) => make(i + j));
    const answer = await s.post('/v1/batch', { batch });
    assert.equal(answer.status, 202);
    assert.equal(answer.body.rejected.length, 0, JSON.stringify(answer.body.rejected[0]));
  }
}
const viewed = (unit, variant, at) => ({ type: 'track', event: 'Experiment Viewed', userId: unit, messageId: `v-${unit}`, timestamp: at,
  properties: { experiment_id: 'poll-trial', variation_id: variant } });
const total = (r) => r.variants.reduce((n, v) => n + v.units, 0);
const metric = (r, key, variant) => r.metrics.find((m) => m.metric === key).variants.find((v) => v.variant === variant);

test('published counts give the published numbers: Cookie Cats, day-1 retention', async () => {
  const s = await Server.start();
  await trial(s, { assignment: 'external', traffic: undefined, analysis: { method: 'fixed', alpha: 0.05, correction: 'none' } }, { at: '2020-01-01T00:00:00Z' });
  const off = 44700, top = 45489, at = '2020-02-01T00:00:00Z';
  await sendAll(s, off + top, (i) => viewed(`c${i}`, i < off ? 'off' : 'top', at));
  await sendAll(s, 20034 + 20119, (i) => {
    const unit = i < 20034 ? i : off + (i - 20034);
    return { type: 'track', event: 'Order Completed', userId: `c${unit}`, messageId: `o-${i}`, timestamp: '2020-02-02T00:00:00Z', properties: { order_id: `${i}`, revenue: 1 } };
  });
  const r = await s.results('poll-trial', (x) => total(x) === off + top && metric(x, 'bought', 'top').sum === 20119);
  assert.equal(metric(r, 'bought', 'off').sum, 20034);
  assert.equal(metric(r, 'bought', 'top').sum, 20119);
  const { difference, fixed } = metric(r, 'bought', 'top');
  close(difference.p, 0.0744096552496, 1e-9);
  close(fixed.p, difference.p);
  close(fixed.z, -1.7840862247, 1e-9);
  close(r.srm.chi2, 6.9024, 1e-4);
  close(r.srm.p, 0.00861, 1e-3);
  assert.equal(r.srm.verdict, 'warn');
  await s.stop();
});

test('a cap is at most a minute old, and made anew when the trial is concluded', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await s.put('/admin/v1/metrics/capped', { key: 'capped', kind: 'mean', event: 'Order Completed', value: 'revenue', cap: 0.5 });
  await trial(s, { assignment: 'external', traffic: undefined, metrics: { primary: 'capped' }, analysis: { method: 'fixed' } }, { at: '2021-01-01T00:00:00Z' });
  const spend = (round, of) => s.post('/v1/batch', { batch: ['a', 'b', 'c'].flatMap((unit, i) => [viewed(unit, i ? 'top' : 'off', '2021-01-02T00:00:00Z'),
    { type: 'track', event: 'Order Completed', userId: unit, messageId: `${round}${unit}`, timestamp: '2021-01-03T00:00:00Z', properties: { order_id: `${round}${unit}`, revenue: of(i) } }]) });
  await spend('first', (i) => i + 1);
  const { cap } = (await s.results('poll-trial', (r) => r.metrics[0].cap.value === 2)).metrics[0];
  assert.equal(cap.value, 2, 'the median of 1, 2 and 3');
  await spend('second', (i) => 10 * (i + 1));
  const meanwhile = await s.results('poll-trial', (r) => metric(r, 'capped', 'off').sum === 2);
  assert.equal(metric(meanwhile, 'capped', 'top').sum, 4, 'both have reached it');
  assert.deepEqual(meanwhile.metrics[0].cap, cap);
  await s.post('/admin/v1/experiments/poll-trial/conclude', { outcome: 'rollback' });
  const concluded = await s.results('poll-trial', (r) => r.state === 'concluded');
  assert.equal(concluded.metrics[0].cap.value, 22);
  assert.deepEqual(concluded.metrics[0].variants.map((v) => v.sum), [11, 44]);
  assert.ok(concluded.metrics[0].cap.asOf > cap.asOf);
});

test('nobody enters while a trial is paused, what those do who are in counts, and a late word from before counts too', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s, { assignment: 'external', traffic: undefined }, { at: '2021-01-01T00:00:00Z' });
  const met = (unit, timestamp) => ({ type: 'track', event: 'Experiment Viewed', userId: unit, messageId: `v-${unit}`, timestamp, properties: { experiment_id: 'poll-trial', variation_id: 'top' } });
  const bought = (unit) => ({ type: 'track', event: 'Order Completed', userId: unit, messageId: `o-${unit}`, properties: { order_id: unit, revenue: 5 } });
  const send = (...batch) => s.post('/v1/batch', { batch });
  const step = (name) => s.post(`/admin/v1/experiments/poll-trial/${name}`, {});
  await send(met('early'));
  const before = new Date().toISOString();
  await new Promise((r) => setTimeout(r, 5));
  await step('pause');
  await send(met('paused'), bought('paused'), bought('early'), met('late', before));
  const paused = await s.results('poll-trial', (r) => total(r) === 2 && metric(r, 'bought', 'top').sum === 1);
  assert.equal(paused.state, 'paused');
  assert.equal(total(paused), 2, 'early and late');
  assert.equal(metric(paused, 'bought', 'top').sum, 1);
  await step('resume');
  await send(met('after'), bought('after'), { ...met('paused'), messageId: 'v-again' });
  const after = await s.results('poll-trial', (r) => total(r) === 4 && metric(r, 'bought', 'top').sum === 2);
  assert.equal(total(after), 4);
  assert.equal(metric(after, 'bought', 'top').sum, 2, 'an order before the entry is none of the trial\'s');
  const { body: proof } = await s.post('/admin/v1/experiments/poll-trial/verify', {});
  assert.deepEqual([proof.same, proof.different, proof.units], [true, 0, 4]);
  await s.kill();
  await s.up();
  assert.deepEqual((await s.results('poll-trial', (r) => isDeepStrictEqual(r.metrics, after.metrics))).metrics, after.metrics);
});

test('a break-down judges each group for itself, merges what is small, and is asked for by name', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s, { assignment: 'external', traffic: undefined, breakdowns: ['country'] }, { at: '2021-01-01T00:00:00Z' });
  const country = (i) => (i < 120 ? 'DE' : i < 200 ? 'FR' : i < 204 ? 'IT' : 'MT');
  await sendAll(s, 206, (i) => ({ ...viewed(`u${i}`, i % 2 ? 'top' : 'off', '2021-01-05T00:00:00Z'), properties: { experiment_id: 'poll-trial', variation_id: i % 2 ? 'top' : 'off', country: country(i) } }));
  await sendAll(s, 100, (i) => ({ type: 'track', event: 'Order Completed', userId: `u${i}`, messageId: `o${i}`, timestamp: '2021-01-06T00:00:00Z', properties: { order_id: `${i}`, revenue: 1 } }));
  await s.results('poll-trial', (r) => total(r) === 206 && metric(r, 'bought', 'top').sum === 50);
  const { body: r } = await s.get('/admin/v1/experiments/poll-trial/results?by=country');
  assert.deepEqual(r.groups.map((g) => [g.value, g.other ?? false, g.merged ?? 0, total(g)]), [['DE', false, 0, 120], ['FR', false, 0, 80], [null, true, 2, 6]]);
  assert.ok(r.groups.every((g) => g.srm.verdict === 'ok' && g.srm.pAdjusted >= g.srm.p));
  assert.equal(metric(r.groups[0], 'bought', 'top').sum, 50);
  assert.deepEqual(r.heterogeneity.map((h) => h.variant), ['top']);
  const other = await s.get('/admin/v1/experiments/poll-trial/results?by=device');
  assert.equal(other.status, 400);
  assert.match(other.body.detail, /`device` is none of the experiment's break-downs/);
  const { code, out } = await parley(s.url, ['experiments', 'results', 'poll-trial', '--by', 'country', '--output', 'table']);
  assert.equal(code, 0);
  assert.match(out, /\ncountry: DE\n.*: ok, p = 1\n\nvariant  units\noff         60  control\ntop         60\n/);
  assert.match(out, /\ncountry: 2 others together\n/);
  assert.match(out, /\nthe effect of top is the same in all of them: p = /);
});

test('results', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s, { assignment: 'external', traffic: undefined }, { at: '2021-01-01T00:00:00Z' });
  const day = (d) => `2021-01-${String(d).padStart(2, '0')}T00:00:00Z`;
  const buy = (unit, id, revenue, at, event = 'Order Completed') => ({ type: 'track', event, userId: unit, messageId: `${event}-${id}`, timestamp: at, properties: { order_id: id, revenue } });
  const send = (...batch) => s.post('/v1/batch', { batch });

  await t.test('count an event from the exposure on, and not before', async () => {
    await send(viewed('a', 'off', day(5)), viewed('b', 'top', day(5)));
    await send(buy('a', 'a1', 10, day(5)), buy('b', 'b0', 99, day(4)), buy('b', 'b1', 20.25, day(6)), buy('b', 'b2', 0.1, day(7)));
    const r = await s.results('poll-trial', (x) => metric(x, 'spend', 'top').sum > 20.3);
    assert.equal(metric(r, 'spend', 'off').sum, 10);
    assert.equal(metric(r, 'spend', 'top').sum, 20.35);
    assert.equal(metric(r, 'again', 'top').sum, 1);
    assert.equal(metric(r, 'bought', 'top').sum, 1);
  });

  await t.test('are the same when events come in another order', async () => {
    await send(buy('c', 'c1', 7, day(8)));
    await send(buy('c', 'c2', 3, day(6)));
    await send(viewed('c', 'off', day(7)));
    const r = await s.results('poll-trial', (x) => metric(x, 'spend', 'off').sum >= 17);
    assert.equal(metric(r, 'spend', 'off').sum, 17);
  });

  await t.test('count an order once, whichever source sent it', async () => {
    await send({ ...buy('c', 'c1', 7, day(8)), messageId: 'another-source' });
    await send(buy('d', 'd1', 1, day(9)), viewed('d', 'top', day(9)));
    const r = await s.results('poll-trial', (x) => total(x) === 4);
    assert.equal(metric(r, 'spend', 'off').sum, 17);
  });

  await t.test('leave out a unit that met two variants, and say so', async () => {
    await send(viewed('e', 'off', day(9)), { ...viewed('e', 'top', day(10)), messageId: 'second' });
    const r = await s.results('poll-trial', (x) => x.excluded.multipleExposure === 1);
    assert.equal(r.excluded.multipleExposure, 1);
    assert.equal(total(r), 4);
  });

  await t.test('count unknown variations apart', async () => {
    await send(viewed('f', 'sideways', day(9)));
    const r = await s.results('poll-trial', (x) => x.excluded.unknownVariation === 1);
    assert.equal(r.excluded.unknownVariation, 1);
  });

  await t.test('are the same after kill -9', async () => {
    const before = await s.results('poll-trial');
    await s.kill();
    await s.up();
    const after = await s.results('poll-trial', (x) => isDeepStrictEqual([x.metrics, x.excluded], [before.metrics, before.excluded]));
    assert.deepEqual(after.metrics, before.metrics);
    assert.deepEqual(after.excluded, before.excluded);
  });
});
