// What the platform makes of the e-commerce specification v2 beyond orders: refunds, coupons, wish lists, reviews, carts. Through HTTP, as a
// shop's server and a shop's page send them.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, trial } from './harness.mjs';

const START = '2026-03-01T00:00:00Z', at = (hours) => new Date(Date.parse(START) + hours * 3600e3).toISOString();

const METRICS = {
  net: { kind: 'mean', event: 'Order Completed', value: 'revenue', net: true },
  refunded: { kind: 'mean', event: 'Order Refunded', value: 'total' },
  reviews: { kind: 'count', event: 'Product Reviewed' },
  praise: { kind: 'conversion', event: 'Product Reviewed', where: { '>=': [{ var: 'properties.rating' }, 4] } },
  rating: { kind: 'ratio', numerator: { event: 'Product Reviewed', value: 'rating' }, denominator: { event: 'Product Reviewed' } },
  wished: { kind: 'count', event: 'Product Added to Wishlist' },
  'wish-to-cart': { kind: 'conversion', event: 'Wishlist Product Added to Cart' },
  discount: { kind: 'mean', event: 'Coupon Applied', value: 'discount' },
  'shop-through': { kind: 'funnel', steps: ['Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed'], window: 'P1D' },
  cancelled: { kind: 'conversion', event: 'Order Cancelled', better: 'lower' },
};

const anna = [
  ['Experiment Viewed', { experiment_id: 'poll-trial', variation_id: 'top' }],
  ['Product Viewed', { product_id: 'mug', name: 'Mug' }],
  ['Product Added', { product_id: 'mug', name: 'Mug', quantity: 2 }],
  ['Coupon Entered', { coupon_id: 'may' }],
  ['Coupon Applied', { coupon_id: 'may', coupon_name: 'May deals', discount: 2.5 }],
  ['Checkout Started', { order_id: 'o1', revenue: 30 }],
  ['Order Completed', { order_id: 'o1', revenue: 30, total: 33, currency: 'EUR', products: [{ product_id: 'mug', quantity: 2 }] }],
  ['Order Updated', { order_id: 'o1', revenue: 35, total: 38, currency: 'EUR' }],
  ['Order Refunded', { order_id: 'o1', total: 10, currency: 'EUR' }], // a part of it
  ['Product Reviewed', { product_id: 'mug', review_id: 'r1', review_body: 'Holds a lot.', rating: 5 }],
  ['Product Reviewed', { product_id: 'tea', review_id: 'r2', rating: 2 }],
  ['Product Added to Wishlist', { wishlist_id: 'w', product_id: 'pot', name: 'Pot' }],
  ['Product Added to Wishlist', { wishlist_id: 'w', product_id: 'cup', name: 'Cup' }],
  ['Product Removed from Wishlist', { wishlist_id: 'w', product_id: 'cup', name: 'Cup' }],
  ['Wishlist Product Added to Cart', { wishlist_id: 'w', product_id: 'pot', name: 'Pot', cart_id: 'c' }],
];
const bert = [
  ['Experiment Viewed', { experiment_id: 'poll-trial', variation_id: 'off' }],
  ['Order Completed', { order_id: 'o2', revenue: 8, products: [{ product_id: 'mug' }] }],
  ['Order Cancelled', { order_id: 'o2', total: 8 }],
  ['Order Refunded', { order_id: 'o2', total: 8 }], // all of it
  ['Coupon Denied', { coupon_id: 'may', reason: 'expired' }],
];

