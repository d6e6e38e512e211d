// What conversations measure, as figures of any trial and as guardrails that end one.
import test from 'node:test';
import assert from 'node:assert/strict';
import { asShopper } from './harness.mjs';
import { until } from './listen.mjs';
import { STAFF, start } from './talking.mjs';

const mean = (figures, key, arm = 'on') => figures.metrics?.find(({ metric }) => metric === key)?.variants.find(({ variant }) => variant === arm)?.mean;

// A trial that has nothing to do with talking.
async function banner(s, metrics, weights, more = {}) {
  await s.put('/admin/v1/features/banner', { key: 'banner', type: 'string', variants: { off: { value: 'off' }, on: { value: 'on' } }, off: 'off', default: { serve: 'off' } });
  const made = await s.put('/admin/v1/experiments/banner-trial', { key: 'banner-trial', feature: 'banner', control: 'off', weights, metrics, mde: 0.05, ...more });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal((await s.post('/admin/v1/experiments/banner-trial/start', {})).status, 200);
}

test('what conversations measure are figures of any trial', async (t) => {
  const { s, mine } = await start(t);
  const metrics = ['talk-answered', 'talk-unanswered', 'talk-first-answer', 'talk-first-answer-p90', 'talk-canned', 'talk-complaint', 'talk-opt-out'];
  for (const key of metrics) assert.equal((await s.get(`/admin/v1/metrics/${key}`)).body.origin, 'plugin:conversations', key);
  await banner(s, { primary: 'talk-started', secondary: ['talk-answered', 'talk-first-answer', 'talk-canned'],
    guardrails: [{ metric: 'talk-unanswered', harm: 'increase', margin: 0.1, action: 'warn' }] }, { off: 0.0001, on: 999 });
  const words = 'Thank you for your message, we look into it and come back to you very soon.';
  for (let i = 0; i < 6; i++) {
    await s.evaluate('banner', `c-${i}`);
    const id = await mine(`c-${i}`).write('A question');
    if (i < 4) assert.equal((await s.post(`${STAFF}/threads/c-${i}/reply`, { inReplyTo: id, body: words })).status, 201);
  }
  for (let i = 0; i < 6; i++) assert.equal((await s.post(`${STAFF}/threads/c-${i}/push`, { body: 'A broadcast' })).status, 201);
  const figures = await s.results('banner-trial', (f) => mean(f, 'talk-started') === 1 && mean(f, 'talk-canned') === 1 && Math.abs(mean(f, 'talk-answered') - 4 / 6) < 1e-9);
  assert.equal(mean(figures, 'talk-started'), 1);
  assert.ok(Math.abs(mean(figures, 'talk-answered') - 4 / 6) < 1e-9, 'four of six; the broadcasts are neither');
  assert.equal(mean(figures, 'talk-canned'), 1);
  assert.equal(mean(figures, 'talk-unanswered'), 0);
  assert.ok(mean(figures, 'talk-first-answer') >= 0);
});

test('an answer that came back is none, until there is another', async (t) => {
  const { s } = await start(t);
  await banner(s, { primary: 'talk-started', secondary: ['talk-answered', 'talk-first-answer', 'talk-unanswered'] }, { off: 0.0001, on: 999 });
  const ids = [];
  for (let i = 0; i < 4; i++) {
    await s.evaluate('banner', `c-${i}`);
    ids.push((await s.post(`${STAFF}/inbound`, { id: `<${i}@mail>`, channel: 'email', customer: `c-${i}`, from: `c-${i}@mail.example`, body: 'A question' })).body.id);
    assert.equal((await s.post(`${STAFF}/threads/c-${i}/reply`, { inReplyTo: ids[i], body: 'An answer' })).body.delivery, 'allowed');
  }
  const answered = (share) => s.results('banner-trial', (f) => Math.abs(mean(f, 'talk-answered') - share) < 1e-9);
  await answered(1);
  const { items } = (await s.get(`${STAFF}/outbound`)).body;
  assert.equal((await s.put(`${STAFF}/outbound/${items[0].id}`, { state: 'bounced', detail: '550 no such mailbox' })).status, 200);
  const figures = await answered(0.75);
  assert.equal(mean(figures, 'talk-unanswered'), 0, 'her time is not up yet');
  assert.ok(mean(figures, 'talk-first-answer') >= 0, 'what she waited for it is taken back as well');
  assert.deepEqual((await s.get(`${STAFF}/inbox?status=open`)).body.items.map(({ thread }) => thread.customer), ['c-0']);
  assert.equal((await s.post(`${STAFF}/threads/c-0/reply`, { inReplyTo: ids[0], body: 'On the web, then', channel: 'web' })).status, 201);
  await answered(1);
});

