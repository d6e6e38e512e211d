import { spawn } from 'node:child_process';
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
