// A Shopify shop's webhooks through a real server: proven, counted once, on the timeline and in the figures, and the law's topics.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Server, bearer, build } from './harness.mjs';
import { within } from './listen.mjs';

const SECRET = 'shpss_0123456789abcdef-the-shop-and-parley-know-it';
const env = { PARLEY_PLUGINS_SHOPIFY_SECRET: SECRET };
const until = async (what, enough) => {
  for (const end = Date.now() + 30000; ;) {
    const got = await what();
    if (enough(got)) return got;
    assert.ok(Date.now() < end, `still ${JSON.stringify(got)}`);
    await new Promise((r) => setTimeout(r, 20));
  }
};

let deliveries = 0;
const sign = (body, secret = SECRET) => createHmac('sha256', secret).update(body).digest('base64');
// As Shopify sends: its own layout of the JSON, no token.
async function deliver(s, topic, payload, { id = `b54557e4-${++deliveries}`, signature, more = {} } = {}) {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload, null, 1);
  const answer = await fetch(`${s.url}/hooks/shopify/webhooks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-shopify-topic': topic, 'x-shopify-hmac-sha256': signature ?? sign(body),
      'x-shopify-webhook-id': id, 'x-shopify-shop-domain': 'wolle.myshopify.com', 'x-shopify-api-version': '2026-01', 'user-agent': 'Shopify-Captain-Hook', ...more },
    body,
  });
  return { status: answer.status, body: await answer.json(), headers: answer.headers };
}

const order = (id, customer, over = {}) => ({
  id, name: `#${id}`, email: null, created_at: '2026-10-01T10:00:00+02:00', updated_at: '2026-10-01T10:00:01+02:00', cancelled_at: null, currency: 'EUR', test: false,
  total_price: '44.70', subtotal_price: '39.80', total_tax: '6.35', total_discounts: '0.00', discount_codes: [],
  customer: customer && { id: customer, email: 'anna@example.com' },
  line_items: [{ id: 1, product_id: 632910392, sku: 'S-1', title: 'Wollsocken "Öl"', vendor: 'Wolle', price: '19.90', quantity: 2 }], ...over,
});

