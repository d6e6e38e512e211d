// The shop's catalogue: imported from files, refused line by line, handed on to the plugins, shown by a link's page.

import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, asShopper } from './harness.mjs';
import { until } from './listen.mjs';
import { parley } from './parley.mjs';

const on = (plugin, settings = {}) => ({ type: 'string', enabled: true, off: 'off', default: { serve: 'on' }, variants: { off: { value: 'off' }, on: { value: 'on', plugin, settings } } });

test('the catalogue', async (t) => {
  const s = await Server.start(), folder = mkdtempSync(join(tmpdir(), 'parley-catalogue-'));
  t.after(async () => {
    await s.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const file = (name, text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const run = async (...args) => {
    const { code, out, err } = await parley(s.url, args);
    return { code, err, said: out && JSON.parse(out) };
  };
  for (const plugin of ['boards', 'qa', 'recommendations']) await s.put(`/admin/v1/features/${plugin}`, { key: plugin, ...on(plugin) });

  await t.test('takes a CSV file, and says of each wrong line what is wrong with it', async () => {
    const { code, said, err } = await run('catalogue', 'import', file('range.csv', [
      'SKU,Name,Link,image_link,Price,availability',
      'HT-101,"Mug, enamelled",/shop/product.html?sku=HT-101,/shop/pictures/mug.svg,18.90 EUR,in stock',
      'HT-102,Throw,https://shop.example/throw,,120 EUR,sold out',
      'HT 103,Lantern,,,64 EUR,',
      'HT-104,,,,9.5 EUR,',
      'HT-105,Teapot,javascript:alert(1),,72 EUR,',
      'HT-106,Basket,,,cheap EUR,',
      'HT-107,Honey,,,12,',
      'HT-108,Candles,,,16 EUR,perhaps'].join('\n')));
    assert.equal(code, 0);
    assert.deepEqual([said.imported, said.refused], [2, 6]);
    assert.deepEqual(said.plugins.filter(({ taken }) => taken).map(({ plugin }) => plugin).sort(), ['boards', 'qa', 'recommendations']);
    for (const words of [/line 4: "sku" has/, /line 5: "title" has/, /line 6: "url" begins/, /line 7: "price" is a number/, /line 8: a price has a "currency"/, /line 9: "perhaps" is neither/]) assert.match(err, words);
  });

  await t.test('takes products as Shopify gives them, each variant one', async () => {
    const { said, err } = await run('catalogue', 'import', '--currency', 'GBP', file('products.json', JSON.stringify({ products: [
      { handle: 'scarf', title: 'Scarf', product_type: 'Wool', images: [{ src: 'https://cdn.example/scarf.jpg' }], variants: [
        { id: 1, sku: 'S-RED', title: 'Red', price: '25.00', inventory_quantity: 3 }, { id: 2, sku: '', title: 'Blue', price: '25.00', inventory_quantity: 0 }] },
      { handle: 'ghost', title: 'Ghost', variants: [] }] })));
    assert.deepEqual([said.imported, said.refused], [2, 1]);
    assert.match(err, /product 2: it has no "variants"/);
    const { body } = await s.get('/admin/v1/catalogue?limit=3');
    assert.deepEqual(body.items.map(({ sku }) => sku), ['2', 'HT-101', 'HT-102']);
    assert.equal(body.next, 'HT-102');
    assert.deepEqual((await s.get(`/admin/v1/catalogue?cursor=${body.next}`)).body, { items: [{ sku: 'S-RED', title: 'Scarf, Red', category: 'Wool', url: '/products/scarf', image: 'https://cdn.example/scarf.jpg', currency: 'GBP', price: 25, available: true }], next: null });
    assert.equal(body.items[0].available, false);
  });

  await t.test('a wrong file is one sentence', async () => {
    assert.match((await run('catalogue', 'import', file('no.csv', 'a,b\n1,2'))).err, /line 1 names the columns: at least sku and title/);
    assert.equal((await run('catalogue', 'import', join(folder, 'none.csv'))).code, 4);
    const { code, said } = await run('catalogue', 'import', file('nothing.csv', 'sku,title\nx y,\n'));
    assert.deepEqual([code, said.imported, said.refused], [1, 0, 1], 'a script can tell that nothing came of it');
    assert.equal((await s.post('/admin/v1/catalogue', { products: [] })).status, 400);
    const { body } = await s.post('/admin/v1/catalogue', { items: [3, { sku: 'x', title: 'X', colour: 'red' }, { sku: 'y', title: 'Y', available: 'yes' }] });
    assert.deepEqual(body.rejected.map(({ index }) => index), [0, 1, 2]);
    assert.match(body.rejected[1].detail, /"colour" is none of/);
  });

  await t.test('boards have the shop’s price and picture, questions its words', async () => {
    const made = await s.post('/v1/features/boards/boards', { title: 'Mine', visibility: 'public' }, asShopper('ann'));
    const items = `/v1/features/boards/boards/${made.body.board.id}/items`;
    const pinned = await s.post(items, { kind: 'product', sku: 'HT-101', title: 'Free mug', price: 0.01, currency: 'EUR' }, asShopper('ann'));
    assert.deepEqual([pinned.status, pinned.body.item.title, pinned.body.item.price, pinned.body.item.image], [201, 'Mug, enamelled', 18.9, '/shop/pictures/mug.svg']);
    assert.equal((await s.post(items, { kind: 'product', sku: 'unknown' }, asShopper('ann'))).status, 400);
    await s.post('/admin/v1/catalogue', { items: [{ sku: 'HT-101', title: 'Mug, enamelled', price: 20, currency: 'EUR' }] });
    assert.deepEqual((await s.get(`/v1/features/boards/boards/${made.body.board.id}`, asShopper('ann'))).body.totals.sums, [{ currency: 'EUR', amount: 20 }]);
    const asked = await s.post('/v1/features/qa/questions', { sku: 'HT-101', body: 'Does it chip?' }, asShopper('ann'));
    assert.equal(asked.body.product ?? asked.body.question?.product, 'Mug, enamelled');
    assert.equal((await s.get('/admin/v1/plugins/qa/api/queue')).body.items[0].product, 'Mug, enamelled');
  });

  await t.test('a product’s link is a page that other sites can read, for the shop’s pages it is JSON', async () => {
    const page = await fetch(`${s.url}/products/HT-102`), text = await page.text();
    assert.equal(page.status, 200);
    for (const part of ['<meta property="og:type" content="product">', '<meta property="og:title" content="Throw">', '<meta property="product:price:amount" content="120">', '<meta property="product:availability" content="oos">', `<link rel="canonical" href="https://shop.example/throw">`]) assert.ok(text.includes(part), part);
    await s.post('/admin/v1/catalogue', { items: [{ sku: 'soap', title: 'Soap', price: 9.55, currency: 'EUR', available: false }] });
    assert.match(await (await fetch(`${s.url}/products/soap`, { headers: { 'Accept-Language': 'de' } })).text(), /content="9,55 EUR, ausverkauft"/);
    assert.match(await (await fetch(`${s.url}/products/soap`)).text(), /content="9\.55 EUR, sold out"/);
    assert.equal((await fetch(`${s.url}/products/none`)).status, 404);
    assert.equal((await s.get('/v1/products/HT-102')).body.title, 'Throw');
  });

  await t.test('what is taken out is gone, and each step is audited', async () => {
    assert.equal((await run('catalogue', 'remove', 'HT-102')).code, 0);
    assert.equal((await s.get('/v1/products/HT-102')).status, 404);
    assert.equal((await run('catalogue', 'remove', 'HT-102')).code, 4);
    const { items } = (await s.get('/admin/v1/audit?kind=catalogue')).body;
    assert.deepEqual([items[0].action, items[0].key], ['remove', 'HT-102']);
    assert.equal(items.filter(({ action }) => action === 'import').length, 4);
  });
});

test('a plugin that was down hears of what it missed when it is up again', async (t) => {
  const s = await Server.start({ args: ['--plugins.deadline', '3s', '--plugins.overrun', '60s', '--plugins.heartbeat', '60s'] });
  t.after(() => s.stop());
  const STAFF = '/admin/v1/plugins/recommendations/api/catalogue';
  const put = async (...skus) => (await s.post('/admin/v1/catalogue', { items: skus.map((sku) => ({ sku, title: `The ${sku}`, price: 5, currency: 'EUR' })) })).body.plugins;
  const held = async () => (await s.get(STAFF)).body.items?.map(({ sku, available }) => [sku, available]);
  const taken = (plugins) => Object.fromEntries(plugins.map(({ plugin, taken: has }) => [plugin, has]));
  assert.deepEqual(taken(await put('mug', 'throw')), { boards: true, qa: true, recommendations: true });

  await t.test('its worker killed', async () => {
    const { pid } = (await s.get('/admin/v1/plugins/recommendations')).body.releases.find(({ state }) => state === 'running');
    process.kill(pid, 'SIGSTOP'); // it answers nobody
    const told = await put('lamp');
    assert.deepEqual(taken(told), { boards: true, qa: true, recommendations: false });
    assert.match(told.find(({ plugin }) => plugin === 'recommendations').detail, /it hears of this/);
    assert.equal((await s.delete('/admin/v1/catalogue/throw')).status, 200);
    process.kill(pid, 'SIGKILL');
    await until(async () => JSON.stringify(await held()) === JSON.stringify([['lamp', true], ['mug', true], ['throw', false]]));
  });

  await t.test('retired for a while, and parleyd itself gone', async () => {
    assert.equal((await s.delete('/admin/v1/plugins/recommendations')).status < 300, true);
    assert.deepEqual(taken(await put('vase')), { boards: true, qa: true });
    await s.kill();
    await s.up();
    assert.equal((await s.post('/admin/v1/plugins/recommendations/activate', { version: '1.0.0' })).status, 200);
    await until(async () => (await held())?.some(([sku]) => sku === 'vase'));
  });
});
