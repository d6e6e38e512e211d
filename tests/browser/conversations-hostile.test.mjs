// Texts that mean harm, through every field of a conversation that takes one: shown to her and to the staff as they were written.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { startBrowser, startServer, openConsole } from './harness.mjs';
import { cut, done, foreign, payloads, skip, watched } from './hostile.mjs';

const STAFF = '/plugins/conversations/api';
const WRITERS = 12; // a shopper may write 20 messages a minute

describe('hostile texts in conversations', { skip }, () => {
  let server, browser, texts;
  before(async () => {
    [server, browser, texts] = await Promise.all([startServer(), startBrowser(), payloads()]);
    assert.ok(texts.length >= 220, `${texts.length} payloads`);
    await server.admin('PUT', '/features/talk', {
      key: 'talk', type: 'string', enabled: true, off: 'off', default: { serve: 'on' },
      variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'conversations', settings: { greeting: cut(texts[0], 290), hours: cut(texts[1], 190) } } } });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const post = async (path, body, who) => {
    const answer = await fetch(server.url + path, { method: 'POST', body: JSON.stringify(body),
      headers: { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json', ...(who && { 'Parley-Act-As': who }) } });
    assert.ok(answer.ok, `${path}: ${answer.status} ${JSON.stringify(body)}`);
    return answer.json();
  };

  /** Opens all of a list that shows pages of it. */
  async function all(page) {
    const older = page.getByRole('button', { name: /^Earlier messages$/ });
    for (let i = 0; i < 30 && await older.isVisible().catch(() => false); i++) {
      const before = await page.locator('.bubble').count();
      await older.click();
      await page.waitForFunction((n) => [...document.querySelectorAll('parley-conversation')].reduce((sum, c) => sum + c.shadowRoot.querySelectorAll('.bubble').length, document.querySelectorAll('.bubble').length) > n, before).catch(() => {});
    }
  }
  const said = async (page) => new Set(await page.locator('.bubble').evaluateAll((nodes) => nodes.map((node) => node.lastChild.textContent)));
  const missing = (shown, wanted) => wanted.filter((text) => !shown.has(text) && !shown.has(text.trim()));

  it('that she writes, with what they are about, names, facts and assignments, are text in the inbox', async () => {
    for (const [i, text] of texts.entries()) {
      const who = `x-${i % WRITERS}`, thread = `${STAFF}/threads/${who}`;
      await post('/v1/identify', { userId: who, traits: { name: cut(text, 190), likes: text } });
      await post('/v1/features/talk/messages', { body: text, about: { kind: cut(text, 32), ref: cut(text, 200) } }, who);
      await server.admin('PUT', `${thread}/facts/${encodeURIComponent(cut(text, 64))}`, { value: cut(text, 500) });
      await server.admin('PUT', `${thread}/assignee`, { assignee: cut(text, 200) });
    }
    const agent = await watched(browser);
    await openConsole(agent, server, 'inbox');
    await agent.locator('.inbox li').nth(WRITERS - 1).waitFor();
    assert.deepEqual(await foreign(agent, '#app'), []);
    for (let k = 0; k < WRITERS; k++) {
      await agent.evaluate((hash) => { location.hash = hash; }, `#/inbox/x-${k}`);
      await agent.locator(`a[href="#/customers/x-${k}"]`).first().waitFor();
      await agent.locator('.said').first().waitFor();
      await all(agent);
      const mine = texts.filter((_, i) => i % WRITERS === k), shown = await said(agent);
      assert.deepEqual(missing(shown, mine), []);
      assert.deepEqual(missing(shown, mine.map((text) => `gave this to ${cut(text, 200)}`)), []);
      assert.deepEqual(await foreign(agent, '#app'), []);
    }
    assert.deepEqual(await done(agent), []);
    await agent.context().close();
  });

  it('that come by mail, are answered, noted and reported, are text to her and to the staff', async () => {
    const shopper = await watched(browser);
    await shopper.route('**/shop/product.js', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace("'product-poll'", "'talk'") });
    });
    await shopper.goto(`${server.url}/shop/product.html?sku=HT-101`);
    await shopper.locator('parley-slot').first().scrollIntoViewIfNeeded();
    await shopper.getByLabel('Your message').fill('I am the hostile one');
    await shopper.getByRole('button', { name: 'Send' }).click();
    await shopper.locator('.bubble', { hasText: 'I am the hostile one' }).waitFor();
    const { customer } = (await server.admin('GET', `${STAFF}/inbox?q=${encodeURIComponent('the hostile one')}`)).items[0].thread;
    const thread = `${STAFF}/threads/${customer}`;
    for (const [i, text] of texts.entries()) {
      const mail = await server.admin('POST', `${STAFF}/inbound`, { id: `${i}${cut(text, 190)}`, channel: 'email', customer, from: cut(text, 200), body: text });
      await server.admin('POST', `${thread}/reply`, { inReplyTo: mail.id, body: `Re: ${text}` });
      await server.admin('POST', `${thread}/notes`, { body: `Note: ${text}` });
    }
    const { items } = await server.admin('GET', `${STAFF}/outbound?limit=100`);
    for (const [i, { id }] of items.entries()) await server.admin('PUT', `${STAFF}/outbound/${id}`, { state: 'bounced', detail: cut(texts[i], 200) });
    const agent = await watched(browser);
    await openConsole(agent, server, `inbox/${customer}`);
    await agent.locator('.said').first().waitFor();
    await all(agent);
    const toStaff = await said(agent);
    assert.deepEqual(missing(toStaff, texts.flatMap((text) => [text, `Re: ${text}`, `Note: ${text}`])), []);
    const returned = new Set([...toStaff].map((words) => words.replace(/; she has read it on the web$/, ''))); // her page is open
    assert.deepEqual(missing(returned, items.map(({ to }, i) => `This did not reach ${to}: ${cut(texts[i], 200)}`)), []);
    assert.deepEqual(await foreign(agent, '#app'), []);
    await shopper.locator('.bubble', { hasText: `Re: ${texts.at(-1)}`.slice(0, 24) }).first().waitFor();
    await all(shopper);
    assert.deepEqual(missing(await said(shopper), texts.flatMap((text) => [text, `Re: ${text}`])), []);
    assert.deepEqual(await foreign(shopper, 'parley-conversation'), []);
    for (const page of [agent, shopper]) {
      assert.deepEqual(await done(page), []);
      await page.context().close();
    }
  });
});
