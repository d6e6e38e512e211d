// What the browser tests share: a real parleyd on a free port with a folder of its own, and a real Chromium.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { PATIENT } from '../system/harness.mjs';

const build = process.env.PARLEY_BUILD ?? new URL('../../build', import.meta.url).pathname;
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Starts a server, with `settings` in its environment → {url, token, admin(method, path, body), stop()}. */
export async function startServer(settings = {}) {
  const data = await mkdtemp(join(tmpdir(), 'parley-browser-'));
  const token = randomBytes(24).toString('hex');
  const child = spawn(join(build, 'parleyd'), ['--data', data, '--listen', '127.0.0.1:0'], {
    env: { ...process.env, ...PATIENT, ...settings, PARLEY_ADMIN_TOKEN: token }, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const said = [];
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      if (/\bmsg=ready\b/.test(line)) resolve(/\burl=(\S+)/.exec(line)[1]);
    });
    child.once('error', reject);
    ended.then((status) => reject(new Error(`parleyd ended with ${status}:\n${said.join('\n')}`)));
  });

  async function admin(method, path, body) {
    const response = await fetch(`${url}/admin/v1${path}`, {
      method, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  }

  async function stop() {
    child.kill('SIGTERM');
    const hung = setTimeout(() => child.kill('SIGKILL'), 60_000);
    const status = await ended;
    clearTimeout(hung);
    if (status !== 0) throw new Error(`parleyd did not stop well (${status ?? 'killed after 60 s'}):\n${said.slice(-20).join('\n')}`);
    await rm(data, { recursive: true, force: true });
  }
  return { url, token, admin, stop };
}

export const startBrowser = () => chromium.launch({
  executablePath: '/usr/bin/chromium', timeout: 120_000,
  args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'] });

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 860 };

/** A page of a new visitor. `page.complaints` collects script errors and refusals by the content security policy. */
export async function visit(browser, { viewport = DESKTOP, colorScheme = 'light', ...more } = {}) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce', locale: 'en-GB', ...more });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && /Content Security Policy/i.test(message.text()) && page.complaints.push(message.text()));
  return page;
}

/** Opens the console signed in, at `place` such as "trials/poll-trial". */
export async function openConsole(page, server, place = 'features') {
  await page.goto(`${server.url}/console/#token=${server.token}`);
  await page.getByRole('heading', { level: 1, name: 'Features' }).waitFor();
  if (place !== 'features') await page.evaluate((hash) => { location.hash = hash; }, `#/${place}`);
}

/** Does `act`, and waits until the server has answered what it changes. */
export async function answered(page, act) {
  const response = page.waitForResponse((one) => ['POST', 'PUT', 'PATCH', 'DELETE'].includes(one.request().method()));
  await act();
  return response;
}

/** What axe-core finds on the page as it stands, by WCAG 2.2 AA (target size too) and its best practices, as readable lines. */
export async function accessibilityFindings(page) {
  await page.evaluate(`${axe}; window.axe = axe;`);
  const { violations } = await page.evaluate(() => window.axe.run(document, { rules: { 'target-size': { enabled: true } } }));
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target} (${failureSummary})`));
}

/** How far the page can be scrolled sideways, in CSS pixels: 0 unless something is too wide for the window. */
export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** The page as it stands: accessible, no wider than its window, and nothing went wrong. `what` it is, in the words of a failure. */
export async function clean(page, what = page.url()) {
  assert.deepEqual(await accessibilityFindings(page), [], what);
  assert.equal(await overflow(page), 0, `${what} scrolls sideways`);
  assert.deepEqual(page.complaints, [], what);
}

/** Tries again for a minute until `check` no longer throws. */
export async function eventually(check) {
  for (const end = Date.now() + 60_000; ;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
