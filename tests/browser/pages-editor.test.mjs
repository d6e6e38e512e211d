// A site manager arranges a page: order, rest, time, settings, preview, versions; and sees what features cost.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { startBrowser, startServer, visit, openConsole, accessibilityFindings, overflow, answered, eventually, PHONE } from './harness.mjs';

const feature = (key, name, on, over = {}) => ({ key, name, type: 'string', variants: { off: { value: '' }, on }, off: 'off', default: { serve: 'on' }, ...over });

describe('pages in the console', () => {
  let server, browser, page;
  const stored = () => server.admin('GET', '/pages/home');
  const names = () => page.locator('ol.sections h3').allInnerTexts();
  const save = () => answered(page, () => page.getByRole('button', { name: 'Save' }).click());
  const saved = () => page.getByText('The page is saved and in force.').waitFor();
  const inside = (id) => page.locator('li.section').filter({ has: page.locator('code', { hasText: new RegExp(`^${id}$`) }) });
  const focused = (locator) => locator.evaluate((node) => node === document.activeElement);

  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    for (const one of [feature('note', 'Note', { value: 'Free delivery' }), feature('ask', 'Poll', { value: 'on', plugin: 'polls' }), feature('extra', 'Extra', { value: 'more' }), feature('a-feature-of-a-long-name', 'A feature whose name is longer than a phone is wide', { value: 'x' }),
      { key: 'layout', name: 'Arrangement', type: 'object', variants: { usual: { value: {} } }, off: 'usual', default: { serve: 'usual' } }]) await server.admin('PUT', `/features/${one.key}`, one);
    page = await visit(browser);
    await openConsole(page, server, 'pages');
    await page.getByText('No page yet').waitFor();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('are made, and given sections', async () => {
    assert.deepEqual(await accessibilityFindings(page), []);
    await page.getByRole('button', { name: 'New page' }).click();
    await page.getByLabel('Key').fill('home');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('Nothing is on the page.').waitFor();
    for (const [id, key] of [['hero', 'note'], ['question', 'ask'], ['more', 'extra']]) {
      await page.getByLabel('Key of the section').fill(id);
      await page.getByLabel('Its feature').selectOption(key);
      await page.getByRole('button', { name: 'Add', exact: true }).click();
    }
    await save();
    await saved();
    assert.deepEqual((await stored()).order, ['hero', 'question', 'more']);
    assert.deepEqual((await stored()).sections.question, { feature: 'ask' });
  });

  it('are reordered by keyboard, and the focus stays where it was', async () => {
    const up = page.getByRole('button', { name: 'Move Poll up' });
    await up.focus();
    await page.keyboard.press('Enter');
    await page.getByText('Poll is number 1 of 3.').waitFor();
    assert.deepEqual(await names(), ['1 Poll', '2 Note', '3 Extra']);
    assert.ok(await focused(up));
    await page.keyboard.press('Enter');
    await page.getByText('Poll is already first.').waitFor();
    await page.getByRole('button', { name: 'Move Poll down' }).press('Enter');
    assert.deepEqual(await names(), ['1 Note', '2 Poll', '3 Extra']);
  });

  it('are reordered by dragging', async () => {
    await inside('more').locator('.section-head').dragTo(inside('hero').locator('.section-head'));
    assert.deepEqual(await names(), ['1 Extra', '2 Note', '3 Poll']);
  });

  it('have sections at rest, which keep what was typed into them', async () => {
    await inside('question').getByText('What is in it').click();
    await inside('question').getByLabel('Heading').fill('Help us choose');
    await inside('question').getByLabel('Most options').fill('3');
    await page.getByRole('button', { name: 'Put Poll to rest' }).or(page.getByRole('button', { name: 'Put Help us choose to rest' })).click();
    assert.deepEqual(await names(), ['1 Extra', '2 Note']);
    await save();
    await saved();
    const { order, sections } = await stored();
    assert.deepEqual([order, sections.question], [['more', 'hero'], { feature: 'ask', title: 'Help us choose', settings: { maxOptions: 3 } }]);
    await page.getByRole('button', { name: 'Put Help us choose on the page' }).click();
    assert.deepEqual(await names(), ['1 Extra', '2 Note', '3 Help us choose']);
  });

  it('say what a section is about, when it is there and what is asked for it; only what differs is sent', async () => {
    await inside('question').getByText('What is in it').click();
    await inside('question').getByLabel('About').fill('home');
    await inside('question').getByLabel('Asked of the plugin').fill('/polls?about=home');
    await inside('question').getByLabel('From').fill('2099-01-02T08:00');
    await page.getByLabel('Layout').selectOption('layout');
    await page.getByLabel('Deadline, in milliseconds').fill('80');
    const sent = page.waitForRequest((request) => request.method() === 'PATCH');
    await save();
    const request = await sent;
    assert.match(request.headers()['if-match'], /^"\d+"$/);
    assert.deepEqual(Object.keys(request.postDataJSON()).sort(), ['deadline', 'layout', 'order', 'sections']);
    assert.deepEqual(Object.keys(request.postDataJSON().sections.question).sort(), ['about', 'from', 'path']);
    await saved();
    const { sections: { question }, layout, deadline } = await stored();
    assert.equal(Date.parse(question.from), await page.evaluate(() => Date.parse('2099-01-02T08:00')));
    assert.deepEqual([layout, deadline], ['layout', 80]);
    await page.getByText('not yet').waitFor();
  });

  it('that do not fit are marked with what the server says', async () => {
    await inside('question').getByText('What is in it').click();
    await inside('question').getByLabel('Asked of the plugin').fill('polls');
    await inside('question').getByLabel('Most options').fill('many');
    await page.getByLabel('Deadline, in milliseconds').fill('soon');
    await save();
    await page.getByText('Not saved: some fields do not fit; they are marked below').waitFor();
    const described = (locator) => locator.evaluate((node) => [node.getAttribute('aria-invalid'), ...node.getAttribute('aria-describedby').split(' ').map((id) => document.getElementById(id).innerText)].join(' | '));
    assert.match(await described(inside('question').getByLabel('Asked of the plugin')), /^true .*This must begin with '\/'/);
    assert.match(await described(page.getByLabel('Deadline, in milliseconds')), /^true .*This is a string; write a number\.$/);
    assert.ok(await focused(inside('question').getByLabel('Asked of the plugin')));
    await inside('question').getByLabel('Asked of the plugin').fill('/polls?about=home');
    await page.getByLabel('Deadline, in milliseconds').fill('80');
    await save();
    await page.locator('[aria-invalid=true]').and(page.getByLabel('Most options')).waitFor();
    assert.match(await described(inside('question').getByLabel('Most options')), /^true .*This must be of type integer\.$/);
    await inside('question').getByLabel('Most options').fill('3');
    assert.deepEqual(await accessibilityFindings(page), []);
    assert.equal((await stored()).deadline, 80);
  });

  it('are not written over what somebody else has changed meanwhile', async () => {
    await server.admin('PATCH', '/pages/home', { owner: 'merchandising' });
    await inside('question').getByLabel('Asked of the plugin').fill('/polls?about=home');
    await page.getByLabel('Deadline, in milliseconds').fill('90');
    await save();
    await page.getByText('Somebody else changed this page meanwhile').waitFor();
    await page.getByRole('button', { name: 'Show what is there now' }).click();
    await page.getByText('Somebody else changed this page meanwhile').waitFor({ state: 'detached' });
    assert.equal(await page.getByLabel('Owner').inputValue(), 'merchandising');
    assert.equal(await page.getByLabel('Deadline, in milliseconds').inputValue(), '80');
  });

  it('can be looked at as a shopper', async () => {
    await server.admin('PATCH', '/features/note', { default: { serve: 'off' } });
    await page.getByRole('combobox', { name: 'Note' }).selectOption('on');
    await page.getByRole('button', { name: 'Make a link' }).click();
    const [shop] = await Promise.all([page.context().waitForEvent('page'), page.getByRole('link', { name: 'Open the demo shop as that shopper' }).click()]);
    await shop.getByText('Free delivery').waitFor();
    await shop.close();
  });

  it('show how new each section is, and by what', async () => {
    const news = page.getByRole('region', { name: 'How new it is' });
    await page.evaluate(() => dispatchEvent(new HashChangeEvent('hashchange')));
    await news.getByText('Changed today, by its feature').waitFor();
    assert.equal(await news.getByRole('listitem').count(), 3);
    assert.equal(await news.getByText('new', { exact: true }).count(), 3);
  });

  it('go back to an earlier version, and say who changed what', async () => {
    const list = page.getByRole('region', { name: 'Versions' });
    const { version } = await stored();
    await list.getByText(/^PARLEY_ADMIN_TOKEN/).first().waitFor();
    await page.getByRole('button', { name: 'Restore version 2' }).click();
    await page.getByText('Version 2 is in force again.').waitFor();
    const now = await stored();
    assert.deepEqual([now.order, now.version], [['hero', 'question', 'more'], version + 1]);
    await eventually(async () => assert.deepEqual(await names(), ['1 Note', '2 Poll', '3 Extra']));
  });

  it('can be read in the dark and on a phone', async () => {
    const phone = await visit(browser, { viewport: PHONE, colorScheme: 'dark' });
    await openConsole(phone, server, 'pages/home');
    await phone.getByText('What is in it').first().click();
    assert.deepEqual(await accessibilityFindings(phone), []);
    assert.equal(await overflow(phone), 0);
    await phone.context().close();
    assert.deepEqual(page.complaints, []);
  });

  it('show what each feature costs, how old it is and whether it is used', async () => {
    await Promise.all([page.waitForResponse((response) => response.url().endsWith('/v1/pages/home')), page.goto(server.url)]);
    await openConsole(page, server);
    await page.getByRole('link', { name: 'Cost, age and use' }).click();
    const row = page.getByRole('row', { name: /^Poll/ });
    await row.waitFor();
    const cells = await row.getByRole('cell').allInnerTexts();
    assert.deepEqual(cells.slice(0, 2), ['draft', '0 days']);
    assert.ok(Number(cells[2]) >= 1, 'the home page asked for it');
    assert.match(cells[4], /^polls \d/);
    assert.match(cells[6], /MB$/);
    assert.deepEqual(await accessibilityFindings(page), []);
    assert.equal(await overflow(page), 0);
  });
});