test('a shop that is connected', async (t) => {
  const s = await Server.start({ env });
  t.after(() => s.stop());
  const timeline = async (who) => (await s.get(`/admin/v1/customers/${who}/timeline`)).body.items ?? [];
  const revenue = async () => (await s.get('/admin/v1/cohorts')).body;

  await t.test('is not believed without the signature, and the stranger changes nothing', async () => {
    const wrong = await deliver(s, 'orders/create', order(1, 11), { signature: sign('x') });
    assert.equal(wrong.status, 401);
    assert.equal(wrong.headers.get('set-cookie'), null);
    assert.equal((await deliver(s, 'orders/create', order(1, 11), { signature: '' })).status, 401);
    assert.equal((await deliver(s, 'orders/create', order(1, 11), { signature: sign('x'), more: { authorization: 'Bearer nonsense' } })).status, 401);
    assert.deepEqual(await timeline(11), []);
  });

  await t.test('blanks around a header\'s value are not of it', async () => {
    const body = JSON.stringify(order(900, 90));
    const status = await new Promise((done, fail) => request(`${s.url}/hooks/shopify/webhooks`, { method: 'POST', headers: {
      'x-shopify-topic': 'orders/create ', 'x-shopify-hmac-sha256': `${sign(body)}  `, 'x-shopify-webhook-id': 'blanks', 'x-shopify-shop-domain': 'wolle.myshopify.com' } },
    (answer) => { answer.resume(); done(answer.statusCode); }).on('error', fail).end(body));
    assert.equal(status, 200);
    await until(() => timeline(90), (items) => items.length);
  });

  await t.test('an order is on the timeline, as the customer\'s own', async () => {
    assert.deepEqual((await deliver(s, 'orders/create', order(1001, 11))).body, { taken: true });
    const [entry] = await until(() => timeline(11), (items) => items.length);
    assert.deepEqual([entry.kind, entry.actor, entry.refs.order_id], ['order', 'customer', '1001']);
    assert.equal(entry.at, '2026-10-01T08:00:00.000Z');
  });

  await t.test('it counts once, whoever tells it how often', async () => {
    for (let i = 0; i < 3; i++) assert.equal((await deliver(s, 'orders/paid', order(1001, 11), { id: 'same' })).status, 200);
    await s.post('/v1/track', { userId: '11', event: 'Order Completed', properties: { order_id: '1001', revenue: 39.8 } });
    assert.equal((await deliver(s, 'orders/create', order(1002, 12))).status, 200);
    const { orders, revenue: sum } = await until(revenue, (c) => c.customers === 3 && c.complete); // 90, 11 and 12
    assert.deepEqual([orders, sum], [3, 119.4]);
  });

  await t.test('a refund before its order waits, and is subtracted', async () => {
    const refund = { id: 509, order_id: 1003, created_at: '2026-10-02T09:00:00Z', refund_line_items: [],
      transactions: [{ id: 1, kind: 'refund', status: 'success', amount: '19.90', currency: 'EUR' }] };
    assert.equal((await deliver(s, 'refunds/create', refund)).status, 200);
    assert.equal((await deliver(s, 'orders/create', order(1003, 12))).status, 200);
    assert.equal((await deliver(s, 'refunds/create', refund)).status, 200);
    assert.equal((await until(revenue, (c) => c.refunded)).refunded, 19.9);
  });

  await t.test('customers become traits', async () => {
    await deliver(s, 'customers/update', { id: 12, email: 'ben@example.com', first_name: 'Ben', last_name: 'Öz', phone: null, updated_at: '2026-10-01T00:00:00Z', orders_count: 2 });
    const { body } = await until(() => s.get('/admin/v1/customers?q=ben@example.com'), ({ body: b }) => b.items.length);
    assert.equal(body.items[0].id, '12');
  });

  await t.test('it survives a crash between the answer and the journal: nothing is lost, nothing is twice', async () => {
    const before = (await revenue()).orders;
    for (let i = 0; i < 40; i++) assert.equal((await deliver(s, 'orders/create', order(2000 + i, 20 + i), { id: `crash-${i}` })).status, 200);
    await s.kill();
    await s.up();
    for (let i = 0; i < 40; i++) assert.equal((await deliver(s, 'orders/create', order(2000 + i, 20 + i), { id: `crash-${i}` })).status, 200);
    assert.equal((await until(revenue, (c) => c.orders >= before + 40 && c.complete)).orders, before + 40);
  });

  await t.test('a customer who asks the shop for her data is on the staff\'s list', async () => {
    await deliver(s, 'customers/data_request', { shop_id: 1, shop_domain: 'wolle.myshopify.com', orders_requested: [1001], customer: { id: 11, email: 'anna@example.com' }, data_request: { id: 9999 } });
    const agent = bearer(await s.token('agent'));
    const { items } = (await s.get('/admin/v1/plugins/shopify/api/requests', agent)).body;
    assert.deepEqual(items.map((i) => [i.request, i.customer, i.done]), [['9999', '11', false]]);
    assert.match(JSON.stringify((await s.get(items[0].export, agent)).body.plugins), /1001/);
  });

  await t.test('a customer whom the shop redacts is erased as by DELETE /v1/me', async () => {
    await deliver(s, 'customers/redact', { shop_id: 1, shop_domain: 'wolle.myshopify.com', customer: { id: 11, email: 'anna@example.com' }, orders_to_redact: [1001] });
    await until(() => timeline(11), (items) => items.length === 0);
    const { body } = await until(() => s.get('/admin/v1/audit?kind=customer'), ({ body: b }) => b.items.some((row) => row.action === 'erase'));
    assert.equal(body.items.find((row) => row.action === 'erase').actor, 'plugin shopify');
    await deliver(s, 'orders/create', order(1009, 11));
    assert.deepEqual(await timeline(11), []);
  });

  await t.test('an end in the middle of erasures is in order, and the next start goes on with them', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => 900 + i);
    for (const id of ids) await deliver(s, 'orders/create', order(6000 + id, id));
    await until(() => timeline(ids.at(-1)), (items) => items.length > 0);
    for (const id of ids) assert.equal((await deliver(s, 'customers/redact', { shop_domain: 'wolle.myshopify.com', customer: { id }, orders_to_redact: [6000 + id] })).status, 200);
    assert.deepEqual(await s.kill('SIGTERM'), { code: 0, signal: null });
    await s.up();
    for (const id of ids) await until(() => timeline(id), (items) => items.length === 0);
  });

  await t.test('of whom it redacts nothing is left in any file, nor of what the shop goes on telling of her', async () => {
    const her = { id: 77001177, email: 'redaktra@example.com', first_name: 'Redaktra', updated_at: '2026-10-01T10:00:00Z' };
    const held = () => readdirSync(s.data, { recursive: true }).map((name) => join(s.data, name)).filter((path) => {
      const bytes = statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path) : '';
      return ['77001177', 'redaktra@', 'Redaktra'].some((word) => bytes.includes(word));
    });
    const redact = () => deliver(s, 'customers/redact', { shop_domain: 'wolle.myshopify.com', customer: her, orders_to_redact: [5001] });
    await deliver(s, 'orders/create', order(5001, her.id));
    await deliver(s, 'customers/create', her);
    await until(() => timeline(her.id), (items) => items.length === 2);
    await redact();
    await until(async () => held(), (files) => !files.length);
    assert.deepEqual((await deliver(s, 'orders/updated', order(5001, her.id, { total_price: '50.00', updated_at: '2026-10-02T10:00:01Z' }))).body, { taken: true });
    await deliver(s, 'customers/update', { ...her, updated_at: '2026-10-03T10:00:00Z' });
    await until(async () => held(), (files) => !files.length);
    await redact();
    await until(async () => held(), (files) => !files.length);
    assert.deepEqual(await timeline(her.id), []);
  });

  await t.test('an order is on the timeline within a second', async () => {
    let i = 3000;
    await within(1000, async () => {
      assert.deepEqual((await deliver(s, 'orders/create', order(++i, i))).body, { taken: true });
      await until(() => timeline(i), (items) => items.length);
    });
  });

  await t.test('the secret is nowhere to be read', async () => {
    assert.ok(!s.log.includes(SECRET));
    for (const path of ['/admin/v1/plugins/shopify', '/admin/v1/plugins/shopify/logs', '/metrics', '/admin/v1/audit'])
      assert.ok(!JSON.stringify((await s.get(path)).body).includes(SECRET), path);
    const printed = execFileSync(join(build, 'parleyd'), ['--print-config'], { env: { ...process.env, ...env }, encoding: 'utf8' });
    assert.match(printed, /plugins\.shopify\.secret = \*\*\*/i);
    assert.ok(!printed.includes(SECRET));
  });
});

