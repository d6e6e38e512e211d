// Texts written by people who mean harm: wherever they are shown, nothing of them runs and all of them is text.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { startBrowser, startServer, openConsole } from './harness.mjs';
import { done, foreign, payloads as hostile, skip, watched } from './hostile.mjs';
import { seedTrial } from './seed.mjs';

const ROOM = 190; // characters that fit into a poll's label and a feature's name

describe('hostile texts', { skip }, () => {
  let server, browser, payloads;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    payloads = (await hostile()).filter((text) => text.length <= ROOM);
    assert.ok(payloads.length > 100, `only ${payloads.length} payloads fit`);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('in a poll are read as they were written, and do nothing', async () => {
    await seedTrial(server, { question: payloads[0], labels: payloads.slice(1, 3), start: true });
    for (let i = 3; i < payloads.length; i += 9) {
      const [question, ...labels] = payloads.slice(i, i + 9);
      if (labels.length < 2) break;
      await server.admin('POST', '/plugins/polls/api/polls', { id: `hostile-${i}`, question, about: 'sku:HT-102', kind: 'single', results: 'always', options: labels.map((label, n) => ({ key: `o${n}`, label })) });
    }
    const page = await watched(browser);
    for (const sku of ['HT-101', 'HT-102']) {
      await page.goto(`${server.url}/shop/product.html?sku=${sku}`);
      await page.getByRole('radio').first().waitFor();
      assert.deepEqual(await foreign(page, 'parley-poll'), []);
    }
    await page.goto(`${server.url}/shop/product.html?sku=HT-101`);
    await page.getByRole('radio').first().waitFor();
    const said = await page.locator('parley-poll legend').innerText();
    assert.ok(said.replace(/\s+/g, ' ').includes(payloads[0].replace(/\s+/g, ' ').trim()), 'the question is shown as text');
    assert.deepEqual(await done(page), []);
    await page.context().close();
  });

  it('in names of features, hypotheses and notes do nothing in the console', async () => {
    await Promise.all(payloads.map((payload, i) => server.admin('PUT', `/features/hostile-${i}`, {
      key: `hostile-${i}`, name: payload, type: 'boolean', enabled: false, owner: payload.slice(0, 60), tags: [], variants: { off: { value: false }, on: { value: true } }, off: 'off', default: { serve: 'off' } })));
    await server.admin('PATCH', '/experiments/poll-trial', { hypothesis: payloads.join(' ').slice(0, 1900) });
    const page = await watched(browser);
    await openConsole(page, server);
    await page.locator('#name-hostile-0').waitFor();
    assert.deepEqual(await foreign(page, '#app'), []);
    const names = await page.locator('[id^="name-hostile-"]').allTextContents();
    assert.deepEqual(new Set(names), new Set(payloads), 'every name is shown as text');
    for (const [place, sign] of [['trials', '.hypothesis'], ['trials/poll-trial', 'h1'], ['audit', 'summary']]) {
      await page.evaluate((hash) => { location.hash = hash; }, `#/${place}`);
      await page.locator(sign).first().waitFor();
      assert.deepEqual(await foreign(page, '#app'), [], place);
    }
    for (const summary of await page.locator('summary').all()) await summary.click();
    assert.deepEqual(await foreign(page, '#app'), [], 'differences in the audit log');
    assert.deepEqual(await done(page), []);
    await page.context().close();
  });
});
