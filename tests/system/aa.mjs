// The release gate through the whole pipeline: a year of a real shop's orders goes through a parleyd over HTTP while many A/A trials
// run in it at once, each with a salt of its own. A customer visits pages before the first order; the pages decide and expose; orders
// come as events; each look asks for the results as anybody would.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { asShopper, Server, shared } from './harness.mjs';

const PAGE = 50, AT_ONCE = 100, ALPHA = 0.05; // sections of a page; trials in one server; every test's alpha
export const LOOKS = 50;
export const METRICS = { again: 'bought again (conversion)', spend: 'spend (mean, capped at 99 %)' };

const file = shared && join(shared, 'data/online_retail.csv.gz');
export const dataIsThere = Boolean(file && existsSync(file));

// Fields of a line of CSV; a quoted one may have commas and doubled quotes.
const fields = (line) => (line.includes('"') ? [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => m[1] ?? m[2]) : line.split(','));

// Orders of known customers in the order of their times: [{ id, customer, revenue }].
export function shopsOrders() {
  const [head, ...lines] = gunzipSync(readFileSync(file)).toString().trimEnd().split(/\r?\n/);
  const at = Object.fromEntries(fields(head).map((name, i) => [name, i])), orders = new Map();
  for (const line of lines) {
    const row = fields(line), quantity = Number(row[at.Quantity]), price = Number(row[at.UnitPrice]);
    if (!row[at.CustomerID] || !(quantity > 0) || !(price > 0)) continue;
    const id = row[at.InvoiceNo], customer = String(parseInt(row[at.CustomerID], 10));
    if (!orders.has(id)) orders.set(id, { id, customer, time: row[at.InvoiceDate], revenue: 0 });
    orders.get(id).revenue += quantity * price;
  }
  return [...orders.values()].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

// At most 16 at a time.
async function each(items, work) {
  let next = 0;
  await Promise.all(Array.from({ length: 16 }, async () => { while (next < items.length) await work(items[next++]); }));
}

async function ok(answer) {
  const { status, body } = await answer;
  assert.ok(status < 300, `${status} ${JSON.stringify(body)}`);
  return body;
}

// A trial's salt is made of its key and the revision it began at: a run is the same until the definitions that a fresh folder has change.
async function define(s, names, units) {
  await ok(s.put('/admin/v1/metrics/again', { key: 'again', kind: 'conversion', event: 'Order Completed', atLeast: 2 }));
  await ok(s.put('/admin/v1/metrics/spend', { key: 'spend', kind: 'mean', event: 'Order Completed', value: 'revenue', cap: 0.99 }));
  const pages = [];
  for (let i = 0; i < names.length; i += PAGE) pages.push({ name: `page${pages.length}`, of: names.slice(i, i + PAGE) });
  for (const name of names) {
    await ok(s.put(`/admin/v1/features/${name}`, { key: name, type: 'string', stage: 'trial', variants: { a: { value: 'a' }, b: { value: 'b' } }, off: 'a', default: { serve: 'a' } }));
    await ok(s.put(`/admin/v1/experiments/${name}`, { key: name, feature: name, control: 'a', weights: { a: 1, b: 1 },
      metrics: { primary: 'again', secondary: ['spend'] }, analysis: { nStar: units, alpha: ALPHA, correction: 'none' } }));
    await ok(s.post(`/admin/v1/experiments/${name}/start`, {}));
  }
  for (const page of pages)
    await ok(s.put(`/admin/v1/pages/${page.name}`, { key: page.name, sections: Object.fromEntries(page.of.map((name) => [name, { feature: name }])), order: page.of }));
  return pages.map((page) => page.name);
}

const sum = (list, of) => list.reduce((n, x) => n + of(x), 0);
const resultsOf = (s, name) => ok(s.get(`/admin/v1/experiments/${name}/results`));
const treatment = (results, key) => results.metrics.find((m) => m.metric === key).variants[1];

// Which trials found something at some look so far: ever[key] and naive[key] have their names.
async function look(s, names, { ever, naive }) {
  await each(names, async (name) => {
    const results = await resultsOf(s, name);
    for (const key of Object.keys(METRICS)) {
      const { fixed, sequential } = treatment(results, key);
      if (sequential?.low > 0 || sequential?.high < 0) ever[key].add(name);
      if (fixed?.p !== null && fixed?.p < ALPHA) naive[key].add(name);
    }
  });
}

async function replay(s, pages, names, orders, found) {
  const met = new Set();
  for (let n = 0; n < LOOKS; n++) {
    const now = orders.slice(Math.floor((n * orders.length) / LOOKS), Math.floor(((n + 1) * orders.length) / LOOKS));
    const fresh = [...new Set(now.map((o) => o.customer))].filter((customer) => !met.has(customer));
    await each(fresh, async (customer) => { for (const page of pages) await ok(s.get(`/v1/pages/${page}`, asShopper(customer))); });
    for (const customer of fresh) met.add(customer);
    const told = await ok(s.post('/v1/batch', { batch: now.map((o) => ({ type: 'track', event: 'Order Completed', userId: o.customer, messageId: o.id,
      properties: { order_id: o.id, revenue: Number(o.revenue.toFixed(2)) } })) }));
    assert.equal(told.accepted, now.length);
    await look(s, names, found);
  }
}

// Every trial is concluded, and its figures are read for good. Nothing was lost on the way: each customer is in each trial, and so is
// everybody who bought again.
async function conclude(s, names, orders, found) {
  const bought = new Map();
  for (const { customer } of orders) bought.set(customer, (bought.get(customer) ?? 0) + 1);
  const again = [...bought.values()].filter((n) => n > 1).length;
  for (const name of names) await ok(s.post(`/admin/v1/experiments/${name}/conclude`, { outcome: 'rollback', note: 'an A/A trial' }));
  await each(names, async (name) => {
    const results = await resultsOf(s, name);
    assert.equal(results.state, 'concluded');
    assert.equal(sum(results.variants, (v) => v.units), bought.size, name);
    assert.equal(sum(results.metrics[0].variants, (v) => v.sum), again, name);
    found.alarms += results.srm.verdict === 'alarm';
    for (const key of Object.keys(METRICS)) found.ps[key].push(treatment(results, key).fixed.p);
  });
}

/** P(D > d) of the one-sample Kolmogorov-Smirnov test against the uniform distribution: Kolmogorov's series with Stephens' correction. */
export function uniformity(ps) {
  const p = [...ps].sort((a, b) => a - b), n = p.length;
  const d = Math.max(...p.map((x, i) => Math.max(x - i / n, (i + 1) / n - x)));
  const x = d * (Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n));
  let sum = 0;
  for (let k = 1; k <= 100; k++) sum += (k % 2 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return x < 0.2 ? 1 : Math.min(1, Math.max(0, sum));
}

const ofMetrics = (make) => Object.fromEntries(Object.keys(METRICS).map((key) => [key, make(key)]));

/** Runs so many A/A trials. → { trials, customers, alarms, metrics: { again: { uniform, rejects, ever, naive }, spend } }, shares of trials. */
export async function aaTrials(trials, tell = () => {}) {
  const orders = shopsOrders(), customers = new Set(orders.map((o) => o.customer)).size;
  const found = { alarms: 0, ps: ofMetrics(() => []), ever: ofMetrics(() => new Set()), naive: ofMetrics(() => new Set()) };
  for (let done = 0; done < trials; done += AT_ONCE) {
    const names = Array.from({ length: Math.min(AT_ONCE, trials - done) }, (_, i) => `aa${done + i}`);
    const s = await Server.start({ args: ['--steer.checkpoint', '24h'] }); // no look of its own freezes a cap
    try {
      await replay(s, await define(s, names, customers), names, orders, found);
      await conclude(s, names, orders, found);
    } finally {
      await s.stop();
    }
    tell(done + names.length);
  }
  return { trials, customers, alarms: found.alarms / trials, metrics: ofMetrics((key) => ({
    uniform: uniformity(found.ps[key]), rejects: found.ps[key].filter((p) => p < ALPHA).length / trials,
    ever: found.ever[key].size / trials, naive: found.naive[key].size / trials })) };
}
