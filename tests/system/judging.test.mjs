// Simulated days through HTTP: what Parley stops by itself, what it leaves alone, and that no figure is yesterday's.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, trial, poll } from './harness.mjs';
import { until } from './listen.mjs';
import { parley } from './parley.mjs';

const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const often = ['--steer.checkpoint', '100ms'];
const HOUR = 3600e3, START = Date.parse('2021-01-01T00:00:00Z'), UNITS_A_DAY = 10_000;

// Seeded, so that a run is what it was yesterday (mulberry32).
function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const shown = async (s) => (await s.get('/admin/v1/experiments/poll-trial')).body;
const looks = async (s, query = '') => (await s.get(`/admin/v1/experiments/poll-trial/looks${query}`)).body;
const steps = async (s) => (await s.get('/admin/v1/audit?kind=experiment-state&key=poll-trial')).body.items.filter((a) => a.actor === 'steer').reverse();
const units = (look) => Object.values(look.units).reduce((a, b) => a + b, 0);

// An hour of a shop with 10,000 units a day. `visit(unit, variant)` gives the unit's own events; `keep` says whether an exposure arrives.
async function anHour(s, hour, random, { visit = () => [], keep = () => true }) {
  const batch = [];
  let counted = 0;
  for (let i = 0; i < Math.floor(UNITS_A_DAY / 24); i++) {
    const userId = `h${hour}-${i}`, variant = random() < 0.5 ? 'off' : 'top';
    const timestamp = new Date(START + hour * HOUR + i * 8000).toISOString();
    if (!keep(variant)) continue;
    counted++;
    batch.push({ type: 'track', event: 'Experiment Viewed', userId, messageId: `v-${userId}`, timestamp, properties: { experiment_id: 'poll-trial', variation_id: variant } });
    for (const event of visit(variant)) batch.push({ type: 'track', event, userId, messageId: `${event}-${userId}`, timestamp });
  }
  const answer = await s.post('/v1/batch', { batch });
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  return counted;
}

// Hours go by, each with a look after it, until the experiment runs no more; → the hours it took.
async function hoursUntilStopped(s, most, random, shop) {
  let told = 0;
  for (let hour = 0; hour < most; hour++) {
    told += await anHour(s, hour, random, shop);
    const patience = Date.now() + 60_000;
    for (;;) {
      const [latest] = (await looks(s, '?limit=1')).items;
      if ((await shown(s)).state !== 'running') return hour + 1; // looked at second: a look and what it does are there at once
      if (latest && units(latest) === told) break;
      assert.ok(Date.now() < patience, `no look has seen hour ${hour}`);
      await sleep(10);
    }
  }
  return Infinity;
}

const outside = (over = {}) => ({ assignment: 'external', traffic: undefined, ...over });
const guarded = outside({ metrics: { primary: 'bought', guardrails: [{ metric: 'complaints', harm: 'increase', margin: 0.005, action: 'rollback' }] } });

async function withComplaints(s) {
  await s.put('/admin/v1/metrics/complaints', { key: 'complaints', kind: 'conversion', event: 'Complained', better: 'lower' });
  await trial(s, guarded, { at: new Date(START).toISOString() });
}

test('complaints at 7 % against 5 %, with a margin of 0.005, are rolled back by itself within three days', async (t) => {
  const s = await Server.start({ args: often });
  t.after(() => s.stop());
  await withComplaints(s);
  const random = seeded(7);
  const hours = await hoursUntilStopped(s, 72, random, { visit: (variant) => (random() < (variant === 'top' ? 0.07 : 0.05) ? ['Complained'] : []) });
  t.diagnostic(`rolled back after ${hours} hours`);
  assert.ok(hours <= 72);
  const ended = await shown(s);
  assert.equal(ended.state, 'concluded');
  assert.equal(ended.outcome, 'rollback');
  assert.deepEqual((await steps(s)).map((a) => a.action), ['guardrail', 'conclude']);
  const looked = await looks(s, '?limit=1000');
  assert.ok(looked.items.length >= hours, 'each hour was looked at, and is kept');
  assert.equal(looked.items.at(-1).harmExcluded, false);
});

