// What tests of hostile texts share: the texts, a page that notes whatever one of them could do, and what no page of ours has.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { visit } from './harness.mjs';

const file = process.env.PARLEY_SHARED && join(process.env.PARLEY_SHARED, 'data/xss/dompurify_expect.mjs');
export const skip = file && existsSync(file) ? false : 'PARLEY_SHARED/data/xss is absent';

/** All of them but blanks, each once. */
export const payloads = async () => [...new Set((await import(file)).default.map(({ payload }) => payload))].filter((text) => text.trim());

/** The beginning of a text, in so many bytes, without half a letter. */
export const cut = (text, bytes) => new TextDecoder().decode(new TextEncoder().encode(text).slice(0, bytes)).replace(/\ufffd+$/, '');

/** A visitor's page that notes dialogs and calls of what payloads like to call. */
export async function watched(browser, look) {
  const page = await visit(browser, look);
  page.fired = [];
  page.on('dialog', (dialog) => { page.fired.push(dialog.message()); dialog.dismiss(); });
  await page.addInitScript(() => {
    window.fired = [];
    for (const name of ['alert', 'confirm', 'prompt', 'print']) window[name] = (...words) => window.fired.push(`${name} ${words}`);
  });
  return page;
}

/** All that a payload has done on a watched page; nothing, it is hoped. */
export const done = async (page) => [...page.fired, ...await page.evaluate(() => window.fired), ...page.complaints];

const FOREIGN = 'script, img:not([src^="/"]), iframe, object, embed, svg:not([aria-hidden]):not([role=img]), style, math, form[action], [onerror], [onload], [onclick], [onmouseover], a[href^="javascript:" i]';

/** Elements that no page of ours has. */
export const foreign = (page, root) => page.locator(root).evaluate((node, selector) => [...(node.shadowRoot ?? node).querySelectorAll(selector)].map((found) => found.outerHTML), FOREIGN);
