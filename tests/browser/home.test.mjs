// The shop's home page as a shopper meets it: composed on the server, drawn by the plugins' components.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { startBrowser, startServer, visit, clean, accessibilityFindings, eventually, DESKTOP, PHONE } from './harness.mjs';

const feature = (key, on, over = {}) => ({ key, type: 'string', variants: { off: { value: '' }, on }, off: 'off', default: { serve: 'on' }, ...over });

async function seedHome(server) {
  for (const [id, question, about] of [['shelf', 'What should the next shelf be for?', 'home'], ['ferry', 'Which ferry do you take?', 'ferry']])
    await server.admin('POST', '/plugins/polls/api/polls', { id, question, about, kind: 'single', results: 'on_vote', options: [{ key: 'a', label: 'The garden' }, { key: 'b', label: 'The boat' }] });
  for (const one of [feature('note', { value: 'The boat goes on Monday.' }), feature('ask', { value: 'on', plugin: 'polls' }), feature('ferry', { value: 'on', plugin: 'polls' }),
    feature('silent', { value: 'on', plugin: 'polls' }), feature('gone', { value: 'never seen' }, { default: { serve: 'off' } })]) await server.admin('PUT', `/features/${one.key}`, one);
  await server.admin('PUT', '/metrics/bought', { key: 'bought', kind: 'conversion', event: 'Order Completed' });
  await server.admin('PUT', '/experiments/ask-trial', { key: 'ask-trial', feature: 'ask', control: 'off', weights: { off: 0.0001, on: 999 }, metrics: { primary: 'bought' }, mde: 0.05 });
  await server.admin('POST', '/experiments/ask-trial/start', {});
  await server.admin('PUT', '/pages/home', { deadline: 5000, sections: { // of a machine that does other things too
    note: { feature: 'note' },
    ask: { feature: 'ask', title: 'Help us choose', about: 'home', path: '/polls?about=home' },
    silent: { feature: 'silent', title: 'Nobody asks here', about: 'nothing', path: '/polls?about=nothing' },
    gone: { feature: 'gone', title: 'Off' },
    ferry: { feature: 'ferry', title: 'On the way', about: 'ferry' } } });
}

describe('the home page', () => {
  let server, browser;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    await seedHome(server);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const headings = (page) => page.locator('parley-page h2:visible').allInnerTexts();

  // The first one: nobody else's exposure is on its way.
  it('is one call and one exposure; what the plugin answered is painted without another', async () => {
    const page = await visit(browser);
    const calls = [];
    page.on('request', (request) => /\/v1\/(pages|features)|\/ofrep\//.test(request.url()) && calls.push(new URL(request.url()).pathname));
    const units = async () => (await server.admin('GET', '/experiments/ask-trial/results')).variants.reduce((n, variant) => n + variant.units, 0);
    await page.goto(server.url);
    await page.getByText('Which ferry do you take?').waitFor();
    await page.getByText('What should the next shelf be for?').waitFor();
    assert.deepEqual(calls, ['/v1/pages/home', '/v1/features/ferry/polls'], 'the ferry alone has no path on the page');
    await eventually(async () => assert.equal(await units(), 1));
    await page.reload();
    await page.getByText('Which ferry do you take?').waitFor();
    await page.waitForTimeout(400);
    assert.equal(await units(), 1);
    await page.context().close();
  });

  for (const [name, look] of [['light and wide', { colorScheme: 'light', viewport: DESKTOP }], ['dark and narrow', { colorScheme: 'dark', viewport: PHONE }]]) {
    it(`has the sections that the team chose, in its order, ${name}`, async () => {
      const page = await visit(browser, look);
      await page.goto(server.url);
      await page.getByText('Which ferry do you take?').waitFor();
      await eventually(async () => assert.deepEqual(await headings(page), ['Help us choose', 'On the way'], 'what has nothing to show has no heading either'));
      assert.ok(await page.getByRole('region', { name: 'Help us choose' }).isVisible());
      await page.getByText('The boat goes on Monday.').waitFor();
      await page.locator('parley-page:not([aria-busy])').waitFor();
      assert.equal(await page.locator('parley-page > *:visible').count(), 3, 'no hole');
      await clean(page);
      await page.context().close();
    });
  }

  it('opened by a link to something of a section’s, is where that section is', async () => {
    const page = await visit(browser, { viewport: { width: 360, height: 400 } });
    await page.goto(`${server.url}/#parley=ferry/${'a'.repeat(26)}`);
    const said = page.getByRole('alert').getByText(/this link leads to no poll/);
    await said.waitFor();
    assert.equal(await said.count(), 1, 'and nowhere else');
    assert.ok(await page.getByRole('region', { name: 'On the way' }).evaluate((node) => { const { top, bottom } = node.getBoundingClientRect(); return top < innerHeight && bottom > 0; }));
    await page.context().close();
  });

  it('takes part by keyboard', async () => {
    const page = await visit(browser);
    await page.goto(server.url);
    await page.getByRole('radio', { name: 'The garden' }).first().focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await page.getByText('Thank you, your vote counts.').waitFor();
    await page.context().close();
  });

  it('lets a section fill the basket', async () => {
    const page = await visit(browser);
    await page.goto(server.url);
    await page.getByText('Which ferry do you take?').waitFor();
    await page.locator('parley-page parley-poll').first().evaluate((node) => node.dispatchEvent(new CustomEvent('parley:cart', { bubbles: true, composed: true, detail: { items: [{ sku: 'HT-101', quantity: 2 }] } })));
    await page.getByRole('button', { name: 'Basket 2' }).waitFor();
    await page.context().close();
  });

  it('keeps the places while it is on the way, and says so', async () => {
    const page = await visit(browser);
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await page.route('**/v1/pages/home', async (route) => { await held; await route.continue(); });
    await page.goto(server.url);
    await page.locator('parley-page[aria-busy=true]').waitFor();
    assert.ok(await page.locator('parley-page').evaluate((node) => node.getBoundingClientRect().height) > 200);
    assert.deepEqual(await accessibilityFindings(page), []);
    release();
    await page.getByText('What should the next shelf be for?').waitFor();
    await page.context().close();
  });

  it('leaves out a section whose component does not come, and nothing else', async () => {
    const page = await visit(browser);
    await page.route('**/plugins/polls/**', (route) => route.abort());
    await page.goto(server.url);
    await page.getByText('The boat goes on Monday.').waitFor();
    await eventually(async () => assert.deepEqual(await headings(page), []));
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  it('is the shop alone when Parley does not answer, and no shopper is told', async () => {
    const page = await visit(browser);
    await page.route('**/v1/pages/home', (route) => route.fulfill({ status: 503, body: '{"detail":"overloaded"}' }));
    await page.goto(server.url);
    await page.locator('parley-page:not([aria-busy])').waitFor({ state: 'hidden' });
    await page.getByRole('link', { name: /Heather honey/ }).waitFor();
    assert.equal(await page.getByText('overloaded').count(), 0);
    assert.equal(await page.locator('parley-page').evaluate((node) => node.getBoundingClientRect().height), 0);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  it('shows a preview, whose parts are chosen by links, and counts nobody', async () => {
    const { token } = await server.admin('POST', '/previews', { feature: 'gone', variant: 'on' });
    const page = await visit(browser);
    await page.goto(`${server.url}/?parley_preview=${token}`);
    await page.getByText('never seen').waitFor();
    await eventually(async () => assert.deepEqual(await headings(page), ['Help us choose', 'Off', 'On the way']));
    await page.context().close();
  });
});