test('a planted loss of 8 % of one arm\'s exposures is an alarm, and pauses the trial by itself within five days', async (t) => {
  const s = await Server.start({ args: often });
  t.after(() => s.stop());
  await trial(s, outside(), { at: new Date(START).toISOString() });
  const random = seeded(8);
  const hours = await hoursUntilStopped(s, 120, random, { keep: (variant) => variant === 'off' || random() >= 0.08 });
  t.diagnostic(`paused after ${hours} hours`);
  assert.ok(hours <= 120);
  assert.equal((await shown(s)).state, 'paused');
  const rows = await steps(s);
  assert.deepEqual(rows.map((a) => a.action), ['srm', 'pause']);
  assert.ok(rows[0].after.p < 0.001 && rows[0].after.logBayesFactor > 6.9 && rows[0].after.n > 0, JSON.stringify(rows[0].after));
  const r = await s.results('poll-trial');
  assert.equal(r.srm.verdict, 'alarm');
  const warning = r.warnings.find((w) => w.code === 'srm');
  assert.equal(warning.evidence.p, r.srm.p);
  assert.equal(r.verdict.call, 'keep-running');
});

test('what is done about a split that is off can be said', async (t) => {
  const s = await Server.start({ args: [...often, '--steer.srm', 'off'] });
  t.after(() => s.stop());
  await trial(s, outside(), { at: new Date(START).toISOString() });
  const random = seeded(9);
  assert.equal(await hoursUntilStopped(s, 4, random, { keep: (variant) => variant === 'off' || random() >= 0.5 }), Infinity);
  assert.deepEqual(await steps(s), []);
});

test('a trial that gets no data is paused where that was asked for', async (t) => {
  const s = await Server.start({ args: [...often, '--steer.no-data', 'pause', '--steer.no-data-after', '500ms'] });
  t.after(() => s.stop());
  await trial(s);
  await until(async () => (await shown(s)).state !== 'running', 'it runs no more');
  const rows = await steps(s);
  assert.deepEqual(rows.map((a) => a.action), ['no-data', 'pause']);
  assert.ok(Date.parse(rows[0].after.since) > 0);
});

test('new weights in the middle of a trial are no alarm', async (t) => {
  const s = await Server.start({ args: often });
  t.after(() => s.stop());
  await trial(s);
  const meet = (name) => Promise.all(Array.from({ length: 1000 }, (_, i) => s.evaluate('product-poll', `${name}-${i}`)));
  await meet('early');
  assert.equal((await s.patch('/admin/v1/experiments/poll-trial', { weights: { off: 90, top: 10 } })).status, 200);
  await meet('late');
  const r = await s.results('poll-trial', (x) => x.variants[0].units + x.variants[1].units === 2000);
  const [off, top] = r.variants.map((v) => v.units);
  assert.equal(off + top, 2000);
  assert.ok(Math.abs(off / 2000 - 0.7) < 0.06, 'pooled, neither 50:50 nor 90:10');
  assert.equal(r.srm.verdict, 'ok', JSON.stringify(r.srm));
  assert.equal(r.srm.df, 2);
  assert.equal(r.srm.epochs.length, 2);
  for (const epoch of r.srm.epochs) assert.ok(epoch.p > 0.001);
  assert.ok(r.srm.anytime.p > 0.01);
  await sleep(300);
  assert.deepEqual(await steps(s), []);
});

test('looks are kept over kill -9, and p stays the least that any of them found', async (t) => {
  const s = await Server.start({ args: often });
  t.after(() => s.stop());
  await trial(s, outside({ analysis: { method: 'sequential', alpha: 0.05, nStar: 1000 } }), { at: new Date(START).toISOString() });
  const told = async (name, buyers) => {
    const batch = [];
    for (let i = 0; i < 600; i++) {
      const userId = `${name}${i}`, variant = i % 2 ? 'top' : 'off', timestamp = new Date(START + 1000 + i).toISOString();
      batch.push({ type: 'track', event: 'Experiment Viewed', userId, messageId: `v${userId}`, timestamp, properties: { experiment_id: 'poll-trial', variation_id: variant } });
      if (i % 20 < 2 * buyers[variant] && i % 20 >= 0) batch.push({ type: 'track', event: 'Order Completed', userId, messageId: `o${userId}`, timestamp: new Date(START + 5000 + i).toISOString(), properties: { order_id: userId, revenue: 5 } });
    }
    assert.equal((await s.post('/v1/batch', { batch })).status, 202);
  };
  const seen = async (n) => {
    for (const end = Date.now() + 60_000; ;) {
      const [latest] = (await looks(s, '?limit=1')).items;
      if (latest && units(latest) === n) return latest;
      assert.ok(Date.now() < end);
      await sleep(20);
    }
  };
  await told('a', { off: 2, top: 6 });
  const certain = await seen(600);
  const { least } = certain.metrics.find((m) => m.metric === 'bought');
  assert.ok(least < 0.01);
  await told('b', { off: 6, top: 2 });
  const turned = (await seen(1200)).metrics.find((m) => m.metric === 'bought');
  assert.ok(turned.p > 0.05 && turned.least === least, JSON.stringify(turned));
  await s.kill();
  await s.up();
  assert.ok((await looks(s, '?limit=1000')).items.some((l) => l.at === certain.at && units(l) === 600));
  const r = await s.results('poll-trial', (x) => x.complete && x.variants[0].units === 600);
  const { difference, sequential } = r.metrics[0].variants[1];
  assert.equal(difference.p, least);
  assert.equal(sequential.p, least);
  assert.ok(difference.low < 0 && difference.high > 0, 'the interval is the current one');
  const page = await looks(s, '?limit=1');
  const older = await looks(s, `?limit=1&cursor=${page.next}`);
  assert.ok(older.items[0].at < page.items[0].at);
});

