// A site manager sets what a plugin's release may be told: the form that the console draws from its schema.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBrowser, startServer, visit, openConsole, accessibilityFindings, overflow, answered, PHONE } from './harness.mjs';

// What a plugin that is compiled here is built with.
const ABI = ['MAJOR', 'MINOR'].map((part) => Number(new RegExp(`PARLEY_ABI_${part}\\W+(\\d+)`).exec(readFileSync(new URL('../../include/parley/plugin.h', import.meta.url), 'utf8'))[1]));
const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', additionalProperties: false, required: ['title'],
  $defs: { shade: { enum: ['light', 'dark'] } },
  properties: {
    title: { type: 'string', title: 'Heading', description: 'What stands above the board.', minLength: 3, maxLength: 40 },
    most: { type: 'integer', title: 'Most items', minimum: 1, maximum: 20, default: 5 },
    open: { type: 'boolean', title: 'Open to guests', default: false },
    shade: { $ref: '#/$defs/shade', title: 'Shade' },
    words: { type: 'array', title: 'Blocked words', items: { type: 'string', maxLength: 8 }, uniqueItems: true },
    colours: { type: 'object', title: 'Colours', properties: { ink: { type: 'string', title: 'Ink', pattern: '^#[0-9a-f]{6}$' } }, additionalProperties: false },
    links: { type: 'array', title: 'Links', items: { type: 'object', required: ['to'] } },
  },
};

const CONFIGURATION = {
  type: 'object', additionalProperties: false,
  properties: {
    most: { type: 'integer', title: 'Boards of one customer', minimum: 1, default: 50 },
    token: { type: 'string', title: 'Token of the picture service', writeOnly: true, minLength: 4 },
  },
};

const SOURCE = `#include <parley/plugin.h>
const struct parley_host *parley;
static int none(parley_call *c, parley_text customer) { return parley_reply(c, 200, "{}"); }
static int forget(parley_call *c, parley_text customer) { return 0; }
PARLEY_EXPORT const struct parley_plugin parley_plugin_v1 = {PARLEY_PLUGIN("board", "1.0.0", &parley), .export_customer = none, .forget_customer = forget};
`;

/** Builds a plugin with that schema and brings it to the server. */
async function bringBoard(server) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-board-'));
  const home = join(folder, 'board'), root = new URL('../..', import.meta.url).pathname;
  mkdirSync(home);
  writeFileSync(join(folder, 'board.c'), SOURCE);
  writeFileSync(join(home, 'plugin.json'), JSON.stringify({ name: 'board', version: '1.0.0', abi: ABI, library: 'board.so', title: 'Board', settings: SCHEMA, configuration: CONFIGURATION }));
  execFileSync('gcc', ['-std=gnu17', '-fPIC', '-shared', '-fvisibility=hidden', `-I${join(root, 'include')}`, '-o', join(home, 'board.so'), join(folder, 'board.c')]);
  execFileSync(join(process.env.PARLEY_BUILD ?? join(root, 'build'), 'parley'), ['plugins', 'pack', home, '--out', join(folder, 'board.parley')]);
  const pushed = await fetch(`${server.url}/admin/v1/plugins`, { method: 'POST', headers: { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/octet-stream' }, body: readFileSync(join(folder, 'board.parley')) });
  assert.equal(pushed.status, 201, await pushed.text());
  rmSync(folder, { recursive: true });
  await server.admin('POST', '/plugins/board/activate', { version: '1.0.0' });
  await server.admin('PUT', '/features/ideas', {
    key: 'ideas', name: 'Idea board', type: 'string', variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'board', settings: { title: 'Ideas', words: ['spam'] } } }, off: 'off', default: { serve: 'on' } });
}

