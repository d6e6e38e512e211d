// Old journal files are dropped, but not one that a running experiment needs; a concluded one keeps its figures, frozen.
import test from 'node:test';
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Server, trial } from './harness.mjs';
import { until } from './listen.mjs';
import { parley } from './parley.mjs';

const args = ['--journal.file-size', '1M', '--journal.retention', '2s', '--measure.checkpoint', '100ms'];
const fill = (s, n, from) => s.post('/v1/batch', { batch: Array.from({ length: 1000 }, (_, i) => ({ type: 'track', userId: `f${i}`, event: 'Filler', messageId: `${from}-${n}-${i}`, properties: { text: 'x'.repeat(1000) } })) });
const files = (s) => readdirSync(join(s.data, 'journal')).filter((name) => name.endsWith('.db')).sort();

test('retention', async (t) => {
  const s = await Server.start({ args });
  t.after(() => s.stop());
  await trial(s);
  for (let i = 0; i < 40; i++) await s.evaluate('product-poll', `u${i}`);
  await s.post('/v1/batch', { batch: [
    { type: 'identify', userId: 'u1', anonymousId: 'a1' },
    ...Array.from({ length: 40 }, (_, i) => ({ type: 'track', userId: `u${i}`, event: 'Order Completed', messageId: `o${i}`, properties: { order_id: `${i}`, revenue: i } }))] });
  const figures = (r) => [r.variants.map((v) => [v.key, v.units]), r.metrics.map((m) => [m.metric, m.variants.map((v) => [v.n, v.sum, v.variance])])];
  const spend = (r) => r.metrics.find((m) => m.metric === 'spend').variants.reduce((n, v) => n + v.sum, 0);
  const before = figures(await s.results('poll-trial', (r) => spend(r) === 780));

  const again = async () => figures(await s.results('poll-trial', (r) => isDeepStrictEqual(figures(r), before)));

  await t.test('what a running experiment needs stays', async () => {
    for (let n = 0; n < 4; n++) await fill(s, n, 'a');
    assert.ok(files(s).length >= 3);
    await new Promise((r) => setTimeout(r, 4500));
    assert.equal(files(s)[0], '00000001.db');
    const metrics = (await s.get('/metrics')).body;
    assert.match(metrics, /parley_journal_dropped_files_total 0/);
    assert.ok(Number(/parley_journal_kept_files (\d+)/.exec(metrics)[1]) >= 2, 'it is said that they stay');
    assert.match(s.log, /msg="old journal files stay: an experiment needs them" files=\d+ experiment=poll-trial/);
    const { files: there } = JSON.parse((await parley(s.url, ['journal', 'stats', s.data])).out);
    assert.deepEqual(there.map((f) => `${String(f.file).padStart(8, '0')}.db`), files(s));
    assert.ok(there.every((f, i) => f.firstSeq === (i ? there[i - 1].firstSeq + there[i - 1].rows : 1) && f.bytes > 0 && f.lastReceived));
  });

  await t.test('a concluded experiment lets go of it and keeps its figures', async () => {
    await s.post('/admin/v1/experiments/poll-trial/conclude', { outcome: 'rollback', note: 'over' });
    await until(() => files(s).length === 1, 'all but one are dropped');
    for (const words of ['an old journal file was dropped', 'a concluded experiment is frozen']) await until(() => s.log.includes(words), words);
    await until(async () => Number(/parley_journal_dropped_files_total (\d+)/.exec((await s.get('/metrics')).body)[1]) >= 3, 'they are counted');
    await until(async () => /parley_journal_kept_files 0/.test((await s.get('/metrics')).body), 'none stays that is old');
    assert.deepEqual(await again(), before);
    const proof = (await s.post('/admin/v1/experiments/poll-trial/verify')).body;
    assert.deepEqual([proof.same, proof.units, proof.residual.units], [true, 0, 40]);
  });

  await t.test('over a kill -9 and a clean restart too', async () => {
    for (const signal of ['SIGKILL', 'SIGTERM']) {
      await s.kill(signal);
      await s.up();
      assert.deepEqual(await again(), before, signal);
    }
    assert.equal((await parley(s.url, ['journal', 'verify', s.data])).code, 0);
  });

  await t.test('an experiment that begins later is exact although rows before it are gone', async () => {
    await s.put('/admin/v1/experiments/second', { key: 'second', feature: 'product-poll', control: 'off', weights: { off: 50, top: 50 }, metrics: { primary: 'bought', secondary: ['spend'] } });
    assert.equal((await s.post('/admin/v1/experiments/second/start', {})).status, 200);
    for (let i = 0; i < 20; i++) await s.evaluate('product-poll', i ? `w${i}` : 'a1');
    await s.post('/v1/batch', { batch: [{ type: 'track', userId: 'u1', event: 'Order Completed', properties: { order_id: 'new', revenue: 5 } }, { type: 'track', userId: 'u1', event: 'Order Completed', properties: { order_id: '1', revenue: 5 } }] });
    const r = await s.results('second', (r) => spend(r) === 5 && r.variants.reduce((n, v) => n + v.units, 0) === 20);
    assert.equal(spend(r), 5, 'order 1 was told in a file that is gone, and a1 is still u1');
    assert.equal((await s.post('/admin/v1/experiments/second/verify')).body.same, true);
  });
});
