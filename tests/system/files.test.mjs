// Definitions as files: exported, changed, compared and applied, with what is wrong told by file and line.
import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, poll, trial } from './harness.mjs';
import { parley } from './parley.mjs';

const change = (file, how) => writeFileSync(file, how(readFileSync(file, 'utf8')));

test('definitions as files', async (t) => {
  const s = await Server.start(), dir = mkdtempSync(join(tmpdir(), 'parley-files-'));
  t.after(async () => { await s.stop(); rmSync(dir, { recursive: true, force: true }); });
  const run = (args, on = s) => parley(on.url, args);
  const revision = async (on = s) => (await on.evaluate('product-poll', 'x')).body.metadata.configRevision;
  await trial(s);
  await s.put('/admin/v1/segments/vip', { list: {} });
  await s.put('/admin/v1/segments/vip/ids', 'anna', { 'content-type': 'text/plain' });
  await s.put('/admin/v1/layers/home', {});
  await s.put('/admin/v1/holdouts/q1', { share: 5, start: '2099-01-01T00:00:00Z' });
  await s.put('/admin/v1/features/accounts', poll({ key: 'accounts', type: 'boolean', variants: { on: { value: true }, off: { value: false } }, default: { serve: 'on' } }));

  await t.test('are exported a file each, without what the server adds', async () => {
    const { code, err } = await run(['export', '-o', dir]);
    assert.equal(code, 0, err);
    assert.deepEqual(readdirSync(dir).sort(), ['experiments', 'features', 'holdouts', 'layers', 'metrics', 'pages', 'plugins', 'segments']);
    assert.deepEqual(readdirSync(join(dir, 'features')).sort(), ['accounts.json', 'product-poll.json']);
    const experiment = JSON.parse(readFileSync(join(dir, 'experiments/poll-trial.json'), 'utf8'));
    assert.equal(experiment.state, undefined);
    assert.deepEqual(JSON.parse(readFileSync(join(dir, 'segments/vip.json'), 'utf8')), { key: 'vip', list: { unit: 'targetingKey' } });
  });

  await t.test('come back as they were: no difference, no revision', async () => {
    const before = await revision();
    const same = await run(['diff', '-f', dir, '--output', 'table']);
    assert.equal(same.code, 0, same.err);
    assert.equal(same.out, '');
    assert.match(same.err, /^\d+ unchanged$/m);
    const applied = await run(['apply', '-f', dir]);
    assert.equal(applied.code, 0, applied.err);
    assert.ok(JSON.parse(applied.out).items.every((i) => i.outcome === 'unchanged'), applied.out);
    assert.equal(await revision(), before);
    assert.equal((await s.get('/admin/v1/experiments/poll-trial')).body.state, 'running');
  });

  await t.test('show what would change, member by member, and a dry run changes nothing', async () => {
    change(join(dir, 'features/accounts.json'), (text) => text.replace('"serve": "on"', '"serve": "off"'));
    writeFileSync(join(dir, 'metrics/shares.json'), '{"key":"shares","kind":"count","event":"Pinned"}');
    const before = await revision();
    const { out } = await run(['diff', '-f', dir, '--output', 'table']);
    assert.match(out, /^~ feature accounts\n    - \/default\/serve "on"\n    \+ \/default\/serve "off"$/m);
    assert.match(out, /^\+ metric shares$/m);
    assert.equal((await run(['apply', '-f', dir, '--dry-run'])).code, 0);
    assert.equal(await revision(), before);
    assert.equal((await s.get('/admin/v1/metrics/shares')).status, 404);
  });

  await t.test('are applied as one revision', async () => {
    const before = await revision();
    const { code, out, err } = await run(['apply', '-f', dir]);
    assert.equal(code, 0, err);
    const done = JSON.parse(out).items.filter((i) => i.outcome !== 'unchanged');
    assert.deepEqual(done, [{ kind: 'metric', key: 'shares', outcome: 'created' }, { kind: 'feature', key: 'accounts', outcome: 'changed' }]);
    assert.equal(await revision(), before + 1);
    assert.equal((await s.get('/admin/v1/segments/vip')).body.list.count, 1, 'its ids stayed');
  });

  await t.test('with something wrong are refused whole, by file and line', async () => {
    const before = await revision();
    const file = join(dir, 'features/broken.json');
    writeFileSync(join(dir, 'metrics/fine.json'), '{"key":"fine","kind":"count","event":"Pinned"}');
    writeFileSync(file, `{
  "key": "broken",
  "type": "boolean",
  "variants": {
    "off": {"value": false},
    "on": {"value": "yes"}
  },
  "off": "off",
  "default": {"serve": "nowhere"}
}`);
    const wrong = await run(['apply', '-f', dir]);
    assert.equal(wrong.code, 1);
    assert.ok(wrong.err.includes(`${file}:6: /variants/on/value `), wrong.err);
    assert.ok(wrong.err.includes(`${file}:9: /default/serve `), wrong.err);
    assert.match(wrong.err, /nothing was applied/);
    assert.equal((await s.get('/admin/v1/metrics/fine')).status, 404);
    assert.equal(await revision(), before);
    writeFileSync(file, '{"key": "broken",\n\n "type": }');
    const unreadable = await run(['apply', '-f', dir]);
    assert.equal(unreadable.code, 1);
    assert.match(unreadable.err, new RegExp(`^${file}:3: not valid JSON`, 'm'));
    writeFileSync(file, JSON.stringify(poll({ key: 'broken', prerequisites: [{ feature: 'gone', variants: ['on'] }] }), null, 1));
    const missing = await run(['apply', '-f', dir]);
    assert.match(missing.err, new RegExp(`^${file}:\\d+: /prerequisites/0/feature names feature "gone"`, 'm'));
    rmSync(file);
  });

  await t.test('may refer to each other in any order, but not in a circle', async () => {
    const feature = (key, requires) => writeFileSync(join(dir, `features/${key}.json`), JSON.stringify(poll({
      key, type: 'boolean', variants: { on: { value: true }, off: { value: false } }, default: { serve: 'on' }, prerequisites: requires.map((f) => ({ feature: f, variants: ['on'] })) })));
    feature('a1', ['a2']);
    feature('a2', ['a3']);
    feature('a3', []);
    assert.equal((await run(['apply', '-f', dir])).code, 0);
    feature('a3', ['a1']);
    const round = await run(['apply', '-f', dir]);
    assert.equal(round.code, 1);
    assert.match(round.err, /features\/a\d\.json:1: \/prerequisites\/0\/feature requires this feature in turn: a\d → a\d → a\d → a\d; break the circle/);
    feature('a3', []);
  });

  await t.test('change an experiment and its feature together in one epoch', async () => {
    const edit = (name, how) => change(join(dir, name), (text) => JSON.stringify(how(JSON.parse(text))));
    edit('features/product-poll.json', (f) => ({ ...f, variants: { ...f.variants, side: { value: 'side' } } }));
    edit('experiments/poll-trial.json', (e) => ({ ...e, weights: { off: 50, top: 25, side: 25 } }));
    const before = (await s.get('/admin/v1/experiments/poll-trial')).body.epochs;
    const applied = await run(['apply', '-f', dir]);
    assert.equal(applied.code, 0, applied.err);
    assert.equal((await s.get('/admin/v1/experiments/poll-trial')).body.epochs, before + 1);
    const met = new Set();
    for (let i = 0; i < 60; i++) met.add((await s.evaluate('product-poll', `n${i}`)).body.variant);
    assert.deepEqual([...met].sort(), ['off', 'side', 'top']);
  });

  await t.test('delete what the folder does not name only when asked, as one revision', async () => {
    rmSync(join(dir, 'features/a1.json'));
    rmSync(join(dir, 'metrics/shares.json'));
    const [brought] = (await s.get('/admin/v1/metrics')).body.items.filter((m) => m.origin);
    rmSync(join(dir, `metrics/${brought.key}.json`));
    assert.equal((await run(['apply', '-f', dir])).code, 0);
    assert.equal((await s.get('/admin/v1/features/a1')).status, 200, 'left alone');
    const before = await revision();
    const { out } = await run(['diff', '-f', dir, '--prune', '--output', 'table']);
    assert.match(out, /^- feature a1$/m);
    assert.match(out, /^- metric shares$/m);
    assert.equal((await s.get('/admin/v1/features/a1')).status, 200, 'only shown');
    const { code, out: done, err } = await run(['apply', '-f', dir, '--prune']);
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(done).items.filter((i) => i.outcome !== 'unchanged'), [
      { kind: 'feature', key: 'a1', outcome: 'deleted' }, { kind: 'metric', key: 'shares', outcome: 'deleted' }]);
    assert.equal((await s.get('/admin/v1/features/a1')).status, 404);
    assert.equal(await revision(), before + 1);
    const { items } = (await s.get('/admin/v1/audit?limit=2')).body;
    assert.deepEqual(items.map((i) => i.after ?? null), [null, null], 'both in the audit log');
    assert.equal((await s.get(`/admin/v1/metrics/${brought.key}`)).status, 200, 'what a plugin brings stays');
  });

  await t.test('do not delete a trial that runs, nor what is referred to', async () => {
    const before = await revision(), kept = (name) => join(dir, name);
    const experiment = readFileSync(kept('experiments/poll-trial.json'), 'utf8'), a3 = readFileSync(kept('features/a3.json'), 'utf8');
    rmSync(kept('experiments/poll-trial.json'));
    const live = await run(['apply', '-f', dir, '--prune']);
    assert.equal(live.code, 5);
    assert.match(live.err, /experiment "poll-trial" is running; conclude it first/);
    writeFileSync(kept('experiments/poll-trial.json'), experiment);
    rmSync(kept('features/a3.json'));
    const used = await run(['apply', '-f', dir, '--prune', '--dry-run']);
    assert.equal(used.code, 5);
    assert.match(used.err, /feature "a3" is used by feature "a2"; change that first/);
    writeFileSync(kept('features/a3.json'), a3);
    assert.equal(await revision(), before);
    const all = await s.post('/admin/v1/apply', { definitions: [], prune: ['feature'] });
    assert.equal(all.status, 400);
    assert.match(JSON.stringify(all.body.errors), /would delete everything/);
    const kind = await s.post('/admin/v1/apply', { definitions: [{ kind: 'layer', body: { key: 'home' } }], prune: ['layers'] });
    assert.match(JSON.stringify(kind.body.errors), /\/prune\/0.*is no kind of definition/);
  });

  await t.test('carry a server over to an empty one', async () => {
    const other = await Server.start();
    t.after(() => other.stop());
    assert.equal((await run(['apply', '-f', dir], other)).code, 0);
    const diff = await run(['diff', '-f', dir, '--output', 'table'], other);
    assert.equal(diff.out, '');
    assert.equal((await other.get('/admin/v1/experiments/poll-trial')).body.state, 'draft');
  });

  await t.test('say what is wrong with a folder', async () => {
    mkdirSync(join(dir, 'featuers'));
    const typo = await run(['apply', '-f', dir]);
    assert.equal(typo.code, 1);
    assert.match(typo.err, /featuers is no kind of definition/);
    assert.equal((await run(['apply', '-f', join(dir, 'nowhere')])).code, 4);
    assert.equal((await run(['apply'])).code, 2);
  });
});