// Small trials are read at every question; results of large ones are kept ready, so that a change has something to leave behind.
for (const size of [200, 52_000])
  test(`results of ${size} units never show yesterday's figures after a change of definition`, async (t) => {
    const s = await Server.start();
    t.after(() => s.stop());
    await trial(s, outside(), { at: new Date(START).toISOString() });
    const at = (h) => new Date(START + h * HOUR).toISOString(), events = [];
    for (let i = 0; i < size; i++) events.push({ type: 'track', event: 'Experiment Viewed', userId: `u${i}`, messageId: `v${i}`, timestamp: at(1), properties: { experiment_id: 'poll-trial', variation_id: i % 2 ? 'top' : 'off' } });
    for (let i = 0; i < 200; i++) events.push({ type: 'track', event: 'Order Completed', userId: `u${i}`, messageId: `o${i}`, timestamp: at(2), properties: { order_id: `${i}`, revenue: 5, margin: 2 } });
    for (let i = 0; i < events.length; i += 2500) assert.equal((await s.post('/v1/batch', { batch: events.slice(i, i + 2500) })).status, 202);
    const spend = (r) => r.metrics.find((m) => m.metric === 'spend').variants.map((v) => v.sum);
    assert.deepEqual(spend(await s.results('poll-trial', (r) => spend(r)[1] === 500)), [500, 500]);
    // Each answer after the change is of the new definition: complete, or said to be incomplete; never the old sums.
    let revision = 0;
    for (const [value, sums] of [['margin', 200], ['revenue', 500], ['margin', 200], ['revenue', 500], ['margin', 200]]) {
      const asking = [];
      for (let i = 0; i < 20; i++) asking.push(s.get('/admin/v1/experiments/poll-trial/results')); // it is looked at meanwhile
      assert.equal((await s.patch('/admin/v1/metrics/spend', { value })).status, 200);
      for (let complete = false, first = true; !complete; first = false) {
        const { body } = await s.get('/admin/v1/experiments/poll-trial/results');
        if (first) assert.ok(body.configRevision > revision, `${body.configRevision} is no newer than ${revision}`);
        ({ complete, configRevision: revision } = body);
        if (complete) assert.deepEqual(spend(body), [sums, sums], `after the change to ${value}`);
        else assert.ok(spend(body).every((sum) => sum <= sums), `${spend(body)} while ${value} is being computed`);
      }
      await Promise.all(asking);
    }
    const answer = await s.get('/admin/v1/experiments/poll-trial/results');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  });

test('units can be had as CSV, also in pages, and nothing in it is a formula', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s, outside(), { at: new Date(START).toISOString() });
  const timestamp = new Date(START + HOUR).toISOString();
  for (const [i, userId] of ['plain', '=HYPERLINK("http://x","y")', 'comma, "quoted"'].entries())
    await s.post('/v1/batch', { batch: [
      { type: 'track', event: 'Experiment Viewed', userId, messageId: `v${i}`, timestamp, properties: { experiment_id: 'poll-trial', variation_id: 'top' } },
      { type: 'track', event: 'Order Completed', userId, messageId: `o${i}`, timestamp, properties: { order_id: `${i}`, revenue: 1.25 } }] });
  await s.post('/v1/batch', { batch: [{ type: 'track', event: 'Experiment Viewed', userId: 'plain', messageId: 'again', timestamp, properties: { experiment_id: 'poll-trial', variation_id: 'off' } }] });
  await s.results('poll-trial', (r) => r.excluded.multipleExposure === 1);
  const whole = await s.get('/admin/v1/experiments/poll-trial/units?format=csv');
  assert.equal(whole.headers.get('content-type'), 'text/csv; charset=utf-8');
  const lines = whole.body.split('\r\n');
  assert.equal(lines[0], 'unit,exposure,t0,variant,epoch,excluded,bought,spend,again,pins');
  assert.match(lines[1], /^plain,\d+,2021-01-01T01:00:00\.000Z,top,0,multipleExposure,1,1\.25,0,0$/);
  assert.match(lines[2], /^"'=HYPERLINK\(""http:\/\/x"",""y""\)",/);
  assert.match(lines[3], /^"comma, ""quoted""",/);
  const page = await s.call('GET', '/admin/v1/experiments/poll-trial/units?limit=2', undefined, { accept: 'text/csv' });
  assert.match(page.headers.get('link'), /cursor=2&format=csv>; rel="next"/);
  const rest = await s.get('/admin/v1/experiments/poll-trial/units?limit=2&cursor=2&format=csv');
  assert.equal(page.body + rest.body, whole.body);
  assert.equal((await s.get('/admin/v1/experiments/poll-trial/units?format=xls')).status, 400);
});

