// The page of trends: what a week of shoppers turned to, and who bought again.
import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { startBrowser, startServer, visit, clean, openConsole, accessibilityFindings, overflow, eventually, DESKTOP, PHONE } from './harness.mjs';
import { buyers } from '../system/buyers.mjs';

describe('the trends page', () => {
  let server, browser;
  before(async () => { [server, browser] = await Promise.all([startServer(), startBrowser()]); });
  after(async () => { await browser?.close(); await server?.stop(); });

  it('says what to do next where nothing trends', async () => {
    const page = await visit(browser);
    await openConsole(page, server, 'trends');
    await page.getByText('Nothing trends yet').waitFor();
    await page.context().close();
  });

  it('shows shopping and purchasing apart, with names and numbers, and who bought again', async () => {
    const now = Date.now(), day = (n) => new Date(now - n * 86_400_000).toISOString();
    const batch = [];
    for (let i = 0; i < 9; i++) {
      batch.push({ type: 'track', userId: `c${i}`, event: 'Product Viewed', timestamp: day(1), properties: { product_id: 'lantern' } });
      if (i < 6) batch.push({ type: 'track', userId: `c${i}`, event: 'Order Completed', timestamp: day(0), properties: { order_id: `o${i}`, revenue: 10, products: [{ product_id: '<b>mug</b>' }] } });
      if (i < 3) batch.push({ type: 'track', userId: `c${i}`, event: 'Order Completed', timestamp: day(40), properties: { order_id: `early${i}`, revenue: 10 } });
    }
    const told = await fetch(`${server.url}/v1/batch`, { method: 'POST', headers: { Authorization: `Bearer ${server.token}` }, body: JSON.stringify({ batch }) });
    assert.equal((await told.json()).accepted, batch.length);
    await eventually(async () => assert.equal((await server.admin('GET', '/cohorts')).orders, 9));
    for (const look of [{ colorScheme: 'light', viewport: DESKTOP }, { colorScheme: 'dark', viewport: PHONE }]) {
      const page = await visit(browser, look);
      await openConsole(page, server, 'trends');
      await page.getByRole('row', { name: /^lantern 9 0 1\.0 8\.0$/ }).waitFor();
      await page.getByRole('button', { name: 'Purchasing' }).click();
      await page.getByRole('row', { name: /^<b>mug<\/b> 6 0/ }).waitFor();
      assert.equal(await page.getByRole('button', { name: 'Purchasing' }).getAttribute('aria-pressed'), 'true');
      await page.getByText('3 customers of 6 bought again (50').waitFor();
      await page.getByRole('row', { name: `${day(1).slice(0, 10)} 9 9 9 0 s – – –` }).waitFor();
      assert.equal(await page.getByRole('img', { name: /^Scores/ }).count(), 1);
      assert.deepEqual(await accessibilityFindings(page), []);
      assert.equal(await overflow(page), 0);
      await page.context().close();
    }
  });

  it('says what customers may still buy, month by month, once enough came again', async () => {
    const { events } = buyers(600);
    const told = await fetch(`${server.url}/v1/batch`, { method: 'POST', headers: { Authorization: `Bearer ${server.token}` }, body: JSON.stringify({ batch: events }) });
    assert.equal((await told.json()).accepted, events.length);
    await eventually(async () => assert.ok((await server.admin('GET', '/lifetime')).customers >= 600));
    for (const [device, look] of [['desktop', { colorScheme: 'dark', viewport: DESKTOP }], ['phone', { colorScheme: 'light', viewport: PHONE }]]) {
      const page = await visit(browser, look);
      await openConsole(page, server, 'trends');
      await page.getByRole('heading', { name: 'What they may still buy' }).waitFor();
      await page.getByText(/^Of 6\d\d customers about \d+ are expected to be still around, and to place [\d,]+ more orders within 52 weeks of .*, worth [\d,]+\.$/).waitFor();
      const months = page.getByRole('table', { name: /^Expected within the next year/ }).getByRole('row');
      assert.ok(await months.count() >= 13, `${await months.count()} rows`);
      assert.match(await months.nth(1).innerText(), /^20\d\d-\d\d\s+\d+\s+\d+\s+\d+\s+[\d,]+$/);
      if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/trends-${device}.png`, fullPage: true });
      await clean(page);
      await page.context().close();
    }
  });
});
