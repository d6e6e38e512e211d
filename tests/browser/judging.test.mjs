// What a product team sees of a trial beside its figures: the looks over time, the plan, the report, past trials and neglected features.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { startBrowser, startServer, visit, clean, openConsole, accessibilityFindings, overflow, eventually, DESKTOP, PHONE } from './harness.mjs';
import { seedTrial, seedFigures, sendShoppers } from './seed.mjs';

const LOOKS = [['light and wide', { colorScheme: 'light', viewport: DESKTOP }], ['dark and narrow', { colorScheme: 'dark', viewport: PHONE }]];

describe('judging', () => {
  let server, browser;
  before(async () => {
    [server, browser] = await Promise.all([startServer({ PARLEY_STEER_CHECKPOINT: '300ms' }), startBrowser()]);
    await seedTrial(server);
    await seedFigures(server);
    await looked(80);
    await sendShoppers(server, 'headline', 160);
    await looked(160);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** Until a look has seen so many of the headline's shoppers. */
  const looked = (n) => eventually(async () => {
    const { items: [look] } = await server.admin('GET', '/experiments/headline-trial/looks?limit=1');
    assert.equal(Object.values(look.units).reduce((a, b) => a + b), n);
  });
  const open = async (look, place, sign) => {
    const page = await visit(browser, look);
    await openConsole(page, server);
    await page.evaluate((hash) => { location.hash = hash; }, `#/${place}`);
    await page.locator(sign).first().waitFor();
    return page;
  };
  for (const [name, look] of LOOKS)
    it(`shows the looks over time and the plan, ${name}`, async () => {
      const page = await open(look, 'trials/headline-trial', 'figure:has(.course)');
      assert.match(await page.locator('figure:has(.course) desc').textContent(), /At the latest look .*interval/);
      await page.getByText('The looks at warm as a table').click();
      await page.getByRole('columnheader', { name: 'Least p so far' }).waitFor();
      await page.getByRole('button', { name: 'Plan', exact: true }).click();
      await page.getByText(/units?, [\d,]+ more days? for a fixed test/).waitFor();
      await clean(page, 'a trial with looks and a plan');
      await page.context().close();
    });

  it('shows the primary metric in parts, and the test statistic', async () => {
    const page = await open({}, 'trials/headline-trial', '.plot');
    await page.getByRole('cell', { name: /^z [+−-]?\d+\.\d\d, p / }).first().waitFor();
    await page.getByLabel('Show the primary metric').selectOption('by country');
    const parts = page.getByRole('table', { name: 'The primary metric in parts' });
    await parts.getByRole('rowheader', { name: 'not said' }).first().waitFor();
    assert.equal(await parts.getByRole('row').count(), 3);
    await clean(page, 'a trial in parts');
    await page.getByLabel('Show the primary metric').selectOption('by week since entry');
    await parts.getByRole('rowheader', { name: 'Week 1' }).first().waitFor();
    await page.context().close();
  });

  it('finds a past trial by what was decided', async () => {
    await server.admin('PUT', '/features/old', { key: 'old', type: 'boolean', enabled: true, stage: 'trial', variants: { on: { value: true }, off: { value: false } }, off: 'off', default: { serve: 'off' } });
    await server.admin('PUT', '/experiments/old-trial', { key: 'old-trial', feature: 'old', control: 'off', weights: { on: 1, off: 1 }, metrics: { primary: 'bought' } });
    await server.admin('POST', '/experiments/old-trial/start', {});
    await server.admin('POST', '/experiments/old-trial/conclude', { outcome: 'rollback', note: 'Shoppers found it loud.' });
    const page = await open({}, 'trials', 'a[href="#/trials/old-trial"]');
    await page.getByLabel('Find').fill('LOUD');
    await page.getByText(/^1 trial of \d/).waitFor();
    await page.getByText('Decided: Shoppers found it loud.').waitFor();
    await page.getByText('rolled back').waitFor();
    await clean(page, 'past trials');
    await page.context().close();
  });

  it('says what a trial was started with all the same', async () => {
    await server.admin('PUT', '/features/boards', { key: 'boards', type: 'string', enabled: true, variants: { on: { value: 'on', plugin: 'boards' }, off: { value: 'off' } }, off: 'off', default: { serve: 'off' } });
    await server.admin('PUT', '/experiments/boards-trial', { key: 'boards-trial', feature: 'boards', control: 'off', weights: { on: 1, off: 1 }, metrics: { primary: 'bought' } });
    const page = await open({}, 'trials/boards-trial', 'h1');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText(/^Shoppers meet in plugin boards of variant on/).waitFor();
    await clean(page, 'a trial with a warning');
    await page.context().close();
  });

  it('lists the features that nobody takes care of, with the next step', async () => {
    const page = await open({}, 'features', '#main details');
    await page.getByText(/1 feature that nobody takes care of/).click();
    await page.getByText('Start the next trial, or set the stage to shipped or retiring.').waitFor();
    await clean(page, 'neglected features');
    await page.context().close();
  });

  it('saves the report, which stands alone in light, dark and print', async () => {
    const page = await open({}, 'trials/headline-trial', '.plot');
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save the report' }).click();
    const saved = await saving;
    assert.equal(saved.suggestedFilename(), 'headline-trial.html');
    const html = await readFile(await saved.path(), 'utf8');
    await page.context().close();
    for (const [name, look] of LOOKS) {
      const own = await visit(browser, { ...look, bypassCSP: true }); // for axe alone: the report lets nothing run
      const asked = [];
      own.on('request', (request) => { if (!request.url().startsWith('data:')) asked.push(request.url()); });
      await own.setContent(html);
      assert.equal(await own.locator('svg').count(), 1, 'one day, so no curve; the interval of the primary metric');
      assert.deepEqual(await accessibilityFindings(own), [], `the report, ${name}`);
      assert.equal(await overflow(own), 0, `the report, ${name}`);
      await own.emulateMedia({ media: 'print', colorScheme: look.colorScheme });
      const ink = await own.evaluate(() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]);
      assert.deepEqual(ink, ['rgb(0, 0, 0)', 'rgb(255, 255, 255)'], 'black on white on paper');
      await own.emulateMedia({ media: 'screen', colorScheme: look.colorScheme });
      assert.deepEqual(asked, []);
      await own.context().close();
    }
  });
});
