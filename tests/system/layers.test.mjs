// Layers over HTTP: experiments in one never share a unit, slots are allotted and freed, and nobody else moves.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, poll } from './harness.mjs';

test('a layer', async (t) => {
  const s = await Server.start(), units = Array.from({ length: 400 }, (_, i) => `u${i}`);
  t.after(() => s.stop());
  const arms = async (key) => Promise.all(units.map(async (unit) => {
    const { body: { variant, metadata } } = await s.evaluate(key, unit);
    return metadata.experiment ? variant : null;
  }));
  await s.put('/admin/v1/layers/home', {});
  for (const [key, traffic] of [['a', 40], ['b', 50], ['c', 30]]) {
    await s.put(`/admin/v1/features/${key}`, poll({ key }));
    await s.put(`/admin/v1/experiments/trial-${key}`, { feature: key, layer: 'home', traffic, control: 'off', weights: { off: 50, top: 50 } });
  }
  const start = (key) => s.post(`/admin/v1/experiments/trial-${key}/start`);

  await t.test('never lets its experiments share a unit', async () => {
    assert.equal((await start('a')).status, 200);
    assert.equal((await start('b')).status, 200);
    const a = await arms('a'), b = await arms('b'), both = a.filter((arm, i) => arm && b[i]), either = a.filter((arm, i) => arm || b[i]);
    assert.equal(both.length, 0);
    assert.ok(either.length > units.length * 0.85 && either.length < units.length * 0.95, `${either.length} of ${units.length}`);
  });

  await t.test('says how many slots are free where they are too few', async () => {
    const refused = await start('c');
    assert.equal(refused.status, 409);
    assert.equal(refused.body.free, 1000);
    assert.match(refused.body.detail, /1000 of 10000 slots free, but 3000 more are needed/);
  });

  await t.test('frees slots at conclude, and moves nobody of the others', async () => {
    const before = await arms('b');
    await s.post('/admin/v1/experiments/trial-a/conclude', { outcome: 'rollback', note: 'no effect' });
    assert.equal((await start('c')).status, 200);
    assert.deepEqual(await arms('b'), before);
    const c = await arms('c');
    assert.equal(c.filter((arm, i) => arm && before[i]).length, 0);
    assert.ok(c.some((arm) => arm), 'it has units');
  });

  await t.test('is in the trace with its slice', async () => {
    const { body } = await s.post('/admin/v1/evaluate', { context: { targetingKey: 'u1' }, features: ['b'] });
    const step = body.features[0].trace.find((one) => one.step === 'experiment');
    assert.deepEqual([step.layer, step.slice, step.salt], ['home', [[4000, 9000]], 'trial-b:' + step.salt.split(':')[1]]);
    assert.equal(step.in, step.bucket >= 4000 && step.bucket < 9000);
  });
});
