// Schedules, ramps and guardrails: what happens to an experiment without anybody being there.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, poll, trial } from './harness.mjs';
import { within } from './listen.mjs';

const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const ahead = (ms) => new Date(Date.now() + ms).toISOString();
const second = (ms) => new Date(Math.ceil((Date.now() + ms) / 1000) * 1000).toISOString();

const draft = (schedule, over = {}) => ({
  key: 'poll-trial', feature: 'product-poll', control: 'off', weights: { off: 50, top: 50 }, metrics: { primary: 'bought' }, schedule, ...over });

async function plan(s, schedule, over) {
  await s.put('/admin/v1/features/product-poll', poll());
  await s.put('/admin/v1/metrics/bought', { key: 'bought', kind: 'conversion', event: 'Order Completed' });
  const made = await s.put('/admin/v1/experiments/poll-trial', draft(schedule, over));
  assert.equal(made.status, 201, JSON.stringify(made.body));
}
const shown = async (s, key = 'poll-trial') => (await s.get(`/admin/v1/experiments/${key}`)).body;
const steps = async (s, key = 'poll-trial') =>
  (await s.get(`/admin/v1/audit?kind=experiment-state&key=${key}`)).body.items.filter((a) => a.actor === 'steer').reverse();

// Asks until it is so; says what it was where that takes longer than `patience`.
async function until(ask, so, patience = 60_000) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (so(answer)) return answer;
    assert.ok(Date.now() < end, `still ${JSON.stringify(answer).slice(0, 2000)}`);
    await sleep(20);
  }
}
const inState = (s, state) => until(() => shown(s), (e) => e.state === state);

// Which of 120 visitors are in the trial: their reason is that of an experiment.
async function enrolled(s) {
  const found = new Set();
  await Promise.all(Array.from({ length: 120 }, async (_, i) => {
    const { body } = await s.evaluate('product-poll', `visitor-${i}`);
    if (body.metadata?.experiment === 'poll-trial') found.add(`${i}:${body.variant}`);
  }));
  return found;
}

test('an experiment starts by itself at the second it was scheduled for', (t) => within(900, async () => {
  const s = await Server.start();
  t.after(() => s.stop());
  const start = second(4000);
  await plan(s, { start });
  const before = (await shown(s)).state, early = (await s.evaluate('product-poll', 'early')).body.metadata?.experiment;
  if (Date.now() >= Date.parse(start)) return Infinity; // asked too late
  assert.equal(before, 'draft');
  assert.notEqual(early, 'poll-trial');
  const running = await inState(s, 'running');
  assert.equal(Date.parse(running.startedAt), Date.parse(start));
  assert.equal((await enrolled(s)).size, 120);
  assert.equal(running.trafficNow, 100);
  const [row] = await steps(s);
  const late = Date.parse(row.at) - Date.parse(start);
  assert.ok(late >= 0, `${late} ms after the second`);
  assert.equal(row.action, 'start');
  assert.equal(row.note, `scheduled for ${start}`);
  assert.equal(row.after.phase, 'running');
  return late;
}, 4));

test('a ramp raises traffic step by step and drops nobody who is in; a pause stops its clock', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await plan(s, { start: ahead(100), ramp: [{ traffic: 10, hold: 'PT6S' }, { traffic: 50, hold: 'PT6S' }, { traffic: 100 }] });
  await inState(s, 'running');
  const first = await enrolled(s);
  assert.ok(first.size > 2 && first.size < 30, `${first.size} of 120 at 10 %`);
  await s.post('/admin/v1/experiments/poll-trial/pause');
  await sleep(6500);
  assert.equal((await steps(s)).length, 1, 'no step while paused');
  await s.post('/admin/v1/experiments/poll-trial/resume');
  await until(() => steps(s), (x) => x.length === 2);
  const next = await enrolled(s);
  assert.ok(next.size > 35 && next.size < 85, `${next.size} of 120 at 50 %`);
  for (const unit of first) assert.ok(next.has(unit), `${unit} was dropped or moved`);
  await until(() => steps(s), (x) => x.length === 3);
  const last = await enrolled(s);
  assert.equal(last.size, 120);
  for (const unit of next) assert.ok(last.has(unit), `${unit} was dropped or moved`);
  assert.equal((await shown(s)).epochs, 1);
  assert.deepEqual((await steps(s)).map((a) => a.action), ['start', 'ramp', 'ramp']);
});

