// Recommendations through a real server: from events to answers, restarts, kills, erasure, and training that nobody notices.
import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, asShopper, build } from './harness.mjs';
import { served } from './bundles.mjs';
import { within } from './listen.mjs';
import { parley } from './parley.mjs';

const api = '/admin/v1/plugins/recommendations/api';
const shop = '/v1/features/recs';
const skus = (answer) => answer.body.items.map(({ sku }) => sku);

async function eventually(what, check, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; ;) {
    const found = await check();
    if (found) return found;
    assert.ok(Date.now() < end, `${what} within ${seconds} s`);
    await new Promise((r) => setTimeout(r, 100));
  }
}

const view = (customer, sku, n) => ({ type: 'track', userId: customer, event: 'Product Viewed', messageId: `${customer}-${sku}-${n}`, properties: { sku, name: `The ${sku}` } });
const order = (customer, id, ...products) => ({ type: 'track', userId: customer, event: 'Order Completed', messageId: id, properties: { order_id: id, products: products.map((sku) => ({ sku, quantity: 1 })) } });

// Lamps and mugs: who looks at one of a kind looks at the others.
async function fill(s) {
  const batch = [];
  for (let i = 0; i < 60; i++) {
    const kind = i % 2 ? 'lamp' : 'mug';
    for (const k of [1, 2, 3]) if ((i >> 1) % 4 !== k) batch.push(view(`c${i}`, `${kind}-${k}`, k));
    if (i % 3 === 0) batch.push(order(`c${i}`, `o${i}`, `${kind}-1`, i % 2 ? 'bulb' : 'gift-wrap'));
  }
  assert.equal((await s.post('/v1/batch', { batch })).body.accepted, batch.length);
  await served(s, 'recs', 'recommendations');
}

const trained = (s, people) => eventually('a model', async () => {
  const { body } = await s.get(`${api}/model`);
  return body.model?.people >= people && !body.training && body.model.stored && body;
});

