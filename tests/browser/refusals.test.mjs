// What a shopper reads when something is refused: in the page's language, whichever plugin refuses.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { startBrowser, startServer, visit, clean, PHONE } from './harness.mjs';
import { seedTrial } from './seed.mjs';

const ELEMENTS = { polls: 'parley-poll', boards: 'parley-boards', qa: 'parley-qa', conversations: 'parley-conversation' };
const STAFF = ['polls/define.c', 'conversations/staff.c', 'conversations/facts.c', 'conversations/hook.c']; // refuse nobody else

/** Every text of a plugin's source, those that stand beside each other as the one that they are. */
const LITERAL = /"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*/g;
const textOf = (literals) => literals.match(/"(?:[^"\\]|\\.)*"/g).map((one) => one.slice(1, -1)).join('').replace(/\\(.)/g, '$1');

function sourcesOf(plugin) {
  const folder = new URL(`../../plugins/${plugin}/`, import.meta.url);
  return readdirSync(folder).filter((name) => name.endsWith('.c')).map((name) => ({ name: `${plugin}/${name}`, text: readFileSync(new URL(name, folder), 'utf8').replace(/\/\*[^]*?\*\/|'\\?.'/g, '') }));
}

/** The sentences by which a shopper is refused something that she may try on a page. */
function refusalsOf(plugin) {
  const calls = new RegExp(`fail\\(\\s*c,\\s*(?:403|409|429),\\s*(${LITERAL.source})`, 'g');
  return sourcesOf(plugin).filter(({ name }) => !STAFF.includes(name)).flatMap(({ text }) => [...text.matchAll(calls)].map(([, literal]) => textOf(literal)));
}

