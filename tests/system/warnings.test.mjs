// What is wrong with a trial's data is told: a code for programs, a sentence for people, and the figures behind it.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, trial } from './harness.mjs';

const START = Date.parse('2021-01-10T00:00:00Z'), DAY = 86400e3;
const at = (day) => new Date(START + day * DAY).toISOString();
const viewed = (userId, variation_id, day, experiment_id = 'poll-trial') => ({ type: 'track', event: 'Experiment Viewed', userId, messageId: `${experiment_id}-${userId}-${variation_id}-${day}`, timestamp: at(day), properties: { experiment_id, variation_id } });
const pinned = (userId, day, n = 0) => ({ type: 'track', event: 'Product Added to Wishlist', userId, messageId: `p-${userId}-${day}-${n}`, timestamp: at(day) });

async function send(s, batch) {
  for (let i = 0; i < batch.length; i += 2000) assert.equal((await s.post('/v1/batch', { batch: batch.slice(i, i + 2000) })).status, 202);
}
const warningOf = (r, code, metric) => r.warnings.find((w) => w.code === code && (!metric || w.evidence.metric === metric));
const has = (code, metric) => (r) => warningOf(r, code, metric);

async function outside(t, over = {}) {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s, { assignment: 'external', traffic: undefined, metrics: { primary: 'pins' }, ...over }, { at: at(0) });
  return s;
}

test('arms that differed before anybody entered', async (t) => {
  const s = await outside(t, { analysis: { cuped: 'P14D' } });
  await send(s, Array.from({ length: 200 }, (_, i) => {
    const unit = `u${i}`, arm = i % 2 ? 'top' : 'off', before = (i % 4 < 2 ? 1 : 0) + (i % 2 ? 2 : 0);
    return [...Array.from({ length: before }, (_, n) => pinned(unit, 1, n)), viewed(unit, arm, 2), ...(i % 3 ? [pinned(unit, 3)] : [])];
  }).flat());
  const r = await s.results('poll-trial', has('pre-experiment-bias'));
  const { detail, evidence } = warningOf(r, 'pre-experiment-bias');
  assert.match(detail, /`pins` differed between `top` and control before anybody entered/);
  assert.deepEqual([evidence.metric, evidence.variant, evidence.coverage], ['pins', 'top', 0.75]);
  assert.ok(evidence.p < 1e-6);
});

test('history that narrows nothing', async (t) => {
  const s = await outside(t, { analysis: { cuped: 'P14D' } });
  await send(s, Array.from({ length: 200 }, (_, i) => [pinned(`u${i}`, 1), viewed(`u${i}`, i % 2 ? 'top' : 'off', 2), ...(i % 3 ? [pinned(`u${i}`, 3)] : [])]).flat());
  const r = await s.results('poll-trial', has('cuped-no-help'));
  const { detail, evidence } = warningOf(r, 'cuped-no-help');
  assert.match(detail, /What units did before does not narrow the interval of `pins` for `top`/);
  assert.ok(evidence.reduction <= 0 && evidence.coverage === 1, JSON.stringify(evidence));
  assert.equal(warningOf(r, 'pre-experiment-bias'), undefined);
});

test('units that met two variants, variants that nobody knows, words that came too late', async (t) => {
  const s = await outside(t);
  await send(s, Array.from({ length: 100 }, (_, i) => viewed(`u${i}`, i % 2 ? 'top' : 'off', 10)));
  await send(s, [viewed('u1', 'off', 11), viewed('u2', 'top', 11), viewed('x1', 'sideways', 10), viewed('x2', 'sideways', 10), viewed('u3', 'top', 1), viewed('u4', 'off', 2)]);
  const r = await s.results('poll-trial', (x) => ['multiple-exposure', 'unknown-variation', 'too-late'].every((code) => warningOf(x, code)));
  assert.deepEqual(warningOf(r, 'multiple-exposure').evidence, { units: 100, multipleExposure: 2 });
  assert.deepEqual(warningOf(r, 'unknown-variation').evidence, { n: 2, units: 98 });
  assert.deepEqual(warningOf(r, 'too-late').evidence, { n: 2, units: 98 });
  assert.deepEqual(r.variants.map((v) => v.units), [49, 49]);
  assert.match(warningOf(r, 'multiple-exposure').detail, /2 of 100 units \(2\.0 %\) met two variants/);
  assert.equal(warningOf(r, 'no-data').evidence.metric, 'pins');
});

test('pages that show another variant than Parley gives', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s);
  const { body } = await s.evaluate('product-poll', 'anna');
  const other = body.value === 'top' ? 'off' : 'top';
  await s.post('/v1/batch', { batch: [{ type: 'track', event: 'Experiment Viewed', userId: 'anna', properties: { experiment_id: 'poll-trial', variation_id: other } },
    { type: 'track', event: 'Experiment Viewed', userId: 'anna', properties: { experiment_id: 'poll-trial', variation_id: body.value } }] });
  const r = await s.results('poll-trial', has('exposure-mismatch'));
  assert.deepEqual(warningOf(r, 'exposure-mismatch').evidence, { n: 1, units: 1 });
  assert.equal(r.excluded.multipleExposure, 0, 'she never really met the other');
});

test('a trial by person of a plugin in which shoppers meet is started with a warning', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const feature = (key, plugin, release) => s.put(`/admin/v1/features/${key}`, { key, type: 'string', stage: 'trial', variants: { off: { value: 'off' }, on: { value: 'on', plugin, ...(release && { release }) } }, off: 'off', default: { serve: 'off' } });
  const start = async (key, over = {}) => {
    const made = await s.put(`/admin/v1/experiments/${key}-trial`, { key: `${key}-trial`, feature: key, control: 'off', weights: { off: 1, on: 1 }, ...over });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const answer = await s.post(`/admin/v1/experiments/${key}-trial/start`, {});
    assert.deepEqual([answer.status, answer.body.state], [200, 'running']);
    return answer.body.warnings;
  };
  await feature('boards', 'boards');
  const [warning] = await start('boards');
  assert.equal(warning.code, 'interference');
  assert.match(warning.detail, /Shoppers meet in plugin `boards` of variant `on`.*such as `sku`/);
  await feature('qa', 'qa');
  assert.equal(await start('qa', { unit: 'sku' }), undefined, 'drawn by what they share');
  await feature('recommendations', 'recommendations');
  assert.equal(await start('recommendations'), undefined, 'nobody meets anybody');
  await feature('polls', 'polls', '1.1.0');
  assert.equal(await start('polls'), undefined, 'friends came with 1.2.0');
});