test('recommendations', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());

  await t.test('are learnt from the events of a shop within seconds, each with its reason', async () => {
    await fill(s);
    await eventually('all events', async () => (await s.get(`${api}/model`)).body.rows.people === 60);
    await s.post(`${api}/retrain`);
    const { model } = await trained(s, 60);
    assert.deepEqual([model.method, model.items, model.people, model.orders], ['ease', 8, 60, 20]);
    assert.ok(model.ageSeconds < 60 && model.tookMs < 5000);
    const answer = await s.post(`${shop}/session`, { items: ['lamp-1'] }, asShopper('somebody'));
    assert.equal(answer.headers.get('cache-control'), 'private, no-store');
    assert.deepEqual(skus(answer).slice(0, 2).sort(), ['lamp-2', 'lamp-3']);
    assert.match(answer.body.items[0].reason, /^Because you looked at The lamp-1$/);
    const wrap = await s.get(`${shop}/items/mug-1/ensemble`, asShopper('somebody'));
    assert.deepEqual([skus(wrap), wrap.body.items[0].reason], [['gift-wrap'], 'Often bought with The mug-1']);
  });

  await t.test('follow what a shopper does now, before any training', async () => {
    await s.post('/v1/batch', { batch: [view('fresh', 'mug-2', 1)] });
    const answer = await eventually('the look', async () => {
      const found = await s.get(`${shop}/recommend?n=2`, asShopper('fresh'));
      return found.body.items[0].by === 'looked' && found;
    });
    assert.deepEqual(skus(answer).sort(), ['mug-1', 'mug-3']);
  });

  await t.test('serve the same after kill -9, from the stored model', async () => {
    const before = await s.get(`${shop}/recommend?n=8`, asShopper('c1'));
    await s.kill('SIGKILL');
    await s.up();
    const after = await s.get(`${shop}/recommend?n=8`, asShopper('c1'));
    assert.deepEqual(after.body, before.body);
    assert.equal((await s.get(`${api}/model`)).body.model.stored, true);
  });

  await t.test('take a catalogue from the command line, and show no more what is sold out', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-catalogue-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const csv = join(folder, 'shop.csv');
    writeFileSync(csv, `sku,title,category,price,currency,available\n${['lamp', 'mug'].flatMap((kind) => [1, 2, 3].map((n) =>
      `${kind}-${n},"${kind === 'mug' ? 'Mug' : 'Lamp'}, number ${n}",${kind}s,${n}.50,EUR,${n === 3 ? 'sold out' : 'yes'}`)).join('\n')}\n\n,nameless\n`);
    const done = await parley(s.url, ['catalogue', 'import', csv]);
    assert.equal(done.code, 0, done.err);
    assert.deepEqual([JSON.parse(done.out).imported, JSON.parse(done.out).refused], [6, 1]);
    assert.match(done.err, /line 9: "sku" has 1 to 64 bytes/);
    const all = await s.get(`${shop}/recommend?n=50`, asShopper('stranger'));
    assert.deepEqual(skus(all).sort(), ['lamp-1', 'lamp-2', 'mug-1', 'mug-2']); // what is not in it is not shown
    assert.deepEqual([all.body.items[0].price, all.body.items[0].currency], [1.5, 'EUR']);
    const lamps = await s.get(`${shop}/recommend?n=50&category=lamps&exclude=lamp-1`, asShopper('stranger'));
    assert.deepEqual(skus(lamps), ['lamp-2']);
    const shopify = join(folder, 'shopify.json');
    writeFileSync(shopify, JSON.stringify({ products: [{ id: 9, handle: 'lamp', title: 'Lamp', product_type: 'lamps', variants: [{ id: 91, sku: 'lamp-3', title: 'Default Title', price: '3.50', available: true }] }] }));
    assert.equal(JSON.parse((await parley(s.url, ['catalogue', 'import', shopify])).out).imported, 1);
    assert.ok(skus(await s.get(`${shop}/recommend?n=50`, asShopper('stranger'))).includes('lamp-3'));
    const listed = await parley(s.url, ['recommendations', 'catalogue', '--output', 'table']);
    assert.match(listed.out, /lamp-3 +Lamp +lamps/);
    assert.equal((await parley(s.url, ['recommendations', 'remove', 'nothing'])).code, 4);
  });

  await t.test('say how good they are on the shop\'s own past', async () => {
    const { code, out, err } = await parley(s.url, ['recommendations', 'evaluate']);
    assert.equal(code, 0, err);
    const said = JSON.parse(out);
    assert.deepEqual([...new Set(said.items.map(({ algorithm }) => algorithm))], ['popularity', 'item-knn', 'ease', 'v-sknn']);
    for (const line of said.items) assert.ok(line.recall >= 0 && line.recall <= 1 && line.hitRate >= line.mrr);
  });

  await t.test('give a customer her data, and forget her in rows and model', async () => {
    await s.post('/v1/batch', { batch: [order('leaving', 'last', 'mug-1', 'lamp-1')] });
    const mine = () => s.get('/admin/v1/plugins/recommendations/customers/leaving/export');
    await eventually('the order', async () => (await mine()).body.orders?.length === 1);
    await s.post(`${api}/retrain`);
    const { model: with_her } = await trained(s, 62);
    assert.equal((await s.delete('/admin/v1/plugins/recommendations/customers/leaving')).status, 204);
    assert.deepEqual((await mine()).body, { items: [], visits: [], orders: [] });
    await eventually('a model without her', async () => (await s.get(`${api}/model`)).body.model.people === with_her.people - 1);
  });

  await t.test('bring their metrics, and count in /metrics', async () => {
    const { body } = await s.get('/admin/v1/metrics/recommendation-clicks');
    assert.equal(body.origin, 'plugin:recommendations');
    await eventually('counts', async () => /parley_plugin_own_answers_total\{plugin="recommendations"\} [1-9]/.test((await s.get('/metrics')).body));
  });

  await t.test('know a product whose id has a slash and a percent sign in it', async () => {
    assert.equal((await s.post(`${api}/catalogue`, { items: [{ sku: '50%/a', title: 'Half' }] })).body.imported, 1);
    assert.equal((await s.get(`${shop}/items/${encodeURIComponent('50%/a')}/similar`, asShopper('x'))).status, 200);
    assert.equal((await s.get(`${shop}/items/50%25/a/similar`, asShopper('x'))).status, 404);
    assert.equal((await s.delete(`${api}/catalogue/${encodeURIComponent('50%/a')}`)).status, 204);
  });

  await t.test('refuse what cannot be, in sentences', async () => {
    for (const [path, detail] of [['recommend?n=99', /from 1 to 50/], ['items/none/similar', /there is no item "none"/]])
      assert.match((await s.get(`${shop}/${path}`, asShopper('x'))).body.detail, detail);
    assert.match((await s.post(`${api}/catalogue`, { csv: 'name\nMug' })).body.detail, /the body has "items"/);
    assert.equal((await s.post(`${shop}/catalogue`, {}, asShopper('x'))).status, 404);
  });
});

test('a training of 5,000 items stays within the sandbox, and nobody who reads meanwhile waits for it', async (t) => {
  const s = await Server.start({ args: ['--plugins.deadline', '60s'] });
  t.after(() => s.stop());
  const items = 5000, people = 3000;
  for (let from = 0; from < people; from += 100) {
    const batch = Array.from({ length: 100 }, (_, i) => order(`p${from + i}`, `o${from + i}`, ...Array.from({ length: 20 }, (_, k) => `i${((from + i) * 131 + k * k * 37) % items}`)));
    await s.post('/v1/batch', { batch });
  }
  await served(s, 'recs', 'recommendations');
  await eventually('all events', async () => (await s.get(`${api}/model`)).body.rows.people === people, 120);
  let body = {};
  await within(1500, async () => {
    const before = body.model?.trainedAt, waits = [];
    await s.post(`${api}/retrain`);
    do {
      const began = performance.now();
      await s.get(`${shop}/recommend`, asShopper('p1'));
      waits.push(performance.now() - began);
      ({ body } = await s.get(`${api}/model`));
    } while (body.training || !(body.model?.people === people && body.model.stored && body.model.trainedAt !== before));
    const worst = Math.max(...waits);
    t.diagnostic(`trained ${body.model.items} items in ${body.model.tookMs} ms; worst of ${waits.length} reads meanwhile ${worst.toFixed(0)} ms`);
    return worst;
  }, 5);
  assert.equal(body.model.method, 'ease');
  assert.ok(body.model.items > 4900);
  const release = (await s.get('/admin/v1/plugins/recommendations')).body.releases[0];
  assert.equal(release.restarts ?? 0, 0);
  if (!/-[at]san$/.test(build)) assert.ok(release.memory < 200 * 2 ** 20, `${release.memory} bytes afterwards`);
});
