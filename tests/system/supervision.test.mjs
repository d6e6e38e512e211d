// What parleyd does about releases that are not well: what operators see, what shoppers get, what the analysis leaves out.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, asShopper, poll } from './harness.mjs';
import { activate, install, load, served } from './bundles.mjs';
import { Listener } from './listen.mjs';

const wait = (ms) => new Promise((r) => setTimeout(r, ms));
const unsigned = ['--plugins.unsigned', 'on'];
const of = async (s, name) => (await s.get(`/admin/v1/plugins/${name}`)).body;
const release = async (s, name, version) => (await of(s, name)).releases.find((r) => r.version === version);

async function until(what, enough, ms = 60_000) {
  for (const end = Date.now() + ms; Date.now() < end; await wait(20)) {
    const seen = await what();
    if (enough(seen)) return seen;
  }
  assert.fail(`never: ${enough}`);
}

// A running experiment between the plugin's variant and nothing, on a feature that does `whenDown`.
async function trialOf(s, whenDown) {
  const key = `poll-${whenDown}`;
  const made = [
    await s.put(`/admin/v1/features/${key}`, poll({ key, whenDown })),
    await s.put('/admin/v1/metrics/bought', { key: 'bought', kind: 'conversion', event: 'Order Completed' }),
    await s.put(`/admin/v1/experiments/${key}`, { key, feature: key, control: 'off', weights: { off: 0.0001, top: 100 }, traffic: 100, metrics: { primary: 'bought' } }),
    await s.post(`/admin/v1/experiments/${key}/start`, {}),
  ];
  for (const answer of made) assert.ok(answer.status < 300, JSON.stringify(answer.body));
  return key;
}

test('a worker tells in which sandbox it is, and what was asked for is in force', async (t) => {
  const s = await Server.start({ args: ['--plugins.polls.memory', '128M', '--plugins.*.files', '50', '--plugins.polls.cpu', '20s'] });
  t.after(() => s.stop());
  const { sandbox, pid } = await release(s, 'polls', '1.2.0');
  if (!sandbox.why) assert.match(sandbox.landlock, /^(abi \d+|not in this kernel)$/);
  assert.deepEqual(sandbox.limits, { memory: 128 << 20, files: 50, cpu: 20 });
  const { readFileSync } = await import('node:fs');
  assert.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /Max open files\s+50\s+50/);
  if (!sandbox.why) assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t2/);
  assert.match(s.log, /line="sandbox: |the sandbox is not whole/);
});

test('a sandbox that is switched off is told of loudly', async (t) => {
  const s = await Server.start({ args: ['--plugins.polls.sandbox', 'off'] });
  t.after(() => s.stop());
  const { sandbox } = await release(s, 'polls', '1.2.0');
  assert.deepEqual([sandbox.landlock, sandbox.seccomp, sandbox.why], ['off', 'off', 'it is switched off for this plugin']);
  assert.match(s.log, /level=warn .*the sandbox is not whole/);
});

