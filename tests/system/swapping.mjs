// A server whose polls are swapped again and again while shoppers read and vote: what they noticed, and what was left behind.
import { readFileSync, readdirSync } from 'node:fs';
import { load, served } from './bundles.mjs';

const POLL = { id: 'p1', question: 'Which?', kind: 'single', results: 'always', options: [{ key: 'a', label: 'A' }, { key: 'b', label: 'B' }] };
const wait = (ms) => new Promise((r) => setTimeout(r, ms));

// Descriptors, child processes (all of them workers) and MiB of a process.
export function holdings(pid) {
  const workers = readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean));
  return {
    files: readdirSync(`/proc/${pid}/fd`).length, workers, processes: workers.length,
    memory: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024,
  };
}

export async function prepare(server) {
  await served(server, 'swapped', 'polls');
  await server.post('/admin/v1/plugins/polls/api/polls', POLL);
}

const shoppers = (server, connections, seconds) => [
  load(server, 'GET', '/v1/features/swapped/polls/p1', { connections, seconds }),
  load(server, 'PUT', '/v1/features/swapped/polls/p1/vote', { body: { options: ['a'] }, connections, seconds }),
];

const sum = (runs, key) => runs.reduce((n, run) => n + run[key], 0);
const worst = (runs, key) => Math.max(...runs.map((run) => run[key]));

// By the generator too: what asks for a swap must not take the cores that are measured.
async function swap(server, n, gap) {
  const swaps = await load(server, 'POST', '/admin/v1/plugins/polls/activate', { body: { version: '1.{odd}.0' }, connections: 1, requests: n, gap }).ended;
  if (swaps.failures) throw new Error(`${swaps.failures} of ${n} swaps failed, the first with ${swaps.firstFailure}`);
  return swaps;
}

// The last of the old workers may still be on its way out.
async function settled(server, processes) {
  for (let i = 0; i < 1200 && holdings(server.process.pid).processes > processes; i++) await wait(50);
  return holdings(server.process.pid);
}

// At rest: as many processes as before, and no descriptor that comes or goes for a second (events that are read by plugins keep a file open).
async function atRest(server, processes) {
  await settled(server, processes);
  for (let still = 0, files = -1, i = 0; still < 5 && i < 300; i++) {
    const now = holdings(server.process.pid).files;
    still = now === files ? still + 1 : 0;
    files = now;
    await wait(200);
  }
  return holdings(server.process.pid);
}

// `n` swaps, an even number, `gap` ms apart, under `connections` readers and as many voters. Growth is from behind the first swaps and votes, which fill
// caches and buffers, to the end, both at rest. p99 in ms, of the slower of the two kinds.
export async function swapUnderLoad(server, n, { connections = 16, seconds = 3, gap = 0 } = {}) {
  const { processes } = holdings(server.process.pid);
  const before = await Promise.all(shoppers(server, connections, seconds).map((one) => one.ended));
  await swap(server, 20);
  const at = await atRest(server, processes);
  const running = shoppers(server, connections);
  const swaps = await swap(server, n, gap);
  const during = await Promise.all(running.map((one) => one.stop()));
  const after = await atRest(server, at.processes);
  return {
    answers: sum(during, 'answers'), failures: sum(during, 'failures') + sum(before, 'failures'), firstFailure: during.find((d) => d.firstFailure)?.firstFailure ?? 0,
    p99: { before: worst(before, 'p99ms'), during: worst(during, 'p99ms') }, took: swaps.p50ms,
    growth: { files: after.files - at.files, processes: after.processes - at.processes, memory: after.memory - at.memory },
  };
}
