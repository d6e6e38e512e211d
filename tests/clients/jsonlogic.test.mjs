// Conditions against json-logic-js, the implementation that JsonLogic's author publishes: generated rules over generated contexts, where
// both must agree on who is meant. Rules go in as features and come out as evaluations, so HTTP and storage lie between.
import test from 'node:test';
import assert from 'node:assert/strict';
import jsonLogic from 'json-logic-js';
import { Server } from '../system/harness.mjs';

const RULES = 2000, CONTEXTS = 10;

// mulberry32: the same cases in every run.
let state = 20261122;
function draw(n) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return Math.floor(((t ^ (t >>> 14)) >>> 0) / 4294967296 * n);
}
const pick = (list) => list[draw(list.length)];
const several = (least, most, make) => Array.from({ length: least + draw(most - least + 1) }, make);

const scalars = [0, 1, -1, 2, 3.5, '', '0', '1', 'a', 'ab', 'b', ' 2 ', '1e3', '0x10', true, false, null, 1e21, 0.1];
const paths = ['a', 'b', 'o', 'o.x', 'o.y.z', 'list', 'list.0', 'objects', 'objects.0.q', 'nested', 'nested.0.1', 'gone', 'a.b'];
const inside = ['', 'q', 'current', 'accumulator', 'current.q', 'accumulator.current', 'a'];
const counts = {
  if: [0, 5], '?:': [3, 3], '==': [2, 2], '===': [2, 2], '!=': [2, 2], '!==': [2, 2], '!': [1, 1], '!!': [1, 1], or: [1, 3], and: [1, 3],
  '<': [2, 3], '<=': [2, 3], '>': [2, 2], '>=': [2, 2], max: [1, 3], min: [1, 3], '+': [1, 3], '-': [1, 2], '*': [1, 3], '/': [2, 2], '%': [2, 2],
  merge: [0, 3], in: [2, 2], cat: [0, 3], substr: [2, 3] };
const lists = ['map', 'filter', 'all', 'none', 'some'];

function rule(depth, within = '') {
  const names = within ? inside : paths;
  if (depth === 0 || draw(4) === 0) return draw(2) ? pick(scalars) : { var: pick(names) };
  const op = pick([...Object.keys(counts), ...lists, 'reduce', 'var', 'missing', 'missing_some']);
  if (op === 'var') return { var: [pick(names), rule(0, within)] };
  if (op === 'missing') return { missing: several(0, 3, () => pick(paths)) };
  if (op === 'missing_some') return { missing_some: [draw(3), several(1, 3, () => pick(paths))] };
  if (op === 'reduce') return { reduce: [{ var: pick(['list', 'objects', 'nested', 'gone']) }, rule(depth - 1, 'reduce'), rule(0, within)] };
  if (lists.includes(op)) return { [op]: [rule(depth - 1, within), rule(depth - 1, 'list')] };
  return { [op]: several(...counts[op], () => rule(depth - 1, within)) };
}

const context = () => ({
  targetingKey: 'u', a: pick(scalars), b: pick(scalars), o: { x: pick(scalars), y: { z: pick(scalars) } }, nested: [[1, 2], [3]],
  list: several(0, 3, () => pick(scalars)), objects: several(0, 2, () => ({ q: pick(scalars) })) });

test('conditions mean what json-logic-js makes of them', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const rules = Array.from({ length: RULES }, () => { let one; do one = rule(1 + draw(4)); while (one === null); return one; });
  const applied = await s.post('/admin/v1/apply', { definitions: rules.map((logic, i) => ({ kind: 'feature', body: {
    key: `rule-${i}`, type: 'boolean', variants: { off: { value: false }, on: { value: true } }, off: 'off', default: { serve: 'off' }, rules: [{ id: 'r', if: logic, serve: 'on' }] } })) });
  assert.equal(applied.status, 200, JSON.stringify(applied.body).slice(0, 500));
  let held = 0;
  for (let i = 0; i < CONTEXTS; i++) {
    const data = context(), { body } = await s.post('/ofrep/v1/evaluate/flags', { context: data });
    const given = new Map(body.flags.map((flag) => [flag.key, flag.value]));
    rules.forEach((logic, r) => {
      const expected = jsonLogic.truthy(jsonLogic.apply(logic, data));
      held += expected;
      assert.equal(given.get(`rule-${r}`), expected, `${JSON.stringify(logic)} over ${JSON.stringify(data)}`);
    });
  }
  assert.ok(held > RULES * CONTEXTS / 5 && held < RULES * CONTEXTS * 4 / 5, `${held} held: neither side may be rare`);
});
