// Bundles out of the plugins that are built for tests, and generators of load against a server.
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN, build } from './harness.mjs';

// What fixtures are built for.
const header = readFileSync(new URL('../../include/parley/plugin.h', import.meta.url), 'utf8');
const abi = ['MAJOR', 'MINOR'].map((which) => Number(new RegExp(`PARLEY_ABI_${which}[ =]+(\\d+)`).exec(header)[1]));

// The bytes of a bundle with build/tests/fixtures/FIXTURE.so in it.
export function bundle(fixture, { name = fixture, version = '1.0.0' } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'parley-bundle-'));
  writeFileSync(join(dir, 'plugin.json'), JSON.stringify({ name, version, abi, title: name, library: `${name}.so` }));
  copyFileSync(join(build, 'tests', 'fixtures', `${fixture}.so`), join(dir, `${name}.so`));
  const bytes = execFileSync('tar', ['-C', dir, '-cf', '-', 'plugin.json', `${name}.so`], { maxBuffer: 64 << 20 });
  rmSync(dir, { recursive: true });
  return bytes;
}

export const install = (server, fixture, as) =>
  server.call('POST', '/admin/v1/plugins', bundle(fixture, as), { 'content-type': 'application/octet-stream' });
export const activate = (server, name, version = '1.0.0') => server.post(`/admin/v1/plugins/${name}/activate`, { version });

// A feature that gives everybody the plugin's variant.
export const served = (server, key, plugin, over = {}) => server.put(`/admin/v1/features/${key}`, {
  key, type: 'string', variants: { on: { value: 'on', plugin }, off: { value: 'off' } }, off: 'off', default: { serve: 'on' }, ...over });

// bench/load against one path until it is stopped, or has sent `requests`, `gap` ms apart on a single connection: → { stop() → {answers, failures, p99ms, ...} }.
export function load(server, method, path, { body, connections = 4, seconds = 600, requests, gap } = {}) {
  const args = [`127.0.0.1:${server.port}`, method, path, '-s', String(seconds), '-c', String(connections), '-H', `Authorization: Bearer ${ADMIN}`,
    '-H', 'Parley-Act-As: c{n}', ...(requests ? ['-n', String(requests)] : []), ...(gap ? ['-g', String(gap)] : []),
    ...(body ? ['-b', JSON.stringify(body), '-H', 'Content-Type: application/json'] : [])];
  const child = spawn(join(build, 'bench', 'load'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (text) => { out += text; });
  const ended = new Promise((done, failed) => child.on('close', (code, signal) =>
    code === 0 ? done(JSON.parse(out)) : failed(new Error(`the load generator ended with ${signal ?? code}`))));
  return { ended, stop: () => { child.kill('SIGTERM'); return ended; } };
}
