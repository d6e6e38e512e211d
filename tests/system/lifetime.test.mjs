// What customers may still buy, of orders that came in as events: held against what the simulated customers really buy afterwards.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server } from './harness.mjs';
import { until } from './listen.mjs';
import { buyers } from './buyers.mjs';

test('what customers may still buy', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const weeks = 26, { events, later } = buyers(2000, { ahead: weeks });
  const ask = async (query = '') => (await s.get(`/admin/v1/lifetime?weeks=${weeks}&limit=1000${query}`)).body;

  await t.test('is not said where nobody has bought', async () => {
    const none = await ask();
    assert.deepEqual([none.purchases, none.items], [null, []]);
  });

  await t.test('is near to what they do buy in the half year after', async () => {
    for (let i = 0; i < events.length; i += 2000)
      assert.equal((await s.post('/v1/batch', { batch: events.slice(i, i + 2000) })).status, 202);
    await until(async () => (await ask()).customers === 2000);
    const found = await ask();
    t.diagnostic(`${events.length} orders; expected ${found.orders.toFixed(0)} in ${weeks} weeks, came ${later}`);
    assert.ok(Math.abs(found.orders / later - 1) < 0.15, `${found.orders} of ${later}`);
    assert.ok(found.alive > 0 && found.alive < found.customers);
    assert.ok(found.value / found.orders > 20 && found.value / found.orders < 80, 'an order is worth what orders were worth');
    const sums = (name) => found.items.reduce((sum, month) => sum + month[name], 0);
    for (const name of ['customers', 'alive', 'orders', 'value']) assert.ok(Math.abs(sums(name) / found[name] - 1) < 1e-6, name);
  });

  await t.test('is refused of times that cannot be', async () => {
    assert.equal((await s.get('/admin/v1/lifetime?weeks=0')).status, 400);
    assert.equal((await s.get('/admin/v1/lifetime?weeks=ever')).status, 400);
  });
});