test('after its end nobody enters, what is in counts on, and it waits to be concluded', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await plan(s, { start: ahead(0) });
  await inState(s, 'running');
  await s.evaluate('product-poll', 'early');
  await s.results('poll-trial', (r) => r.variants[0].units + r.variants[1].units === 1);
  assert.equal((await s.patch('/admin/v1/experiments/poll-trial', { schedule: { end: ahead(500) } })).status, 200);
  await inState(s, 'maturing');
  assert.notEqual((await s.evaluate('product-poll', 'late')).body.metadata?.experiment, 'poll-trial');
  await s.post('/v1/track', { event: 'Order Completed', userId: 'late', messageId: 'm', properties: { order_id: '1', revenue: 1 } });
  const r = await s.results('poll-trial');
  assert.equal(r.state, 'maturing');
  assert.equal(r.variants[0].units + r.variants[1].units, 1);
  const done = await s.post('/admin/v1/experiments/poll-trial/conclude', { outcome: 'rollback', note: 'nothing came of it' });
  assert.equal(done.body.state, 'concluded');
});

test('after kill -9 over the due times everything that was missed is made up for, each step at its time', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const start = second(4000);
  await plan(s, { start, ramp: [{ traffic: 10, hold: 'PT1S' }, { traffic: 100 }] });
  const revision = async () => (await s.evaluate('product-poll', 'who')).body.metadata.configRevision;
  const before = await revision();
  await s.kill();
  await sleep(Date.parse(start) + 1500 - Date.now());
  await s.up();
  const now = await shown(s);
  assert.equal(now.state, 'running', 'before anybody is served');
  assert.equal(now.trafficNow, 100);
  assert.equal(Date.parse(now.startedAt), Date.parse(start));
  assert.equal((await enrolled(s)).size, 120, 'the ramp is where it would be');
  assert.deepEqual((await steps(s)).map((a) => a.action), ['start', 'ramp']);
  assert.equal(await revision(), before + 1, 'two steps, one revision');
  const end = second(1000);
  assert.equal((await s.patch('/admin/v1/experiments/poll-trial', { schedule: { end } })).status, 200);
  await s.kill();
  await sleep(Date.parse(end) + 100 - Date.now());
  await s.up();
  assert.equal(Date.parse((await shown(s)).endsAt), Date.parse(end));
  assert.deepEqual((await steps(s)).map((a) => a.action), ['start', 'ramp', 'end']);
});

const often = ['--steer.checkpoint', '200ms'];
const gated = (gate) => ({ start: ahead(0), ramp: [{ traffic: 50, gate }, { traffic: 100 }] });
const ask = (s, n) => Promise.all(Array.from({ length: n }, (_, i) => s.evaluate('product-poll', `visitor-${i}`)));

test('a ramp waits for approval, says so, and goes on when somebody gave it', async (t) => {
  const s = await Server.start({ args: often });
  t.after(() => s.stop());
  await plan(s, gated({ approval: true }));
  await inState(s, 'running');
  await sleep(600);
  assert.equal((await shown(s)).rampStep, 1);
  const approved = await s.post('/admin/v1/experiments/poll-trial/approve', { note: 'figures look fine' });
  assert.equal(approved.status, 200, JSON.stringify(approved.body));
  assert.ok(approved.body.rampApprovedAt);
  const now = await until(() => shown(s), (e) => e.rampStep === 2);
  assert.equal(now.trafficNow, 100);
  assert.equal(now.rampApprovedAt, undefined);
  const { items } = (await s.get('/admin/v1/audit?kind=experiment-state&key=poll-trial')).body;
  assert.ok(items.some((a) => a.action === 'approve' && a.note === 'figures look fine'));
  const again = await s.post('/admin/v1/experiments/poll-trial/approve');
  assert.equal(again.status, 409);
  assert.match(again.body.detail, /waits for no approval/);
});

test('a ramp waits until enough units are in', async (t) => {
  const s = await Server.start({ args: often });
  t.after(() => s.stop());
  await plan(s, gated({ units: 40 }));
  await inState(s, 'running');
  await ask(s, 40); // about 20 of them are in
  await sleep(900);
  assert.equal((await shown(s)).rampStep, 1, 'too few');
  await ask(s, 160);
  assert.equal((await until(() => shown(s), (e) => e.rampStep === 2)).trafficNow, 100);
  assert.match((await steps(s)).at(-1).note, /the gate is open: \d+ units are in$/);
});

