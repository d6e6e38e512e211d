// Segments that are lists of ids: uploaded, changed, restored, looked up, and asked for by rules.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Server, poll } from './harness.mjs';

const ids = '/admin/v1/segments/vip/ids';
const plain = { 'content-type': 'text/plain' };
const lines = (...list) => list.join('\n');
const member = async (s, id) => (await s.get(`${ids}/${encodeURIComponent(id)}`)).body.member;
const variant = async (s, key, context) => (await s.evaluate('perks', key, context)).body.variant;
const perks = poll({ key: 'perks', rules: [{ id: 'vip', if: { in_segment: 'vip' }, serve: 'top' }] });

test('a list of ids', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());

  await t.test('is empty when it is made, and says so', async () => {
    const made = await s.put('/admin/v1/segments/vip', { name: 'Best customers', list: {} });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.deepEqual(made.body.list, { unit: 'targetingKey', count: 0 });
    await s.put('/admin/v1/features/perks', perks);
    assert.equal(await variant(s, 'anna'), 'off');
  });

  await t.test('is uploaded as lines, CSV or NDJSON, and decides from then on', async () => {
    const up = await s.put(ids, lines('anna', 'ben', 'carla'), plain);
    assert.equal(up.status, 200, JSON.stringify(up.body));
    assert.equal(up.body.list.count, 3);
    assert.equal(up.body.version, 2);
    assert.equal(up.headers.get('etag'), '"2"');
    assert.equal(await variant(s, 'anna'), 'top');
    assert.equal(await variant(s, 'dora'), 'off');
    assert.equal((await s.post(ids, 'id,since\n"dora",2020\nemil,2021', { 'content-type': 'text/csv; header=present' })).body.list.count, 5);
    assert.equal((await s.post(ids, '{"id":"fay"}\n"gus"\n', { 'content-type': 'application/x-ndjson' })).body.list.count, 7);
    for (const id of ['anna', 'dora', 'emil', 'fay', 'gus']) assert.equal(await variant(s, id), 'top', id);
    assert.equal(await member(s, 'since'), false);
  });

  await t.test('loses ids, and is replaced whole', async () => {
    assert.equal((await s.post(`${ids}/remove`, lines('ben', 'nobody'), plain)).body.list.count, 6);
    assert.equal(await variant(s, 'ben'), 'off');
    assert.equal((await s.put(ids, lines('zoe'), plain)).body.list.count, 1);
    assert.equal(await variant(s, 'anna'), 'off');
    assert.equal(await member(s, 'zoe'), true);
  });

  await t.test('has versions and audit rows, and an earlier list can be restored', async () => {
    const { items } = (await s.get('/admin/v1/segments/vip/versions')).body;
    const three = items.find((v) => v.body.list.count === 3);
    assert.match(three.note, /^3 ids sent; 0 before, 3 now$/);
    const back = await s.post('/admin/v1/segments/vip/restore', { version: three.version });
    assert.equal(back.status, 200, JSON.stringify(back.body));
    assert.equal(back.body.list.count, 3);
    assert.equal(await variant(s, 'carla'), 'top');
    assert.equal(await variant(s, 'zoe'), 'off');
    const audit = (await s.get('/admin/v1/audit?kind=segment&key=vip')).body.items.map((a) => a.action);
    assert.deepEqual(audit, ['restore', 'replace ids', 'remove ids', 'add ids', 'add ids', 'replace ids', 'create']);
  });

  await t.test('keeps its ids when its definition is written again, and over kill -9', async () => {
    const again = await s.put('/admin/v1/segments/vip', { name: 'Renamed', list: { unit: 'targetingKey' } });
    assert.equal(again.body.list.count, 3);
    await s.kill();
    await s.up();
    assert.equal(await variant(s, 'anna'), 'top');
    assert.equal(await variant(s, 'zoe'), 'off');
  });

  await t.test('looks another attribute up where it says so', async () => {
    await s.patch('/admin/v1/segments/vip', { list: { unit: 'account' } });
    assert.equal(await variant(s, 'anna'), 'off');
    assert.equal(await variant(s, 'x', { account: 'anna' }), 'top');
    await s.put(ids, lines('17'), plain);
    assert.equal(await variant(s, 'x', { account: 17 }), 'top');
  });

  await t.test('is changed on the condition of If-Match', async () => {
    const now = (await s.get('/admin/v1/segments/vip')).body.version;
    assert.equal((await s.put(ids, 'a', { ...plain, 'if-match': '"1"' })).status, 412);
    assert.equal((await s.get('/admin/v1/segments/vip')).body.version, now);
  });

  await t.test('is not touched by an upload that is wrong somewhere, and the answer says where', async () => {
    const before = (await s.get('/admin/v1/segments/vip')).body;
    const wrong = await s.put(ids, '"a"\nnot json\n', { 'content-type': 'application/x-ndjson' });
    assert.equal(wrong.status, 400);
    assert.match(wrong.body.detail, /^line 2: is not JSON/);
    assert.equal((await s.put(ids, 'a', { 'content-type': 'image/png' })).status, 415);
    assert.deepEqual((await s.get('/admin/v1/segments/vip')).body, before);
    await s.put('/admin/v1/segments/germans', { if: { '==': [{ var: 'country' }, 'DE'] } });
    const none = await s.put('/admin/v1/segments/germans/ids', 'a', plain);
    assert.equal(none.status, 409);
    assert.match(none.body.detail, /is a condition, not a list/);
    assert.equal((await s.put('/admin/v1/segments/nowhere/ids', 'a', plain)).status, 404);
    assert.equal((await s.put('/admin/v1/segments/both', { if: true, list: {} })).status, 400);
    const foreign = await s.put('/admin/v1/segments/other', { list: { digest: 'f'.repeat(32), count: 3 } });
    assert.equal(foreign.status, 410);
    assert.match(foreign.body.detail, /upload the ids/);
  });

  await t.test('keeps the eight newest lists for being restored', async () => {
    for (let i = 0; i < 9; i++) await s.put(ids, `only-${i}`, plain);
    const { items } = (await s.get('/admin/v1/segments/vip/versions')).body;
    const at = (i) => items.find((v) => v.note === '1 ids sent; 1 before, 1 now' && v.version === items[0].version - 8 + i).version;
    assert.equal((await s.post('/admin/v1/segments/vip/restore', { version: at(0) })).status, 410);
    assert.equal((await s.post('/admin/v1/segments/vip/restore', { version: at(1) })).status, 200);
    assert.equal(await member(s, 'only-1'), true);
  });

  await t.test('is added to once under an Idempotency-Key, and not again by other ids under it', async () => {
    await s.put(ids, lines('anna'), plain);
    const add = (...list) => s.post(ids, lines(...list), { ...plain, 'idempotency-key': 'night-17' });
    const first = await add('ben', 'carla'), again = await add('ben', 'carla'), other = await add('dora');
    assert.equal(first.body.list.count, 3);
    assert.deepEqual([again.status, again.body], [200, first.body]);
    assert.equal((await s.get('/admin/v1/segments/vip')).body.version, first.body.version);
    assert.equal(other.status, 409, JSON.stringify(other.body));
    assert.equal(await member(s, 'dora'), false);
  });
});

