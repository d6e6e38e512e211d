// Hosting plugins: calls through workers, votes, swaps, pages, recommendations.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { figure, median, k, load, freePort, poll, voter, build } from './common.mjs';
import { Server, trial } from '../tests/system/harness.mjs';
import { install, activate, served } from '../tests/system/bundles.mjs';
import { prepare, swapUnderLoad } from '../tests/system/swapping.mjs';

// PostgreSQL in a folder of its own, as it comes: every commit waits for the disk. It will not run as root.
async function postgres() {
  const bin = '/usr/lib/postgresql/15/bin', dir = mkdtempSync(join(tmpdir(), 'parley-postgres-')), port = await freePort();
  const root = process.getuid() === 0;
  if (root) execFileSync('chown', ['postgres', dir]);
  const as = (program, args) => (root ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', program, ...args]] : [program, args]);
  execFileSync(...as(`${bin}/initdb`, ['-D', `${dir}/data`, '-U', 'bench', '--auth=trust']), { stdio: 'ignore', cwd: dir });
  const child = spawn(...as(`${bin}/postgres`, ['-D', `${dir}/data`, '-p', String(port), '-k', dir, '-c', 'listen_addresses=', '-c', 'synchronous_commit=on']), { stdio: 'ignore', cwd: dir });
  const info = `host=${dir} port=${port} user=bench dbname=postgres`;
  for (let i = 0; i < 100 && spawnSync(`${bin}/pg_isready`, ['-h', dir, '-p', String(port)]).status !== 0; i++) await new Promise((r) => setTimeout(r, 50));
  const votes = (connections, depth) => Number(execFileSync(join(build, 'bench', 'bench-postgres'), [info, String(connections), String(depth), '16000'], { encoding: 'utf8' }));
  // SIGINT: the fast way to stop, which ends its own processes first. The pid is its own: setpriv becomes postgres.
  const stop = () => new Promise((done) => { child.on('exit', () => { rmSync(dir, { recursive: true, force: true }); done(); }); child.kill('SIGINT'); });
  return { votes, stop };
}

export async function plugins() {
  const s = await Server.start();
  await trial(s);
  await s.post('/admin/v1/plugins/polls/api/polls', poll);
  const evaluations = [], reads = [], ratios = [];
  // Evaluation of the feature while its trial runs; reads by shoppers who all have the plugin's variant.
  await s.put('/admin/v1/features/served', { key: 'served', type: 'string', variants: { on: { value: 'on', plugin: 'polls' }, off: { value: 'off' } }, off: 'off', default: { serve: 'on' } });
  for (let i = 0; i < 5; i++) {
    const e = load(s.port, 'POST', '/ofrep/v1/evaluate/flags/product-poll', { body: '{"context":{"targetingKey":"user-{n}"}}', offset: (i + 1) * 1e8 });
    const r = load(s.port, 'GET', '/v1/features/served/polls/p1', { headers: voter });
    if (r.failures) throw new Error(`${r.failures} reads failed with ${r.firstFailure}`);
    evaluations.push(e.rate); reads.push(r.rate); ratios.push(r.rate / e.rate);
  }
  figure('a poll read through its worker, against that evaluation', median(ratios), 0.6, `${k(median(reads))} against ${k(median(evaluations))}`);
  const votes = load(s.port, 'PUT', '/v1/features/served/polls/p1/vote', { headers: voter, body: '{"options":["a"]}', seconds: 3 });
  if (votes.failures) throw new Error(`${votes.failures} votes failed with ${votes.firstFailure}`);
  await s.stop();
  const direct = /ratio (\S+)/, out = execFileSync(join(build, 'bench', 'bench-worker'), { encoding: 'utf8' });
  process.stdout.write(out.replace(/^/gm, '      ').trimEnd() + '\n');
  const line = out.split('\n').find((l) => /durable votes/.test(l));
  const straight = Number(/into SQLite: (\d+)/.exec(line)[1]);
  figure('durable votes through a worker, against the same rows straight into SQLite, 64 a transaction', Number(direct.exec(line)[1]), 0.35, '');
  const ours = Number(/depth 64: (\d+)\/s/.exec(line)[1]), pg = await postgres();
  const peers = [[64, 1], [8, 8], [1, 64]].map(([connections, depth]) => [pg.votes(connections, depth), `${connections} connections, ${depth} votes under way in each`]);
  const [best, how] = peers.sort(([a], [b]) => b - a)[0];
  figure('durable votes through a worker, against PostgreSQL over libpq, the best of three ways to have 64 under way', ours / best, 1.5, `${k(ours)} against ${k(best)} (${how})`);
  await pg.stop();
  figure('durable votes over HTTP, 64 connections, against the same', votes.rate / straight, 0.25, `${k(votes.rate)}, p99 ${votes.p99ms} ms`);
}

export async function swaps() {
  const s = await Server.start({ args: ['--plugins.unsigned', 'on'] });
  await prepare(s);
  const rounds = [];
  for (let i = 0; i < 5; i++) rounds.push(await swapUnderLoad(s, 200, { gap: 100 }));
  const total = (of) => rounds.reduce((n, round) => n + of(round), 0);
  const failures = total((r) => r.failures), growth = { files: total((r) => r.growth.files), processes: total((r) => r.growth.processes), memory: total((r) => r.growth.memory) };
  figure('1,000 hot swaps under load, 100 ms apart, without a failed request', failures === 0 ? 1 : 0, 1,
    `${failures} of ${total((r) => r.answers)} requests failed; a swap took ${median(rounds.map((r) => r.took)).toFixed(0)} ms`);
  figure('p99 during swaps, within twice of what it was before', median(rounds.map(({ p99 }) => 2 * p99.before / p99.during)), 1,
    rounds.map(({ p99 }) => `${p99.before.toFixed(1)} → ${p99.during.toFixed(1)} ms`).join(', '));
  const grown = growth.files > 2 || growth.processes > 0 || growth.memory > 16;
  figure('no growth over 1,000 swaps', grown ? 0 : 1, 1, `${growth.files} descriptors, ${growth.processes} processes, ${growth.memory.toFixed(1)} MiB`);

  const activations = [];
  for (let i = 0; i < 5; i++) {
    await install(s, 'large', { name: 'large' });
    const began = performance.now();
    const answer = await activate(s, 'large');
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    activations.push(performance.now() - began);
    await s.delete('/admin/v1/plugins/large');
    await new Promise((r) => setTimeout(r, 200)); // until its worker has ended, so that the next one is started
  }
  figure('activation of a plugin of 200 KiB, of 100 ms', 100 / median(activations), 1, `${median(activations).toFixed(1)} ms`);
  await s.stop();
}

// A home page of eight sections, each asked of a plugin; then with the worker behind one of them stopped.
export async function pages() {
  const s = await Server.start({ args: ['--plugins.breaker.least', '1000000'] }); // the deadline is what is measured
  const deadline = 50, section = {}, names = Array.from({ length: 8 }, (_, i) => `s${i}`);
  for (const name of names) {
    await s.post('/admin/v1/plugins/polls/api/polls', { ...poll, id: name, about: name });
    await served(s, name, 'polls');
    section[name] = { feature: name, path: `/polls?about=${name}` };
  }
  await s.put('/admin/v1/pages/home', { sections: section, deadline: 5000 });
  const burst = () => {
    const found = load(s.port, 'GET', '/v1/pages/home', { headers: voter, connections: 4, seconds: 3 });
    if (found.failures) throw new Error(`${found.failures} pages failed with ${found.firstFailure}`);
    return found;
  };
  const whole = async () => (await s.get('/v1/pages/home', { 'parley-act-as': 'c' })).body;
  if ((await whole()).sections.length !== 8) throw new Error('the page is not whole');
  const rounds = Array.from({ length: 3 }, burst);
  figure('a page of 8 sections, 4 at once, p99 of 10 ms', 10 / median(rounds.map((r) => r.p99ms)), 1,
    `${median(rounds.map((r) => r.p99ms)).toFixed(1)} ms, median ${median(rounds.map((r) => r.p50ms)).toFixed(1)} ms, ${k(median(rounds.map((r) => r.rate)))}`);

  await s.patch('/admin/v1/features/s3', { variants: { on: { value: 'on', plugin: 'polls', release: '1.1.0' } } });
  const stopped = async () => (await s.get('/admin/v1/plugins/polls')).body.releases.find((r) => r.version === '1.1.0' && r.state === 'running')?.pid;
  for (let i = 0; i < 100 && !(await stopped()); i++) await new Promise((r) => setTimeout(r, 50));
  await s.patch('/admin/v1/pages/home', { deadline });
  process.kill(await stopped(), 'SIGSTOP');
  const late = burst(), without = await whole();
  if (without.sections.length !== 7 || without.leftOut[0].why !== 'late') throw new Error(JSON.stringify(without.leftOut));
  figure(`the same with one section's worker stopped, p99 of its deadline of ${deadline} ms and 5 more`, (deadline + 5) / late.p99ms, 1, `${late.p99ms.toFixed(1)} ms, median ${late.p50ms.toFixed(1)} ms, 7 sections of 8`);
  await s.stop();
}

// A shop with 20,000 visits to 3,000 products, and 1,000 more visits that somebody wants a recommendation for. A few products are in every
// other visit, most are rare (Zipf's law, nearly), as in bench/recommendations.c.
function visits(n, seed) {
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const one = () => {
    const visit = new Set(), wanted = 2 + Math.floor(random() * 19);
    while (visit.size < wanted) visit.add(`p${Math.floor(3000 ** random() - 1)}`);
    return [...visit];
  };
  return Array.from({ length: n }, one);
}

async function session() {
  const s = await Server.start(), api = '/admin/v1/plugins/recommendations/api';
  await served(s, 'recs', 'recommendations');
  const looks = visits(20000, 1).flatMap((visit, v) => visit.map((sku) => ({ type: 'track', userId: `v${v}`, event: 'Product Viewed', messageId: `${v}-${sku}`, properties: { sku, name: sku } })));
  for (let i = 0; i < looks.length; i += 2500) await s.post('/v1/batch', { batch: looks.slice(i, i + 2500) });
  for (const end = Date.now() + 120e3; Date.now() < end; await new Promise((r) => setTimeout(r, 200))) {
    const { model, rows, training } = (await s.get(`${api}/model`)).body;
    if (model?.visits === 20000 && !training) break;
    if (rows.visits === 20000 && !training) await s.post(`${api}/retrain`);
  }
  const { model } = (await s.get(`${api}/model`)).body;
  if (model?.visits !== 20000) throw new Error(`the model has ${model?.visits} visits`);
  const bodies = visits(1000, 2).map((items) => JSON.stringify({ items }));
  const rounds = Array.from({ length: 3 }, () => load(s.port, 'POST', '/v1/features/recs/session', { body: bodies, headers: { 'Parley-Act-As': 'somebody' }, connections: 1, seconds: 3 }));
  const p99 = median(rounds.map((r) => r.p99ms)), failed = rounds.find((r) => r.failures);
  if (failed) throw new Error(`${failed.failures} answers failed with ${failed.firstFailure}`);
  figure('the same asked of the server, over one connection, p99 of 1 ms', 1 / p99, 1, `${p99.toFixed(2)} ms, median ${median(rounds.map((r) => r.p50ms)).toFixed(2)} ms, ${model.items} items`);
  await s.stop();
}

// The method in process, by processor time; then the server.
export async function recommendations() {
  const out = execFileSync(join(build, 'bench', 'bench-recommendations'), { encoding: 'utf8' });
  process.stdout.write(out.replace(/^(?=.)/gm, '      '));
  const p99 = Number(/p99 (\S+) us/.exec(out)[1]), ease = Number(/^ease (\S+) s/m.exec(out)[1]);
  figure('a recommendation for a visit, 20,000 visits to compare with, p99 of 1 ms', 1000 / p99, 1, `${(p99 / 1000).toFixed(2)} ms`);
  await session();
  figure('EASE on 3,000 items, of 5 s on one core', /FAILED/.test(out) ? 0 : 5 / ease, 1, `${ease.toFixed(2)} s`);
}