test('while a release is down its units are fallbacks, whatever the feature serves', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const off = await trialOf(s, 'off'), unavailable = await trialOf(s, 'unavailable');
  for (const key of [off, unavailable]) for (let i = 0; i < 5; i++) assert.equal((await s.evaluate(key, `early-${i}`)).body.value, 'top');
  await until(async () => { // more often than it is started again
    const up = await release(s, 'polls', '1.2.0');
    try { if (up.state === 'running') process.kill(up.pid, 'SIGKILL'); } catch { /* it died of the kill before, and is not reaped yet */ }
    return up;
  }, (up) => up.state === 'failed');
  for (let i = 0; i < 7; i++) {
    assert.equal((await s.evaluate(off, `down-${i}`)).body.value, 'off');
    assert.equal((await s.evaluate(unavailable, `down-${i}`)).body.value, 'top');
    await s.evaluate(unavailable, `down-${i}`); // and is told once
  }
  assert.equal((await s.get(`/v1/features/${off}/polls`, asShopper('down-1'))).status, 404);
  const refused = await s.get(`/v1/features/${unavailable}/polls`, asShopper('down-1'));
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  for (const key of [off, unavailable]) {
    const bulk = (await s.post('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'down-2' } })).body.flags.find((flag) => flag.key === key);
    assert.equal(bulk.value, key === off ? 'off' : 'top');
    const results = await s.results(key, (r) => r.excluded.fallback === 7);
    assert.equal(results.excluded.fallback, 7);
    assert.equal(results.variants.find((v) => v.key === 'top').units, 5);
  }
  await activate(s, 'polls'); // somebody mended it: who comes now is counted
  await s.evaluate(off, 'down-1');
  const results = await s.results(off, (r) => r.variants.find((v) => v.key === 'top').units === 6);
  assert.equal(results.variants.find((v) => v.key === 'top').units, 6);
});

test('a release that fails its calls gets none for a while, and its units are fallbacks', async (t) => {
  const s = await Server.start({ args: [...unsigned, '--plugins.breaker.least', '6', '--plugins.breaker.window', '60s', '--plugins.breaker.open', '4s'] });
  t.after(() => s.stop());
  await install(s, 'fails');
  assert.equal((await activate(s, 'fails')).status, 200);
  await served(s, 'failing', 'fails', { whenDown: 'off' });
  const call = (path) => s.get(`/v1/features/failing${path}`, asShopper('ann'));
  for (let i = 0; i < 6; i++) assert.equal((await call('/do')).status, 500);
  const open = (await release(s, 'fails', '1.0.0')).breaker;
  assert.equal(open.state, 'open');
  assert.match(open.why, /6 of 6 calls failed/);
  assert.equal((await s.evaluate('failing', 'ann')).body.value, 'off');
  assert.equal((await call('/do')).status, 404);
  assert.match((await s.get('/metrics')).body, /parley_plugin_breaker_state\{plugin="fails",release="1.0.0"\} 2/);
  await until(() => call('/ok'), ({ status }) => status === 200);
  assert.equal((await release(s, 'fails', '1.0.0')).breaker.state, 'closed');
  assert.equal((await s.evaluate('failing', 'ann')).body.value, 'on');
});

test('a release that fails after a swap is rolled back by itself, with the figures in the audit log and on the stream', async (t) => {
  const s = await Server.start({ args: [...unsigned, '--plugins.probation.least', '5', '--plugins.probation.slow', '60s'] });
  t.after(() => s.stop());
  const stream = await Listener.open(`${s.url}/admin/v1/stream`, { authorization: `Bearer ${(await s.token('manager'))}` });
  assert.equal((await install(s, 'sound', { name: 'fails', version: '0.9.0' })).status, 201);
  assert.equal((await activate(s, 'fails', '0.9.0')).status, 200);
  assert.equal((await install(s, 'fails')).status, 201);
  assert.equal((await activate(s, 'fails')).status, 200);
  const { probation } = await of(s, 'fails');
  assert.deepEqual([probation.release, probation.previous], ['1.0.0', '0.9.0']);
  for (let i = 0; i < 5; i++) await s.get('/admin/v1/plugins/fails/api/do');
  await until(() => of(s, 'fails'), (plugin) => plugin.active === '0.9.0' && !plugin.busy);
  const rows = await until(async () => (await s.get('/admin/v1/audit?kind=plugin')).body.items, (items) => items[0].action === 'rollback');
  assert.deepEqual([rows[0].actor, rows[0].before], ['probation', { version: '1.0.0' }]);
  assert.deepEqual(rows[0].after, { version: '0.9.0', why: '5 of 5 calls failed (100 %, allowed are 10 %)', calls: 5, failed: 5, slow: 0 });
  const seen = () => stream.events.filter((e) => e.name === 'plugin').map((e) => `${e.data.state} ${e.data.release}`);
  await until(async () => seen(), (states) => states.includes('rolled-back 0.9.0'));
  assert.deepEqual(seen(), ['running 0.9.0', 'running 1.0.0', 'swapped 1.0.0', 'running 0.9.0', 'swapped 0.9.0', 'rolled-back 0.9.0']);
  await until(async () => stream.events, (events) => events.some((e) => e.name === 'change' && e.data.action === 'rollback'));
  stream.close();
});

test('two releases serve two variants of one trial, and the death of one costs the other nothing', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const variants = { old: { value: 'old', plugin: 'polls', release: '1.0.0' }, new: { value: 'new', plugin: 'polls', release: '1.1.0' }, off: { value: 'off' } };
  const made = [
    await s.put('/admin/v1/features/compared', { key: 'compared', type: 'string', stage: 'trial', variants, off: 'off', default: { serve: 'off' } }),
    await served(s, 'only-old', 'polls', { variants: { on: variants.old, off: variants.off } }),
    await served(s, 'only-new', 'polls', { variants: { on: variants.new, off: variants.off } }),
    await s.put('/admin/v1/metrics/bought', { key: 'bought', kind: 'conversion', event: 'Order Completed' }),
    await s.put('/admin/v1/experiments/compare', { key: 'compare', feature: 'compared', control: 'old', weights: { old: 50, new: 50 }, traffic: 100, metrics: { primary: 'bought' } }),
    await s.post('/admin/v1/experiments/compare/start', {}),
    await s.post('/admin/v1/plugins/polls/api/polls', { id: 'p', question: '?', kind: 'single', results: 'always', options: [{ key: 'a', label: 'A' }, { key: 'b', label: 'B' }] }),
  ];
  for (const answer of made) assert.ok(answer.status < 300, JSON.stringify(answer.body));
  const [old, next] = await Promise.all(['1.0.0', '1.1.0'].map((version) => until(() => release(s, 'polls', version), (r) => r.state === 'running')));
  assert.notEqual(old.pid, next.pid);

  const shoppers = { old: [], new: [] };
  for (let i = 0; i < 40; i++) shoppers[(await s.evaluate('compared', `c${i}`)).body.value].push(`c${i}`);
  assert.ok(shoppers.old.length > 5 && shoppers.new.length > 5);
  const calls = [load(s, 'GET', '/v1/features/only-old/polls/p'), load(s, 'PUT', '/v1/features/only-old/polls/p/vote', { body: { options: ['a'] } })];
  const failed = [];
  let going = true, answered = 0;
  const loyal = (async () => {
    while (going)
      for (const who of shoppers.old) {
        const { status } = await s.get('/v1/features/compared/polls/p', asShopper(who));
        status === 200 ? answered++ : failed.push(status);
      }
  })();
  for (let i = 0; i < 3; i++) { // the newer one dies under its own load, three times
    const { pid } = await until(() => release(s, 'polls', '1.1.0'), (r) => r.state === 'running');
    const load = Array.from({ length: 20 }, (_, n) => s.put('/v1/features/only-new/polls/p/vote', { options: ['b'] }, asShopper(`n${n}`)));
    process.kill(pid, 'SIGKILL');
    await Promise.all(load);
    await until(() => release(s, 'polls', '1.1.0'), (r) => r.state === 'running' && r.pid !== pid);
  }
  const answers = async () => Number(/^parley_plugin_requests_total\{plugin="polls",release="1.0.0"\} (\d+)$/m.exec((await s.get('/metrics')).body)[1]);
  await until(answers, (n) => n > 4000 && answered > 50); // three deaths may be over before that is a load
  going = false;
  await loyal;
  const results = await Promise.all(calls.map((one) => one.stop()));
  assert.deepEqual(failed, []);
  assert.deepEqual(results.map((r) => r.failures), [0, 0]);
  assert.ok(answered > 50 && results.every((r) => r.answers > 500), `${answered}, ${results.map((r) => r.answers)}`);
  assert.equal((await release(s, 'polls', '1.0.0')).restarts, 0);
  assert.equal((await release(s, 'polls', '1.1.0')).restarts, 3);
  const units = (body) => body.variants.reduce((n, v) => n + v.units, 0);
  assert.equal(units(await s.results('compare', (body) => units(body) === 40)), 40);
});