describe('what is refused', () => {
  let server, browser, page;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    await seedTrial(server, { start: true });
    for (const [key, plugin] of [['product-questions', 'qa'], ['boards', 'boards'], ['home-talk', 'conversations']])
      await server.admin('PUT', `/features/${key}`, { key, type: 'string', enabled: true, off: 'off', default: { serve: 'on' }, variants: { off: { value: 'off' }, on: { value: 'on', plugin } } });
    page = await visit(browser, { viewport: PHONE });
    await speak('de-DE');
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const speak = (language) => page.route('**/shop/*.html*', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace(/<html lang="[^"]*"/, `<html lang="${language}"`) });
  });
  const open = async (place, slot) => {
    await page.goto(server.url + place);
    await page.locator(`parley-slot[name=${slot}]`).scrollIntoViewIfNeeded();
    await page.locator(`parley-slot[name=${slot}] > *`).waitFor({ state: 'attached' });
  };
  /** A call as this page's visitor. */
  const call = (method, path, body) => page.evaluate(async ([one, two, three]) => (await window.parley.request(one, two, three)).status, [method, path, body]);

  it('by a poll that closed meanwhile', async () => {
    await open('/shop/product.html?sku=HT-101', 'product-poll');
    await page.getByRole('radio', { name: /Buoy red/ }).check();
    await server.admin('PATCH', '/plugins/polls/api/polls/next-mug', { closeAt: '2026-01-01T00:00:00Z' });
    await page.getByRole('button', { name: 'Abstimmen' }).click();
    await page.getByRole('alert').getByText('Diese Umfrage ist beendet.', { exact: true }).waitFor();
    await clean(page);
  });

  it('by a question that was taken back', async () => {
    await open('/shop/product.html?sku=HT-101', 'product-questions');
    await page.getByLabel('Ihre Frage an Menschen, die es haben').fill('Bleibt der Henkel kühl?');
    await page.getByRole('button', { name: 'Fragen', exact: true }).click();
    const question = page.locator('parley-qa .questions > li');
    await question.getByRole('button', { name: 'Antworten' }).click();
    await question.getByLabel('Ihre Antwort').fill('Ja');
    assert.equal(await call('DELETE', `/v1/features/product-questions/questions/${await question.getAttribute('data-id')}`), 200);
    await question.getByRole('button', { name: 'Antworten' }).click();
    await page.getByRole('alert').getByText('Diese Frage gibt es nicht mehr.', { exact: true }).waitFor();
    await clean(page);
  });

  it('by boards, whose news are in it too', async () => {
    await open('/shop/boards.html?board=nosuchboard', 'boards');
    await page.getByRole('status').getByText('Diese Tafel gibt es nicht, oder sie ist nicht für Sie.', { exact: true }).waitFor();
    await clean(page);
    await open('/shop/boards.html?invite=longgone', 'boards');
    await page.getByRole('status').getByText('Diese Einladung ist abgelaufen oder wurde zurückgenommen.', { exact: true }).waitFor();
    await open('/shop/boards.html', 'boards');
    await page.getByText('Neue Tafel').click();
    await page.getByLabel('Titel').fill('Frühstück „draußen“');
    await page.getByLabel('Wer sie sieht').selectOption('public');
    await page.getByRole('button', { name: 'Tafel anlegen' }).click();
    await page.waitForURL(/board=/);
    await page.getByText('Etwas hinzufügen').click();
    await page.getByLabel('Eine Notiz').fill('ü'.repeat(1000)); // as long as the field lets her, and longer than 2000 bytes with the next
    await page.getByLabel('Eine Notiz').evaluate((field) => { field.removeAttribute('maxlength'); field.value += 'ü'; });
    await page.getByRole('button', { name: 'Hinzufügen', exact: true }).first().click();
    await page.getByRole('status').getByText('Ein Text ist leer oder zu lang.', { exact: true }).waitFor();
    const board = new URL(page.url()).searchParams.get('board');
    const headers = { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json', 'Parley-Act-As': 'ben' };
    assert.equal((await fetch(`${server.url}/v1/features/boards/boards/${board}/clone`, { method: 'POST', headers, body: '{}' })).status, 201);
    await open('/shop/boards.html', 'boards');
    await page.getByText('Jemand hat „Frühstück „draußen““ von Ihnen kopiert.').waitFor();
    await clean(page);
  });

  it('by a conversation that goes too fast, with the figure that the server named', async () => {
    await open('/shop/product.html?sku=HT-101', 'home-talk');
    for (let i = 0; i < 20; i++) assert.equal(await call('POST', '/v1/features/home-talk/messages', { body: `Hallo ${i}` }), 201);
    await page.getByLabel('Ihre Nachricht').fill('Noch etwas');
    await page.getByRole('button', { name: 'Senden' }).click();
    await page.getByRole('alert').getByText('20 Nachrichten in einer Minute sind genug. Bitte warten Sie ein wenig.', { exact: true }).waitFor();
    await clean(page);
  });

  it('by anybody else: told by its kind, and what is nobody’s refusal as a failure', async () => {
    await speak('de_AT'); // as some shops write it
    await open('/shop/product.html?sku=HT-101', 'home-talk');
    for (const [answer, sentence] of [
      [{ status: 403, json: { status: 403, detail: 'the moon is in the wrong place' } }, 'Das ist hier nicht erlaubt.'],
      [{ status: 422, json: { status: 422, detail: 'the moon is in the wrong place' } }, 'Das ging nicht: the moon is in the wrong place.'],
      [{ status: 503, json: { status: 503, detail: 'too many requests are under way' } }, 'Das hat gerade nicht geklappt. Bitte versuchen Sie es noch einmal.'],
    ]) {
      await page.route('**/home-talk/messages', (route) => (route.request().method() === 'POST' ? route.fulfill(answer) : route.fallback()));
      await page.getByLabel('Ihre Nachricht').fill('Noch etwas');
      await page.getByRole('button', { name: 'Senden' }).click();
      await page.getByRole('alert').getByText(sentence, { exact: true }).waitFor();
    }
  });

  for (const [plugin, element] of Object.entries(ELEMENTS))
    it(`has German words for all that ${plugin} refuses a shopper, and none for what it does not say`, async () => {
      await open(plugin === 'boards' ? '/shop/boards.html' : '/shop/product.html?sku=HT-101', { polls: 'product-poll', boards: 'boards', qa: 'product-questions', conversations: 'home-talk' }[plugin]);
      const table = await page.evaluate((name) => customElements.get(name).sentences, element);
      const said = new Set(sourcesOf(plugin).flatMap(({ text }) => (text.match(LITERAL) ?? []).map((literal) => textOf(literal))));
      const refused = refusalsOf(plugin);
      assert.ok(refused.length > 0);
      assert.deepEqual(refused.filter((sentence) => !table[sentence]), [], 'a sentence without German words');
      assert.deepEqual(Object.keys(table).filter((sentence) => !said.has(sentence)), [], 'words for a sentence that is not there');
      for (const [sentence, german] of Object.entries(table))
        for (const [, hole] of german.matchAll(/\{(\d)\}/g)) assert.ok(Number(hole) >= 1 && Number(hole) < sentence.split('{}').length, german);
    });
});
