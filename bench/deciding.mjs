// Deciding: flags over HTTP and in process, snapshots, lists, listeners; against nginx, Unleash and GrowthBook.
import { randomUUID } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { figure, median, k, load, loading, freePort, nginx, rss, peak, build } from './common.mjs';
import { Server, trial } from '../tests/system/harness.mjs';

// One flag a call against nginx with a fixed body, by turns: of a feature alone; of an experiment, for units that are in it; and for a new unit each
// time, whose exposure is recorded.
export async function http() {
  const s = await Server.start();
  await trial(s);
  const plain = await s.put('/admin/v1/features/plain', { key: 'plain', type: 'string', variants: { off: { value: 'off' }, top: { value: 'top' } }, off: 'off', default: { serve: 'off' },
    rules: [{ id: 'germans', if: { '==': [{ var: 'country' }, 'DE'] }, serve: 'top' }] });
  if (plain.status > 299) throw new Error(JSON.stringify(plain.body));
  const fixed = await nginx(JSON.stringify((await s.evaluate('product-poll', 'x')).body).replaceAll("'", ''));
  const flag = (key, how) => load(s.port, 'POST', `/ofrep/v1/evaluate/flags/${key}`, { body: '{"context":{"targetingKey":"user-{n}","country":"DE"}}', ...how });
  const met = { offset: 9e9, requests: 250000, seconds: 60 };
  const kinds = {
    alone: ['a feature without an experiment', 0.75, () => flag('plain', {})],
    met: ['an experiment, units that are in it', 0.75, () => flag('product-poll', met)],
    fresh: ['a new unit each time, exposures recorded', 0.6, (i) => flag('product-poll', { offset: (i + 1) * 1e8 })],
  };
  const rates = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []])), theirs = [];
  flag('product-poll', met);
  for (let i = 0; i < 5; i++) {
    await new Promise((r) => setTimeout(r, 1500)); // what came before is taken in
    theirs.push(load(fixed.port, 'POST', '/', { body: '{"context":{"targetingKey":"user-{n}","country":"DE"}}' }).rate);
    for (const [kind, [, , burst]] of Object.entries(kinds)) {
      const ours = burst(i);
      if (ours.failures) throw new Error(`${ours.failures} evaluations failed with ${ours.firstFailure}`);
      rates[kind].push(ours.rate);
    }
  }
  for (const [kind, [what, target]] of Object.entries(kinds))
    figure(`one flag over HTTP against nginx with a fixed body: ${what}`, median(rates[kind].map((rate, i) => rate / theirs[i])), target, `${k(median(rates[kind]))} against ${k(median(theirs))}`);
  fixed.stop();
  await s.stop();
}

// Many experiments in one call: Parley's bulk evaluation against the frontend API of unleash-server, the same experiments in both.
async function experiments(n, args = []) {
  const s = await Server.start({ args });
  for (let i = 0; i < n; i++) {
    await s.put(`/admin/v1/features/feature-${i}`, { key: `feature-${i}`, type: 'string', variants: { off: { value: 'off' }, top: { value: 'top' } }, off: 'off', default: { serve: 'off' } });
    await s.put(`/admin/v1/experiments/trial-${i}`, { key: `trial-${i}`, feature: `feature-${i}`, control: 'off', weights: { off: 50, top: 50 }, audience: { '==': [{ var: 'country' }, 'DE'] } });
    const started = await s.post(`/admin/v1/experiments/trial-${i}/start`);
    if (started.status !== 200) throw new Error(JSON.stringify(started.body));
  }
  return s;
}

