// Keeping and measuring: events, results, recovery, timelines; what a server takes when nothing happens.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { figure, median, k, load, poll, rss, build } from './common.mjs';
import { Server, trial } from '../tests/system/harness.mjs';

// The same rows, 1,000 a transaction, synchronous=FULL: what SQLite alone can do here.
function rawSqlite() {
  const out = execFileSync(join(build, 'bench', 'bench-ingest'), { encoding: 'utf8' });
  process.stdout.write('      ' + out);
  return { raw: Number(/raw SQLite (\d+)/.exec(out)[1]), journal: Number(/ratio (\S+)/.exec(out)[1]) };
}

export async function ingest() {
  const s = await Server.start();
  await trial(s, { assignment: 'external', traffic: undefined }, { at: '2020-01-01T00:00:00Z' });
  const event = (i) => `{"type":"track","event":"Order Completed","userId":"user-{n}","messageId":"m{n}-${i}","timestamp":"2026-01-22T05:00:00Z","properties":{"order_id":"o{n}-${i}","revenue":19.99,"currency":"EUR"}}`;
  const body = `{"batch":[${Array.from({ length: 100 }, (_, i) => event(i)).join(',')}]}`;
  const ratios = [], rates = [];
  let raw, sent = 0;
  for (let i = 0; i < 3; i++) {
    const burst = load(s.port, 'POST', '/v1/batch', { body, connections: 16, offset: (i + 1) * 1e8, seconds: 3 });
    if (burst.failures) throw new Error(`${burst.failures} batches failed with ${burst.firstFailure}`);
    raw = rawSqlite();
    sent += burst.answers * 100;
    rates.push(burst.rate * 100);
    ratios.push(burst.rate * 100 / raw.raw);
  }
  figure('durable ingest over HTTP, batches of 100, against raw SQLite (FULL, 1,000 a transaction)', median(ratios), 0.5, `${k(median(rates))} against ${k(raw.raw)}`);

  // How long after the last 202 results know of it.
  const units = 100000, waits = [];
  for (let from = 0; from < units; from += 2000) {
    const batch = Array.from({ length: 2000 }, (_, i) => ({ type: 'track', event: 'Experiment Viewed', userId: `w${from + i}`, messageId: `w${from + i}`, timestamp: '2026-01-21T00:00:00Z', properties: { experiment_id: 'poll-trial', variation_id: i % 2 ? 'top' : 'off' } }));
    await s.post('/v1/batch', { batch });
  }
  const last = performance.now();
  await s.results('poll-trial', (r) => r.variants.reduce((n, v) => n + v.units, 0) === units);
  waits.push((performance.now() - last) / 1000);
  figure('results caught up after the last 202, of one second', 1 / Math.max(waits[0], 1e-3), 1, `${(waits[0] * 1000).toFixed(0)} ms for ${units} exposures, with ${sent} events before`);

  await s.stop();

  // One event a request, against an answer that nothing is done for; each from rest, when plugins and trends have read what came before.
  const calm = await Server.start();
  await trial(calm);
  const rest = async () => {
    while ((await calm.get('/admin/v1/plugins')).body.items.some((plugin) => plugin.events?.behind > 0)) await new Promise((r) => setTimeout(r, 100));
    await new Promise((r) => setTimeout(r, 1500));
  };
  const one = '{"event":"Order Completed","userId":"single-{n}","messageId":"s{n}","properties":{"order_id":"s{n}","revenue":5}}';
  const singles = [], plain = [];
  for (let i = 0; i < 5; i++) {
    await rest();
    plain.push(load(calm.port, 'GET', '/livez', { connections: 64, seconds: 2 }).rate);
    const burst = load(calm.port, 'POST', '/v1/track', { body: one, connections: 64, offset: (i + 1) * 1e8, seconds: 2 });
    if (burst.failures) throw new Error(`${burst.failures} events failed with ${burst.firstFailure}`);
    singles.push(burst.rate);
  }
  figure('durable single events, 64 connections, against static answers of the same server', median(singles.map((rate, i) => rate / plain[i])), 0.4, `${k(median(singles))} against ${k(median(plain))}`);
  await calm.stop();
}

