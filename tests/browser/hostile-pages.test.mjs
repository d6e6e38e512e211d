// Texts written by people who mean harm, in the catalogue and on composed pages: all of them is text, and nothing of them runs.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startBrowser, startServer, visit, openConsole, eventually } from './harness.mjs';

const file = process.env.PARLEY_SHARED && join(process.env.PARLEY_SHARED, 'data/xss/dompurify_expect.mjs');
const skip = file && existsSync(file) ? false : 'PARLEY_SHARED/data/xss is absent';
const bytes = (text) => new TextEncoder().encode(text).length;
const flat = (text) => text.replace(/[\u0000-\u001f\u007f]/g, ' ').replace(/\s+/g, ' ').trim();

describe('hostile texts of the shop’s own', { skip }, () => {
  let server, browser, payloads;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    payloads = [...new Set((await import(file)).default.map(({ payload }) => payload))].filter((text) => text.trim() && !text.includes('\0'));
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function watched() {
    const page = await visit(browser);
    await page.addInitScript(() => {
      window.fired = [];
      for (const name of ['alert', 'confirm', 'prompt', 'print']) window[name] = (...words) => window.fired.push(`${name} ${words}`);
    });
    return page;
  }
  const foreign = (page, root) => page.locator(root).evaluate((node) => [...node.querySelectorAll('*')]
    .filter((one) => /^(script|iframe|object|embed|math|style|base)$/i.test(one.localName) || [...one.attributes].some(({ name, value }) => name.startsWith('on') || /^\s*javascript:/i.test(value)))
    .map((one) => one.outerHTML));

  it('in the catalogue are text on the pages of products and in the staff’s queue of questions', async () => {
    const titles = payloads.filter((text) => bytes(text.trim()) <= 300);
    assert.ok(titles.length > 200, `only ${titles.length} fit`);
    const { imported } = await server.admin('POST', '/catalogue', { items: titles.map((title, i) => ({ sku: `x${i}`, title, category: title, image: '/shop/pictures/mug.svg' })) });
    assert.equal(imported, titles.length);
    for (const bad of titles) {
      const { rejected } = await server.admin('POST', '/catalogue', { items: [{ sku: 'bad', title: 'x', url: bad }, { sku: bad, title: 'x' }, { sku: 'bad', title: 'x', price: bad, currency: 'EUR' }] });
      assert.ok(/^\d+$/.test(bad.trim()) || rejected.some(({ index }) => index === 2), bad);
      assert.ok(bad.startsWith('/') || rejected.some(({ index }) => index === 0), bad);
    }
    const page = await watched();
    for (const [i, title] of titles.entries()) {
      await page.goto(`${server.url}/products/x${i}`);
      assert.equal(flat(await page.locator('h1').textContent()), flat(title));
      assert.equal(flat(await page.locator('meta[property="og:title"]').getAttribute('content')), flat(title));
      assert.deepEqual([await foreign(page, 'html'), await page.evaluate(() => window.fired)], [[], []], title);
    }
    await server.admin('PUT', '/features/questions', { key: 'questions', type: 'string', enabled: true, off: 'off', default: { serve: 'on' }, variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'qa', settings: { questionsPerDay: 1000 } } } });
    for (let i = 0; i < 40; i++)
      await fetch(`${server.url}/v1/features/questions/questions`, { method: 'POST', headers: { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json', 'Parley-Act-As': 'mallory' }, body: JSON.stringify({ sku: `x${i}`, body: `What is it, number ${i}?` }) });
    await openConsole(page, server, 'questions');
    await page.getByText('What is it, number 0?').waitFor();
    assert.deepEqual([await foreign(page, '#app main'), await page.evaluate(() => window.fired), page.complaints], [[], [], []]);
    await page.context().close();
  });

  it('in headings and values of a page’s sections are text', async () => {
    const titles = payloads.filter((text) => bytes(text) <= 100);
    const page = await watched();
    for (let from = 0; from < titles.length; from += 16) {
      const sections = {};
      for (const [i, title] of titles.slice(from, from + 16).entries()) {
        await server.admin('PUT', `/features/note-${i}`, { key: `note-${i}`, name: title, type: 'string', enabled: true, off: 'off', default: { serve: 'on' }, variants: { off: { value: '' }, on: { value: title } } });
        sections[`s${i}`] = { feature: `note-${i}`, title };
      }
      await server.admin('PUT', '/pages/home', { sections, deadline: 5000 });
      await page.goto(server.url);
      await page.locator('parley-page h2').first().waitFor({ state: 'attached' });
      await eventually(async () => {
        const shown = (await page.locator('parley-page h2').allTextContents()).map(flat);
        for (const title of titles.slice(from, from + 16)) assert.ok(shown.includes(flat(title)), `lost: ${title}`);
      });
      assert.deepEqual([await foreign(page, 'parley-page'), await page.evaluate(() => window.fired), page.complaints], [[], [], []]);
      await openConsole(page, server, 'pages/home');
      await page.getByText('Sections, in order').waitFor();
      assert.deepEqual([await foreign(page, '#app main'), await page.evaluate(() => window.fired)], [[], []]);
    }
    await page.context().close();
  });
});
