// CloudEvents 1.0 over HTTP, in its three forms, as they end up in the journal and in figures.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Server, bearer, trial } from './harness.mjs';

const one = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
const many = { 'content-type': 'application/cloudevents-batch+json' };
const event = (id, over = {}) => ({ specversion: '1.0', type: 'Order Completed', source: '/shop', id: String(id), userid: 'anna', data: { order_id: `o-${id}`, revenue: 12.5 }, ...over });

test('CloudEvents', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const send = (body, headers) => s.post('/v1/events', body, headers);

  await t.test('structured: an event counts once by its source and id', async () => {
    assert.deepEqual((await send(event(1), one)).body, { accepted: 1, duplicates: 0, rejected: [] });
    assert.deepEqual((await send(event(1), one)).body, { accepted: 0, duplicates: 1, rejected: [] });
    assert.equal((await send(event(1, { source: '/other' }), one)).body.accepted, 1);
  });

  await t.test('batch: single events are refused with their index and a reason', async () => {
    const { status, body } = await send([event(2), event(3, { specversion: '0.3' }), event(4, { userid: undefined }), 7, event(5, { data: { text: 'x'.repeat(33000) } })], many);
    assert.equal(status, 202);
    assert.equal(body.accepted, 1);
    assert.deepEqual(body.rejected.map((r) => r.index), [1, 2, 3, 4]);
    for (const r of body.rejected) assert.ok(r.detail.length > 10);
    assert.equal((await send(Array.from({ length: 2501 }, (_, i) => event(`n${i}`)), many)).status, 400);
    assert.equal((await send(event(6), many)).status, 400);
    assert.equal((await send([], many)).status, 202);
  });

  await t.test('binary: attributes are headers, percent-encoded; the body is the data', async () => {
    const headers = { 'content-type': 'application/json', 'ce-specversion': '1.0', 'ce-type': 'Note%20taken %E2%9C%93', 'ce-source': '/shop', 'ce-id': 'b1', 'CE-UserId': 'bert', 'ce-channel': 'kiosk' };
    assert.deepEqual((await send('{"text":"hi"}', headers)).body, { accepted: 1, duplicates: 0, rejected: [] });
    const row = JSON.parse(execFileSync('sqlite3', ['-json', join(s.data, 'journal/00000001.db'), "SELECT name, unit, message_id, body FROM journal WHERE unit = 'bert'"], { encoding: 'utf8' }))[0];
    assert.equal(row.name, 'Note taken ✓');
    assert.equal(row.message_id, '/shop b1');
    const body = JSON.parse(row.body);
    assert.deepEqual(body.properties, { text: 'hi' });
    assert.equal(body.context.cloudevent.channel, 'kiosk');
  });

  await t.test('binary: a body cannot add attributes, and must be JSON', async () => {
    const headers = { 'content-type': 'application/json', 'ce-specversion': '1.0', 'ce-type': 'E', 'ce-source': '/shop', 'ce-id': 'b2' };
    assert.equal((await send('1,"userid":"mallory"', headers)).status, 400);
    assert.equal((await send('{}', { ...headers, 'ce-userid': '%ff' })).status, 400);
    assert.equal((await send('<a/>', { ...headers, 'content-type': 'text/xml' })).status, 415);
  });

  await t.test('a browser speaks for itself alone', async () => {
    const browser = bearer(await s.token('browser'));
    const me = await s.get('/v1/me', browser);
    const cookie = me.headers.get('set-cookie').split(';')[0];
    const mine = await send(event(8, { userid: undefined }), { ...one, ...browser, cookie });
    assert.equal(mine.body.accepted, 1);
    const other = await send(event(9), { ...one, ...browser, cookie });
    assert.equal(other.body.rejected.length, 1);
    assert.equal((await send(event(10), { ...one, authorization: 'Bearer no' })).status, 401);
  });

  await t.test('is measured like Segment\'s events, and an order counts once whichever way it came', async () => {
    await trial(s, { unit: 'targetingKey' });
    await s.evaluate('product-poll', 'carla');
    await send(event(20, { userid: undefined, subject: 'carla', data: { order_id: 'x-1', revenue: 10.25 } }), one);
    await s.post('/v1/track', { userId: 'carla', event: 'Order Completed', messageId: 'another', properties: { order_id: 'x-1', revenue: 10.25 } });
    const sum = (r, metric) => r.metrics.find((m) => m.metric === metric).variants.reduce((n, v) => n + v.sum, 0);
    await s.post('/v1/track', { userId: 'carla', event: 'Product Added to Wishlist', messageId: 'last', properties: { product_id: 'p' } });
    const results = await s.results('poll-trial', (r) => sum(r, 'pins') === 1);
    assert.equal(sum(results, 'pins'), 1);
    assert.equal(sum(results, 'spend'), 10.25);
    assert.equal(sum(results, 'bought'), 1);
    assert.equal(sum(results, 'again'), 0);
  });
});
