// Takes the pictures of the README and of docs/: the demo shop and the console with a crowd's doing in them, all simulated.
// usage: node tests/browser/pictures.mjs [FOLDER]     (docs/pictures; PARLEY_BUILD names another build than build)

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBrowser, visit, PHONE } from './harness.mjs';

const root = new URL('../..', import.meta.url).pathname;
const build = process.env.PARLEY_BUILD ?? join(root, 'build');
const folder = process.argv[2] ?? join(root, 'docs/pictures');
const WINDOW = { width: 1200, height: 800 };

/** The demo as ./dev run starts it → {url, token, stop()}. */
async function startDemo() {
  const data = mkdtempSync(join(tmpdir(), 'parley-pictures-'));
  const child = spawn(join(root, 'tools/run-demo'), ['0'], { cwd: root, env: { ...process.env, PARLEY_DATA: data, PARLEY_BUILD: build }, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  await new Promise((ready) => child.stdout.on('data', (text) => { out += text; if (/ log +\S/.test(out)) ready(); }));
  const stop = () => new Promise((done) => {
    child.once('exit', () => { rmSync(data, { recursive: true, force: true }); done(); });
    child.kill('SIGTERM');
  });
  return { url: new URL(/shop +(\S+)/.exec(out)[1]).origin, token: /#token=(\S+)/.exec(out)[1], stop };
}

const demo = await startDemo();
const browser = await startBrowser();
const call = async (customer, method, path, body) => {
  const answer = await fetch(demo.url + path, { method, headers: { Authorization: `Bearer ${demo.token}`, 'Content-Type': 'application/json', ...(customer && { 'Parley-Act-As': customer }) }, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
};

/** A board worth a picture, and something that somebody reports. */
async function furnish() {
  await call(null, 'POST', '/v1/identify', { userId: 'c-anna', traits: { name: 'Anna Blum', email: 'anna@mail.example' } });
  await call(null, 'POST', '/v1/batch', { batch: [{ type: 'track', userId: 'c-anna', event: 'Order Completed', properties: { order_id: 'HT-2041', total: 90, revenue: 90, currency: 'EUR', products: [{ sku: 'HT-105', product_id: 'HT-105', name: 'Haar stoneware teapot', price: 72, quantity: 1 }, { sku: 'HT-101', product_id: 'HT-101', name: 'Breakwater enamel mug', price: 18, quantity: 1 }] } }] });
  await call('c-anna', 'PUT', '/v1/features/boards/me', { name: 'Anna' });
  const { board } = await call('c-anna', 'POST', '/v1/features/boards/boards', { title: 'Breakfast outside', description: 'For the first warm Sunday of the year.', kind: 'ensemble', visibility: 'public' });
  for (const [sku, role] of [['HT-101', 'cup'], ['HT-105', 'pot'], ['HT-107', 'on the bread']])
    await call('c-anna', 'POST', `/v1/features/boards/boards/${board.id}/items`, { kind: 'product', sku, role });
  await call('c-anna', 'POST', `/v1/features/boards/boards/${board.id}/items`, { kind: 'note', note: 'Bring blankets: there is always wind.' });
  const { id } = await call('c-spam', 'POST', `/v1/features/boards/boards/${board.id}/comments`, { body: 'Cheaper lamps at my shop, follow my link' });
  await call('c-ben', 'POST', `/v1/features/boards/comments/${id}/report`, { reason: 'spam', note: 'He writes this everywhere.' });
  await call('c-anna', 'POST', '/v1/features/home-talk/messages', { body: 'The lid of my teapot has a crack. What now?', about: { kind: 'product', ref: 'HT-105' } });
  return board;
}

/** Opens an address in a window of its own, waits for `sign`, and keeps what is seen. */
async function take(name, address, sign, { viewport = WINDOW, before } = {}) {
  const page = await visit(browser, { viewport });
  if (address.startsWith('#')) {
    await page.goto(`${demo.url}/console/#token=${demo.token}`);
    await page.getByRole('heading', { level: 1, name: 'Features' }).waitFor();
    await page.evaluate((hash) => { location.hash = hash; }, address);
  } else await page.goto(demo.url + address);
  await before?.(page);
  await page.locator(sign).first().waitFor();
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(600); // pictures are lazy
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await page.context().close();
  console.log(`${name}.png`);
}

/** Something for the shop to remember. */
async function lookAround(page) {
  for (const sku of ['HT-103', 'HT-107', 'HT-101']) {
    await page.goto(`${demo.url}/shop/product.html?sku=${sku}`);
    await page.waitForFunction(() => localStorage.getItem('parley.events') === '[]');
  }
  await page.goto(`${demo.url}/shop/account.html`);
}

const middle = (selector) => (page) => page.locator(selector).first().evaluate((node) => node.scrollIntoView({ block: 'start' }));
try {
  execFileSync(join(build, 'parley'), ['demo', 'crowd', '--visitors', '1200', '--rate', '200', '--seed', '7'], { env: { ...process.env, PARLEY_URL: demo.url, PARLEY_TOKEN: demo.token }, stdio: ['ignore', 'ignore', 'inherit'] });
  const board = await furnish();
  await call(null, 'POST', '/admin/v1/plugins/recommendations/api/retrain', {});
  const preview = (await call(null, 'POST', '/admin/v1/previews', { feature: 'product-poll', variant: 'top' })).query;
  await take('shop', `/shop/product.html?sku=HT-101&${preview.slice(1)}`, 'parley-poll form');
  await take('home', '/', 'parley-page h2', { before: middle('parley-page') });
  await take('questions', '/shop/product.html?sku=HT-103', 'parley-qa li', { before: middle('parley-slot[name=product-questions]') });
  await take('board', `/shop/boards.html?board=${board.id}`, 'parley-boards .total');
  await take('share', `/share/boards/${board.id}`, 'main li');
  await take('account', '/shop/account.html', '.entries li', { viewport: PHONE, before: lookAround });
  await take('console', '#/trials/product-poll-trial', 'table');
  await take('queue', '#/boards', '.rows li');
  await take('inbox', '#/inbox/c-anna', '.timeline li, .thread li, main li');
  await take('pages', '#/pages/home', 'main li, main fieldset');
} finally {
  await browser.close();
  await demo.stop();
}
