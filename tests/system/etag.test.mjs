// A 304 is never wrong: whatever changed, configuration, context or what is remembered, the tag has changed with it. Generated
// contexts and changes, seeded, so that each run is the same.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, poll, trial } from './harness.mjs';

let state = 20261122;
const below = (n) => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return Math.floor((state / 2 ** 32) * n); };
const pick = (list) => list[below(list.length)];

const context = () => ({
  targetingKey: `u${below(3)}`,
  ...(below(2) ? { country: pick(['DE', 'FR']) } : {}),
  ...(below(3) ? {} : { spend: below(2) * 600 }),
});

test('a 304 says the truth, over generated contexts and changes', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s);
  await s.put('/admin/v1/segments/rich', { if: { '>': [{ var: 'spend' }, 500] } });
  for (const key of ['a', 'b']) await s.put(`/admin/v1/features/${key}`, poll({ key, rules: [{ id: 'r', if: { '==': [{ var: 'country' }, 'DE'] }, serve: 'top' }, { id: 's', if: { in_segment: 'rich' }, split: { off: 1, top: 1 } }] }));
  const flags = async (c, tag) => s.post('/ofrep/v1/evaluate/flags', { context: c }, tag ? { 'if-none-match': tag } : {});
  const plain = (body) => JSON.stringify(body.flags);
  const changes = [
    () => s.post(`/admin/v1/features/${pick(['a', 'b'])}/${pick(['kill', 'unkill'])}`),
    () => s.patch('/admin/v1/segments/rich', { if: { '>': [{ var: 'spend' }, pick([300, 500, 900])] } }),
    () => s.patch(`/admin/v1/features/${pick(['a', 'b'])}`, { default: { serve: pick(['off', 'top']) } }),
    () => s.patch('/admin/v1/experiments/poll-trial', { traffic: 20 + below(80) }),
    () => s.evaluate('product-poll', `u${below(6)}`), // an exposure: remembered from now on
    () => s.patch('/admin/v1/experiments/poll-trial', { weights: { off: 1 + below(9), top: 1 + below(9) } }),
  ];
  const known = new Map(); // context → the last answer's tag and flags
  let same = 0, other = 0;
  for (let i = 0; i < 900; i++) {
    if (below(25) === 0) await pick(changes)();
    const c = context(), key = JSON.stringify(c), before = known.get(key);
    const tag = before?.tag ?? pick([...known.values(), {}]).tag; // its own, or that of another context
    const answer = await flags(c, tag);
    if (answer.status === 304) {
      assert.ok(before, `${key} was answered 304 to the tag of another context`);
      assert.equal(answer.headers.get('etag'), tag);
      const now = await flags(c);
      assert.equal(plain(now.body), before.flags, `304 to ${key}, but the flags are others`);
      same++;
    } else {
      assert.equal(answer.status, 200);
      known.set(key, { tag: answer.headers.get('etag'), flags: plain(answer.body) });
      if (before) other++;
    }
  }
  t.diagnostic(`${same} were the same, ${other} had changed`);
  assert.ok(same > 100 && other > 50, 'both were tried');
});

test('the same context gets the same variants after kill -9, a restart and a new snapshot', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s);
  await s.put('/admin/v1/features/split', poll({ key: 'split', rules: [{ id: 'r', if: { '!=': [{ var: 'country' }, 'FR'] }, split: { off: 3, top: 7 } }] }));
  const contexts = Array.from({ length: 150 }, (_, i) => ({ ...context(), targetingKey: `customer-${i}` }));
  const all = async () => JSON.stringify(await Promise.all(contexts.map(async (c) => {
    const given = await Promise.all(['product-poll', 'split'].map((key) => s.evaluate(key, c.targetingKey, c)));
    return given.map(({ body }) => [body.variant, body.reason]);
  })));
  const first = await all();
  await new Promise((r) => setTimeout(r, 200)); // exposures are durable within 100 ms
  await s.kill();
  await s.up();
  assert.equal(await all(), first);
  await s.put('/admin/v1/features/another', poll({ key: 'another' }));
  assert.equal(await all(), first);
});
