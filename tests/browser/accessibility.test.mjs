// Every page and dialog, in light and dark, wide and narrow: no finding by axe-core, nothing to scroll sideways.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { startBrowser, startServer, visit, clean, openConsole, DESKTOP, PHONE } from './harness.mjs';
import { seedTrial, seedFigures, seedCustomers } from './seed.mjs';

// Contrast depends on the scheme, layout on the width: two looks see all four.
const LOOKS = [['light and wide', { colorScheme: 'light', viewport: DESKTOP }], ['dark and narrow', { colorScheme: 'dark', viewport: PHONE }]];

describe('accessibility', { concurrency: 2 }, () => {
  let server, browser;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    await seedTrial(server, { start: true });
    await seedFigures(server);
    await seedCustomers(server);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const [name, look] of LOOKS) {
    it(`of the shop, ${name}`, async () => {
      const page = await visit(browser, look);
      await page.goto(server.url);
      await page.getByRole('link', { name: /Heather honey/ }).waitFor();
      await clean(page, 'home');
      await page.goto(`${server.url}/shop/product.html?sku=HT-101`);
      await page.locator('parley-slot[name=product-poll]').scrollIntoViewIfNeeded();
      await page.getByRole('radio', { name: /Buoy red/ }).check();
      await clean(page, 'product with a poll');
      await page.getByRole('button', { name: 'Add to basket' }).click();
      await page.getByRole('button', { name: /^Basket/ }).click();
      await clean(page, 'basket');
      await page.context().close();
    });

    it(`of the console, ${name}`, async () => {
      const page = await visit(browser, look);
      await page.goto(`${server.url}/console/`);
      await page.getByLabel('Access token').waitFor();
      await clean(page, 'sign-in');
      await openConsole(page, server);
      await page.getByRole('switch').first().waitFor();
      await clean(page, 'features');
      await page.getByRole('button', { name: 'Kill' }).first().click();
      await clean(page, 'kill dialog');
      await page.keyboard.press('Escape');
      for (const [place, sign] of [['trials', 'a[href="#/trials/poll-trial"]'], ['trials/headline-trial', 'figure svg'], ['trials/poll-trial', 'table'], ['customers', '.rows li'], ['customers/c-anna', '.timeline li'], ['plugins', '.releases li'], ['audit', 'summary']]) {
        await page.evaluate((hash) => { location.hash = hash; }, `#/${place}`);
        await page.locator(sign).first().waitFor();
        await clean(page, place);
      }
      await page.evaluate(() => { location.hash = '#/trials/headline-trial'; });
      await page.getByRole('button', { name: 'Conclude…' }).click();
      await page.getByRole('radio', { name: /^Ship/ }).check();
      await clean(page, 'conclude dialog');
      await page.keyboard.press('Escape');
      await page.evaluate(() => { location.hash = '#/audit'; });
      await page.locator('summary').first().click();
      await clean(page, 'audit with a difference');
      await page.context().close();
    });
  }
});
