// What the sections of bench/run share: figures against targets, the generator, nginx, memory.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ADMIN } from '../tests/system/harness.mjs';

export const build = resolve(process.argv[2] ?? 'build-release');

// How many figures fell short so far.
export let short = 0;
export const fallShort = () => { short++; };
export function figure(what, value, target, text) {
  const ok = value >= target;
  if (!ok) fallShort();
  console.log(`${ok ? 'ok   ' : 'SHORT'} ${what}: ${value.toFixed(2)} (target ${target})  ${text}`);
}
export const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
export const k = (rate) => `${(rate / 1000).toFixed(1)}k/s`;

// What the generator is asked to do.
function burst(port, method, path, { body, headers = {}, seconds = 2, connections = 64, offset = 0, requests } = {}) {
  const args = [`127.0.0.1:${port}`, method, path, '-s', String(seconds), '-c', String(connections), '-o', String(offset)];
  for (const [name, value] of Object.entries({ Authorization: `Bearer ${ADMIN}`, 'Content-Type': 'application/json', ...headers })) args.push('-H', `${name}: ${value}`);
  for (const one of [body ?? []].flat()) args.push('-b', one);
  if (requests) args.push('-n', String(requests));
  return args;
}

// One burst of it; → {rate, failures, p99ms ...}. `loading` lets others be asked meanwhile.
export const load = (...how) => JSON.parse(execFileSync(join(build, 'bench', 'load'), burst(...how)));
export const loading = async (...how) => JSON.parse((await promisify(execFile)(join(build, 'bench', 'load'), burst(...how))).stdout);

export const freePort = () => new Promise((done) => {
  const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); });
});

// nginx on one worker that answers every request with a fixed body.
export async function nginx(answer) {
  const dir = mkdtempSync(join(tmpdir(), 'parley-nginx-')), port = await freePort();
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((t) => `${t}_temp_path ${dir}/${t};`).join(' ');
  writeFileSync(`${dir}/nginx.conf`, `worker_processes 1; daemon off; pid ${dir}/pid; error_log ${dir}/error.log;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000; ${temps}
  server { listen 127.0.0.1:${port}; location / { default_type application/json; return 200 '${answer}'; } } }`);
  const child = spawn('/usr/sbin/nginx', ['-e', `${dir}/error.log`, '-c', `${dir}/nginx.conf`], { stdio: 'ignore' });
  for (let i = 0; i < 50; i++) {
    try { await fetch(`http://127.0.0.1:${port}/`); break; } catch { await new Promise((r) => setTimeout(r, 50)); }
  }
  return { port, stop: () => { child.kill(); rmSync(dir, { recursive: true, force: true }); } };
}

export const poll = { id: 'p1', question: 'Which?', kind: 'single', results: 'always', options: [{ key: 'a', label: 'A' }, { key: 'b', label: 'B' }] };
export const voter = { 'Parley-Act-As': 'c{n}' };

const memory = (pid, what) => Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
export const rss = (pid) => memory(pid, 'VmRSS'), peak = (pid) => memory(pid, 'VmHWM'); // MiB
