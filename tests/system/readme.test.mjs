import test from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Server, ADMIN, build } from './harness.mjs';

test('the README\'s first trial runs as it stands', async () => {
  const s = await Server.start();
  const script = /## A first trial[\s\S]*?```sh\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))[1]
    .replace(/^export .*$/m, ''); // which server and as whom is the test's own
  const done = spawnSync('bash', ['-euo', 'pipefail', '-c', script], {
    encoding: 'utf8', env: { ...process.env, PARLEY_URL: s.url, PARLEY_TOKEN: ADMIN, PATH: `${build}:${process.env.PATH}` },
  });
  assert.equal(done.status, 0, done.stderr);
  const results = await s.results('mug-trial', (r) => r.variants.reduce((n, v) => n + v.units, 0) === 40);
  assert.equal(results.variants.reduce((n, v) => n + v.units, 0), 40);
  assert.equal((await s.get('/admin/v1/experiments/mug-trial')).body.outcome, 'iterate');
  await s.stop();
});