test('a ramp does not go on while a guardrail fires', async (t) => {
  const s = await Server.start({ args: often });
  t.after(() => s.stop());
  await s.put('/admin/v1/metrics/complaints', { key: 'complaints', kind: 'conversion', event: 'Complained', better: 'lower' });
  const guardrails = [{ metric: 'complaints', harm: 'increase', margin: 0.05, action: 'warn' }];
  await plan(s, gated({ guardrails: true, units: 100 }), { metrics: { primary: 'bought', guardrails }, analysis: { nStar: 500 } });
  await inState(s, 'running');
  const met = (await ask(s, 900)).map(({ body }, i) => ({ id: `visitor-${i}`, in: body.metadata?.experiment, variant: body.variant })).filter((v) => v.in);
  assert.ok(met.length > 300, `${met.length} are in`);
  // The gate opened at once unless harm was there first: so this one tells of harm under a second trial, whose gate it holds.
  await until(() => shown(s), (e) => e.rampStep === 2);
  assert.match((await steps(s)).at(-1).note, /harm beyond every margin is excluded$/);
  await s.post('/admin/v1/experiments/poll-trial/conclude', { outcome: 'rollback' });
  await s.put('/admin/v1/experiments/second', draft(gated({ guardrails: true, units: 900 }), { key: 'second', metrics: { primary: 'bought', guardrails }, analysis: { nStar: 900 } }));
  await until(() => shown(s, 'second'), (e) => e.state === 'running');
  const arms = (await ask(s, 1600)).map(({ body }, i) => ({ id: `visitor-${i}`, in: body.metadata?.experiment, variant: body.variant })).filter((v) => v.in);
  const batch = arms.filter((v, i) => v.variant === 'top' && i % 2).map((v) => ({ type: 'track', event: 'Complained', userId: v.id, messageId: v.id }));
  assert.equal((await s.post('/v1/batch', { batch })).status, 202);
  await until(() => steps(s, 'second'), (x) => x.some((a) => a.action === 'guardrail'));
  await ask(s, 2400); // enough units now, but harm is certain
  await sleep(900);
  assert.equal((await shown(s, 'second')).rampStep, 1);
});

test('a start that is refused is told once, and made when nothing stands against it any more', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s);
  await s.put('/admin/v1/experiments/second', draft({ start: ahead(0) }, { key: 'second' }));
  const [row] = await until(() => steps(s, 'second'), (x) => x.length > 0);
  assert.equal(row.action, 'refused');
  assert.match(row.note, /poll-trial/);
  await s.patch('/admin/v1/features/product-poll', { name: 'Another name' });
  await sleep(200);
  assert.equal((await steps(s, 'second')).length, 1);
  await s.post('/admin/v1/experiments/poll-trial/conclude', { outcome: 'rollback' });
  assert.equal((await until(() => shown(s, 'second'), (e) => e.state === 'running')).state, 'running');
});

// 600 visitors an arm; of every hundred under `top`, `harmed` complain, of those under `off`, `usual`.
async function complaints(s, usual, harmed) {
  const at = '2021-02-01T00:00:00Z', batch = [];
  for (let i = 0; i < 1200; i++) {
    const variant = i % 2 ? 'top' : 'off', rate = variant === 'top' ? harmed : usual;
    batch.push({ type: 'track', event: 'Experiment Viewed', userId: `c${i}`, messageId: `v${i}`, timestamp: at,
      properties: { experiment_id: 'poll-trial', variation_id: variant } });
    if ((i >> 1) % 100 < rate) batch.push({ type: 'track', event: 'Complained', userId: `c${i}`, messageId: `c${i}`, timestamp: at });
  }
  assert.equal((await s.post('/v1/batch', { batch })).status, 202);
}
async function guarded(s, action) {
  await s.put('/admin/v1/metrics/complaints', { key: 'complaints', kind: 'conversion', event: 'Complained', better: 'lower' });
  await trial(s, { assignment: 'external', traffic: undefined,
    metrics: { primary: 'bought', guardrails: [{ metric: 'complaints', harm: 'increase', margin: 0.05, action }] },
    analysis: { method: 'sequential', alpha: 0.05, nStar: 1200 } }, { at: '2021-01-01T00:00:00Z' });
}
test('a guardrail that is sure of harm rolls the experiment back by itself, and leaves its evidence', async (t) => {
  const s = await Server.start({ args: often });
  t.after(() => s.stop());
  await guarded(s, 'rollback');
  await s.patch('/admin/v1/features/product-poll', { default: { serve: 'top' } });
  await complaints(s, 5, 30);
  const ended = await inState(s, 'concluded');
  assert.equal(ended.outcome, 'rollback');
  assert.match(ended.outcomeNote, /`top` does harm: `complaints` is worse than under `off` by 0\.25/);
  const feature = (await s.get('/admin/v1/features/product-poll')).body;
  assert.deepEqual(feature.default, { serve: 'off' });
  const rows = await steps(s);
  assert.deepEqual(rows.map((a) => a.action), ['guardrail', 'conclude']);
  const evidence = rows[0].after;
  assert.equal(evidence.metric, 'complaints');
  assert.equal(evidence.variant, 'top');
  assert.equal(evidence.margin, 0.05);
  assert.equal(evidence.n, 1200);
  assert.ok(Math.abs(evidence.estimate - 0.25) < 1e-9);
  assert.ok(evidence.bound > 0.05 && evidence.bound < 0.25);
});

