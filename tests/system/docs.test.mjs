// The documentation is true: its examples run, and its lists are those of the programs.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ADMIN, Server, build, trial } from './harness.mjs';
import { holds, perform } from './markdown.mjs';

test('docs/api.md', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-guide-'));
  const s = await Server.start();
  t.after(async () => {
    await s.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  let answers = 0;
  for (const { command, output, answer } of perform('docs/api.md', folder, { PARLEY_URL: s.url, PARLEY_TOKEN: ADMIN })) {
    if (!answer) continue;
    answers++;
    await t.test(`is answered as shown: ${command.trim().split('\n').at(-1).slice(0, 90)}`, () =>
      assert.ok(holds(JSON.parse(answer), JSON.parse(output)), `the page says ${answer}the server ${output}`));
  }
  assert.ok(answers > 12);
});

test('docs/operators.md', async (t) => {
  const page = readFileSync('docs/operators.md', 'utf8');
  const s = await Server.start();
  t.after(() => rmSync(s.data, { recursive: true, force: true }));
  const listed = (pattern) => [...new Set([...page.matchAll(pattern)].map((m) => m[1]))].sort();

  await t.test('lists the metrics that the server has, all and no other', async () => {
    await s.get('/livez');
    const real = [...(await s.get('/metrics')).body.matchAll(/^# TYPE (\S+)/gm)].map((m) => m[1]).sort();
    assert.deepEqual(listed(/`(parley_\w+)`/g), real);
  });

  await t.test('lists the options that parleyd has, all and no other', () => {
    const help = execFileSync(join(build, 'parleyd'), ['--help'], { encoding: 'utf8' });
    const table = page.slice(page.indexOf('## Options'), page.indexOf('## Tokens'));
    const told = [...table.matchAll(/^\| `([a-z.*-]+)` \|/gm)].map((m) => m[1]).sort();
    assert.deepEqual(told, [...help.matchAll(/^ {2}--([a-z.*-]+)/gm)].map((m) => m[1]).sort());
  });

  await t.test('names every file and folder of a data folder', () => {
    const told = listed(/^\| `DIR\/([a-z.]+)/gm);
    const real = readdirSync(s.data).map((name) => name.replace(/-(wal|shm)$/, ''));
    assert.deepEqual(told, [...new Set(real)].sort());
  });

  await t.test('explains log lines that there are', () => {
    const table = page.slice(page.indexOf('| `msg` |'), page.indexOf('## Metrics'));
    for (const [, msg] of table.matchAll(/^\| `([^`]+)` \|/gm))
      if (msg !== 'msg') assert.equal(spawnSync('git', ['grep', '-qF', `"${msg}"`, '--', '*.c']).status, 0, msg);
  });

  await t.test('explains statuses and problem types that there are', () => {
    const codes = new Map([...readFileSync('core/base/error.h', 'utf8').matchAll(/X\((\w+), (\d+), /g)].map((m) => [m[1].toLowerCase().replaceAll('_', '-'), m[2]]));
    for (const [, statuses, types] of page.matchAll(/^\| (\d{3}[\d, ]*) \| (`[^|]+) \|/gm))
      for (const [, type] of types.matchAll(/`([a-z-]+)`/g))
        if (!['feature-off', 'muted', 'erased'].includes(type)) assert.ok(statuses.includes(codes.get(type) ?? 'none'), `${statuses} ${type}`);
  });

  await t.test('is right that a copy without measure/ gives the same results', async () => {
    await trial(s);
    for (let i = 0; i < 20; i++) {
      await s.evaluate('product-poll', `c${i}`);
      await s.post('/v1/track', { userId: `c${i}`, event: 'Order Completed', messageId: `m${i}`, properties: { revenue: i, order_id: `o${i}` } });
    }
    const figures = async (server) => {
      const r = await server.results('poll-trial', (x) => x.variants.reduce((n, v) => n + v.units, 0) === 20 && x.metrics.find((m) => m.metric === 'spend').variants.reduce((n, v) => n + v.sum, 0) === 190);
      return [r.variants, r.metrics];
    };
    const before = await figures(s);
    await s.kill('SIGTERM');
    const copy = mkdtempSync(join(tmpdir(), 'parley-copy-'));
    cpSync(s.data, copy, { recursive: true });
    rmSync(join(copy, 'measure'), { recursive: true });
    const restored = await Server.start({ data: copy });
    assert.deepEqual(await figures(restored), before);
    const again = await restored.post('/v1/track', { userId: 'c1', event: 'Order Completed', messageId: 'm1', properties: {} });
    assert.equal(again.body.duplicates, 1);
    await restored.stop();
  });
});

test('links between pages lead somewhere', () => {
  for (const file of execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' }).trim().split('\n'))
    for (const [, target] of readFileSync(file, 'utf8').matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g))
      assert.ok(existsSync(join(dirname(file), target)), `${file}: ${target}`);
});

test('decisions are numbered once, and all are in the index', () => {
  const files = readdirSync('docs/decisions');
  const numbers = files.map((name) => /^(\d{3})-[a-z0-9-]+\.md$/.exec(name)?.[1]);
  assert.equal(new Set(numbers).size, files.length, `${numbers}`);
  const index = readFileSync('docs/README.md', 'utf8');
  for (const name of files) assert.ok(index.includes(`(decisions/${name})`), name);
});
