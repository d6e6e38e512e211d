// A service representative's way through customers: finding one, reading her timeline, correcting, merging, erasing.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { startBrowser, startServer, visit, openConsole } from './harness.mjs';
import { seedCustomers } from './seed.mjs';

describe('customers in the console', () => {
  let server, browser, page;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    await seedCustomers(server);
    page = await visit(browser);
    await openConsole(page, server, 'customers');
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('are found while one types, and nobody is said so', async () => {
    await page.getByRole('searchbox', { name: 'Find' }).fill('anna');
    await page.getByRole('link', { name: 'Anne Blum' }).waitFor({ state: 'detached' });
    assert.equal(await page.getByRole('list', { name: 'Customers' }).getByRole('listitem').count(), 1);
    await page.getByRole('searchbox', { name: 'Find' }).fill('zzz');
    await page.getByText('begins with “zzz”').waitFor();
    await page.getByRole('searchbox', { name: 'Find' }).fill('anna');
    await page.getByRole('link', { name: 'Anna Blum' }).click();
    await page.getByRole('heading', { level: 1, name: 'Anna Blum' }).waitFor();
  });

  it('show their timeline, newest first, and what is new in it', async () => {
    const list = page.getByRole('list', { name: 'Timeline' });
    await list.getByRole('listitem').first().waitFor();
    const words = (await list.getByRole('listitem').allInnerTexts()).map((text) => text.split('\n')[0].replace(/ new$/, ''));
    assert.deepEqual(words.slice(0, 4), ['Was refunded 8.00 EUR', 'Ordered 3 items for 24.90 EUR', 'Put on the wish list: Heather lamp', 'Looked at Heather lamp']);
    assert.ok(await list.getByText('new', { exact: true }).count() > 0);
    await page.getByRole('button', { name: 'Mark all as seen' }).click();
    await list.getByText('new', { exact: true }).first().waitFor({ state: 'detached' });
    await page.getByLabel('Show').selectOption('orders');
    await list.getByText('Looked at Heather lamp').waitFor({ state: 'detached' });
    assert.equal(await list.getByRole('listitem').count(), 2);
    await page.getByLabel('Show').selectOption('everything');
    await page.getByLabel('Words in the timeline').fill('heather wish');
    await page.getByLabel('Words in the timeline').press('Enter');
    await list.getByText('Looked at Heather lamp').waitFor({ state: 'detached' });
    assert.equal(await list.getByRole('listitem').count(), 1);
    await page.getByLabel('Words in the timeline').fill('');
    await page.getByLabel('Words in the timeline').press('Enter');
    await list.getByText('Looked at Heather lamp').waitFor();
  });

  it('get their facts corrected', async () => {
    await page.getByRole('button', { name: 'Correct city' }).click();
    await page.getByLabel('Value').fill('Bonn');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Bonn').waitFor();
    await page.getByRole('button', { name: 'Correct size' }).click();
    await page.getByLabel('Value').fill('40');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: 'Lift the correction of size' }).waitFor();
    const { traits } = await server.admin('GET', '/customers/c-anna');
    assert.deepEqual([traits.city.value, traits.size.value], ['Bonn', 40]);
    await page.getByRole('button', { name: 'Lift the correction of city' }).click();
    await page.getByText('Ulm').waitFor();
  });

  it('are merged only after asking, and taken apart again', async () => {
    await page.getByRole('link', { name: 'Customers' }).first().click();
    await page.getByRole('button', { name: 'Merge c-anna and c-anne' }).click();
    await page.getByRole('button', { name: 'They are one' }).click();
    await page.getByText('Possibly one person').waitFor({ state: 'detached' });
    assert.equal((await server.admin('GET', '/customers/c-anne')).id, 'c-anna');
    await page.getByRole('link', { name: 'Anna Blum' }).click();
    await page.getByRole('button', { name: 'Un-merge c-anne…' }).click();
    await page.getByRole('button', { name: 'They are two' }).click();
    await page.getByText('3 more ids').waitFor({ state: 'detached' });
    assert.equal((await server.admin('GET', '/customers/c-anne')).id, 'c-anne');
  });

  it('are saved as a file with everything that is held', async () => {
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save everything held' }).click();
    assert.equal((await saving).suggestedFilename(), 'c-anna.json');
  });

  it('are erased only by who writes the id', async () => {
    await page.getByRole('button', { name: 'Erase…' }).click();
    await page.getByLabel('Write c-anna to go on').fill('c-anne');
    await page.getByRole('button', { name: 'Erase for good' }).click();
    await page.getByText('this is another id').waitFor();
    await page.getByLabel('Write c-anna to go on').fill('c-anna');
    await page.getByRole('button', { name: 'Erase for good' }).click();
    await page.getByRole('heading', { level: 1, name: 'Customers' }).waitFor();
    assert.deepEqual((await server.admin('GET', '/customers?q=c-anna')).items, []);
    assert.deepEqual(page.complaints, []);
  });
});