test('a shop that is not connected is told how', async (t) => {
  const s = await Server.start({ args: ['--hooks.rate', '5'] });
  t.after(() => s.stop());
  const answer = await deliver(s, 'orders/create', order(1, 1));
  assert.equal(answer.status, 409);
  assert.match(answer.body.detail, /plugins\.shopify\.secret/);

  await t.test('a plugin that takes no webhooks has no such path, nor one that is not there', async () => {
    for (const plugin of ['polls', 'nobody']) {
      const { status } = await fetch(`${s.url}/hooks/${plugin}/webhooks`, { method: 'POST', body: '{}' });
      assert.equal(status, 404);
    }
    assert.equal((await fetch(`${s.url}/hooks/shopify/requests`, { method: 'POST', body: '{}' })).status, 404);
    assert.equal((await fetch(`${s.url}/hooks/shopify/webhooks`)).status, 405);
  });

  await t.test('what is too large, or too often, is refused', async () => {
    assert.equal((await deliver(s, 'orders/create', ' '.repeat((1 << 20) + 1))).status, 413);
    assert.equal((await deliver(s, 'x'.repeat(2000), '{}')).status, 413);
    const many = [];
    for (let i = 0; i < 20 && many.length < 15; i++) { // a slow sender is refused less often
      const answers = await Promise.all(Array.from({ length: 30 }, () => deliver(s, 'orders/create', '{}')));
      many.push(...answers.filter(({ status }) => status === 429));
    }
    assert.ok(many.length >= 15, `${many.length}`);
    assert.equal(many[0].headers.get('retry-after'), '1');
    assert.match((await s.get('/metrics')).body, /parley_hooks_refused_total [1-9]/);
  });
});
