// /parley.js on a shop's own page, on another origin than Parley's, under a strict content security policy.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { createServer, get } from 'node:http';
import { once } from 'node:events';
import { gunzipSync } from 'node:zlib';
import { startBrowser, startServer, visit, eventually } from './harness.mjs';
import { seedTrial } from './seed.mjs';

const MUG = '/shop/product.html?sku=HT-101';

describe('the embed script', () => {
  let server, browser, shop, key;
  before(async () => {
    shop = createServer((request, response) => { // the page of a shop that trusts Parley's origin and nobody else
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': `default-src 'none'; script-src ${server.url}; connect-src ${server.url}; base-uri 'none'; form-action 'none'` });
      response.end(`<!doctype html><html lang="de-DE"><head><title>Laden</title><meta name="parley-key" content="${key}"><script type="module" src="${server.url}/parley.js"></script></head>
        <body><h1>Becher</h1><parley-slot name="product-poll" about="sku:HT-101"></parley-slot>
        ${request.url === '/all' ? '<parley-slot name="questions" about="sku:HT-101"></parley-slot><parley-slot name="boards" about="sku:HT-101" data-title="Becher"></parley-slot>' : ''}</body></html>`);
    });
    await new Promise((listening) => shop.listen(0, '127.0.0.1', listening));
    shop.url = `http://127.0.0.1:${shop.address().port}`;
    [server, browser] = await Promise.all([startServer({ PARLEY_CORS_ORIGINS: shop.url }), startBrowser()]);
    await seedTrial(server, { start: true });
    for (const [key, plugin] of [['questions', 'qa'], ['boards', 'boards']])
      await server.admin('PUT', `/features/${key}`, { key, type: 'string', enabled: true, off: 'off', default: { serve: 'on' }, variants: { off: { value: 'off' }, on: { value: 'on', plugin } } });
    [, key] = /name="parley-key" content="([^"]+)"/.exec(await (await fetch(server.url)).text());
  });
  after(async () => {
    await browser?.close();
    shop?.close();
    await server?.stop();
  });

  it('is below 12 kB as it travels', async () => {
    const ask = async (headers) => {
      const [answer] = await once(get(`${server.url}/parley.js`, { headers }), 'response');
      return { status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(await answer.toArray()) };
    };
    const plain = await ask({}), packed = await ask({ 'accept-encoding': 'br;q=1.0, gzip;q=0.8' });
    assert.ok(packed.bytes.length < 12_000, `${packed.bytes.length} bytes`);
    assert.deepEqual(gunzipSync(packed.bytes), plain.bytes);
    assert.deepEqual([packed.headers['content-encoding'], plain.headers['content-encoding']], ['gzip', undefined]);
    assert.notEqual(packed.headers.etag, plain.headers.etag, 'a cache knows them apart');
    assert.match(plain.headers.vary, /Accept-Encoding/);
    for (const refused of ['br', 'gzip;q=0', 'gzip; q=0.0', 'gzipped']) assert.deepEqual((await ask({ 'accept-encoding': refused })).bytes, plain.bytes, refused);
    const again = await ask({ 'accept-encoding': 'gzip', 'if-none-match': packed.headers.etag });
    assert.deepEqual([again.status, again.bytes.length], [304, 0]);
  });

  it('works on another origin under a strict policy, loads what is needed once, and speaks the page’s language', async () => {
    const page = await visit(browser);
    const loaded = [], contexts = [];
    page.on('request', (request) => {
      if (/\/plugins\//.test(request.url())) loaded.push(request.url());
      if (/\/ofrep\//.test(request.url()) && request.method() === 'POST') contexts.push(request.postDataJSON().context);
    });
    await page.goto(shop.url);
    await page.getByRole('radio', { name: /Buoy red/ }).check();
    await page.keyboard.press('Enter');
    await page.getByText('Danke, Ihre Stimme zählt.').waitFor();
    assert.deepEqual(page.complaints, []);
    assert.equal(loaded.length, 1, `only the component that is needed: ${loaded}`);
    assert.match((await fetch(loaded[0])).headers.get('cache-control'), /immutable/);
    assert.equal(contexts[0].language, 'de-DE');
    await page.context().close();
  });

  it('brings boards and questions that speak German on a German page', async () => {
    const page = await visit(browser);
    await page.goto(`${shop.url}/all`);
    await page.getByText('Auf einer Tafel vormerken').click();
    await page.getByLabel('Eine neue Tafel').fill('Frühstück');
    await page.getByRole('button', { name: 'Anlegen' }).click();
    await page.getByText('Es ist jetzt auf „Frühstück“.').waitFor();
    await page.getByLabel('Ihre Frage an Menschen, die es haben').fill('Bleibt der Henkel kühl?');
    await page.getByRole('button', { name: 'Fragen', exact: true }).click();
    await page.getByText('Von Ihnen gefragt am').waitFor();
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  it('runs no component that is not the one which the server told of', async () => {
    const page = await visit(browser);
    await page.route('**/plugins/**', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: `${await answer.text()}\nwindow.changed = true;` });
    });
    const warned = [];
    page.on('console', (message) => warned.push(message.text()));
    await page.goto(server.url + MUG);
    await page.locator('parley-slot[name=product-poll]').scrollIntoViewIfNeeded();
    await eventually(() => assert.ok(warned.some((words) => /is not what it should be/.test(words)), warned.join('\n')));
    assert.equal(await page.evaluate(() => window.changed), undefined);
    assert.equal(await page.locator('parley-poll').count(), 0);
    await page.getByRole('button', { name: 'Add to basket' }).click();
    await page.getByText('is in your basket').waitFor();
    await page.context().close();
  });
});
