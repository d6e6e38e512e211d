import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN, build } from './harness.mjs';

// → { code, out, err } of build/parley, with `input` on its standard input. `detached`: without a terminal to ask.
export function parley(url, args, { input = '', token = ADMIN, env = {}, detached = false } = {}) {
  return new Promise((done) => {
    const child = spawn(join(build, 'parley'), args, { detached, env: { PATH: process.env.PATH, PARLEY_URL: url, ...(token ? { PARLEY_TOKEN: token } : {}), ...env } });
    let out = '', err = '';
    child.stdout.on('data', (text) => { out += text; });
    child.stderr.on('data', (text) => { err += text; });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('close', (code) => done({ code, out, err }));
  });
}

// Packs, pushes and activates build/tests/fixtures/FILE.so; the server takes unsigned bundles (--plugins.unsigned yes).
export async function installFixture(server, name, version, file) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-fixture-')), bundle = `${folder}.parley`;
  try {
    copyFileSync(join(build, `tests/fixtures/${file}.so`), join(folder, `${name}.so`));
    writeFileSync(join(folder, 'plugin.json'), JSON.stringify({ name, version, abi: [1, 2], library: `${name}.so` }));
    for (const args of [['plugins', 'pack', folder, '--out', bundle], ['plugins', 'push', bundle], ['plugins', 'activate', name, version]]) {
      const { code, err } = await parley(server.url, args);
      assert.equal(code, 0, err);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(bundle, { force: true });
  }
}