test('past trials are found by their words and outcomes', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await s.put('/admin/v1/metrics/bought', { key: 'bought', kind: 'conversion', event: 'Order Completed' });
  for (const [key, hypothesis, outcome, note] of [
    ['mugs', 'Round handles sell', 'ship', 'Handles it is'], ['cups', 'Blue cups sell', 'rollback', 'No'], ['jugs', 'Round jugs', 'retire', 'too HANDLEsome'], ['pots', 'Round pots', null]]) {
    await s.put(`/admin/v1/features/f-${key}`, poll({ key: `f-${key}` }));
    await s.put(`/admin/v1/experiments/${key}`, { key, feature: `f-${key}`, hypothesis, control: 'off', weights: { off: 1, top: 1 }, metrics: { primary: 'bought' } });
    await s.post(`/admin/v1/experiments/${key}/start`);
    if (outcome) assert.equal((await s.post(`/admin/v1/experiments/${key}/conclude`, { outcome, note, ...(outcome === 'ship' ? { variant: 'top' } : {}) })).status, 200);
  }
  const found = async (query) => (await s.get(`/admin/v1/experiments?${query}`)).body.items.map((e) => e.key);
  assert.deepEqual(await found('state=concluded'), ['cups', 'jugs', 'mugs']);
  assert.deepEqual(await found('state=concluded&q=round'), ['jugs', 'mugs']);
  assert.deepEqual(await found('q=round'), ['jugs', 'mugs', 'pots']);
  assert.deepEqual(await found('state=concluded&q=handle+round'), ['jugs', 'mugs']);
  assert.deepEqual(await found('outcome=ship'), ['mugs']);
  const [mugs] = (await s.get('/admin/v1/experiments?q=mugs')).body.items;
  assert.deepEqual([mugs.outcome, mugs.outcomeVariant, mugs.outcomeNote], ['ship', 'top', 'Handles it is']);
  const first = (await s.get('/admin/v1/experiments?state=concluded&limit=2')).body;
  assert.deepEqual([first.items.length, first.next], [2, 'jugs']);
  assert.deepEqual(await found(`state=concluded&limit=2&cursor=${first.next}`), ['mugs']);
});

test('a plan is made of the feature\'s own traffic, before a trial starts and while it runs', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await s.put('/admin/v1/features/product-poll', poll());
  await s.put('/admin/v1/metrics/bought', { key: 'bought', kind: 'conversion', event: 'Order Completed' });
  await s.put('/admin/v1/experiments/poll-trial', { key: 'poll-trial', feature: 'product-poll', control: 'off', weights: { off: 1, top: 1 }, traffic: 50, metrics: { primary: 'bought' }, mde: 0.2 });
  const plan = async () => s.get('/admin/v1/experiments/poll-trial/plan');
  const nothing = await plan();
  assert.equal(nothing.status, 409);
  assert.match(nothing.body.detail, /POST \/admin\/v1\/plan/);
  const batch = [];
  for (let i = 0; i < 400; i++) {
    batch.push({ type: 'track', event: 'Product Viewed', userId: `u${i}`, messageId: `p${i}` });
    if (i % 10 === 0) batch.push({ type: 'track', event: 'Order Completed', userId: `u${i}`, messageId: `o${i}`, properties: { order_id: `${i}`, revenue: 1 } });
  }
  await s.post('/v1/batch', { batch });
  await until(async () => (await plan()).body.source?.units === 400, 'a plan of all of them');
  const before = (await plan()).body;
  assert.equal(before.source.kind, 'events');
  assert.ok(Math.abs(before.source.mean - 0.1) < 1e-12 && Math.abs(before.source.variance - 0.09 * 400 / 399) < 1e-9, JSON.stringify(before.source));
  assert.ok(before.source.unitsPerDay > 0);
  await s.post('/admin/v1/experiments/poll-trial/start', { at: new Date(Date.now() - 4 * 86400e3).toISOString() });
  for (let i = 0; i < 40; i++) await s.post('/v1/track', { event: 'Experiment Viewed', userId: `x${i}`, properties: { experiment_id: 'poll-trial', variation_id: (await s.evaluate('product-poll', `x${i}`)).body.variant } });
  await s.results('poll-trial', (r) => r.variants[0].units > 5);
  const silent = await plan();
  assert.equal(silent.status, 409, 'nobody has bought: there is no rate to plan with');
  for (let i = 0; i < 20; i++) await s.post('/v1/track', { event: 'Order Completed', userId: `x${i}`, properties: { order_id: `x${i}`, revenue: 1 } });
  await s.results('poll-trial', (r) => r.metrics[0].variants[0].sum > 3);
  const running = (await plan()).body;
  assert.equal(running.source.kind, 'trial');
  assert.ok(running.source.days > 3.9 && running.source.days < 4.1);
  assert.equal(running.detectable.length, 6);
});

