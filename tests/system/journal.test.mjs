// The journal's files as an operator reads them: with the command line and with sqlite3, beside a running server and without one.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, build, trial } from './harness.mjs';
import { until } from './listen.mjs';
import { parley } from './parley.mjs';

test('the journal', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const at = async (...args) => {
    const { code, out, err } = await parley(s.url, ['journal', args[0], s.data, ...args.slice(1)]);
    assert.equal(code, 0, err);
    return out;
  };
  const rows = (out) => out.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
  await trial(s);
  for (let i = 0; i < 5; i++) await s.evaluate('product-poll', `u${i}`);
  await s.post('/v1/batch', { batch: [
    { type: 'track', userId: 'u1', event: 'Order Completed', messageId: 'm1', timestamp: '2026-01-02T03:04:05Z', properties: { order_id: '1', revenue: 12.5, note: 'a "quoted", line' } },
    { type: 'track', userId: 'u1', event: 'Order Completed', messageId: 'm2', properties: { order_id: '2', revenue: 7.5 } },
    { type: 'identify', userId: 'u1', anonymousId: 'a1' },
    { type: 'page', userId: 'u2', name: 'Home' },
  ] });
  await s.results('poll-trial', (r) => r.variants.reduce((n, v) => n + v.units, 0) === 5);

  await t.test('is counted', async () => {
    const stats = JSON.parse(await at('stats'));
    assert.equal(stats.rows, 9);
    assert.deepEqual(stats.kinds, { track: 2, identify: 1, alias: 0, page: 1, exposure: 5, entry: 0, part: 0 });
    assert.deepEqual(stats.events, { 'Order Completed': 2 });
  });

  await t.test('is exported as NDJSON and as CSV, whole or in part', async () => {
    const all = rows(await at('export'));
    assert.deepEqual(all.map((r) => r.seq), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const order = all.find((r) => r.messageId === 'm1');
    assert.deepEqual([order.at, order.kind, order.actor, order.unit, order.body.properties.revenue], ['2026-01-02T03:04:05.000Z', 'track', 'customer', 'u1', 12.5]);
    assert.equal(all.find((r) => r.kind === 'identify').other, 'a1');
    assert.equal(rows(await at('export', '--from', '3', '--to', '4')).length, 2);
    assert.equal(rows(await at('export', '--since', '2999-01-01')).length, 0);
    const met = all[8].received;
    assert.deepEqual(rows(await at('export', '--until', met)), all.filter((r) => r.received < met));
    assert.deepEqual(rows(await at('export', '--since', met)), all.filter((r) => r.received >= met));
    assert.equal(rows(await at('export', '--until', '2999-01-01')).length, 9);
    assert.equal(rows(await at('export', '--since', met, '--until', met)).length, 0);
    assert.match((await parley(s.url, ['journal', 'export', s.data, '--until', 'soon'])).err, /--until soon: write a day or a time/);
    const csv = (await at('export', '--format', 'csv')).split('\r\n');
    assert.equal(csv[0], 'seq,received,at,kind,actor,name,unit,other,message_id,body');
    assert.equal(csv.length, 11);
    const line = csv.find((l) => l.includes('Order Completed,u1,,m1,'));
    assert.deepEqual(JSON.parse(line.slice(line.indexOf('"') + 1, -1).replaceAll('""', '"')).properties.note, 'a "quoted", line');
  });

  await t.test('is followed while the server writes', async () => {
    const child = spawn(join(build, 'parley'), ['journal', 'tail', s.data, '--lines', '2', '--follow']);
    let out = '';
    child.stdout.on('data', (text) => { out += text; });
    const whole = () => rows(out.slice(0, out.lastIndexOf('\n') + 1));
    const lines = async (n) => { await until(() => whole().length >= n, `${n} lines`); return whole(); };
    assert.deepEqual((await lines(2)).map((r) => r.seq), [8, 9]);
    await s.post('/v1/track', { userId: 'u9', event: 'Later' });
    assert.equal((await lines(3))[2].name, 'Later');
    child.kill();
  });

  await t.test('is read by sqlite3, as the operators\' page says', () => {
    const page = readFileSync('docs/operators.md', 'utf8');
    const [first, second] = [...page.matchAll(/^sqlite3 DIR\/journal\/00000001\.db "(.*)"$/gm)].map(([, sql]) =>
      execFileSync('sqlite3', [join(s.data, 'journal/00000001.db'), sql], { encoding: 'utf8' }));
    assert.match(first, /^Order Completed\|2$/m);
    assert.match(second, /^u1\|20\.0$/m);
  });

  await t.test('is verified, and a changed row is found, with and without a server', async () => {
    assert.deepEqual(JSON.parse(await at('verify')), { rows: 10, damaged: 0 });
    await s.kill('SIGTERM');
    assert.equal(JSON.parse(await at('verify')).rows, 10);
    const file = join(s.data, 'journal/00000001.db');
    execFileSync('sqlite3', [file, "UPDATE event SET body = replace(body, '12.5', '99.5') WHERE message_id = 'm1'"]);
    const { code, err } = await parley(s.url, ['journal', 'verify', s.data]);
    assert.equal(code, 1);
    assert.match(err, /00000001\.db: rows \d+ to \d+ are not what was written/);
  });

  await t.test('all that is wrong is told at once, with what to do, and by the exit code', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-journal-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const verify = async (...args) => { const { code, out, err } = await parley(s.url, ['journal', 'verify', folder, ...args]); return { code, told: JSON.parse(out), err }; };
    const damage = (from, sql) => { copyFileSync(join(from, '00000001.db'), join(folder, '00000001.db')); execFileSync('sqlite3', [join(folder, '00000001.db'), sql]); };
    assert.equal((await verify()).code, 1, 'no journal is no whole journal');
    damage(join(s.data, 'journal'), "UPDATE schema_version SET number = 7; UPDATE event SET at = 1 WHERE seq = 10");
    const newer = await verify();
    assert.deepEqual([newer.code, newer.told.damaged, newer.told.rows], [1, 1, 0]);
    assert.match(newer.err, /00000001\.db: it has schema_version 7, and this Parley knows up to 2; verify it with the Parley that made it/);
    damage(join(s.data, 'journal'), "DROP VIEW exposure; UPDATE event SET at = 1 WHERE seq = 10");
    const { code, told, err } = await verify();
    assert.deepEqual([code, told.damaged], [1, 3]);
    assert.deepEqual(told.findings.map((f) => [f.file, f.from ?? null, f.to === 10]), [[1, null, false], [1, told.findings[1].from, false], [1, 10, true]]);
    assert.ok(told.findings.every((f) => /restore the file from a backup/.test(f.mend) && err.includes(f.detail)));
    rmSync(join(folder, '00000001.db'));
  });

  await t.test('is read where nothing may be written', { skip: process.getuid?.() !== 0 && 'a folder for reading only needs root' }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-still-'));
    if (spawnSync('mount', ['-t', 'tmpfs', 'none', folder]).status !== 0) return t.skip('mount does not work here');
    t.after(() => { execFileSync('umount', ['-l', folder]); rmSync(folder, { recursive: true }); });
    const backup = join(folder, 'a?b#100%');
    mkdirSync(backup);
    copyFileSync(join(s.data, 'journal/00000001.db'), join(backup, '00000001.db'));
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    const lines = (await parley(s.url, ['journal', 'export', backup])).out.trim().split('\n');
    assert.equal(lines.length, 10);
    assert.equal(JSON.parse((await parley(s.url, ['journal', 'stats', backup])).out).rows, 10);
    assert.match((await parley(s.url, ['journal', 'verify', backup])).err, /rows \d+ to \d+ are not what was written/);
  });

  await t.test('says where there is none', async () => {
    const { code, err } = await parley(s.url, ['journal', 'stats', join(s.data, 'nowhere')]);
    assert.equal(code, 1);
    assert.match(err, /nowhere/);
    assert.ok(!existsSync(join(s.data, 'nowhere')));
    assert.equal((await parley(s.url, ['journal', 'export', s.data, '--format', 'xml'])).code, 2);
  });
});

test('what a visitor wrote as a formula is a text in a spreadsheet, and as it was in NDJSON', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await s.post('/v1/track', { userId: '=cmd|calc', event: '@SUM(A1)', messageId: '-1' });
  const exported = async (...args) => (await parley(s.url, ['journal', 'export', s.data, ...args])).out;
  const [, , , , , name, unit, , id] = (await exported('--format', 'csv')).split('\r\n')[1].split(',');
  assert.deepEqual([name, unit, id], [`"'@SUM(A1)"`, `"'=cmd|calc"`, `"'-1"`]);
  const row = JSON.parse(await exported());
  assert.deepEqual([row.name, row.unit, row.messageId], ['@SUM(A1)', '=cmd|calc', '-1']);
});