test('harm that shows while windows run out is rolled back too', async (t) => {
  const s = await Server.start({ args: often });
  t.after(() => s.stop());
  await guarded(s, 'rollback');
  await s.patch('/admin/v1/experiments/poll-trial', { schedule: { end: '2021-03-01T00:00:00Z' } });
  await inState(s, 'maturing');
  await complaints(s, 5, 30);
  assert.equal((await inState(s, 'concluded')).outcome, 'rollback');
});

test('a guardrail that is not sure, or whose harm is at its margin, leaves the experiment running', async (t) => {
  const s = await Server.start({ args: often });
  t.after(() => s.stop());
  await guarded(s, 'rollback');
  await complaints(s, 5, 10);
  await s.results('poll-trial', (r) => r.variants[0].units === 600 && r.variants[1].units === 600);
  await sleep(700);
  assert.equal((await shown(s)).state, 'running');
  assert.deepEqual(await steps(s), []);
});

test('a guardrail may only pause, or only warn, and does not say the same twice', async (t) => {
  const s = await Server.start({ args: often });
  t.after(() => s.stop());
  await guarded(s, 'warn');
  await complaints(s, 5, 30);
  await until(() => steps(s), (x) => x.length > 0);
  await sleep(700);
  assert.deepEqual((await steps(s)).map((a) => a.action), ['guardrail']);
  assert.equal((await shown(s)).state, 'running');
  await s.patch('/admin/v1/experiments/poll-trial', { metrics: { primary: 'bought', guardrails: [{ metric: 'complaints', harm: 'increase', margin: 0.05, action: 'pause' }] } });
  await inState(s, 'paused');
  assert.deepEqual((await steps(s)).map((a) => a.action), ['guardrail', 'guardrail', 'pause']);
});

test('a dry run says what would be done and does nothing', async (t) => {
  const s = await Server.start({ args: [...often, '--steer.dry-run'] });
  t.after(() => s.stop());
  await guarded(s, 'rollback');
  await complaints(s, 5, 30);
  const [row] = await until(() => steps(s), (x) => x.length > 0);
  assert.match(row.note, /rollback \(dry run/);
  await sleep(500);
  assert.equal((await shown(s)).state, 'running');
});

test('features that nobody took care of are listed with the reason', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s);
  await s.put('/admin/v1/features/tidy', poll({ key: 'tidy', reviewBy: '2999-01-01' }));
  await s.put('/admin/v1/features/old', poll({ key: 'old', reviewBy: '2020-01-01' }));
  const stale = async (query = '') => (await s.get(`/admin/v1/stale${query}`)).body;
  assert.deepEqual((await stale()).items.map((f) => [f.key, f.reasons]), [['old', ['review-overdue']]]);
  await s.patch('/admin/v1/experiments/poll-trial', { schedule: { end: new Date().toISOString() } });
  await inState(s, 'maturing');
  assert.deepEqual((await stale()).items[1], { key: 'product-poll', stage: 'trial', experiment: 'poll-trial', reasons: ['experiment-over'],
    next: ['All windows have run out: conclude the trial.'] });
  await s.post('/admin/v1/experiments/poll-trial/conclude', { outcome: 'rollback' });
  assert.deepEqual((await stale()).items.map((f) => f.reasons), [['review-overdue'], ['trial-without-experiment']]);
  const first = await stale('?limit=1');
  assert.deepEqual([first.items.length, first.next], [1, 'old']);
  assert.deepEqual((await stale(`?limit=1&cursor=${first.next}`)).items.map((f) => f.key), ['product-poll']);
});