test('answers of before they were counted weigh nothing, on neither side', async (t) => {
  const { s } = await start(t);
  await banner(s, { primary: 'talk-first-answer' }, { off: 0.0001, on: 999 });
  await s.evaluate('banner', 'c-0');
  await new Promise((r) => setTimeout(r, 20));
  for (const [i, properties] of [{ seconds: 1000 }, { seconds: 10, count: 1 }, { seconds: 20, count: 1 }].entries())
    assert.ok((await s.post('/v1/track', { userId: 'c-0', event: 'First Answer', messageId: `m-${i}`, properties })).status < 300);
  const sums = ({ metrics: [metric] }) => metric?.variants.filter(({ variant }) => variant === 'on').map(({ sum, denominator }) => [sum, denominator])[0];
  assert.deepEqual(sums(await s.results('banner-trial', (f) => sums(f)?.[1] === 2)), [30, 2]);
});

test('an opt-out, wherever she says it, is a figure of any trial', async (t) => {
  const { s } = await start(t);
  await banner(s, { primary: 'talk-opt-out' }, { off: 0.0001, on: 999 });
  const prefer = (who, body) => s.put('/v1/me/preferences', body, asShopper(who));
  for (let i = 0; i < 5; i++) await s.evaluate('banner', `c-${i}`);
  for (const [i, wish] of [{ pushes: false }, { muted: ['talk'] }, { channels: { email: false } }, { consent: { marketing: false } }, { consent: { marketing: true }, perDay: 2 }].entries())
    for (let again = 0; again < 2; again++) assert.equal((await prefer(`c-${i}`, wish)).status, 200);
  await prefer('c-0', { pushes: true });
  const figures = await s.results('banner-trial', (f) => mean(f, 'talk-opt-out') === 0.8);
  assert.equal(mean(figures, 'talk-opt-out'), 0.8, 'four refused something; who agreed is none of them');
  const told = async (who) => (await s.get(`/admin/v1/customers/${who}/timeline`)).body.items?.map(({ body }) => body);
  await until(async () => (await told('c-0'))?.length === 2);
  assert.deepEqual(await told('c-0'), ['Opted In', 'Opted Out'], 'the same wish again is no event');
});

test('messages that nobody answers end the trial that brings them', async (t) => {
  const { s, mine } = await start(t, { args: ['--steer.checkpoint', '200ms'] });
  await banner(s, { primary: 'talk-started', guardrails: [{ metric: 'talk-unanswered', harm: 'increase', margin: 0.2, action: 'rollback' }] },
    { off: 50, on: 50 }, { analysis: { method: 'sequential', alpha: 0.05, nStar: 300 } });
  const closed = []; // of each under the banner, in their order
  for (let i = 0; i < 300; i++) {
    const arm = (await s.evaluate('banner', `c-${i}`)).body.variant;
    if (arm === 'on') closed.push(i % 5 > 0);
    const id = await mine(`c-${i}`).write('A question');
    // Under the banner four of five are closed without a word; everybody else gets an answer of her own.
    if (arm === 'on' && i % 5) await s.put(`${STAFF}/threads/c-${i}/status`, { status: 'closed' });
    else await s.post(`${STAFF}/threads/c-${i}/reply`, { inReplyTo: id, body: `Yes, ${i}` });
  }
  const shown = async () => (await s.get('/admin/v1/experiments/banner-trial')).body;
  await until(async () => (await shown()).state === 'concluded');
  const ended = await shown();
  assert.equal(ended.outcome, 'rollback');
  assert.match(ended.outcomeNote, /`on` does harm: `talk-unanswered` is worse than under `off`/);
  const figures = await s.results('banner-trial');
  // It may end before many have come: between somebody's exposure, her message, and its being closed. Of the messages that were in, just those are
  // unanswered that were closed without a word.
  const { units } = figures.variants.find((v) => v.key === 'on'), told = (n) => closed.slice(0, n).filter(Boolean).length;
  const ends = [told(units) / units, told(units - 1) / (units - 1), ...(closed[units - 1] ? [(told(units) - 1) / units] : [])];
  assert.ok(ends.some((share) => Math.abs(share - mean(figures, 'talk-unanswered')) < 1e-12), `${mean(figures, 'talk-unanswered')} is none of ${ends}`);
  assert.equal(mean(figures, 'talk-unanswered', 'off'), 0);
});
