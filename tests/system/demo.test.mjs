import test from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './harness.mjs';
import { until, within } from './listen.mjs';

// Starts the demo as ./dev run does → { shop, consoleUrl, token, ends } once it has said where to look.
async function start(data) {
  const child = spawn('tools/run-demo', ['0'], { env: { ...process.env, PARLEY_DATA: data, PARLEY_BUILD: build, PARLEY_ADMIN_TOKEN: '', PARLEY_TOKEN: '', PARLEY_URL: '' } });
  let out = '', err = '';
  child.stderr.on('data', (text) => { err += text; });
  const exited = once(child, 'exit');
  await new Promise((ready, failed) => {
    child.stdout.on('data', (text) => { out += text; if (/ log +\S/.test(out)) ready(); });
    exited.then(() => failed(new Error(err)));
  });
  const [, shop] = /shop +(\S+)/.exec(out), [, consoleUrl, token] = /console +(\S+#token=(\S+))/.exec(out);
  return { shop, consoleUrl, token, err: () => err, ends: async (signal) => { child.kill(signal); return (await exited)[0]; } };
}

test('the demo', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'parley-demo-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  let demo = await start(data);
  const running = () => fetch(new URL('/admin/v1/experiments/product-poll-trial', demo.shop), { headers: { authorization: `Bearer ${demo.token}` } });
  const { token } = demo;

  await t.test('shows a shop and a console, and its link signs in', async () => {
    const shop = await fetch(demo.shop), console = await fetch(demo.consoleUrl), trial = await running();
    assert.deepEqual([shop.status, console.status, trial.status], [200, 200, 200]);
    assert.match(await shop.text(), /parley_/, 'the page carries the public key');
    assert.equal((await trial.json()).state, 'running');
    assert.equal(statSync(join(data, 'admin-token')).mode & 0o777, 0o600);
  });

  await t.test('asks something about every product, and on the home page, which has a section for each plugin', async () => {
    const polls = await (await fetch(new URL('/admin/v1/plugins/polls/api/polls', demo.shop), { headers: { authorization: `Bearer ${token}` } })).json();
    const { PRODUCTS } = await import('../../storefront/products.js');
    assert.deepEqual(polls.items.map((poll) => poll.about).sort(), ['home', ...PRODUCTS.map(({ sku }) => `sku:${sku}`)].sort());
    const home = await (await fetch(new URL('/admin/v1/pages/home', demo.shop), { headers: { authorization: `Bearer ${token}` } })).json();
    for (const section of ['note', 'question', 'questions', 'boards', 'recommended']) assert.ok(home.order.includes(section), section);
  });

  await t.test('has a catalogue, which is the range of its pages', async () => {
    const { items } = await (await fetch(new URL('/admin/v1/catalogue', demo.shop), { headers: { authorization: `Bearer ${token}` } })).json();
    const { PRODUCTS } = await import('../../storefront/products.js');
    assert.deepEqual(items.map(({ sku, title, category, price }) => ({ sku, name: title, category, price })), PRODUCTS.map(({ sku, name, category, price }) => ({ sku, name, category, price })));
  });

  await t.test('has a crowd that looks, votes, asks, collects, talks and buys, the same for the same seed', async () => {
    const child = spawn(join(build, 'parley'), ['demo', 'crowd', '--visitors', '150', '--rate', '200', '--seed', '7'], { env: { ...process.env, PARLEY_URL: new URL(demo.shop).origin, PARLEY_TOKEN: token } });
    let out = '';
    child.stdout.on('data', (text) => { out += text; });
    assert.equal((await once(child, 'close'))[0], 0);
    const did = JSON.parse(out);
    assert.equal(did.visits, 150);
    for (const what of ['votes', 'orders', 'questions', 'boards', 'comments', 'messages']) assert.ok(did[what] > 0, `${what}: ${out}`);
    const results = async () => (await fetch(new URL('/admin/v1/experiments/product-poll-trial/results', demo.shop), { headers: { authorization: `Bearer ${token}` } })).json();
    await until(async () => (await results()).variants.every(({ units }) => units > 20), 'more than twenty in each arm');
  });

  await t.test('ends in order on Ctrl-C and comes back as it was', async () => {
    await within(10000, async () => { // later starts take seconds
      assert.equal(await demo.ends('SIGINT'), 0);
      const began = Date.now();
      demo = await start(data);
      return Date.now() - began;
    });
    assert.equal(demo.token, token);
    assert.equal((await (await running()).json()).state, 'running');
    assert.doesNotMatch(demo.err(), /made /);
    assert.equal(await demo.ends('SIGTERM'), 0);
  });
});
