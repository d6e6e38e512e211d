// A site manager's way through the console, against a real server.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { accessibilityFindings, startBrowser, startServer, visit, openConsole, overflow, eventually, PHONE } from './harness.mjs';
import { seedTrial, sendShoppers } from './seed.mjs';

describe('the console of a server for development', () => {
  it('says on every page that unsigned plugins are taken', async () => {
    const [server, browser] = await Promise.all([startServer({ PARLEY_PLUGINS_UNSIGNED: 'yes' }), startBrowser()]);
    try {
      const page = await visit(browser);
      for (const place of ['features', 'plugins']) {
        await openConsole(page, server, place);
        await page.getByText('Unsigned plugins are taken (plugins.unsigned)').waitFor();
      }
      await page.getByText('Came with Parley.').first().waitFor();
      assert.deepEqual(await accessibilityFindings(page), []);
    } finally {
      await browser.close();
      await server.stop();
    }
  });
});

describe('the console', () => {
  let server, browser, page;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    page = await visit(browser);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('asks for a token, refuses a wrong one in a sentence, and takes a right one', async () => {
    await page.goto(`${server.url}/console/`);
    await page.getByLabel('Access token').fill('not-a-token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    assert.match(await page.getByRole('alert').innerText(), /Not signed in: \S+/);
    await page.getByLabel('Access token').fill(server.token);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Features' }).waitFor();
  });

  it('takes a token out of the address', async () => {
    const other = await visit(browser);
    await openConsole(other, server);
    assert.ok(!other.url().includes(server.token));
    await other.context().close();
  });

  it('says what to do next where there is nothing yet', async () => {
    await page.getByRole('link', { name: 'Trials' }).click();
    await page.getByText('No trial yet').waitFor();
    assert.match(await page.getByLabel('Command').innerText(), /^build\/parley experiments put /);
  });

  it('switches a feature by keyboard, and shoppers get the other variant', async () => {
    await seedTrial(server, { weights: { off: 50, top: 50 } });
    await page.getByRole('link', { name: 'Features' }).click();
    const toggle = page.getByRole('switch', { name: 'Poll beside the product' });
    await toggle.focus();
    await page.keyboard.press('Space');
    await page.locator('[role=switch][aria-labelledby="name-product-poll"][aria-checked=false]').waitFor();
    await eventually(async () => assert.equal((await server.admin('GET', '/features/product-poll')).enabled, false));
    assert.equal(await toggle.evaluate((node) => node === document.activeElement), true, 'the switch keeps the focus');
    await page.keyboard.press('Space');
    await page.locator('[role=switch][aria-labelledby="name-product-poll"][aria-checked=true]').waitFor();
  });

  it('kills a feature only after asking, and lifts the kill', async () => {
    await page.getByRole('button', { name: 'Kill' }).first().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    assert.equal((await server.admin('GET', '/features/product-poll')).killed, false);
    await page.getByRole('button', { name: 'Kill' }).first().click();
    await page.getByRole('button', { name: 'Kill now' }).click();
    await page.getByText('killed', { exact: true }).waitFor();
    assert.equal((await server.admin('GET', '/features/product-poll')).killed, true);
    await page.getByRole('button', { name: 'Lift the kill' }).click();
    await page.getByText('killed', { exact: true }).waitFor({ state: 'detached' });
  });

  it('says in words that a review is overdue', async () => {
    await server.admin('PUT', '/features/old-banner', { key: 'old-banner', type: 'boolean', enabled: false, variants: { off: { value: false }, on: { value: true } }, off: 'off', default: { serve: 'off' }, reviewBy: '2024-03-01' });
    await page.reload();
    await page.getByText('Review overdue since 1 Mar 2024').waitFor();
  });

  it('starts a trial and shows its figures as they come, as a plot and as a table', async () => {
    await page.getByRole('link', { name: 'Trials' }).click();
    await page.getByRole('link', { name: 'poll-trial' }).click();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('heading', { name: 'poll-trial running' }).waitFor();
    await page.getByText('Verdict so far').waitFor();
    await sendShoppers(server, 'product-poll', 60);
    await page.getByRole('img', { name: /^Difference of Bought something/ }).waitFor();
    await eventually(async () => { // they come while the page looks again
      const rows = await page.getByRole('table', { name: 'Bought something: figures per variant' }).getByRole('row').allInnerTexts();
      const units = rows.slice(1).map((row) => Number(row.split(/\s+/)[1]));
      assert.equal(units[0] + units[1], 60);
      assert.match(rows[0], /^Variant\s+Units\s+Rate\s+Difference/);
      assert.match(rows[1], /^off\s+\d+\s+[\d.]+%\s+control/);
      assert.match(rows[2], /^top\s+\d+\s+[\d.]+%\s+[+-]?[\d.]+\s+[+-]?[\d.]+%/);
    });
  });

  it('refreshes without taking the focus away', async () => {
    const pause = page.getByRole('button', { name: 'Pause' });
    await pause.focus();
    await page.waitForResponse((response) => response.url().endsWith('/results'));
    await page.waitForTimeout(100);
    assert.equal(await pause.evaluate((node) => node === document.activeElement), true);
  });

  it('swaps a plugin release and rolls back', async () => {
    await page.getByRole('link', { name: 'Plugins' }).click();
    await page.getByRole('button', { name: /^Activate .*1\.1\.0$/ }).click();
    await page.getByText('polls · release 1.1.0 serves').waitFor();
    await page.getByRole('button', { name: 'Roll back to 1.2.0' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back to 1.2.0' }).click();
    await page.getByText('polls · release 1.2.0 serves').waitFor();
  });

  it('says why a release could not be activated, and that the old one still serves', async () => {
    await page.route('**/plugins/polls/activate', (route) => route.continue({ postData: '{"version":"9.9.9"}' }));
    await page.getByRole('button', { name: /^Activate/ }).first().click();
    await page.getByRole('alert').filter({ hasText: /was not activated; 1\.2\.0 still serves: .*9\.9\.9/ }).waitFor();
    await page.unroute('**/plugins/polls/activate');
  });

  it('concludes a trial with a decision and a note', async () => {
    await page.getByRole('link', { name: 'Trials' }).click();
    await page.getByRole('link', { name: 'poll-trial' }).click();
    await page.getByRole('button', { name: 'Conclude…' }).click();
    await page.getByRole('radio', { name: /^Roll back/ }).check();
    await page.getByLabel('Note').fill('Too quiet a season to tell.');
    await page.getByRole('dialog').getByRole('button', { name: 'Conclude' }).click();
    await page.getByText('Too quiet a season to tell.').waitFor();
    await page.getByRole('heading', { name: 'poll-trial concluded' }).waitFor();
  });

  it('lists all of that in the audit log, with the difference each change made', async () => {
    await page.getByRole('link', { name: 'Audit' }).click();
    await page.getByRole('heading', { level: 1, name: 'Audit' }).waitFor();
    await page.getByText('Too quiet a season to tell.').first().waitFor();
    const rows = await page.getByRole('listitem').allInnerTexts();
    for (const words of [/concluded\s+trial poll-trial/, /activated\s+plugin polls/, /rolled back\s+plugin polls/, /killed\s+feature product-poll/, /started\s+trial poll-trial/])
      assert.ok(rows.some((row) => words.test(row)), `no row says ${words}`);
    const change = page.getByRole('listitem').filter({ hasText: /changed\s+feature product-poll/ }).first();
    await change.getByText(/change/).last().click();
    assert.match(await change.innerText(), /enabled\s+false → true/);
  });

  it('fits a phone', async () => {
    const phone = await visit(browser, { viewport: PHONE });
    for (const place of ['features', 'trials', 'trials/poll-trial', 'plugins', 'audit']) {
      await openConsole(phone, server, place);
      await phone.locator('main > .heading').waitFor();
      assert.equal(await overflow(phone), 0, `${place} scrolls sideways`);
    }
    await phone.context().close();
  });

  it('raised no script error and broke no security policy on the way', () => assert.deepEqual(page.complaints, []));
});
