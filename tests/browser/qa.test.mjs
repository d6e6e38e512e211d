// Questions and answers in a real browser: a shopper with a phone or at a desk, who bought it and who did not, and staff in the console.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { watched } from './hostile.mjs';
import { startBrowser, startServer, visit, clean, openConsole, overflow, eventually, DESKTOP, PHONE } from './harness.mjs';

const SECRET = 'the secret that this shop shares with its Parley';
const file = process.env.PARLEY_SHARED && join(process.env.PARLEY_SHARED, 'data/xss/dompurify_expect.mjs');
const hostile = file && existsSync(file) ? false : 'PARLEY_SHARED/data/xss is absent';

const feature = (settings = {}) => ({
  key: 'product-questions', name: 'Questions below the product', type: 'string', enabled: true, stage: 'shipped',
  variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'qa', settings } }, off: 'off', default: { serve: 'on' } });

const base64url = (value) => Buffer.from(value).toString('base64url');
function jwt(customer) {
  const head = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(JSON.stringify({ sub: customer, exp: Math.floor(Date.now() / 1000) + 600 }))}`;
  return `${head}.${createHmac('sha256', SECRET).update(head).digest('base64url')}`;
}

describe('questions and answers', () => {
  let server, browser;
  before(async () => {
    [server, browser] = await Promise.all([startServer({ PARLEY_SHOP_JWT_SECRET: SECRET }), startBrowser()]);
    await server.admin('PUT', '/features/product-questions', feature({ questionsPerDay: 1000, answersPerDay: 1000 }));
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const headers = (who) => ({ Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json', ...(who && { 'Parley-Act-As': who }) });
  async function as(who, method, path, body) {
    const answer = await fetch(`${server.url}/v1/features/product-questions${path}`, { method, headers: headers(who), body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
  const ask = async (who, sku, body) => (await as(who, 'POST', '/questions', { sku, body })).question;
  async function buys(who, sku) {
    await fetch(`${server.url}/v1/track`, { method: 'POST', headers: headers(), body: JSON.stringify({ userId: who, event: 'Order Completed', properties: { order_id: `${who}-${sku}`, products: [{ sku }] } }) });
    await eventually(async () => assert.ok((await server.admin('GET', `/plugins/qa/customers/${who}/export`)).purchases.some((one) => one.sku === sku)));
  }
  /** The product's page, with the questions drawn; `who` is signed in by the shop. */
  async function open(page, sku, who) {
    if (who) await page.route('**/parley.js', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace('let signedIn = null;', `let signedIn = ${JSON.stringify(jwt(who))};`) });
    });
    await page.goto(`${server.url}/shop/product.html?sku=${sku}`);
    await page.locator('parley-slot[name=product-questions]').scrollIntoViewIfNeeded();
    await page.getByRole('heading', { name: 'Questions and answers' }).waitFor();
    return page.locator('parley-qa');
  }
  it('are asked by keyboard after what is alike was shown, and read by the next visitor', async () => {
    await ask('c-anna', 'HT-101', 'Is the mug dishwasher safe?');
    const page = await visit(browser, { viewport: DESKTOP });
    const qa = await open(page, 'HT-101');
    await qa.getByLabel('Your question to people who have it').fill('Can I put it into the dishwasher?');
    await qa.getByRole('button', { name: 'Ask', exact: true }).press('Enter');
    await qa.getByRole('heading', { name: 'Has it been answered already?' }).waitFor();
    assert.equal(await qa.locator('.alike').getByText('Is the mug dishwasher safe?').count(), 1);
    await clean(page, 'what is alike');
    await qa.getByRole('button', { name: 'No, ask mine' }).click();
    await qa.getByText('Asked. People who bought it are asked to help').waitFor();
    await eventually(async () => assert.match(await qa.locator('.questions > li').first().innerText(), /Can I put it into the dishwasher\?[^]*You asked/));
    const other = await visit(browser, { viewport: PHONE });
    const theirs = await open(other, 'HT-101');
    await theirs.getByText('Can I put it into the dishwasher?').waitFor();
    await page.context().close();
    await other.context().close();
  });

  it('that are repeated are joined, and say so', async () => {
    const page = await visit(browser, { viewport: PHONE });
    const qa = await open(page, 'HT-101');
    await qa.getByLabel('Your question to people who have it').fill('is the MUG dishwasher safe');
    await qa.getByRole('button', { name: 'Ask', exact: true }).click();
    await qa.getByRole('button', { name: 'No, ask mine' }).click();
    await qa.getByText('Somebody asked the same').waitFor();
    await qa.getByText('2 people want to know').waitFor();
    await page.context().close();
  });

  it('are answered by who bought it, thanked for, and accepted by who asked', async () => {
    await buys('c-ben', 'HT-102');
    await ask('c-anna', 'HT-102', 'Does the throw itch?');
    await eventually(async () => assert.equal((await as('c-ben', 'GET', '/asks')).items.length, 1));
    const ben = await visit(browser, { viewport: PHONE, colorScheme: 'dark' });
    const his = await open(ben, 'HT-102', 'c-ben');
    await his.getByText('You have it. Can you help?').waitFor();
    await clean(ben, 'asked, on a phone in the dark');
    await his.locator('.asked').getByLabel('Your answer').fill('Not at all,\nit is lambswool.');
    await his.locator('.asked').getByLabel('Shown with the name').fill('Ben from the island');
    await his.locator('.asked').getByRole('button', { name: 'Answer' }).click();
    await his.getByText('Thank you for your answer.').waitFor();
    await his.locator('.asked').waitFor({ state: 'detached' });

    const visitor = await visit(browser, { viewport: DESKTOP });
    const theirs = await open(visitor, 'HT-102');
    await theirs.getByText('Bought it').waitFor();
    await theirs.getByText('Ben from the island').waitFor();
    const helpful = theirs.getByRole('button', { name: 'Helpful' });
    await helpful.focus();
    await visitor.keyboard.press('Enter');
    await theirs.getByText('helped 1 person').waitFor();
    assert.equal(await helpful.getAttribute('aria-pressed'), 'true');
    assert.equal(await helpful.evaluate((node) => node.getRootNode().activeElement === node), true, 'the focus stays');

    const anna = await visit(browser, { viewport: DESKTOP });
    const hers = await open(anna, 'HT-102', 'c-anna');
    await hers.getByRole('button', { name: 'This solved it' }).click();
    await hers.getByText('Solved it', { exact: true }).waitFor();
    await clean(anna, 'an accepted answer');
    for (const page of [ben, visitor, anna]) await page.context().close();
  });

  it('may be skipped, and then somebody else is asked', async () => {
    await buys('c-cat', 'HT-103');
    await ask('c-anna', 'HT-103', 'Does the lantern stand a storm?');
    await eventually(async () => assert.equal((await as('c-cat', 'GET', '/asks')).items.length, 1));
    const page = await visit(browser);
    const qa = await open(page, 'HT-103', 'c-cat');
    await qa.getByRole('button', { name: 'Skip' }).click();
    await qa.getByText('Skipped. Somebody else is asked.').waitFor();
    assert.deepEqual((await as('c-cat', 'GET', '/asks')).items, []);
    await page.context().close();
  });

  it('can be edited, reported, followed and taken back', async () => {
    await ask('c-anna', 'HT-104', 'How long does the soap last?');
    const page = await visit(browser);
    const qa = await open(page, 'HT-104', 'c-dan');
    await qa.getByRole('button', { name: 'Answer', exact: true }).click();
    await qa.getByLabel('Your answer').fill('A month');
    await qa.locator('.questions form').getByRole('button', { name: 'Answer' }).click();
    await qa.getByRole('button', { name: 'Edit my answer' }).click();
    assert.equal(await qa.getByLabel('Your answer').inputValue(), 'A month');
    await qa.getByLabel('Your answer').fill('Two months');
    await qa.locator('.questions form').getByRole('button', { name: 'Answer' }).click();
    await qa.getByText('Two months').waitFor();
    assert.equal(await qa.getByText('A month').count(), 0);
    await qa.getByRole('button', { name: 'Follow' }).click();
    await qa.locator('[aria-pressed=true]', { hasText: 'Follow' }).waitFor();
    await qa.getByRole('button', { name: 'Report' }).click();
    await clean(page, 'reporting');
    await qa.getByRole('button', { name: 'Advertising' }).click();
    await qa.getByText('Thank you, somebody will look at it.').waitFor();
    await qa.locator('.answers').getByRole('button', { name: 'Take back' }).click();
    await qa.getByText('Your answer is taken back.').waitFor();
    assert.equal(await qa.getByText('Two months').count(), 0);
    await page.context().close();
  });

  it('are looked at by staff, who say why something is hidden, and whose author may ask for another look', async () => {
    const question = await ask('c-anna', 'HT-105', 'Does the teapot drip?');
    await as('c-eve', 'POST', `/questions/${question.id}/answers`, { body: 'It drips all over the place.' });
    const staff = await visit(browser, { viewport: DESKTOP });
    await openConsole(staff, server, 'questions');
    const row = () => staff.getByRole('listitem').filter({ hasText: 'It drips all over the place.' }).last();
    await row().waitFor();
    await clean(staff, 'the queue');
    await row().getByRole('button', { name: 'Hide…' }).click();
    await staff.getByLabel('Reason').waitFor();
    await clean(staff, 'hiding');
    assert.doesNotMatch(await staff.getByLabel('Reason').innerText(), /negative/i);
    const phone = await visit(browser, { viewport: PHONE, colorScheme: 'dark' });
    await openConsole(phone, server, 'questions');
    await phone.locator('.rows li').first().waitFor();
    await clean(phone, 'the queue, on a phone in the dark');
    await phone.context().close();
    await staff.getByLabel('Reason').selectOption('off-topic');
    await staff.getByRole('dialog').getByRole('button', { name: 'Hide' }).click();
    await row().waitFor({ state: 'detached' });

    const eve = await visit(browser, { viewport: PHONE });
    const hers = await open(eve, 'HT-105', 'c-eve');
    await hers.getByText('This is not shown: it is not about this product.').waitFor();
    await hers.getByRole('button', { name: 'Ask for another look' }).click();
    await hers.getByLabel('Why should it be shown?').fill('It is about the teapot.');
    await hers.getByRole('button', { name: 'Send' }).click();
    await hers.getByText('Somebody looks at it again.').waitFor();
    await staff.getByText('Its author says: “It is about the teapot.”').waitFor();
    await row().getByRole('button', { name: 'Show it' }).click();
    await row().waitFor({ state: 'detached' });

    await staff.getByLabel('Show').selectOption('open');
    const open2 = staff.getByRole('listitem').filter({ hasText: 'Does the lantern stand a storm?' }).first();
    await open2.getByRole('button', { name: 'Answer…' }).click();
    await staff.getByRole('textbox', { name: 'Answer' }).fill('It has stood three.');
    await staff.getByRole('dialog').getByRole('button', { name: 'Answer' }).click();
    await open2.waitFor({ state: 'detached' });
    const page = await visit(browser);
    const qa = await open(page, 'HT-103');
    await qa.getByText('The shop', { exact: true }).waitFor();
    for (const one of [staff, eve, page]) await one.context().close();
  });

  it('wait to be shown where staff looks first', async () => {
    await server.admin('PUT', '/features/product-questions', feature({ moderation: 'pre' }));
    const page = await visit(browser);
    const qa = await open(page, 'HT-106');
    await qa.getByLabel('Your question to people who have it').fill('How deep is the basket?');
    await qa.getByRole('button', { name: 'Ask', exact: true }).click();
    await qa.getByText('Thank you. We look at it before it is shown.').waitFor();
    await qa.getByText('Only you see this: we look at it first.').waitFor();
    const other = await visit(browser);
    assert.equal(await (await open(other, 'HT-106')).getByText('How deep is the basket?').count(), 0);
    await server.admin('PUT', '/features/product-questions', feature({ questionsPerDay: 1000, answersPerDay: 1000 }));
    for (const one of [page, other]) await one.context().close();
  });

  it('with hostile texts are read as they were written, and do nothing anywhere', { skip: hostile }, async () => {
    const payloads = [...new Set((await import(file)).default.map(({ payload }) => payload))].filter((payload) => payload.trim() && !payload.includes('\0'));
    const fits = (most) => (text) => Buffer.byteLength(text) <= most && Buffer.from(text).toString() === text;
    assert.ok(payloads.length >= 200, `only ${payloads.length} payloads`);
    const answers = payloads.filter(fits(2000));
    let hostess = 0;
    const question = await ask('x-asker', 'HT-108', 'What may be written here?');
    for (const body of answers) {
      const name = fits(60)(body) ? body : 'x';
      await as(`x-${hostess++}`, 'POST', `/questions/${question.id}/answers`, { body, name });
    }
    const asked = [];
    for (const body of payloads.filter(fits(500)).filter((text) => /[a-z0-9]/i.test(text))) {
      const { joined } = await as(`x-${hostess++}`, 'POST', '/questions', { sku: 'HT-107', body });
      if (!joined) asked.push(body);
    }
    const first = (await as(null, 'GET', '/products/HT-107/questions?limit=1')).items[0];
    for (const note of answers.filter(fits(500))) await as(`r-${hostess++}`, 'POST', `/questions/${first.id}/report`, { reason: 'spam', note });
    for (const [i, text] of answers.filter(fits(500)).entries()) { // as an appeal, as a note of the log, as a product
      if (!fits(100)(text)) continue;
      const { question: one } = await as(`p-${i}`, 'POST', '/questions', { sku: text, body: `Is this a product, number ${i}?` });
      await server.admin('POST', `/plugins/qa/api/questions/${one.id}/hide`, { reason: 'spam', note: text });
      await as(`p-${i}`, 'POST', `/questions/${one.id}/appeal`, { body: text });
    }
    const appeals = [];
    for (let cursor = ''; cursor !== null;) {
      const { items, next } = await server.admin('GET', `/plugins/qa/api/queue?why=appealed&limit=50${cursor && `&cursor=${cursor}`}`);
      appeals.push(...items);
      cursor = next;
    }
    assert.deepEqual(new Set(appeals.map(({ appeal, sku }) => `${appeal}\n${sku}`)), new Set(answers.filter(fits(100)).map((text) => `${text}\n${text}`)));
    // What waits before these is looked at, so that the console shows them.
    for (;;) {
      const { items } = await server.admin('GET', '/plugins/qa/api/queue?limit=50');
      const others = items.filter(({ why, id }) => why !== 'appealed' && id !== first.id);
      if (others.length === 0) break;
      for (const { id, kind } of others) await server.admin('POST', `/plugins/qa/api/${kind}s/${id}/publish`, {});
    }

    const page = await watched(browser);
    const foreign = (root) => page.locator(root).evaluate((node) => [...(node.shadowRoot ?? node).querySelectorAll(
      'script, img:not([src^="/"]), iframe, object, embed, style, svg, math, form[action], a, [onerror], [onload], [onclick], [style]')].map((found) => found.outerHTML).filter((html) => !/href="(#|\/)/.test(html)));
    const qa = await open(page, 'HT-108');
    await qa.getByRole('button', { name: /^All \d+ answers/ }).click();
    await eventually(async () => assert.equal(await qa.locator('.answers > li').count(), answers.length));
    assert.deepEqual(new Set(await qa.locator('.answers .body').allTextContents()), new Set(answers), 'nothing is lost');
    assert.deepEqual(await foreign('parley-qa'), []);
    await open(page, 'HT-107');
    await qa.locator('.questions > li').first().waitFor();
    while (await qa.getByRole('button', { name: 'More questions' }).count()) {
      const before = await qa.locator('.questions > li').count();
      await qa.getByRole('button', { name: 'More questions' }).click();
      await eventually(async () => assert.ok(await qa.locator('.questions > li').count() > before));
    }
    assert.deepEqual(new Set(await qa.locator('.questions > li > h3').allTextContents()), new Set(asked));
    assert.deepEqual(await foreign('parley-qa'), []);
    assert.equal(await overflow(page), 0);

    await openConsole(page, server, 'questions');
    await page.locator('.rows .said').first().waitFor();
    assert.deepEqual(await foreign('#app'), []);
    await page.getByRole('button', { name: 'More' }).click();
    await eventually(async () => assert.equal(await page.locator('.rows > li').count(), 50));
    assert.deepEqual(await foreign('#app'), []);
    assert.equal(await overflow(page), 0);
    assert.deepEqual([page.fired, await page.evaluate(() => window.fired), page.complaints], [[], [], []]);
    await page.context().close();
  });
});