// 10 million events of a million units in one experiment with three metrics and CUPED: memory, results, recovery.
export async function scale() {
  const s = await Server.start({ args: ['--journal.recognise-most', '1000000'] });
  for (const metric of [{ key: 'viewed', kind: 'count', event: 'Product Viewed' }, { key: 'paid', kind: 'mean', event: 'Product Viewed', value: 'price' }, { key: 'came', kind: 'conversion', event: 'Product Viewed' }])
    await s.put(`/admin/v1/metrics/${metric.key}`, metric);
  await trial(s, { assignment: 'external', traffic: undefined, metrics: { primary: 'paid', secondary: ['viewed', 'came'] }, analysis: { method: 'sequential', alpha: 0.05, nStar: 1000000, cuped: 'P14D' } }, { at: '2020-01-01T00:00:00Z' });
  const memory = () => rss(s.process.pid), gauge = async (name) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec((await s.get('/metrics')).body)[1]);
  const million = async (round, event, properties) => { // 10,000 requests with 100 units each, the same units in every round
    const item = (i) => `{"type":"track","event":"${event}","userId":"unit-{n}-${i}","messageId":"${round}-{n}-${i}","properties":${properties(i)}}`;
    const body = `{"batch":[${Array.from({ length: 100 }, (_, i) => item(i)).join(',')}]}`;
    for (let sent; sent?.failures !== 0;) { // what was refused because too much waited is sent again; the rest are duplicates
      sent = load(s.port, 'POST', '/v1/batch', { body, connections: 4, requests: 10000, seconds: 120 });
      if (sent.answers !== 10000 || ![0, 503].includes(sent.firstFailure)) throw new Error(`${sent.answers} batches answered, the first failure is ${sent.firstFailure}`);
    }
    while (await gauge('parley_measure_position') < (round + 1) * 1e6) await new Promise((r) => setTimeout(r, 50));
    return memory();
  };
  const empty = memory();
  const entered = await million(0, 'Experiment Viewed', (i) => `{"experiment_id":"poll-trial","variation_id":"${i % 2 ? 'top' : 'off'}"}`);
  const sizes = [];
  for (let round = 1; round <= 10; round++) sizes.push(await million(round, 'Product Viewed', (i) => `{"product_id":"p${i}","price":${i + round / 4}}`));
  const mean = (list) => list.reduce((sum, x) => sum + x, 0) / list.length;
  const growth = (mean(sizes.slice(7)) - mean(sizes.slice(2, 5))) / 5, unit = await gauge('parley_measure_unit_bytes') / 1e6;
  figure('memory of a unit in an experiment with three metrics and CUPED, of 200 bytes', 200 / unit, 1,
    `${unit.toFixed(0)} bytes; all that parleyd knows of it and its person, buffers included: ${((entered - empty) * 1.048576).toFixed(0)}`);
  figure('memory flat: growth for each million further events, of 2 MiB', 2 / Math.max(growth, 0.01), 1, `${growth.toFixed(1)} MiB; ${sizes.map((size) => size.toFixed(0)).join(' ')} MiB after each million`);

  const times = [];
  for (let i = 0; i < 100; i++) {
    const began = performance.now();
    const { body } = await s.get('/admin/v1/experiments/poll-trial/results');
    times.push(performance.now() - began);
    if (body.variants.reduce((n, v) => n + v.units, 0) !== 1e6) throw new Error(JSON.stringify(body.variants));
    await new Promise((r) => setTimeout(r, 20 + (i * 37) % 100));
  }
  figure('results of 10 million events and a million units over HTTP, of 5 ms', 5 / median(times), 1,
    `${median(times).toFixed(2)} ms; the first question ${times[0].toFixed(1)} ms, the slowest of the others ${Math.max(...times.slice(1)).toFixed(1)} ms`);

  await new Promise((r) => setTimeout(r, 11000)); // a checkpoint; then another million events, and the kill
  await million(11, 'Product Viewed', (i) => `{"product_id":"p${i}","price":${i}}`);
  await s.kill('SIGKILL');
  const began = performance.now();
  await s.up();
  while (await gauge('parley_measure_position') < 12e6) await new Promise((r) => setTimeout(r, 20));
  const took = (performance.now() - began) / 1000;
  figure('recovery of 12 million events after kill -9, up to a million of them behind the last checkpoint, of 10 s', 10 / took, 1, `${took.toFixed(1)} s until ready and caught up`);
  await s.stop();
}

export async function idle() {
  const s = await Server.start();
  const workers = execFileSync('pgrep', ['-P', String(s.process.pid)], { encoding: 'utf8' }).trim().split('\n').map(Number);
  await new Promise((r) => setTimeout(r, 1000));
  const own = rss(s.process.pid), worker = Math.max(...workers.map(rss));
  figure('idle memory of parleyd, of 30 MB', 30 / own, 1, `${own.toFixed(1)} MB`);
  figure('idle memory of a worker, of 8 MB', 8 / worker, 1, `${worker.toFixed(1)} MB`);
  await s.kill('SIGTERM');
  const times = [];
  for (let i = 0; i < 5; i++) {
    const began = performance.now();
    await s.up();
    times.push((performance.now() - began) / 1000);
    await s.kill('SIGTERM');
  }
  figure('start, until ready, of 0.3 s', 0.3 / median(times), 1, `${(median(times) * 1000).toFixed(0)} ms`);
  await s.stop();
}

// A page of 50 of a customer with 10,000 entries, over HTTP, the newest and the deepest pages alike.
export async function people() {
  const s = await Server.start();
  for (let k = 0; k < 5; k++)
    await s.post('/v1/batch', { batch: Array.from({ length: 2000 }, (_, i) => ({
      type: 'track', userId: 'busy', event: i % 3 ? 'Product Viewed' : 'Order Completed', properties: { name: 'Mug', product_id: `p${i}`, total: i / 10, currency: 'EUR' } })) });
  const times = [];
  for (let before = '', n = 0; before !== null; n++) {
    const began = performance.now();
    const { body } = await s.get(`/admin/v1/customers/busy/timeline?limit=50${before && `&before=${before}`}`);
    times.push(performance.now() - began);
    if (body.items.length !== 50) throw new Error(`page ${n} has ${body.items.length} entries`);
    before = body.next;
  }
  figure('a page of a timeline of 10,000 entries, of 2 ms', 2 / median(times), 1, `${median(times).toFixed(2)} ms, over all ${times.length} pages`);
  await s.stop();
}
