// "My data": what the shop remembers of a shopper, what may speak to her, taking it along, having it erased; on a phone and a desktop.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { startBrowser, startServer, visit, clean, eventually, DESKTOP, PHONE } from './harness.mjs';
import { seedTrial } from './seed.mjs';

describe('the account page', () => {
  let server, browser;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    await seedTrial(server, { start: true });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const [device, look] of [['a desktop', { viewport: DESKTOP }], ['a phone in the dark', { viewport: PHONE, colorScheme: 'dark' }]])
    it(`shows what is remembered, mutes, exports and erases, on ${device}`, async () => {
      const page = await visit(browser, look);
      const vote = async () => {
        await page.goto(`${server.url}/shop/product.html?sku=HT-101`);
        await page.locator('parley-slot[name=product-poll]').scrollIntoViewIfNeeded();
        await page.getByRole('radio', { name: /Buoy red/ }).check();
        await page.keyboard.press('Enter');
        await page.getByText('Thank you, your vote counts.').waitFor();
      };
      await vote();
      await eventually(async () => {
        await page.goto(`${server.url}/shop/account.html`);
        await page.getByText('Looked at Breakwater enamel mug').first().waitFor({ timeout: 5000 });
      });
      await page.getByText(/Which mug comes next/).first().waitFor();
      await clean(page, 'my data');

      await page.getByRole('checkbox', { name: 'Polls beside products' }).uncheck();
      await page.getByText('Saved.').waitFor();
      await page.goto(`${server.url}/shop/product.html?sku=HT-101`);
      await page.locator('parley-slot[name=product-poll]').scrollIntoViewIfNeeded();
      await page.waitForTimeout(500);
      assert.equal(await page.getByRole('radio').count(), 0, 'what is muted does not speak');
      await page.goto(`${server.url}/shop/account.html`);
      await page.getByRole('checkbox', { name: 'Polls beside products' }).check();
      await page.getByText('Saved.').waitFor();

      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Take all of it along' }).click()]);
      const all = JSON.parse(await readFile(await download.path(), 'utf8'));
      assert.match(JSON.stringify(all), /"next-mug"/, 'her vote is in it');

      await page.getByRole('button', { name: 'Erase everything' }).click();
      await clean(page, 'the question before erasing');
      await page.getByRole('button', { name: 'Erase it' }).click();
      await page.getByText('Whoever comes next is somebody new to this shop.').waitFor();
      await page.goto(`${server.url}/shop/account.html`);
      await page.getByText('Nothing yet: look at a product, vote, pin something.').waitFor();
      await page.context().close();
    });

  it('says so where Parley is down', async () => {
    const page = await visit(browser);
    await page.route(/parley\.js/, (route) => route.abort());
    await page.goto(`${server.url}/shop/account.html`);
    await page.getByText('Your data cannot be reached just now.').waitFor();
    await page.context().close();
  });
});
