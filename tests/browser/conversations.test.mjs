// A conversation as the shopper and the agent have it, each in a browser of her own, on a phone and on a desktop.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startBrowser, startServer, visit, clean, openConsole, overflow, eventually, accessibilityFindings, DESKTOP, PHONE } from './harness.mjs';
import { seedTrial } from './seed.mjs';
import { within } from '../system/listen.mjs';

const STAFF = '/plugins/conversations/api';
const SHOP = '/shop/product.html?sku=HT-101';
const SHOP_SECRET = 'what the shop signs with';
const pictures = process.env.PICTURES;
if (pictures) mkdirSync(pictures, { recursive: true });

describe('conversations', () => {
  let server, browser;
  before(async () => {
    [server, browser] = await Promise.all([startServer({ PARLEY_PLUGINS_SHOPIFY_SECRET: SHOP_SECRET }), startBrowser()]);
    await server.admin('PUT', '/features/talk', {
      key: 'talk', type: 'string', enabled: true, off: 'off', default: { serve: 'on' },
      variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'conversations', settings: { greeting: 'Hello! What can we do for you?', hours: 'from Monday to Friday, 9 to 17' } } } });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const picture = async (page, name) => pictures && page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  /** The product's page with a slot for the talk in place of the poll's. */
  async function shop(page) {
    await page.route('**/shop/product.js', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace("'product-poll'", "'talk'") });
    });
    await page.goto(server.url + SHOP);
    await page.locator('parley-slot').first().scrollIntoViewIfNeeded();
    await page.getByLabel('Your message').waitFor();
    return page;
  }
  async function say(page, words) {
    await page.getByLabel('Your message').fill(words);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('parley-conversation .bubble', { hasText: words }).waitFor();
  }
  const customerOf = (words) => eventually(async () => (await server.admin('GET', `${STAFF}/inbox?q=${encodeURIComponent(words)}`)).items[0].thread.customer);

  for (const [device, viewport, colorScheme] of [['a phone', PHONE, 'light'], ['a desktop', DESKTOP, 'dark']]) {
    it(`are live on both sides, on ${device}`, async () => {
      const words = `Is the mug dishwasher proof? I ask from ${device}.`;
      const shopper = await shop(await visit(browser, { viewport, colorScheme }));
      await shopper.getByText('Hello! What can we do for you?').waitFor();
      await say(shopper, words);
      await shopper.getByText(/^Received/).waitFor();

      const agent = await visit(browser, { viewport, colorScheme });
      await openConsole(agent, server, 'inbox');
      await agent.getByText(words).waitFor();
      await picture(agent, `inbox-${device.slice(2)}`);
      assert.deepEqual(await accessibilityFindings(agent), []);
      assert.equal(await overflow(agent), 0);
      const customer = await customerOf(words);
      await agent.locator(`.inbox a[href$="${customer}"]`).click();
      await agent.getByRole('button', { name: 'I answer' }).click();
      await shopper.getByText(/is answering/).waitFor();
      await agent.locator('#words').fill('Yes, it is: up to 70 °C.');
      await agent.getByRole('button', { name: 'Send the answer' }).click();
      await shopper.locator('.bubble', { hasText: 'up to 70 °C' }).waitFor();
      await shopper.getByText(/^Answered by/).waitFor();
      await shopper.getByRole('button', { name: 'That helped, thank you' }).click();
      await agent.getByText('said thank you').waitFor();
      await say(shopper, 'Wonderful');
      await agent.locator('.bubble', { hasText: 'Wonderful' }).waitFor();
      await agent.locator('#mode').selectOption('note');
      await agent.locator('#words').fill('Likes hot water');
      await agent.getByRole('button', { name: 'Keep the note' }).click();
      await agent.getByText('Likes hot water').waitFor();
      await picture(shopper, `widget-${device.slice(2)}`);
      await picture(agent, `thread-${device.slice(2)}`);
      assert.ok(!(await shopper.locator('parley-conversation').innerText()).includes('hot water'));
      for (const page of [shopper, agent]) {
        await clean(page);
        await page.context().close();
      }
    });
  }

  it('show the agent an order within a second of the webhook that brings it', async () => {
    const headers = { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json', 'Parley-Act-As': '4711' };
    const asked = await fetch(`${server.url}/v1/features/talk/messages`, { method: 'POST', headers, body: JSON.stringify({ body: 'May I still change my order?' }) });
    assert.equal(asked.status, 201);
    const agent = await visit(browser);
    await openConsole(agent, server, 'inbox/4711');
    await agent.locator('.bubble', { hasText: 'May I still change' }).waitFor();
    let id = 1077;
    const orderOf = () => JSON.stringify({ id, name: `#${id}`, created_at: new Date().toISOString(), updated_at: new Date().toISOString(), currency: 'EUR', total_price: '18.00', subtotal_price: '18.00', total_tax: '0', total_discounts: '0',
      discount_codes: [], customer: { id: 4711 }, line_items: [{ id: 1, product_id: 101, sku: 'HT-101', title: 'Breakwater enamel mug', price: '18.00', quantity: 1 }] });
    await agent.waitForTimeout(500); // it listens by then
    await within(1000, async () => {
      const order = orderOf();
      const told = await fetch(`${server.url}/hooks/shopify/webhooks`, { method: 'POST', body: order, headers: { 'Content-Type': 'application/json', 'X-Shopify-Topic': 'orders/create', 'X-Shopify-Webhook-Id': `w-${id}`,
        'X-Shopify-Shop-Domain': 'wolle.myshopify.com', 'X-Shopify-Hmac-Sha256': createHmac('sha256', SHOP_SECRET).update(order).digest('base64') } });
      assert.equal(told.status, 200);
      await agent.locator('[aria-labelledby=orders]', { hasText: String(id++) }).first().waitFor({ timeout: 5000 }).catch(() => {}); // then it is told of another
    });
    await agent.context().close();
  });

  it('let an agent put aside, close, correct facts and answer a message of her choice', async () => {
    const headers = { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json', 'Parley-Act-As': 'c-ben' };
    for (const body of ['First question', 'Second question']) await fetch(`${server.url}/v1/features/talk/messages`, { method: 'POST', headers, body: JSON.stringify({ body }) });
    const agent = await visit(browser);
    await openConsole(agent, server, 'inbox/c-ben');
    await agent.getByRole('button', { name: 'Answer this: First question' }).click();
    await agent.locator('#words').fill('To the first');
    await agent.getByRole('button', { name: 'Send the answer' }).click();
    await agent.locator('.agent .quote', { hasText: 'First question' }).waitFor();
    await agent.getByRole('button', { name: 'Add a fact' }).click();
    await agent.getByLabel('Fact', { exact: true }).fill('shoe size');
    await agent.getByLabel('Value').fill('38');
    await agent.getByRole('button', { name: 'Save' }).click();
    await agent.getByText('shoe size').waitFor();
    await agent.getByRole('button', { name: 'Put aside…' }).click();
    assert.deepEqual(await accessibilityFindings(agent), []);
    await agent.getByRole('button', { name: 'Put aside', exact: true }).click();
    await agent.locator('h1 .pill', { hasText: 'put aside' }).waitFor();
    await agent.getByRole('button', { name: 'Close' }).click();
    await agent.locator('h1 .pill', { hasText: 'closed' }).waitFor();
    assert.deepEqual(agent.complaints, []);
    await agent.context().close();
  });

  it('open from a poll in one tap, once she has voted', async () => {
    await seedTrial(server, { start: true });
    const page = await visit(browser);
    await page.route('**/shop/product.js', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace("h('parley-slot', {", "h('parley-slot', { name: 'talk' }), h('parley-slot', {") });
    });
    await page.goto(server.url + SHOP);
    await page.locator('parley-slot').first().scrollIntoViewIfNeeded();
    await page.getByLabel('Your message').waitFor();
    await page.locator('parley-slot').last().scrollIntoViewIfNeeded();
    await page.getByRole('radio', { name: /Buoy red/ }).check();
    await page.getByRole('button', { name: 'Vote' }).click();
    await page.getByRole('button', { name: 'Tell us more' }).click();
    await page.getByText('About: Which mug comes next?').waitFor();
    await say(page, 'Because red is seen from afar');
    await page.getByText('About the poll: next-mug').waitFor();
    const customer = await customerOf('seen from afar');
    assert.deepEqual((await server.admin('GET', `${STAFF}/threads/${customer}`)).items[0].about, { kind: 'poll', ref: 'next-mug' });
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  it('let her say that she wants nothing pushed, and hold the shop to it', async () => {
    const shopper = await shop(await visit(browser, { viewport: PHONE, colorScheme: 'dark' }));
    await say(shopper, 'Please only answer me');
    const wished = shopper.waitForResponse((response) => response.request().method() === 'PUT' && response.url().endsWith('/v1/me/preferences'));
    await shopper.getByLabel('Only answer, never write first').check();
    assert.equal((await (await wished).json()).pushes, false);
    await shopper.reload();
    await shopper.locator('parley-slot').first().scrollIntoViewIfNeeded();
    await eventually(async () => assert.equal(await shopper.getByLabel('Only answer, never write first').isChecked(), true));
    const agent = await visit(browser);
    await openConsole(agent, server, `inbox/${await customerOf('only answer me')}`);
    await agent.getByText('does not want to be written to first').waitFor();
    await agent.locator('#mode').selectOption('push');
    await agent.locator('#words').fill('Lamps are cheap today');
    await agent.getByRole('button', { name: 'Send', exact: true }).click();
    await agent.getByText(/may not be written to now \(opted-out\)/).waitFor();
    for (const page of [shopper, agent]) await page.context().close();
  });

  it('show the agent what became of an e-mail, and who answers how', async () => {
    const { customer, id } = await server.admin('POST', `${STAFF}/inbound`, { id: '<7@mail>', channel: 'email', from: 'gone@mail.example', body: 'Is it still there?' });
    await server.admin('POST', `${STAFF}/threads/${encodeURIComponent(customer)}/reply`, { inReplyTo: id, body: 'It is.' });
    const agent = await visit(browser, { viewport: PHONE });
    await openConsole(agent, server, `inbox/${encodeURIComponent(customer)}`);
    await agent.getByText('goes out').waitFor();
    const [{ id: delivery }] = (await server.admin('GET', `${STAFF}/outbound?state=waiting`)).items;
    await server.admin('PUT', `${STAFF}/outbound/${delivery}`, { state: 'bounced', detail: '550 no such mailbox' });
    await agent.getByText('came back').waitFor();
    await agent.getByText('This did not reach gone@mail.example: 550 no such mailbox').waitFor();
    await agent.locator('h1 .pill', { hasText: 'waits for us' }).waitFor();
    await picture(agent, 'bounced');
    assert.deepEqual(await accessibilityFindings(agent), []);
    assert.equal(await overflow(agent), 0);
    await agent.evaluate(() => { location.hash = '#/inbox'; });
    await agent.getByRole('heading', { name: 'Who answers' }).waitFor();
    await agent.getByRole('row', { name: /^PARLEY_ADMIN_TOKEN \d+ 0/ }).waitFor();
    await picture(agent, 'inbox-agents');
    assert.deepEqual(await accessibilityFindings(agent), []);
    assert.deepEqual(agent.complaints, []);
    await agent.context().close();
  });

  it('open from anything in the page in one tap, with its context', async () => {
    const shopper = await shop(await visit(browser, { viewport: PHONE }));
    await shopper.evaluate(() => dispatchEvent(new CustomEvent('parley-talk', { detail: { about: { kind: 'poll', ref: 'next-mug' }, words: 'Which mug comes next?' } })));
    await shopper.getByText('About: Which mug comes next?').waitFor();
    assert.equal(await shopper.getByLabel('Your message').evaluate((node) => node.getRootNode().activeElement === node), true);
    await say(shopper, 'Why is there no blue one?');
    await eventually(async () => {
      const { items } = await server.admin('GET', `${STAFF}/threads/${await customerOf('no blue one')}`);
      assert.deepEqual(items[0].about, { kind: 'poll', ref: 'next-mug' });
    });
    await shopper.context().close();
  });

  it('keep what was written when Parley is away, and lose nothing when it is back', async () => {
    const shopper = await shop(await visit(browser));
    await shopper.route('**/v1/features/talk/messages', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
    await shopper.getByLabel('Your message').fill('Through thick and thin');
    await shopper.getByRole('button', { name: 'Send' }).click();
    await shopper.getByText('That did not work just now. Please try again.').waitFor();
    assert.equal(await shopper.getByLabel('Your message').inputValue(), 'Through thick and thin');
    await shopper.unroute('**/v1/features/talk/messages');
    await shopper.getByRole('button', { name: 'Send' }).click();
    await shopper.locator('.bubble', { hasText: 'Through thick and thin' }).waitFor();
    await shopper.context().close();
  });
});
