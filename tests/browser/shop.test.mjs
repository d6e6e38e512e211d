// A shopper's way through the demo shop, against a real server.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { startBrowser, startServer, visit, overflow, eventually, DESKTOP, PHONE } from './harness.mjs';
import { seedTrial } from './seed.mjs';

const SECRET = 'the secret that this shop shares with its Parley';
const MUG = '/shop/product.html?sku=HT-101';

describe('the shop', () => {
  let server, browser;
  before(async () => {
    [server, browser] = await Promise.all([startServer({ PARLEY_SHOP_JWT_SECRET: SECRET }), startBrowser()]);
    await seedTrial(server, { start: true });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const results = async () => (await server.admin('GET', '/experiments/poll-trial/results'));

  // The first one: nobody else's exposure is on its way.
  it('shows a previewed variant in its tab until the preview is ended, and measures nothing', async () => {
    const links = {};
    for (const variant of ['off', 'top'])
      links[variant] = (await server.admin('POST', '/previews', { feature: 'product-poll', variant })).query.slice(1);
    const units = async () => (await results()).variants.reduce((n, variant) => n + variant.units, 0);
    const page = await visit(browser);
    const sent = [];
    page.on('request', (request) => /\/v1\/batch/.test(request.url()) && sent.push(request.url()));
    const showing = async (query) => {
      const answered = page.waitForResponse((response) => response.url().endsWith('/flags/product-poll'));
      await page.goto(`${server.url}${MUG}${query}`);
      await page.locator('parley-slot[name=product-poll]').scrollIntoViewIfNeeded();
      return (await (await answered).json()).variant;
    };
    assert.equal(await showing(`&${links.top}`), 'top');
    assert.equal(await showing(''), 'top');
    assert.equal(await showing(`&${links.off}`), 'off');
    await page.waitForTimeout(400);
    assert.equal(await units(), 0);
    assert.deepEqual(sent, []);
    await showing('&parley_preview=');
    await eventually(async () => assert.equal(await units(), 1));
    await page.context().close();
  });

  for (const [device, viewport, turnout] of [['a desktop', DESKTOP, '1 person has voted.'], ['a phone', PHONE, '2 people have voted.']]) {
    it(`lets a shopper on ${device} vote by keyboard, see the result, and find her vote again`, async () => {
      const page = await visit(browser, { viewport });
      await page.goto(server.url);
      await page.getByRole('link', { name: /Breakwater enamel mug/ }).click();
      await page.locator('parley-slot[name=product-poll]').scrollIntoViewIfNeeded();
      const option = page.getByRole('radio', { name: /Buoy red/ });
      await option.focus();
      await page.keyboard.press('Space');
      await page.keyboard.press('Enter');
      const poll = page.locator('parley-poll');
      await poll.getByText('Thank you, your vote counts.').waitFor();
      assert.equal(await option.evaluate((node) => node.getRootNode().activeElement === node), true, 'the focus stays where she was');
      await page.reload();
      await page.locator('parley-slot[name=product-poll]').scrollIntoViewIfNeeded();
      await poll.getByText(turnout).waitFor();
      assert.equal(await page.getByRole('radio', { name: /Buoy red/ }).isChecked(), true);
      assert.equal(await overflow(page), 0);
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });
  }

  it('does not expose a shopper before the slot comes into view', async () => {
    const page = await visit(browser, { viewport: { width: 360, height: 300 } });
    const asked = [];
    page.on('request', (request) => request.url().endsWith('/flags/product-poll') && asked.push(request.url()));
    await page.goto(server.url + MUG);
    await page.evaluate(() => window.parley.ready);
    await page.waitForTimeout(300);
    assert.deepEqual(asked, []);
    await page.locator('parley-slot[name=product-poll]').scrollIntoViewIfNeeded();
    await page.getByText('Which mug comes next?').waitFor();
    assert.equal(asked.length, 1);
    await page.context().close();
  });

  it('counts an order once for the trial, though the page is left at once and the event is sent twice', async () => {
    const page = await visit(browser);
    await page.goto(server.url + MUG);
    await page.getByText('Which mug comes next?').waitFor();
    await eventually(async () => assert.equal(boughtOf(await results()), 0));
    await page.getByRole('button', { name: 'Add to basket' }).click();
    await page.getByText('Breakwater enamel mug is in your basket.').waitFor();
    await page.getByRole('button', { name: /^Basket/ }).click();
    const events = await page.getByRole('button', { name: 'Buy' }).evaluate((buy) => {
      buy.click();
      return localStorage.getItem('parley.events');
    });
    assert.match(events, /Order Completed/);
    await page.goto('about:blank');
    await eventually(async () => assert.equal(boughtOf(await results()), 1));
    await page.addInitScript((kept) => localStorage.setItem('parley.events', kept), events); // as if the answer had not come back
    const [again] = await Promise.all([page.waitForResponse((response) => response.url().endsWith('/v1/batch')), page.goto(server.url)]);
    assert.deepEqual(await again.json(), { accepted: 0, duplicates: JSON.parse(events).length, rejected: [] });
    await page.context().close();
  });

  it('keeps events while the server is away and sends them when it is back', async () => {
    const page = await visit(browser);
    await page.goto(server.url);
    await page.evaluate(() => window.parley.ready);
    await page.route('**/v1/batch', (route) => route.abort());
    await page.goto(server.url + MUG);
    await page.evaluate(() => window.parley.ready);
    await page.waitForFunction(() => /Product Viewed/.test(localStorage.getItem('parley.events')));
    await page.unroute('**/v1/batch');
    await page.goto(server.url);
    await page.waitForFunction(() => localStorage.getItem('parley.events') === '[]');
    await page.context().close();
  });

  it('keeps a shopper in her variant when she signs in', async () => {
    const page = await visit(browser);
    await page.goto(server.url + MUG);
    await page.getByRole('radio', { name: /Seal grey/ }).check();
    await page.keyboard.press('Enter');
    await page.getByText('Thank you, your vote counts.').waitFor();
    const { customer: anonymous } = await page.evaluate(() => window.parley.ready);
    const identified = page.waitForResponse((response) => response.url().endsWith('/v1/batch') && /identify/.test(response.request().postData()));
    await page.evaluate((jwt) => window.parley.identify(jwt, { plan: 'gold' }), jwtOf('alice'));
    assert.deepEqual((await (await identified).json()).rejected, []);
    const buckets = await Promise.all([anonymous, 'alice'].map(async (targetingKey) => {
      const answer = await fetch(`${server.url}/ofrep/v1/evaluate/flags/product-poll`, {
        method: 'POST', headers: { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ context: { targetingKey } }) });
      return (await answer.json()).metadata.bucket;
    }));
    assert.equal(buckets[0], buckets[1], 'both keys are one unit');
    await page.context().close();
  });

  it('sells as before when Parley is down', async () => {
    const page = await visit(browser);
    await page.route(/parley\.js|\/v1\/|\/ofrep\//, (route) => route.abort());
    await page.goto(server.url + MUG);
    await page.getByRole('button', { name: 'Add to basket' }).click();
    await page.getByRole('button', { name: /^Basket/ }).click();
    await page.getByRole('button', { name: 'Buy' }).click();
    await page.getByRole('heading', { name: 'Thank you' }).waitFor();
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  it('leaves the slot empty and the page well when evaluation fails', async () => {
    const page = await visit(browser);
    await page.route('**/ofrep/**', (route) => route.fulfill({ status: 500, body: 'no' }));
    await page.goto(server.url + MUG);
    await page.evaluate(() => window.parley.ready);
    await page.waitForTimeout(200);
    assert.equal(await page.locator('parley-slot[name=product-poll]').evaluate((slot) => slot.childElementCount), 0);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  it('says so where it does not have a product', async () => {
    const page = await visit(browser);
    await page.goto(`${server.url}/shop/product.html?sku=%3Cimg%20src%3Dx%3E`);
    await page.getByRole('heading', { name: 'Not on our shelves' }).waitFor();
    await page.context().close();
  });
});

/** The shop's word for who is signed in, good for an hour. */
function jwtOf(sub) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub, exp: Math.floor(Date.now() / 1000) + 3600 })}`;
  return `${body}.${createHmac('sha256', SECRET).update(body).digest('base64url')}`;
}

/** Orders in the treated group. */
const boughtOf = ({ metrics }) => metrics[0].variants.find(({ variant }) => variant === 'top').sum;