test('the e-commerce specification beyond orders', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  for (const [key, metric] of Object.entries(METRICS)) assert.equal((await s.put(`/admin/v1/metrics/${key}`, { key, ...metric })).status, 201);
  await trial(s, { assignment: 'external', traffic: undefined, metrics: { primary: 'net', secondary: Object.keys(METRICS).slice(1) } }, { at: START });
  const told = (userId, list) => list.map(([event, properties], i) => ({ type: 'track', userId, event, properties, messageId: `${userId}-${i}`, timestamp: at(1 + i / 10) }));
  const all = [...told('anna', anna), ...told('bert', bert)];
  assert.equal((await s.post('/v1/batch', { batch: all })).body.accepted, all.length);

  await t.test('each metric counts what its event says, refunds subtract in part and in full', async () => {
    const r = await s.results('poll-trial', (x) => x.variants.every((v) => v.units === 1));
    const sum = (metric, variant) => r.metrics.find((m) => m.metric === metric).variants.find((v) => v.variant === variant).sum;
    const expected = { net: [20, 0], refunded: [10, 8], reviews: [2, 0], praise: [1, 0], rating: [7, 0], wished: [2, 0], 'wish-to-cart': [1, 0], discount: [2.5, 0], 'shop-through': [1, 0], cancelled: [0, 1] };
    for (const [metric, [top, off]] of Object.entries(expected)) assert.deepEqual([sum(metric, 'top'), sum(metric, 'off')], [top, off], metric);
  });

  await t.test('the timeline tells it in words', async () => {
    const { items } = (await s.get('/admin/v1/customers/anna/timeline?limit=100')).body;
    const lines = items.map((e) => `${e.kind}: ${e.body}`).reverse();
    assert.deepEqual(lines, [
      'product: Looked at Mug', 'cart: Put into the cart: Mug', 'coupon: Entered the coupon may', 'coupon: Used the coupon May deals', 'checkout: Began to check out for 30.00',
      'order: Ordered 2 items for 33.00 EUR', 'order: Changed an order for 38.00 EUR', 'refund: Was refunded 10.00 EUR',
      'review: Reviewed mug, rating 5: Holds a lot.', 'review: Reviewed tea, rating 2', 'wishlist: Put on the wish list: Pot', 'wishlist: Put on the wish list: Cup',
      'wishlist: Took off the wish list: Cup', 'wishlist: Put from the wish list into the cart: Pot']);
    const only = (await s.get('/admin/v1/customers/anna/timeline?kinds=review,refund')).body.items;
    assert.deepEqual(only.map((e) => e.kind), ['review', 'review', 'refund']);
    assert.deepEqual(only[1].refs, { product_id: 'mug', review_id: 'r1' });
  });

  await t.test('reviews and wishes are shopping, orders are purchasing, and what goes back is neither', async () => {
    const trends = async (kind) => Object.fromEntries((await s.get(`/admin/v1/trends?kind=${kind}&min=1&window=1d&at=2026-03-01T23:00:00Z`)).body.items.map((x) => [x.item, x.customers]));
    assert.deepEqual(await trends('shopping'), { mug: 1, tea: 1, pot: 1, cup: 1 });
    assert.deepEqual(await trends('purchasing'), { mug: 2 });
    const { items: [day] } = (await s.get('/admin/v1/visits?limit=1')).body; // what becomes of an order is no visit
    assert.deepEqual(day, { day: '2026-03-01', visitors: 2, new: 2, returning: 0, visits: 2, dwell: (84 + 24) * 60 / 2, back: { 1: 0, 7: 0, 28: 0 } });
    const { body } = await s.get('/admin/v1/cohorts');
    assert.deepEqual([body.customers, body.orders, body.revenue, body.refunded, body.net], [2, 2, 38, 18, 20]);
  });
});

test('a fresh data folder has metrics of coming back and of buying again, which are the team\'s own', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const defaults = ['return-day-1', 'return-day-7', 'return-day-28', 'repeat-purchase'];
  await trial(s, { assignment: 'external', traffic: undefined, metrics: { primary: 'repeat-purchase', secondary: defaults.slice(0, 3) } }, { at: START });
  const track = (event, day, i, properties) => ({ type: 'track', userId: 'u', event, properties, messageId: `${i}`, timestamp: at(24 * day + 1) });
  const { body } = await s.post('/v1/batch', { batch: [
    track('Experiment Viewed', 0, 0, { experiment_id: 'poll-trial', variation_id: 'top' }),
    track('Product Viewed', 1.5, 1), track('Order Completed', 7.5, 2, { order_id: '1' }), track('Order Completed', 8.5, 3, { order_id: '2' }), track('Product Viewed', 28.9, 4)] });
  assert.equal(body.accepted, 5);
  const r = await s.results('poll-trial', (x) => x.metrics[0].variants.some((v) => v.sum === 1));
  assert.deepEqual(defaults.map((key) => r.metrics.find((m) => m.metric === key).variants.find((v) => v.variant === 'top').sum), [1, 1, 1, 1]);
  assert.equal((await s.delete('/admin/v1/metrics/return-day-28')).status, 409, 'a trial uses it');
  await s.post('/admin/v1/experiments/poll-trial/conclude', { outcome: 'rollback' });
  const plain = (await s.put('/admin/v1/metrics/return-day-28', { kind: 'retention', event: '*', from: 'P28D', to: 'P30D' })).status;
  assert.equal(plain, 200);
  await s.kill('SIGTERM');
  await s.up();
  assert.equal((await s.get('/admin/v1/metrics/return-day-28')).body.to, 'P30D', 'nothing puts it back');
});