test('a plan of figures that are sent is right, and what is wrong is said', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const { status, body } = await s.post('/admin/v1/plan', { baseline: 0.1, unitsPerDay: 500, mde: 0.2 });
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.sampleSize.fixed.units, 7064);
  assert.equal(body.sampleSize.fixed.days, 15);
  assert.ok(body.sampleSize.sequential.units > 7064);
  assert.equal((await s.post('/admin/v1/plan', { baseline: 1.5 })).status, 400);
  assert.equal((await s.post('/admin/v1/plan', { baseline: 0.1, colour: 'red' })).status, 400);
  assert.equal((await s.post('/admin/v1/plan', {})).status, 409);
  assert.equal((await s.get('/admin/v1/experiments/nowhere/plan')).status, 404);
});

test('the command line asks for looks, plans, past trials, neglected features and CSV', async (t) => {
  const s = await Server.start({ args: often });
  t.after(() => s.stop());
  await trial(s, outside(), { at: new Date(Date.now() - 2 * 86400e3).toISOString() });
  const timestamp = new Date(Date.now() - 86400e3).toISOString();
  await s.post('/v1/batch', { batch: Array.from({ length: 200 }, (_, i) => [
    { type: 'track', event: 'Experiment Viewed', userId: `u${i}`, messageId: `v${i}`, timestamp, properties: { experiment_id: 'poll-trial', variation_id: i % 2 ? 'top' : 'off' } },
    ...(i % 5 === 0 ? [{ type: 'track', event: 'Order Completed', userId: `u${i}`, messageId: `o${i}`, timestamp, properties: { order_id: `${i}`, revenue: 3 } }] : [])]).flat() });
  await s.results('poll-trial', (r) => r.variants[0].units === 100);
  await until(async () => (await looks(s, '?limit=1')).items.some((l) => units(l) === 200), 'a look at all of them');
  const run = async (...args) => {
    const { code, out, err } = await parley(s.url, args);
    assert.equal(code, 0, err);
    return out;
  };
  assert.equal(units(JSON.parse(await run('experiments', 'looks', 'poll-trial', '--limit', '1')).items[0]), 200);
  const plan = await run('experiments', 'plan', 'poll-trial', '--mde', '0.2', '--output', 'table');
  assert.match(plan, /^from the trial: 200 units in 2\.0 days, (100\.\d|99\.9) a day; bought has mean 0\.2, variance 0\.16/);
  assert.match(plan, /fixed +\d+ +\d+\nsequential +\d+ +\d+\n/);
  assert.match(plan, /after days +units +fixed \[%\] +sequential \[%\]\n +7 /);
  assert.equal(JSON.parse(await run('experiments', 'plan', 'poll-trial')).source.kind, 'trial');
  assert.match(await run('experiments', 'units', 'poll-trial', '--format', 'csv'), /^unit,exposure,t0,variant,epoch,excluded,bought,spend,again,pins\r\nu0,/);
  await s.post('/admin/v1/experiments/poll-trial/conclude', { outcome: 'iterate', note: 'too quiet' });
  const past = JSON.parse(await run('experiments', 'past', '--q', 'quiet'));
  assert.deepEqual(past.items.map((e) => [e.key, e.outcome]), [['poll-trial', 'iterate']]);
  assert.deepEqual(JSON.parse(await run('experiments', 'past', '--outcome', 'ship')).items, []);
  await s.put('/admin/v1/features/old', poll({ key: 'old', reviewBy: '2020-01-01' }));
  assert.deepEqual(JSON.parse(await run('features', 'stale')).items.map((f) => [f.key, f.reasons, f.next.length]), [['old', ['review-overdue'], 1]]);
});
