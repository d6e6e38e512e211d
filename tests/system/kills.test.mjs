// kill -9 at random moments under load. Whatever was acknowledged is in the journal, once; figures are those of a recomputation, by
// the server from the journal and by this test from what it sent. KILLS says how many; tools/kill-test 200 is the long run.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ADMIN, Server, trial } from './harness.mjs';
import { until } from './listen.mjs';

const KILLS = Number(process.env.KILLS ?? 20), SENDERS = 6, UNITS = 400;

test(`${KILLS} kills under load`, async (t) => {
  const s = await Server.start({ args: ['--measure.checkpoint', '300ms', '--journal.file-size', '2M'] });
  t.after(() => s.stop());
  await trial(s, {}, { at: new Date(Date.now() - 60_000).toISOString() });
  const variant = new Map();
  for (let i = 0; i < UNITS; i++) variant.set(`u${i}`, (await s.evaluate('product-poll', `u${i}`)).body.variant);
  await s.post('/v1/track', { userId: 'u0', event: 'Settled' }); // acknowledged after them, so they are durable too

  const acknowledged = new Map(); // messageId -> { unit, revenue }
  const sent = new Set();
  let stopping = false, made = 0, retries = 0;
  const batch = () => Array.from({ length: 40 }, () => {
    const id = `m${made++}`;
    return { type: 'track', userId: `u${made * 7919 % UNITS}`, event: 'Order Completed', messageId: id, properties: { order_id: id, revenue: (made % 1000) / 100 } };
  });
  // What was not acknowledged is sent again, as a client must: it counts once, whether it was kept or not.
  async function sender() {
    while (!stopping) {
      const events = batch();
      for (const e of events) sent.add(e.messageId);
      for (let taken = false; !taken && !stopping;) {
        try {
          const answer = await fetch(`${s.url}/v1/batch`, { method: 'POST', headers: { authorization: `Bearer ${ADMIN}` }, body: JSON.stringify({ batch: events }) });
          const body = answer.status === 202 ? await answer.json() : (await answer.text(), null);
          taken = body !== null && body.accepted + body.duplicates === events.length;
        } catch { /* it was killed */ }
        if (taken) for (const e of events) acknowledged.set(e.messageId, { unit: e.userId, revenue: e.properties.revenue });
        else { retries++; await new Promise((r) => setTimeout(r, 10)); }
      }
      await new Promise((r) => setTimeout(r, KILLS / 5)); // each start reads the journal: a long run must not drown in it
    }
  }
  const senders = Array.from({ length: SENDERS }, sender);
  for (let k = 0; k < KILLS; k++) {
    await new Promise((r) => setTimeout(r, Math.random() * 400));
    await s.kill('SIGKILL');
    await s.up();
  }
  await until(() => acknowledged.size > KILLS * 40, `${KILLS * 40} acknowledged events`);
  stopping = true;
  await Promise.all(senders);
  t.diagnostic(`${acknowledged.size} acknowledged, ${retries} requests repeated`);

  const folder = join(s.data, 'journal');
  const kept = new Map();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.db')))
    for (const line of execFileSync('sqlite3', [join(folder, file), "SELECT message_id, unit, json_extract(body, '$.properties.revenue') FROM journal WHERE name = 'Order Completed'"], { encoding: 'utf8', maxBuffer: 1 << 28 }).split('\n').filter(Boolean)) {
      const [id, unit, revenue] = line.split('|');
      assert.ok(!kept.has(id), `${id} is there twice`);
      kept.set(id, { unit, revenue: Number(revenue) });
    }

  await t.test('every acknowledged event is in the journal exactly once', () => {
    for (const [id, { unit, revenue }] of acknowledged) assert.deepEqual(kept.get(id), { unit, revenue }, id);
    for (const id of kept.keys()) assert.ok(sent.has(id), id);
  });

  await t.test('figures are those of what is in the journal', async () => {
    const sums = {};
    for (const { unit, revenue } of kept.values()) sums[variant.get(unit)] = (sums[variant.get(unit)] ?? 0) + Math.round(revenue * 100);
    const cents = (r, key) => Math.round(r.metrics.find((m) => m.metric === 'spend').variants.find((v) => v.variant === key).sum * 100);
    const r = await s.results('poll-trial', (r) => r.complete && Object.keys(sums).every((key) => cents(r, key) === sums[key]));
    for (const key of Object.keys(sums)) assert.equal(cents(r, key), sums[key], key);
    assert.equal(r.variants.reduce((n, v) => n + v.units, 0), UNITS);
  });

  await t.test('and those that the server computes again, bit for bit', async () => {
    const { status, body } = await s.post('/admin/v1/experiments/poll-trial/verify');
    assert.equal(status, 200);
    assert.deepEqual([body.same, body.different, body.units], [true, 0, UNITS]);
  });
});
