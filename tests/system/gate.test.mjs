// The release gate on real people (tools/gate-people.mjs, `./dev gate`) with fewer trials, in about a minute. A sanitized build, which is
// slow, takes twenty through the same way: nothing may be lost on it, but shares of twenty say nothing.
import test from 'node:test';
import assert from 'node:assert/strict';
import { aaTrials, dataIsThere, METRICS, uniformity } from './aa.mjs';
import { build } from './harness.mjs';

const FEW = /-(asan|tsan)$/.test(build), TRIALS = FEW ? 20 : 600;

test('A/A trials on a shop\'s customers, through HTTP from page to results, find nothing more often than they may',
  { skip: dataIsThere ? false : 'the Online Retail data is not there (PARLEY_SHARED)' }, async (t) => {
    const found = await aaTrials(TRIALS);
    t.diagnostic(JSON.stringify(found));
    assert.equal(found.customers, 4338);
    if (FEW) return;
    const errors = 3 * Math.sqrt((0.05 * 0.95) / TRIALS); // three standard errors of 5 %
    for (const key of Object.keys(METRICS)) {
      const m = found.metrics[key];
      assert.ok(m.uniform > 0.01, `${key}: p are not uniform, KS p ${m.uniform}`);
      assert.ok(m.rejects < 0.05 + errors, `${key}: the fixed test rejects ${m.rejects}`);
      assert.ok(m.ever <= 0.05, `${key}: the confidence sequence rejects ${m.ever}`);
      assert.ok(m.naive > 0.1, `${key}: looking naively shows nothing here: ${m.naive}`);
    }
    assert.ok(found.alarms < 0.02);
  });

test('the Kolmogorov-Smirnov test tells uniform from not', () => {
  const even = Array.from({ length: 100 }, (_, i) => (i + 0.5) / 100);
  assert.ok(uniformity(even) > 0.999);
  assert.ok(uniformity(even.map((p) => 0.8 * p)) < 0.001);
});