describe('the settings of a variant', () => {
  let server, browser, page;
  const stored = async () => (await server.admin('GET', '/features/ideas')).variants.on.settings;
  before(async () => {
    [server, browser] = await Promise.all([startServer({ PARLEY_PLUGINS_UNSIGNED: 'yes' }), startBrowser()]);
    await bringBoard(server);
    page = await visit(browser);
    await openConsole(page, server);
    await page.getByRole('link', { name: 'Idea board' }).click();
    await page.getByRole('heading', { name: 'Settings of on' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('have a field of their own kind each, with words, limits and defaults', async () => {
    assert.equal(await page.getByLabel('Heading').inputValue(), 'Ideas');
    assert.equal(await page.getByLabel('Blocked words').inputValue(), 'spam');
    assert.deepEqual(await page.getByLabel('Open to guests').locator('option').allInnerTexts(), ['Default: No', 'Yes', 'No']);
    assert.deepEqual(await page.getByLabel('Shade').locator('option').allInnerTexts(), ['Not set', 'light', 'dark']);
    assert.ok(await page.getByRole('group', { name: 'Colours' }).getByLabel('Ink', { exact: true }).isVisible());
    assert.match(await page.getByText('From 1 to 20. Left empty: 5.').innerText(), /From 1/);
  });

  it('are saved by keyboard, and only what differs is sent', async () => {
    await page.getByLabel('Most items').fill('7');
    await page.getByLabel('Open to guests').selectOption('Yes');
    await page.getByLabel('Shade').selectOption('dark');
    await page.getByLabel('Blocked words').fill('spam\n  scam \n');
    await page.getByLabel('Ink', { exact: true }).fill('#0f6a62');
    await page.getByLabel('Links', { exact: true }).fill('[{"to": "/about"}]');
    const sent = page.waitForRequest((request) => request.method() === 'PATCH');
    await page.getByRole('button', { name: 'Save' }).focus();
    await page.keyboard.press('Enter');
    const request = await sent;
    assert.deepEqual(request.postDataJSON(), { variants: { on: { settings: { most: 7, open: true, shade: 'dark', words: ['spam', 'scam'], colours: { ink: '#0f6a62' }, links: [{ to: '/about' }] } } } });
    assert.equal(request.headers()['if-match'], '"1"');
    await page.getByText('The settings of on are saved and in force.').waitFor();
    assert.deepEqual(await stored(), { title: 'Ideas', words: ['spam', 'scam'], most: 7, open: true, shade: 'dark', colours: { ink: '#0f6a62' }, links: [{ to: '/about' }] });
    assert.equal(await page.getByRole('button', { name: 'Save' }).evaluate((node) => node === document.activeElement), true, 'the focus stays');
  });

  it('that do not fit are marked with what the server says, and the first has the focus', async () => {
    await page.getByLabel('Heading').fill('');
    await page.getByLabel('Most items').fill('many');
    await page.getByLabel('Ink', { exact: true }).fill('green');
    await page.getByLabel('Blocked words').fill('unmentionable');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Not saved: some settings do not fit; they are marked below').waitFor();
    const described = async (label) => page.getByLabel(label, { exact: true }).evaluate((node) => [node.getAttribute('aria-invalid'), ...node.getAttribute('aria-describedby').split(' ').map((id) => document.getElementById(id).innerText)].join(' | '));
    assert.match(await described('Heading'), /^true .*This is missing\.$/);
    assert.match(await described('Most items'), /^true .*This must be of type integer\.$/);
    assert.match(await described('Ink'), /^true .*This must match the pattern/);
    assert.match(await described('Blocked words'), /^true .*This has 13 characters; at most 8 are allowed\.$/);
    assert.equal(await page.getByLabel('Heading').evaluate((node) => node === document.activeElement), true);
    assert.deepEqual(await accessibilityFindings(page), []);
    assert.equal((await stored()).most, 7, 'nothing was changed');
  });

  it('that are emptied are taken away', async () => {
    await page.getByLabel('Heading').fill('Ideas');
    await page.getByLabel('Most items').fill('');
    await page.getByLabel('Ink', { exact: true }).fill('#000000');
    await page.getByLabel('Blocked words').fill('');
    await answered(page, () => page.getByRole('button', { name: 'Save' }).click());
    await page.getByText('The settings of on are saved and in force.').waitFor();
    await page.getByText('some settings do not fit').waitFor({ state: 'detached' });
    const now = await stored();
    assert.deepEqual([now.most, now.words, now.colours], [undefined, undefined, { ink: '#000000' }]);
  });

  it('are not written over what somebody else has changed meanwhile', async () => {
    await server.admin('PATCH', '/features/ideas', { variants: { on: { settings: { most: 2 } } } });
    await page.getByLabel('Heading').fill('Wishes');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Somebody else changed this feature meanwhile').waitFor();
    await page.getByRole('button', { name: 'Show what is there now' }).click();
    await page.getByText('Somebody else changed this feature meanwhile').waitFor({ state: 'detached' });
    assert.equal(await page.getByLabel('Heading').inputValue(), 'Ideas');
    assert.equal(await page.getByLabel('Most items').inputValue(), '2');
  });

  it('can be read in the dark and on a phone', async () => {
    const phone = await visit(browser, { viewport: PHONE, colorScheme: 'dark' });
    await openConsole(phone, server, 'features/ideas');
    await phone.getByLabel('Heading').waitFor();
    assert.deepEqual(await accessibilityFindings(phone), []);
    assert.equal(await overflow(phone), 0);
    await phone.context().close();
    assert.deepEqual(page.complaints, []);
  });
});

describe('a plugin in the console', () => {
  let server, browser, page;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    page = await visit(browser);
    await openConsole(page, server, 'plugins');
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('names the metrics that it brings', async () => {
    await page.getByText('Brings the metrics poll-vote-rate, poll-votes').waitFor();
  });

  it('is retired only where nothing names it, or by saying so', async () => {
    await server.admin('PUT', '/features/poll', { key: 'poll', type: 'string', variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'polls' } }, off: 'off' });
    await page.getByRole('button', { name: 'Retire Polls' }).click();
    await page.getByRole('button', { name: 'Retire', exact: true }).click();
    await page.getByRole('dialog').getByText('At features, poll, variants, on: is served by polls').waitFor();
    assert.deepEqual(await accessibilityFindings(page), []);
    await page.getByLabel('Even if features still name it').check();
    await page.getByRole('button', { name: 'Retire', exact: true }).click();
    await page.getByText('Polls is retired.').waitFor();
    assert.equal((await server.admin('GET', '/plugins/polls')).retired, true);
  });
});

describe('the configuration of a plugin', () => {
  let server, browser, page;
  const stored = () => server.admin('GET', '/plugins/board/config');
  const save = () => answered(page, () => page.getByRole('button', { name: 'Save' }).click());
  before(async () => {
    [server, browser] = await Promise.all([startServer({ PARLEY_PLUGINS_UNSIGNED: 'yes' }), startBrowser()]);
    await bringBoard(server);
    page = await visit(browser);
    await openConsole(page, server, 'plugins');
    await page.getByRole('link', { name: 'Configure Board', exact: true }).click();
    await page.getByRole('heading', { name: 'Configuration' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('is a form of its schema, and in force when it is saved', async () => {
    assert.equal(await page.getByLabel('Token of the picture service').getAttribute('type'), 'password');
    await page.getByLabel('Boards of one customer').fill('7');
    await page.getByLabel('Token of the picture service').fill('very secret');
    await save();
    await page.getByText('The configuration of Board is saved and in force.').waitFor();
    assert.deepEqual(await stored(), { most: 7, token: '********' });
    assert.deepEqual(await accessibilityFindings(page), []);
  });

  it('keeps a secret that nobody touched, and shows it to nobody', async () => {
    assert.equal(await page.getByLabel('Token of the picture service').inputValue(), '********');
    await page.getByLabel('Boards of one customer').fill('');
    await page.evaluate(() => document.getElementById('announcer').replaceChildren()); // what was said of the save before
    await save();
    await page.getByText('The configuration of Board is saved and in force.').waitFor();
    assert.deepEqual(await stored(), { token: '********' });
  });

  it('that does not fit is marked', async () => {
    await page.getByLabel('Boards of one customer').fill('0');
    await save();
    await page.getByText('This must be at least 1.').waitFor();
    assert.equal(await page.getByLabel('Boards of one customer').evaluate((node) => node === document.activeElement), true);
    assert.deepEqual(await stored(), { token: '********' });
  });

  it('is not written over what somebody else has changed meanwhile', async () => {
    await server.admin('PUT', '/plugins/board/config', { most: 3 });
    await page.getByLabel('Boards of one customer').fill('9');
    await save();
    await page.getByText('Somebody else changed this configuration meanwhile').waitFor();
    await page.getByRole('button', { name: 'Show what is there now' }).click();
    await page.waitForFunction(() => document.getElementById('config-most').value === '3');
  });
});