export async function many() {
  const body = '{"context":{"targetingKey":"user-{n}","country":"DE"}}', path = '/ofrep/v1/evaluate/flags';
  const five = await experiments(5), fives = Array.from({ length: 3 }, () => load(five.port, 'POST', path, { body }).rate);
  figure('5 experiments a call, calls a second, of 39,000', median(fives) / 39000, 1, k(median(fives)));
  await five.stop();
  const { unleash } = await import('./peers/unleash.mjs');
  const ours = await experiments(20), theirs = await unleash(20, freePort), rates = [], peers = [], ratios = [];
  for (let i = 0; i < 3; i++) {
    const a = load(ours.port, 'POST', path, { body });
    const b = load(theirs.port, 'GET', '/api/frontend?userId=user-{n}&properties%5Bcountry%5D=DE', { headers: { Authorization: theirs.token } });
    if (a.failures || b.failures) throw new Error(`${a.failures} and ${b.failures} calls failed`);
    rates.push(a.rate); peers.push(b.rate); ratios.push(a.rate / b.rate);
  }
  figure('20 experiments a call, against unleash-server with PostgreSQL', median(ratios), 20, `${k(median(rates))} against ${k(median(peers))}`);
  figure('20 experiments a call, calls a second, of 15,000', median(rates) / 15000, 1, k(median(rates)));
  await ours.stop();
  await theirs.stop();
}

// One loop against two. Calls of 400 experiments, so that the server works and the generator hardly does: there are as many cores as loops, and
// what it takes of them the second loop does not have. Few connections, kept: a shop's back end.
export async function loops() {
  const one = await experiments(400), two = await experiments(400, ['--loops', '2']), ratios = [], rates = [[], []], shares = [[], []];
  const burst = (s) => load(s.port, 'POST', '/ofrep/v1/evaluate/flags', { body: '{"context":{"targetingKey":"user-1","country":"DE"}}', connections: 16 });
  for (let i = 0; i < 5; i++) {
    const found = [burst(one), burst(two)];
    if (found.some((f) => f.failures)) throw new Error('calls failed');
    found.forEach((f, k) => { rates[k].push(f.rate); shares[k].push(f.share); });
    ratios.push(found[1].rate / found[0].rate);
  }
  const share = (list) => `${(100 * median(list)).toFixed(0)} %`;
  figure('two loops against one, calls of 400 experiments over 16 connections', median(ratios), 1.5,
    `${k(median(rates[1]))} against ${k(median(rates[0]))}; the generator took ${share(shares[1])} of a core, and ${share(shares[0])}`);
  const answers = [...(await two.get('/metrics')).body.matchAll(/^parley_loop_answers_total\{loop="\d"\} (\d+)/gm)].map((m) => Number(m[1]));
  figure('the loop that answered less, against the other', Math.min(...answers) / Math.max(...answers), 0.8, answers.join(' and '));
  await one.stop();
  await two.stop();
}

export async function toggles() {
  const { toggles: measure } = await import('../tests/clients/toggles.mjs');
  const s = await Server.start({ args: ['--streams.heartbeat', '100ms'] });
  await s.put('/admin/v1/features/a-boolean', { key: 'a-boolean', type: 'boolean', variants: { on: { value: true }, off: { value: false } }, off: 'off', default: { serve: 'on' } });
  const { client, raw } = await measure(s, 'a-boolean', 200);
  figure('200 toggles to an OpenFeature web client, p99 of 100 ms', 100 / client.p99, 1, `${client.p99.toFixed(1)} ms, median ${client.median.toFixed(1)} ms`);
  figure('200 toggles to a raw listener, p99 of 20 ms', 20 / raw.p99, 1, `${raw.p99.toFixed(1)} ms, median ${raw.median.toFixed(1)} ms`);
  await s.stop();
}