test('segments in a circle are refused with the way round', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await s.put('/admin/v1/segments/c', { if: true });
  await s.put('/admin/v1/segments/b', { if: { in_segment: 'c' } });
  await s.put('/admin/v1/segments/a', { if: { in_segment: 'b' } });
  const round = await s.put('/admin/v1/segments/c', { if: { in_segment: 'a' } });
  assert.equal(round.status, 400);
  assert.match(round.body.detail, /c → a → b → c/);
  for (let i = 0; i < 6; i++) await s.put(`/admin/v1/segments/d${i}`, { if: { in_segment: i ? `d${i - 1}` : 'a' } });
  const deep = await s.get('/admin/v1/segments/d5');
  assert.equal(deep.status, 404, 'the ninth');
  const refused = await s.put('/admin/v1/segments/d5', { if: { in_segment: 'd4' } });
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /more than 8 deep/);
});

test('a million ids are uploaded in one request and take less than 64 MB', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${s.process.pid}/status`, 'utf8'))[1]) / 1024;
  await s.put('/admin/v1/segments/vip', { list: {} });
  await s.put('/admin/v1/features/perks', perks);
  const before = resident();
  const up = await s.put(ids, Array.from({ length: 1e6 }, (_, i) => `customer-${i}`).join('\n'), plain);
  assert.equal(up.status, 200, JSON.stringify(up.body));
  assert.equal(up.body.list.count, 1e6);
  assert.equal(await variant(s, 'customer-999999'), 'top');
  assert.equal(await variant(s, 'customer-1000000'), 'off');
  await s.kill('SIGTERM');
  await s.up();
  assert.equal(await variant(s, 'customer-123456'), 'top');
  t.diagnostic(`${before.toFixed(0)} MB before, ${resident().toFixed(0)} MB after a restart`);
  assert.ok(resident() - before < 64, `${resident() - before} MB`);
});
