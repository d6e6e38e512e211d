// Broken plugins, one defect each (tests/fixtures/plugins), run one beside the other while shoppers use two features that are
// well: each defect ends in a sentence that names it, and the shoppers notice nothing.
import test from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { Server } from './harness.mjs';
import { activate, install, load, served } from './bundles.mjs';

const TOGETHER = 5; // at once
const QUICK = { deadline: '1s', overrun: '1s', start: '2s', stop: '1s', heartbeat: '500ms', '*.memory': '64M' };
const options = ['--plugins.unsigned', 'on', ...Object.entries(QUICK).flatMap(([key, value]) => [`--plugins.${key}`, value])];

const wait = (ms) => new Promise((r) => setTimeout(r, ms));

// What refuses to be activated: a sentence in the answer.
const REFUSED = {
  no_descriptor: /no symbol parley_plugin_v1/,
  wrong_magic: /wrong magic 0x12345678/,
  wrong_size: /its descriptor has 48 bytes/,
  future_abi: /needs plugin ABI 1\.\d+; this Parley has 1\.\d+/,
  no_export: /no export_customer/,
  no_forget: /no forget_customer/,
  constructor_crash: /was ended by signal 6 \(Aborted\)/,
  constructor_hang: /given up after 2\.\d s; waiting for: READY/,
  start_crash: /was ended by signal 11 \(Segmentation fault\)/,
  start_hang: /given up after 2\.\d s; waiting for: READY/,
  start_refuses: /the moon is in the wrong house/,
  unhealthy: /it is not healthy: no model was trained yet/,
};
// What is activated, and called: a sentence in the log, the worker being ended or not.
const LOGGED = {
  handle_crash: /was ended by signal 11 \(Segmentation fault\)/,
  handle_hang: /overran: request \d+ GET \/do \(2\.\d s\)|did not answer 3 heartbeats/,
  endless_loop: /overran: request \d+ GET \/do \(2\.\d s\)|did not answer 3 heartbeats/,
  never_answers: /overran: request \d+ GET \/do \(2\.\d s\)|did not answer 3 heartbeats/,
  answers_late: /answered request \d+ GET \/do after 1\.\d s, when its caller had given up/,
  answers_twice: /answered request \d+, which it does not hold/,
  exits: /exited with status 3/,
  aborts: /was ended by signal 6 \(Aborted\)/,
  stack_overflow: /was ended by signal 11 \(Segmentation fault\)/,
  heap_corruption: /malloc\(\): |free\(\): |corrupted/,
  double_free: /double free detected/,
  floods: /\d+ lines more than 200 within a heartbeat were dropped/,
  garbage_frames: /sent a frame of \d+ bytes; at most \d+/,
};
// What is answered: a sentence to the caller, and the worker lives.
const ANSWERED = {
  oversized_answer: /the plugin's answer is over 1 MiB/,
  forks: /fork: Operation not permitted/,
  opens_socket: /socket: Operation not permitted/,
  kills: /kill: Operation not permitted/,
  makes_code: /mmap: Operation not permitted/,
};
const FILES = { writes_outside: /open: Permission denied/, reads_outside: /open: Permission denied/ };
// What shows when it is told to stop.
const STOPPED = {
  stop_crash: /was ended by signal 11 \(Segmentation fault\)/,
  stop_hang: /given up after 1\.\d s; waiting for: exit after STOP/,
};

const lines = async (s, name) => (await s.get(`/admin/v1/plugins/${name}/logs`)).body.items.map((item) => item.line).join('\n');
const call = (s, name) => s.get(`/admin/v1/plugins/${name}/api/do`);

async function eventually(s, name, sentence) {
  const until = Date.now() + 60000;
  for (;;) {
    const log = await lines(s, name);
    if (sentence.test(log)) return;
    assert.ok(Date.now() < until, `${name}: ${sentence} is not in\n${log}`);
    await wait(50);
  }
}

