import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { Server, asShopper, poll } from './harness.mjs';
import { until } from './listen.mjs';

const place = mkdtempSync(join(tmpdir(), 'parley-disk-'));
const small = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'none', place]).status === 0;

test('a full disk: nothing is acknowledged that is not kept, and it goes on when there is room again', { skip: !small && 'a small file system needs root' }, async (t) => {
  t.after(() => execFileSync('umount', ['-l', place]));
  const s = await Server.start({ data: join(place, 'data') });
  await s.put('/admin/v1/features/f', poll({ key: 'f' }));
  await s.put('/admin/v1/features/asked', poll({ key: 'asked', stage: 'shipped', default: { serve: 'top' } }));
  await s.post('/admin/v1/plugins/polls/api/polls', { id: 'p1', question: '?', kind: 'single', results: 'always', options: [{ key: 'a', label: 'A' }, { key: 'b', label: 'B' }] });
  const vote = (who) => s.put('/v1/features/asked/polls/p1/vote', { options: ['a'] }, asShopper(who));
  assert.equal((await vote('first')).status, 200);
  const batch = (n) => s.post('/v1/batch', { batch: Array.from({ length: 500 }, (_, i) => ({ type: 'track', event: 'E', userId: `u${i}`, messageId: `${n}-${i}`, properties: { text: 'x'.repeat(500) } })) });
  let acknowledged = 0, refused;
  for (let n = 0; n < 200 && !refused; n++) {
    const answer = await batch(n);
    if (answer.status === 202) acknowledged += answer.body.accepted;
    else refused = { n, ...answer };
  }
  assert.ok(refused, 'the disk never filled');
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.match(refused.body.detail, /none of the events could be kept \(There is no room left to store this\); send the same again/);

  await t.test('evaluation goes on, and readiness says what is wrong', async () => {
    assert.equal((await s.evaluate('f', 'u')).status, 200);
    assert.equal((await s.get('/readyz')).status, 503);
  });

  await t.test('what a plugin cannot keep is refused likewise, and not half done', async () => {
    let voted, refused;
    for (let n = 0; n < 500 && !refused; n++) { // its database has some room of its own
      voted = await vote(`voter-${n}`);
      if (voted.status !== 200) refused = voted;
    }
    assert.equal(refused?.status, 503, JSON.stringify(voted.body));
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  });

  await t.test('the same events are taken once there is room', async () => {
    execFileSync('mount', ['-o', 'remount,size=64m', place]);
    const again = await batch(refused.n);
    assert.equal(again.status, 202, JSON.stringify(again.body));
    acknowledged += again.body.accepted;
    assert.equal((await s.get('/readyz')).status, 200);
  });

  await t.test('and every acknowledged event is in the journal', async () => {
    await s.kill();
    const files = execFileSync('sh', ['-c', `ls ${s.data}/journal/*.db`], { encoding: 'utf8' }).trim().split('\n');
    const rows = files.reduce((n, f) => n + Number(execFileSync('sqlite3', [f, "SELECT count(*) FROM journal WHERE name = 'E'"], { encoding: 'utf8' })), 0);
    assert.equal(rows, acknowledged);
  });
});

const strace = spawnSync('strace', ['-V']).status === 0;

test('a disk that fails to sync: no false 202, and it goes on without a restart', { skip: !strace && 'strace is not there' }, async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const send = (n) => s.post('/v1/batch', { batch: Array.from({ length: 50 }, (_, i) => ({ type: 'track', event: 'E', userId: `u${i}`, messageId: `${n}-${i}` })) });
  assert.equal((await send('before')).body.accepted, 50);
  // From here on, until strace lets go of it, every sync of every file fails.
  const tracer = spawn('strace', ['-qq', '-f', '-p', String(s.process.pid), '-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:error=EIO', '-o', '/dev/null'], { stdio: 'ignore' });
  t.after(() => tracer.kill('SIGKILL'));
  let refused;
  for (let n = 0; n < 1000 && !refused; n++) {
    const answer = await send(`during-${n}`);
    if (answer.status !== 202) refused = { n, ...answer };
    else await new Promise((r) => setTimeout(r, 50)); // strace had not got hold of it yet: this one was synced
  }
  assert.ok(refused, 'no sync ever failed');
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.match((await s.get('/metrics')).body, /parley_journal_failed_groups_total [1-9]/);
  assert.match(s.log, /msg="the journal cannot be written; events are refused until it can"/);
  assert.equal((await s.get('/readyz')).status, 503);
  for (let i = 0; i < 5; i++) assert.notEqual((await send(`during-${refused.n}`)).status, 202);

  await t.test('what was refused is taken, once, when the disk works again', async () => {
    tracer.kill('SIGINT');
    await once(tracer, 'exit');
    const again = await send(`during-${refused.n}`);
    assert.equal(again.status, 202, JSON.stringify(again.body));
    assert.deepEqual([again.body.accepted, again.body.duplicates], [50, 0]);
    assert.equal((await s.get('/readyz')).status, 200);
    await until(() => s.log.includes('the journal can be written again'));
  });

  await t.test('and every acknowledged event is in the journal exactly once, over a kill -9', async () => {
    await s.kill();
    await s.up();
    const ids = execFileSync('sqlite3', [join(s.data, 'journal/00000001.db'), "SELECT message_id FROM journal WHERE name = 'E'"], { encoding: 'utf8' }).trim().split('\n');
    assert.equal(ids.length, 50 * (2 + refused.n));
    assert.equal(new Set(ids).size, ids.length);
    assert.equal((await send('before')).body.duplicates, 50);
  });
});
