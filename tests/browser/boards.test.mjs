// Boards as shoppers use them in the demo shop, on a phone and on a desktop, against a real server.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { watched } from './hostile.mjs';
import { startBrowser, startServer, visit, clean, eventually, DESKTOP, PHONE } from './harness.mjs';
import { seedBoards, shopperOf } from './seed.mjs';

const MUG = '/shop/product.html?sku=HT-101';
const hostile = process.env.PARLEY_SHARED && join(process.env.PARLEY_SHARED, 'data/xss/dompurify_expect.mjs');

describe('boards', () => {
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

  const openBoards = async (page, query = '') => {
    await page.goto(`${server.url}/shop/boards.html${query}`);
    await page.locator('parley-boards h2').first().waitFor({ state: 'attached' });
  };

  for (const [device, look] of [['a desktop', { viewport: DESKTOP }], ['a phone', { viewport: PHONE, colorScheme: 'dark' }]]) {
    it(`a shopper on ${device} keeps products, adds to them, and puts all into her basket`, async () => {
      const page = await visit(browser, look);
      await page.goto(server.url + MUG);
      await page.locator('parley-slot[name=boards]').scrollIntoViewIfNeeded();
      await page.getByText('Keep it on a board').click();
      await page.getByLabel('A new board').fill('Breakfast outside');
      await page.keyboard.press('Enter');
      await page.getByText('It is on “Breakfast outside” now.').waitFor();
      assert.equal(await page.getByRole('checkbox', { name: 'Breakfast outside' }).isChecked(), true, 'the panel stays open and says so');
      await clean(page, 'product');

      await page.goto(`${server.url}/shop/product.html?sku=HT-107`);
      await page.locator('parley-slot[name=boards]').scrollIntoViewIfNeeded();
      await page.getByText('Keep it on a board').click();
      await page.getByRole('checkbox', { name: 'Breakfast outside' }).check();
      await page.getByText('It is on “Breakfast outside” now.').waitFor();
      assert.equal(await page.getByRole('checkbox', { name: 'Breakfast outside' }).evaluate((box) => box.getRootNode().activeElement === box), true, 'the focus stays');

      await openBoards(page);
      await clean(page, 'my boards');
      await page.getByRole('button', { name: 'Breakfast outside' }).click();
      await page.getByText('€30.00').waitFor();
      assert.equal(await page.getByRole('link', { name: 'Heather honey' }).getAttribute('rel'), 'ugc nofollow noopener noreferrer');
      await page.getByText('Add something').click();
      await page.getByLabel('A note').fill('On the first warm\nSunday');
      await page.getByRole('button', { name: 'Add', exact: true }).first().click();
      await page.getByText('It is on the board.').waitFor();
      await page.getByText('On the first warm').waitFor();
      await page.getByLabel('A link’s title').fill('The pier');
      await page.getByLabel('Address (https://…)').fill('https://pier.example/');
      await page.getByRole('button', { name: 'Add', exact: true }).nth(1).click();
      await page.getByRole('link', { name: 'The pier' }).waitFor();
      await page.getByLabel('Say something about it').fill('Bring blankets');
      await page.getByRole('button', { name: 'Comment' }).click();
      await page.getByText('Bring blankets').waitFor();
      await page.getByText('Manage this board').click();
      await clean(page, 'a board, managed');

      await page.getByRole('button', { name: 'Add all to the basket' }).click();
      await page.getByText('All of it is in your basket.').waitFor();
      await page.getByRole('button', { name: /^Basket/ }).click();
      await page.getByRole('heading', { name: 'Your basket' }).waitFor();
      assert.match(await page.locator('.lines').innerText(), /Breakwater enamel mug[\s\S]*Heather honey/);
      await page.context().close();
    });

    it(`a friend on ${device} opens the invitation and edits, and copies what she likes`, async () => {
      const { board } = await as('anna', 'POST', 'boards', { title: 'Rainy day', kind: 'ensemble', visibility: 'public' });
      await as('anna', 'PUT', 'me', { name: 'Anna' });
      await as('anna', 'POST', `boards/${board.id}/items`, { kind: 'product', sku: 'HT-105', title: 'Haar stoneware teapot', role: 'pot', price: 72, currency: 'EUR', image: '/shop/pictures/teapot.svg' });
      const { token } = await as('anna', 'POST', `boards/${board.id}/invitations`, { role: 'editor' });
      const page = await visit(browser, look);
      await openBoards(page, `?invite=${token}`);
      await page.getByText('You are on the board “Rainy day” now.').waitFor();
      assert.doesNotMatch(page.url(), new RegExp(token), 'the token does not stay in the address');
      await clean(page, 'a board joined');

      await page.goto(`${server.url}${MUG}`);
      await page.locator('parley-slot[name=boards]').scrollIntoViewIfNeeded();
      await page.getByText('Keep it on a board').click();
      await page.getByLabel('As a piece of “Rainy day”: which one?').fill('pot');
      await page.keyboard.press('Enter');
      await page.getByText('It takes the place of “Haar stoneware teapot” on “Rainy day”.').waitFor();

      await openBoards(page, '?discover=1');
      await page.getByLabel('Search boards').fill('rainy');
      await page.getByRole('button', { name: 'Search' }).click();
      await page.getByRole('button', { name: 'Rainy day' }).first().click();
      await page.getByRole('button', { name: 'Make a copy' }).click();
      assert.equal(await page.getByText(/^After/).textContent(), 'After Rainy day by Anna');
      await page.goBack();
      await page.getByRole('button', { name: 'Share' }).click();
      assert.equal(await page.getByLabel('Link to this board').inputValue(), `${server.url}/share/boards/${board.id}`);
      await clean(page, 'a board, shared');
      await as('anna', 'DELETE', `boards/${board.id}`);
      await page.context().close();
    });
  }

  it('lists are read on to their end', async () => {
    for (let i = 0; i < 27; i++) await as('gus', 'POST', 'boards', { title: `Row ${i}`, visibility: 'public' });
    await as('gus', 'POST', 'boards', { title: 'Another', visibility: 'public' });
    const page = await visit(browser);
    await openBoards(page, '?discover=1');
    await page.getByLabel('Search boards').fill('row');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('button', { name: 'Another' }).waitFor({ state: 'detached' });
    assert.equal(await page.locator('parley-boards .card').count(), 24);
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('button', { name: 'Row 0', exact: true }).waitFor();
    assert.equal(await page.locator('parley-boards .card').count(), 27);
    assert.equal(await page.getByRole('button', { name: 'More' }).isVisible(), false);
    await page.context().close();
  });

  it('an author reads why staff hid her comment, and appeals', async () => {
    const { board } = await as('anna', 'POST', 'boards', { title: 'Lamps', visibility: 'public' });
    const page = await visit(browser);
    await openBoards(page, `?board=${board.id}`);
    await page.getByLabel('Say something about it').fill('Cheap lamps at my shop');
    await page.getByRole('button', { name: 'Comment' }).click();
    await page.getByText('Your comment is there.').waitFor();
    const { items } = await server.admin('GET', '/plugins/boards/api/queue?limit=50');
    await server.admin('POST', `/plugins/boards/api/comments/${items.find(({ says }) => says === 'Cheap lamps at my shop').id}/hide`, { reason: 'spam' });
    await openBoards(page, `?board=${board.id}`);
    await page.getByText('The shop hides this (advertising).').waitFor();
    await clean(page, 'a hidden comment');
    await page.getByLabel('Why should it be shown?').fill('They are mine and old');
    await page.getByRole('button', { name: 'Appeal' }).click();
    await page.getByText('Your appeal is with the shop.').waitFor();
    await openBoards(page);
    await page.getByText(/The shop hid your comment on “?"?Lamps/).waitFor();
    await page.getByRole('button', { name: 'Got it' }).click();
    await page.getByRole('region', { name: 'News' }).waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('every hostile text is stored as it came, shown as text, and does nothing', { skip: hostile && existsSync(hostile) ? false : 'PARLEY_SHARED/data/xss is absent' }, async () => {
    const payloads = (await import(hostile)).default.map(({ payload }) => payload);
    assert.equal(payloads.length, 223);
    const page = await watched(browser);
    const bytes = (text) => new TextEncoder().encode(text).length;
    const fits = (text, most) => text.trim() && !text.includes('\0') && bytes(text) <= most;
    let shown = 0;
    for (let i = 0; i < payloads.length; i += 20) {
      const texts = payloads.slice(i, i + 20), who = `mallory-${i}`;
      const [first] = texts.filter((text) => fits(text, 100));
      if (first) await as(who, 'PUT', 'me', { name: first });
      const { board } = await as(who, 'POST', 'boards', { title: texts.find((text) => fits(text, 500)), description: texts.find((text) => fits(text, 2000)), visibility: 'public' });
      const expected = [];
      for (const text of texts) {
        const kept = (what, most) => { assert.equal(Boolean(what?.id), Boolean(fits(text, most)), text); return what?.id && expected.push(text); };
        kept((await as(who, 'POST', `boards/${board.id}/items`, { kind: 'note', note: text })).item, 2000);
        kept((await as(who, 'POST', `boards/${board.id}/items`, { kind: 'product', sku: `sku-${expected.length}`, title: text, role: fits(text, 60) ? text : undefined, note: text })).item, 500);
        kept((await as(who, 'POST', `boards/${board.id}/items`, { kind: 'link', title: text, url: 'https://a.example/' })).item, 500);
        kept(await as(who, 'POST', `boards/${board.id}/comments`, { body: text }), 2000);
        for (const kind of [{ kind: 'link', url: text, title: 'x' }, { kind: 'image', image: text }])
          assert.equal((await as(who, 'POST', `boards/${board.id}/items`, kind)).status, 400, `${text} is no address`);
      }
      await openBoards(page, `?board=${board.id}`);
      await eventually(async () => {
        const texted = await page.locator('parley-boards').evaluate((node) => [...node.shadowRoot.querySelectorAll('.text, h3')].map((one) => one.textContent));
        for (const text of expected) assert.ok(texted.includes(text), `lost: ${text}`);
      });
      shown += expected.length;
      assert.deepEqual(await page.locator('parley-boards').evaluate((node) => [...node.shadowRoot.querySelectorAll('*')]
        .filter((one) => /^(script|iframe|object|embed|svg|math|style|base|meta)$/i.test(one.localName) || [...one.attributes].some(({ name, value }) => name.startsWith('on') || /^\s*javascript:/i.test(value)))
        .map((one) => one.outerHTML)), []);
    }
    assert.ok(shown > 800, `${shown} texts were shown`);
    await openBoards(page, '?discover=1');
    await openBoards(page);
    assert.deepEqual([page.fired, await page.evaluate(() => window.fired), page.complaints], [[], [], []]);
    await page.context().close();
  });
});