const RUN = {
  async refused(s, name, sentence) {
    const answer = await activate(s, name);
    assert.equal(answer.status, 503, `${name} was activated`);
    assert.match(answer.body.detail, sentence, name);
    const { state, why } = (await s.get(`/admin/v1/plugins/${name}`)).body.releases[0];
    assert.equal(state, 'failed', name);
    assert.match(why, sentence, name);
  },
  async logged(s, name, sentence) {
    assert.equal((await activate(s, name)).status, 200, name);
    const { status } = await call(s, name);
    assert.ok(status === 200 || status >= 500, `${name} answered ${status}`);
    await eventually(s, name, sentence);
  },
  async answered(s, name, sentence) {
    assert.equal((await activate(s, name)).status, 200, name);
    const { pid } = (await s.get(`/admin/v1/plugins/${name}`)).body.releases[0];
    const answer = await call(s, name);
    assert.equal(answer.status, 500, `${name} was let: ${JSON.stringify(answer.body)}`);
    assert.match(answer.body.detail, sentence, name);
    assert.equal((await s.get(`/admin/v1/plugins/${name}`)).body.releases[0].pid, pid, `${name}: its worker should live`);
  },
  async stopped(s, name, sentence) {
    assert.equal((await activate(s, name)).status, 200, name);
    assert.equal((await s.delete(`/admin/v1/plugins/${name}`)).status, 200, name);
    await eventually(s, name, sentence);
  },
  // Its memory is full after a dozen calls; the heartbeat before says so.
  async leaking(s, name) {
    assert.equal((await activate(s, name)).status, 200);
    for (let i = 0; i < 12; i++) await call(s, name);
    await eventually(s, name, /it uses \d+ of its 64 MiB of memory/);
    for (let i = 0; i < 12; i++) await call(s, name);
    await eventually(s, name, /was ended by signal/);
  },
};

test('no broken plugin costs the others a request, and each says what is wrong with it', async (t) => {
  const s = await Server.start({ args: options });
  t.after(() => s.stop());
  const running = (await s.get('/admin/v1/plugins/polls')).body.releases.find((r) => r.state === 'running');
  if (running.sandbox.seccomp !== 'on') return t.skip(`workers have no sandbox here: ${running.sandbox.why}`);
  const has = running.sandbox.landlock.startsWith('abi');
  if (!has) t.diagnostic('this kernel has no Landlock: what files a plugin may open is not tested');

  assert.equal((await install(s, 'notes-1.0.0', { name: 'notes' })).status, 201);
  assert.equal((await activate(s, 'notes')).status, 200);
  for (const [key, plugin] of [['healthy-poll', 'polls'], ['healthy-notes', 'notes']]) assert.ok((await served(s, key, plugin)).status < 300);
  await s.post('/admin/v1/plugins/polls/api/polls', { id: 'p', question: '?', kind: 'single', results: 'always', options: [{ key: 'a', label: 'A' }, { key: 'b', label: 'B' }] });
  const shoppers = [load(s, 'PUT', '/v1/features/healthy-poll/polls/p/vote', { body: { options: ['a'] } }), load(s, 'GET', '/v1/features/healthy-notes/notes')];

  const kinds = { refused: REFUSED, logged: LOGGED, answered: { ...ANSWERED, ...(has ? FILES : {}) }, stopped: STOPPED, leaking: { leaks: null } };
  const todo = Object.entries(kinds).flatMap(([kind, fixtures]) => Object.entries(fixtures).map(([name, sentence]) => ({ kind, name, sentence })));
  assert.ok(todo.length >= 22);
  const began = Date.now();
  await Promise.all(Array.from({ length: TOGETHER }, async () => {
    for (let next; (next = todo.shift());) {
      const { kind, name, sentence } = next;
      await t.test(name, async () => {
        assert.equal((await install(s, name)).status, 201, name);
        await RUN[kind](s, name, sentence);
        await s.delete(`/admin/v1/plugins/${name}`);
      });
    }
  }));
  t.diagnostic(`${((Date.now() - began) / 1000).toFixed(1)} s for all`);
  assert.ok(Date.now() - began < 60000);
  assert.ok(!existsSync('/tmp/parley-was-here'));

  for (const { answers, failures, firstFailure } of await Promise.all(shoppers.map((one) => one.stop()))) {
    assert.equal(failures, 0, `a healthy feature failed with ${firstFailure}`);
    assert.ok(answers > 500, `${answers} answers are no load`);
  }
  for (const name of ['polls', 'notes']) assert.equal((await s.get(`/admin/v1/plugins/${name}`)).body.releases[0].restarts, 0);
});
