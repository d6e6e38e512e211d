// <parley-recommendations> in the demo shop's own way of embedding: a row of products on a phone and a desktop, and texts that mean harm.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { cut, done, payloads, skip, watched } from './hostile.mjs';
import { accessibilityFindings, eventually, overflow, startBrowser, startServer, visit, DESKTOP, PHONE } from './harness.mjs';

const api = '/plugins/recommendations/api';
const names = ['Breakwater enamel mug', 'Harbour lamp with a brass ring', 'Tide clock', 'Linen apron, oat', 'Oak serving board', 'Salt cellar', 'Storm lantern', 'Wool throw, kelp green', 'Copper kettle', 'Rope doormat'];

const GROUP = 40; // products that are looked at together

/** Twelve people look at each group of products in a row; the catalogue says what they are called. */
async function seed(server, titles, more = {}) {
  const items = titles.map((title, i) => ({ sku: `s${i}`, title, category: more.category?.(i) ?? 'home', url: more.url?.(i) ?? `/shop/product.html?sku=s${i}`, image: more.image?.(i), price: i + 4.5, currency: 'EUR' }));
  const { refused, rejected } = await server.admin('POST', `${api}/catalogue`, { items });
  assert.equal(refused, 0, JSON.stringify(rejected));
  const people = 12 * Math.ceil(titles.length / GROUP);
  const batch = titles.flatMap((_, i) => Array.from({ length: 12 }, (_, k) => ({ type: 'track', userId: `c${12 * Math.floor(i / GROUP) + k}`, messageId: `${i}-${k}`, event: 'Product Viewed', properties: { sku: `s${i}` } })));
  for (let i = 0; i < batch.length; i += 1000)
    assert.ok((await fetch(`${server.url}/v1/batch`, { method: 'POST', headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' }, body: JSON.stringify({ batch: batch.slice(i, i + 1000) }) })).ok);
  await eventually(async () => assert.equal((await server.admin('GET', `${api}/model`)).rows.people, people));
  await server.admin('POST', `${api}/retrain`);
  await eventually(async () => assert.equal((await server.admin('GET', `${api}/model`)).model?.people, people));
  await server.admin('PUT', '/features/for-you', { key: 'for-you', type: 'string', variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'recommendations', settings: { n: 50 } } }, off: 'off', default: { serve: 'on' } });
}

/** Puts the slot into the shop's home page, whose scripts and policies are the real ones. */
async function open(page, server, about = '') {
  await page.goto(server.url);
  await page.evaluate((about) => {
    const slot = document.createElement('parley-slot');
    slot.setAttribute('name', 'for-you');
    slot.setAttribute('about', about);
    document.querySelector('main').prepend(slot);
  }, about);
  const row = page.locator('parley-recommendations');
  await row.getByRole('heading').waitFor();
  return row;
}

describe('recommendations', () => {
  let server, browser;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    await seed(server, names);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const [device, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    it(`are a row that can be read, moved and left by keyboard on a ${device}`, async () => {
      const page = await visit(browser, { viewport });
      const row = await open(page, server);
      assert.equal(await row.getByRole('heading').innerText(), 'For you');
      assert.equal(await row.getByRole('listitem').count(), 10);
      await row.getByText('Popular with other customers').first().waitFor();
      await row.getByText('€4.50').waitFor();
      assert.equal(await row.getByRole('button', { name: 'Back' }).isDisabled(), true);
      await row.getByRole('button', { name: 'Further' }).press('Enter');
      await eventually(async () => assert.equal(await row.getByRole('button', { name: 'Back' }).isDisabled(), false));
      assert.equal(await overflow(page), 0);
      assert.deepEqual(await accessibilityFindings(page), []);
      if (process.env.PICTURES) await page.screenshot({ path: join(process.env.PICTURES, `recommendations-${device}.png`) });
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });
  }

  it('tell of the row that was seen and of the click, as the e-commerce vocabulary has them', async () => {
    const page = await visit(browser);
    const sent = [];
    page.on('request', (request) => /\/v1\/batch/.test(request.url()) && sent.push(...request.postDataJSON().batch));
    const row = await open(page, server, 'sku:s3');
    assert.equal(await row.getByRole('heading').innerText(), 'More like this');
    assert.equal(await row.getByText('Often looked at with Linen apron, oat').count() > 0, true);
    await row.getByRole('link').first().click();
    await page.waitForURL(/product\.html\?sku=s/);
    await eventually(() => {
      const seen = sent.find(({ event }) => event === 'Product List Viewed'), clicked = sent.find(({ event }) => event === 'Product Clicked');
      assert.deepEqual([seen?.properties.list_id, seen?.properties.category, seen?.properties.products.length], ['recommendations', 'similar', 9]);
      assert.deepEqual([clicked?.properties.list_id, clicked?.properties.position, clicked?.properties.by], ['recommendations', 1, 'alike']);
    });
    await page.context().close();
  });

  it('say why in the language of the page', async () => {
    const page = await visit(browser, { viewport: PHONE, colorScheme: 'dark' });
    await page.route((url) => url.pathname === '/', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace('<html lang="en', '<html lang="de') });
    });
    const row = await open(page, server, 'sku:s3');
    assert.equal(await row.getByRole('heading').innerText(), 'Ähnliches');
    await row.getByText('Oft zusammen mit „Linen apron, oat“ angesehen').first().waitFor();
    assert.deepEqual(await accessibilityFindings(page), []);
    await page.context().close();
  });

  it('show nothing, and take no room, where there is nothing to show', async () => {
    const page = await visit(browser);
    await page.goto(server.url);
    const answered = page.waitForResponse((response) => response.url().includes('/ensemble'));
    await page.evaluate(() => { const slot = document.createElement('parley-slot'); slot.setAttribute('name', 'for-you'); slot.setAttribute('about', 'with:s1'); document.querySelector('main').prepend(slot); });
    assert.equal((await answered).status(), 200);
    assert.equal(await page.locator('parley-recommendations').evaluate((node) => node.offsetHeight), 0);
    await page.context().close();
  });
});