// 10,000 features with as many experiments, changed again and again while one of them is asked for.
export async function snapshots() {
  const s = await Server.start(), n = 10000;
  const definitions = Array.from({ length: n }, (_, i) => [
    { kind: 'feature', body: { key: `feature-${i}`, type: 'string', variants: { off: { value: 'off' }, top: { value: 'top' } }, off: 'off', default: { serve: 'off' } } },
    { kind: 'experiment', body: { key: `trial-${i}`, feature: `feature-${i}`, control: 'off', weights: { off: 50, top: 50 }, audience: { '==': [{ var: 'country' }, 'DE'] } } }]).flat();
  const applied = await s.post('/admin/v1/apply', { definitions });
  if (applied.status !== 200) throw new Error(JSON.stringify(applied.body));
  const ask = (how) => how(s.port, 'POST', '/ofrep/v1/evaluate/flags/feature-1', { body: '{"context":{"targetingKey":"user-{n}","country":"DE"}}', connections: 1, seconds: 10 });
  const swaps = async () => Object.fromEntries([...(await s.get('/metrics')).body.matchAll(/^parley_snapshot_swap_seconds_(?:bucket\{le="(\S+)"\}|(sum|count)) (\S+)$/gm)].map(([, le, name, value]) => [le ?? name, Number(value)]));
  const before = ask(load), first = await swaps(), under = ask(loading), times = [];
  for (let ended = false, i = 0; !ended; i++) {
    const began = performance.now(), answer = await s.post(`/admin/v1/features/feature-2/${i % 2 ? 'unkill' : 'kill'}`);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    times.push(performance.now() - began);
    ended = await Promise.race([under.then(() => true), new Promise((r) => setTimeout(r, 20))]);
  }
  const during = await under, last = await swaps(), many = last.count - first.count;
  if (before.failures || during.failures || many < 20) throw new Error(`${before.failures} and ${during.failures} requests failed, ${many} swaps`);
  const within = Object.keys(last).filter(Number).map(Number).sort((a, b) => a - b).find((le) => last[le] - first[le] >= 0.95 * many);
  figure('a new snapshot of 10,000 features and as many experiments holds the loop, p95 of 1 ms', 0.001024 / within, 1,
    `under ${(within * 1000).toFixed(2)} ms, mean ${((last.sum - first.sum) / many * 1000).toFixed(2)} ms over ${many} swaps; a change is answered after ${median(times).toFixed(0)} ms`);
  figure('p99 of an evaluation while they are swapped, within twice of what it was before', 2 * before.p99ms / during.p99ms, 1,
    `${before.p99ms} → ${during.p99ms} ms; the longest ${before.maxms} → ${during.maxms} ms`);
  await s.stop();
}

// A million ids, 37 MB of UUIDs, put into a segment: the most that the server takes more than before while it reads them, and then.
export async function lists() {
  const s = await Server.start(), ids = Array.from({ length: 1e6 }, () => randomUUID()).join('\n'), before = rss(s.process.pid);
  await s.put('/admin/v1/segments/many', { list: {} });
  writeFileSync(`/proc/${s.process.pid}/clear_refs`, '5'); // the peak is measured from here
  const began = performance.now(), answer = await s.put('/admin/v1/segments/many/ids', ids, { 'content-type': 'text/plain' }), took = performance.now() - began;
  if (answer.body.list?.count !== 1e6) throw new Error(JSON.stringify(answer.body));
  const most = peak(s.process.pid) - before, stays = rss(s.process.pid) - before;
  figure('a million ids uploaded, the most memory meanwhile, of 64 MB', 64 / (most * 1.048576), 1, `${(most * 1.048576).toFixed(0)} MB, ${(stays * 1.048576).toFixed(0)} MB afterwards; ${took.toFixed(0)} ms`);
  await s.stop();
}

// One experiment with one condition, in process, in each peer's own language.
export function peers() {
  const ours = Number(/condition, fresh +(\S+) ns/.exec(execFileSync(join(build, 'bench', 'bench-decide'), ['deciding'], { encoding: 'utf8' }))[1]);
  const theirs = JSON.parse(execFileSync(process.execPath, [join(import.meta.dirname, 'peers', 'in-process.mjs')], { encoding: 'utf8' }));
  const us = (ns) => `${(ns / 1000).toFixed(2)} µs`;
  figure('an experiment with one condition in process, of 0.2 µs', 200 / ours, 1, us(ours));
  figure('the same, against unleash-client', theirs.unleash / ours, 10, us(theirs.unleash));
  figure('the same, against @growthbook/growthbook, its client for many users', theirs.growthbook.client / ours, 40, us(theirs.growthbook.client));
  figure('the same, an instance of it for each user', theirs.growthbook.instance / ours, 40, us(theirs.growthbook.instance));
}
