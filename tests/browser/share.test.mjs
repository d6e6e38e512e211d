// What a shared link leads to, for people without script and for other sites that read its head; and the staff's queue of boards.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { done, watched } from './hostile.mjs';
import { startBrowser, startServer, visit, clean, openConsole, eventually, DESKTOP, PHONE } from './harness.mjs';
import { seedBoards, shopperOf } from './seed.mjs';

const hostile = process.env.PARLEY_SHARED && join(process.env.PARLEY_SHARED, 'data/xss/dompurify_expect.mjs');
const skip = hostile && existsSync(hostile) ? false : 'PARLEY_SHARED/data/xss is absent';

describe('shared links and the queue of boards', () => {
  let server, browser, as;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    await seedBoards(server);
    as = shopperOf(server, 'boards');
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const make = async (who, more = {}) => (await as(who, 'POST', 'boards', { title: 'Breakfast outside', description: 'For the first warm Sunday', visibility: 'unlisted', kind: 'ensemble', ...more })).board;
  const link = (board) => `${server.url}/share/boards/${board.id}`;

  for (const [device, look] of [['a desktop', { viewport: DESKTOP }], ['a phone in the dark', { viewport: PHONE, colorScheme: 'dark' }]])
    it(`the link shows the board on ${device}, with what other sites read of it`, async () => {
      const board = await make('anna');
      await as('anna', 'PUT', 'me', { name: 'Anna' });
      await as('anna', 'POST', `boards/${board.id}/items`, { kind: 'product', sku: 'HT-101', title: 'Breakwater enamel mug', role: 'cup', price: 18, currency: 'EUR', quantity: 2, image: '/shop/pictures/mug.svg' });
      await as('anna', 'POST', `boards/${board.id}/items`, { kind: 'link', title: 'The pier', url: 'https://pier.example/' });
      await as('anna', 'POST', `boards/${board.id}/items`, { kind: 'note', note: 'Bring blankets' });
      const page = await visit(browser, look);
      await page.goto(link(board));
      await page.getByRole('heading', { level: 1, name: 'Breakfast outside' }).waitFor();
      await page.getByText('cup · 2 × 18.00 EUR').waitFor();
      await page.getByText('Bring blankets').waitFor();
      const meta = Object.fromEntries(await page.locator('meta[property], meta[name]').evaluateAll((all) => all.map((one) => [one.getAttribute('property') ?? one.name, one.content])));
      assert.equal(meta['og:title'], 'Breakfast outside');
      assert.equal(meta['og:description'], 'For the first warm Sunday');
      assert.equal(meta['og:image'], `${server.url}/shop/pictures/mug.svg`);
      assert.equal(meta['og:url'], link(board));
      assert.equal(meta['twitter:card'], 'summary_large_image');
      assert.equal(meta.robots, 'noindex', 'an unlisted board is for those who have the link');
      assert.equal(await page.getByRole('link', { name: 'The pier' }).getAttribute('rel'), 'ugc nofollow noreferrer');
      await clean(page, 'a shared board');
      await page.getByRole('link', { name: 'Open it in the shop' }).click();
      await page.waitForURL(`**/shop/boards.html?board=${board.id}`);
      await page.context().close();
    });

  it('the page needs no script and runs none', async () => {
    const board = await make('anna', { visibility: 'public' });
    const page = await visit(browser, { javaScriptEnabled: false });
    const answer = await page.goto(link(board));
    await page.getByRole('heading', { name: 'Breakfast outside' }).waitFor();
    assert.match(answer.headers()['content-security-policy'], /default-src 'none'/);
    assert.equal(await page.locator('script').count(), 0);
    assert.equal(await page.locator('meta[name=robots]').count(), 0, 'a public one may be found');
    await page.context().close();
  });

  it('the page speaks German to who reads it best, and says so to caches', async () => {
    const board = await make('anna', { description: '' });
    await as('anna', 'PUT', 'me', { name: 'Anna' });
    for (const [accepted, language, words] of [
      ['de-AT,de;q=0.9,en;q=0.5', 'de', ['Im Laden öffnen', 'von Anna', '0 Stücke, gesammelt von Anna', 'property="og:locale" content="de_DE"']],
      ['fr, en;q=0.2', 'en', ['Open it in the shop', 'by Anna', '0 things, collected by Anna', 'property="og:locale" content="en_GB"']],
    ]) {
      const answer = await fetch(link(board), { headers: { 'Accept-Language': accepted } }), html = await answer.text();
      assert.deepEqual([answer.headers.get('content-language'), answer.headers.get('vary')], [language, 'Accept-Language']);
      for (const word of [`<html lang="${language}">`, ...words]) assert.ok(html.includes(word), `${word} in ${html}`);
      const nothing = await fetch(`${server.url}/share/boards/none`, { headers: { 'Accept-Language': accepted } });
      assert.deepEqual([nothing.status, nothing.headers.get('content-language'), nothing.headers.get('vary')], [404, language, 'Accept-Language']);
      assert.match(await nothing.text(), language === 'de' ? /Hier gibt es nichts zu sehen/ : /Nothing to see here/);
    }
    await as('anna', 'POST', `boards/${board.id}/items`, { kind: 'product', sku: 'HT-101', title: 'Breakwater enamel mug', role: 'cup', price: 18.9, currency: 'EUR', quantity: 2 });
    const page = await visit(browser, { viewport: PHONE, locale: 'de-DE' });
    await page.goto(link(board));
    await page.getByRole('link', { name: 'Im Laden öffnen' }).waitFor();
    await page.getByText('2 × 18,90 EUR').waitFor();
    await clean(page, 'a shared board in German');
    await page.context().close();
  });

  it('a link to what is private, hidden, gone or switched off is the same page that says nothing', async () => {
    const board = await make('anna');
    const read = async (address) => {
      const answer = await fetch(address);
      return [answer.status, (await answer.text()).replace(/\/share\/[^"]*/g, 'X')];
    };
    const [status, nothing] = await read(`${server.url}/share/boards/aaaaaaaaaaaaaaaa`);
    assert.equal(status, 404);
    await as('anna', 'PATCH', `boards/${board.id}`, { visibility: 'private' });
    assert.deepEqual(await read(link(board)), [404, nothing]);
    await as('anna', 'PATCH', `boards/${board.id}`, { visibility: 'public' });
    assert.equal((await read(link(board)))[0], 200);
    await server.admin('POST', `/plugins/boards/api/boards/${board.id}/hide`, { reason: 'abuse' });
    assert.deepEqual(await read(link(board)), [404, nothing]);
    const shown = await make('anna');
    assert.equal((await read(link(shown)))[0], 200);
    await server.admin('POST', '/features/boards/kill', {});
    assert.deepEqual(await read(link(shown)), [404, nothing]);
    await server.admin('POST', '/features/boards/unkill', {});
    assert.deepEqual(await read(`${server.url}/share/nothing/x`), [404, nothing]);
  });

  it('a shopper reports, staff decide in the console, the author hears of it at once', async () => {
    const board = await make('gus', { visibility: 'public', title: 'Lamps' });
    await as('gus', 'POST', `boards/${board.id}/comments`, { body: 'Cheap lamps at my shop' });
    const page = await visit(browser, { viewport: PHONE });
    await page.goto(`${server.url}/shop/boards.html?board=${board.id}`);
    await page.getByRole('button', { name: 'Report this comment' }).click();
    await clean(page, 'reporting');
    await page.getByRole('button', { name: 'Advertising' }).click();
    await page.getByText('Thank you, somebody will look at it.').waitFor();
    await page.context().close();

    for (const viewport of [PHONE, DESKTOP]) {
      const look = await visit(browser, { viewport });
      await openConsole(look, server, 'boards');
      await look.getByText('Cheap lamps at my shop').waitFor();
      await look.getByText('Reported: Advertising').waitFor();
      await clean(look, 'the queue');
      await look.context().close();
    }
    const staff = await visit(browser);
    await openConsole(staff, server, 'boards');
    await staff.getByRole('button', { name: 'Hide…' }).click();
    await clean(staff, 'the reasons');
    await staff.getByRole('button', { name: 'Hide', exact: true }).click();
    await staff.getByText('Nothing is reported').waitFor();
    await eventually(async () => assert.match((await server.admin('GET', '/customers/gus/timeline?kinds=board-hidden')).items[0].body, /reason: spam/));
    const { items: comments } = await as('gus', 'GET', `boards/${board.id}/comments`);
    await as('gus', 'POST', `comments/${comments[0].id}/appeal`, { body: 'They are mine' });
    await staff.getByLabel('Show').selectOption('appealed');
    await staff.getByText('Its author says: “They are mine”').waitFor();
    await staff.getByRole('button', { name: 'Show it again' }).click();
    await staff.getByText('Nobody asks for another look').waitFor();
    await staff.context().close();
  });

  it('every hostile text is text on the page of a link and in the queue, and does nothing', { skip }, async () => {
    const payloads = [...new Set((await import(hostile)).default.map(({ payload }) => payload))].filter((text) => text.trim() && !text.includes('\0'));
    const page = await watched(browser), staff = await watched(browser);
    const bytes = (text) => new TextEncoder().encode(text).length;
    const flat = (text) => text.replace(/\s+/g, ' ').trim();
    const foreign = (root) => root.evaluate((node) => [...node.querySelectorAll('*')]
      .filter((one) => /^(script|iframe|object|embed|svg|math|style|base)$/i.test(one.localName) || [...one.attributes].some(({ name, value }) => name.startsWith('on') || /^\s*javascript:/i.test(value)))
      .map((one) => one.outerHTML));
    let shown = 0;
    for (let i = 0; i < payloads.length; i += 25) {
      const texts = payloads.slice(i, i + 25), who = `mallory-${i}`;
      const short = texts.filter((text) => bytes(text) <= 500);
      const board = await make(who, { kind: 'board', title: short[0], description: texts.find((text) => bytes(text) <= 2000), visibility: 'public' });
      for (const note of texts) await as(who, 'POST', `boards/${board.id}/items`, { kind: 'note', note });
      for (const title of short) await as(who, 'POST', `boards/${board.id}/items`, { kind: 'link', title, url: 'https://a.example/' });
      await as('somebody', 'POST', `boards/${board.id}/report`, { reason: 'abuse', note: short[1] });
      await page.goto(link(board));
      const words = flat(await page.locator('body').innerText());
      for (const text of texts.filter((one) => bytes(one) <= 2000)) assert.ok(words.includes(flat(text.replace(/[\u0000-\u001f\u007f]/g, ' '))), `lost: ${text}`);
      assert.equal(await page.locator('meta[property="og:title"]').getAttribute('content'), short[0]);
      assert.deepEqual(await foreign(page.locator('html')), []);
      assert.deepEqual(await page.evaluate(() => window.fired), []);
      shown += texts.length;
    }
    assert.ok(shown > 200, `${shown} texts were shown`);
    await openConsole(staff, server, 'boards');
    for (const state of ['reported', 'new']) {
      await staff.getByLabel('Show').selectOption(state);
      await staff.getByRole('button', { name: 'Leave it' }).first().waitFor();
      assert.deepEqual(await foreign(staff.locator('#app main')), [], state);
    }
    assert.deepEqual([await done(page), await done(staff)], [[], []]);
    await page.context().close();
    await staff.context().close();
  });
});