describe('hostile products', { skip }, () => {
  it('are read as they were written, and do nothing', async (t) => {
    const [server, browser, texts] = await Promise.all([startServer(), startBrowser(), payloads()]);
    t.after(async () => {
      await browser.close();
      await server.stop();
    });
    const titles = [...new Set(texts.map((text) => cut(text.replace(/\s+/g, ' ').trim(), 300)))].filter(Boolean);
    assert.ok(titles.length > 200, `only ${titles.length} payloads`);
    const script = await server.admin('POST', `${api}/catalogue`, { items: [{ sku: 'bad', title: 'Bad', url: 'javascript:alert(1)' }] });
    assert.deepEqual([script.imported, script.refused], [0, 1]);
    await seed(server, titles, { category: (i) => titles[i], url: (i) => `/${titles[i]}`, image: (i) => `/pictures/${titles[i]}` });
    const page = await watched(browser), shown = new Set();
    for (let group = 0; group < titles.length; group += GROUP)
      for (const i of [group, group + 1]) { // what is like the one, and like the other, is the whole group
        const row = await open(page, server, `sku:s${i}`);
        for (const title of await row.locator('.title').allTextContents()) shown.add(title);
        assert.equal(await row.evaluate((node) => node.shadowRoot.querySelectorAll('script, iframe, object, embed, style, svg, math, form, [onerror], [onload], [onclick], [style], a[href^="javascript:" i], img[src^="javascript:" i]').length), 0);
      }
    assert.deepEqual([...shown].filter((title) => !titles.includes(title)), []);
    assert.deepEqual(titles.filter((title) => !shown.has(title)), []);
    assert.deepEqual(await done(page), []);
  });
});
