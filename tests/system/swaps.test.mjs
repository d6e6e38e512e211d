// The short one of the thousand swaps that ./dev bench makes: nobody notices, nothing is left behind.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Server, build } from './harness.mjs';
import { holdings, prepare, swapUnderLoad } from './swapping.mjs';

test('a hundred swaps under load fail no request and leave nothing behind', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await prepare(s);
  const { answers, failures, firstFailure, growth, p99 } = await swapUnderLoad(s, 100, { connections: 8, seconds: 1 });
  t.diagnostic(`${answers} answers; p99 ${p99.before} ms before, ${p99.during} ms during; memory grew by ${growth.memory.toFixed(1)} MiB`);
  assert.equal(failures, 0, `the first failure was ${firstFailure}`);
  assert.ok(answers > 1000, `${answers} answers are no load`);
  assert.ok(growth.files <= 2, `${growth.files} more descriptors; up to two may be connections of this test`);
  assert.equal(growth.processes, 0);
  // AddressSanitizer keeps what was freed for a while, to find who uses it.
  if (!build.endsWith('-asan')) assert.ok(growth.memory < 8, `memory grew by ${growth.memory} MiB`);
});

test('a worker starts in the background, and serves as urgently as the server', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await prepare(s);
  const urgency = (pid) => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[16]); // nice, in proc(5)
  const { workers } = holdings(s.process.pid);
  assert.ok(workers.length > 0);
  for (const pid of workers) assert.equal(urgency(pid), urgency(s.process.pid));
});
