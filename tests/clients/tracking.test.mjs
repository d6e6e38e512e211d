// The node libraries of Segment and RudderStack, as they come from npm, with the host changed and a token as write key.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Analytics as Segment } from '@segment/analytics-node';
import RudderStack from '@rudderstack/rudder-sdk-node';
import { Server, trial } from '../system/harness.mjs';

const rows = (s, where) => JSON.parse(execFileSync('sqlite3', ['-json', join(s.data, 'journal/00000001.db'), `SELECT kind, name, unit, body FROM journal WHERE ${where} ORDER BY seq`], { encoding: 'utf8' }) || '[]');

// What either library says of a shopper who browses, signs in, buys and sends back.
function shop(client, who, anonymous) {
  const days = (n) => new Date(Date.now() - n * 86_400_000);
  client.page({ anonymousId: anonymous, name: 'Home', properties: { path: '/' } });
  client.track({ anonymousId: anonymous, event: 'Product Viewed', properties: { product_id: 'M-1' } });
  client.identify({ userId: who, anonymousId: anonymous, traits: { plan: 'gold' } });
  client.track({ userId: who, event: 'Order Completed', properties: { order_id: `${who}-1`, revenue: 40.5, currency: 'GBP', products: [{ product_id: 'M-1', price: 40.5, quantity: 1 }] }, timestamp: days(0) });
  client.track({ userId: who, event: 'Order Refunded', properties: { order_id: `${who}-1`, total: 10.25 } });
  client.alias({ userId: who, previousId: `${anonymous}-old` });
}

async function measured(s, key, who) {
  const sum = (r, metric) => r.metrics.find((m) => m.metric === metric).variants.reduce((n, v) => n + v.sum, 0);
  const r = await s.results('poll-trial', (r) => sum(r, 'bought') >= key);
  assert.equal(sum(r, 'bought'), key);
  const kinds = rows(s, `unit IN ('${who}', 'anon-${who}') AND kind <> 'exposure'`).map((row) => row.kind);
  assert.deepEqual(kinds, ['page', 'track', 'identify', 'track', 'track', 'alias']);
}

test('tracking libraries', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await s.put('/admin/v1/metrics/net', { key: 'net', kind: 'mean', event: 'Order Completed', value: 'revenue', net: true });
  await trial(s, { metrics: { primary: 'bought', secondary: ['net'] } });
  const writeKey = await s.token('server');

  await t.test('@segment/analytics-node', async () => {
    await s.evaluate('product-poll', 'anon-sue');
    const segment = new Segment({ writeKey, host: s.url, flushAt: 3 });
    const failures = [];
    segment.on('error', (error) => failures.push(error));
    shop(segment, 'sue', 'anon-sue');
    await segment.closeAndFlush();
    assert.deepEqual(failures, []);
    await measured(s, 1, 'sue');
  });

  await t.test('@rudderstack/rudder-sdk-node, which packs its bodies', async () => {
    await s.evaluate('product-poll', 'anon-rae');
    const rudder = new RudderStack(writeKey, { dataPlaneUrl: s.url, flushAt: 3, logLevel: 'none' });
    shop(rudder, 'rae', 'anon-rae');
    await rudder.flush();
    await measured(s, 2, 'rae');
  });

  await t.test('refunds are subtracted, to the penny', async () => {
    const net = (r) => r.metrics.find((m) => m.metric === 'net').variants.reduce((n, v) => n + v.sum, 0), left = 2 * (40.5 - 10.25);
    assert.equal(net(await s.results('poll-trial', (r) => net(r) === left)), left);
  });

  await t.test('a packed body that is none, too large or cut is refused', async () => {
    const { gzipSync } = await import('node:zlib');
    const send = (body, encoding = 'gzip') => s.post('/v1/batch', body, { 'content-encoding': encoding });
    const good = gzipSync(JSON.stringify({ batch: [{ type: 'track', userId: 'u', event: 'E' }] }));
    assert.equal((await send(good)).body.accepted, 1);
    assert.equal((await send(good.subarray(0, good.length - 9))).status, 400); // though what is left of it says some other size
    assert.equal((await send('{"batch":[]}')).status, 400);
    assert.equal((await send(gzipSync(Buffer.alloc(5 << 20, ' ')))).status, 413);
    assert.equal((await send(good, 'br')).status, 415);
  });
});
