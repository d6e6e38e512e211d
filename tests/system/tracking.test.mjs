import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, trial, bearer } from './harness.mjs';
import { until } from './listen.mjs';

const order = (user, id, revenue, more = {}) => ({
  type: 'track', event: 'Order Completed', userId: user, messageId: `order-${id}`,
  properties: { order_id: String(id), revenue }, ...more,
});

test('tracking', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());

  await t.test('takes the Segment calls, and each message once', async () => {
    const send = (path, body) => s.post(`/v1/${path}`, body);
    const track = { userId: 'u', event: 'Product Viewed', messageId: 'm1' };
    assert.deepEqual((await send('track', track)).body, { accepted: 1, duplicates: 0, rejected: [] });
    assert.deepEqual((await send('track', track)).body, { accepted: 0, duplicates: 1, rejected: [] });
    assert.equal((await send('identify', { userId: 'u', traits: { name: 'Ada' } })).status, 202);
    assert.equal((await send('page', { anonymousId: 'a', name: 'Home' })).status, 202);
    assert.equal((await send('alias', { userId: 'u', previousId: 'a' })).status, 202);
    const both = await send('batch', { batch: [track, { type: 'track', event: 'E', userId: 'u' }] });
    assert.equal(both.body.accepted, 1);
  });

  await t.test('takes the token by Basic authentication, as Segment\'s libraries send it', async () => {
    const token = await s.token('server');
    const answer = await s.post('/v1/track', { userId: 'u', event: 'E' },
      { authorization: 'Basic ' + Buffer.from(token + ':').toString('base64') });
    assert.equal(answer.status, 202);
  });

  await t.test('refuses single events of a batch with their index and a reason, and keeps the others', async () => {
    const { status, body } = await s.post('/v1/batch', { batch: [
      { type: 'track', event: 'E', userId: 'u' },
      { type: 'track', event: 'E' },
      { type: 'dance', userId: 'u' },
      { type: 'track', userId: 'u' },
      { type: 'track', event: 'E', userId: 'u', timestamp: 'yesterday' },
      { type: 'track', event: 'E', userId: 'u', properties: { a: 'x'.repeat(33 * 1024) } },
      7,
    ] });
    assert.equal(status, 202);
    assert.equal(body.accepted, 1);
    assert.deepEqual(body.rejected.map((r) => r.index), [1, 2, 3, 4, 5, 6]);
    for (const r of body.rejected) assert.ok(r.detail.length > 10);
  });

  await t.test('refuses a batch of more than 2,500', async () => {
    const batch = Array.from({ length: 2501 }, () => ({ type: 'track', event: 'E', userId: 'u' }));
    assert.equal((await s.post('/v1/batch', { batch })).status, 400);
  });

  await t.test('lets a browser speak for itself alone', async () => {
    const browser = bearer(await s.token('browser'));
    const me = await s.get('/v1/me', browser);
    const cookie = me.headers.get('set-cookie').split(';')[0];
    const mine = await s.post('/v1/track', { anonymousId: me.body.customer, event: 'E' }, { ...browser, cookie });
    assert.equal(mine.body.accepted, 1);
    const other = await s.post('/v1/track', { userId: 'somebody', event: 'E' }, { ...browser, cookie });
    assert.equal(other.status, 202);
    assert.equal(other.body.rejected.length, 1);
  });

  await t.test('a browser cannot swallow the shop\'s message ids', async () => {
    const browser = bearer(await s.token('browser'));
    const me = await s.get('/v1/me', browser);
    const cookie = me.headers.get('set-cookie').split(';')[0];
    await s.post('/v1/track', { anonymousId: me.body.customer, event: 'E', messageId: 'order-123' }, { ...browser, cookie });
    assert.equal((await s.post('/v1/track', { userId: 'u', event: 'E', messageId: 'order-123' })).body.accepted, 1);
  });

  await t.test('remembers messages over a restart', async () => {
    await s.post('/v1/track', order('u', 'r1', 5));
    await s.kill();
    await s.up();
    assert.equal((await s.post('/v1/track', order('u', 'r1', 5))).body.duplicates, 1);
  });
});

test('what was acknowledged survives kill -9, exactly once', async () => {
  const s = await Server.start();
  await trial(s, { assignment: 'external', traffic: undefined }, { at: '2020-01-01T00:00:00Z' });
  let acknowledged = 0;
  const sent = [];
  for (let round = 0; round < 6; round++) {
    const sender = (async () => {
      for (let i = 0; ; i++) {
        const n = round * 100000 + i;
        const batch = [
          { type: 'track', event: 'Experiment Viewed', userId: `k${n}`, messageId: `v${n}`, properties: { experiment_id: 'poll-trial', variation_id: n % 2 ? 'top' : 'off' } },
          order(`k${n}`, n, 1.5),
        ];
        sent.push(batch);
        const answer = await s.post('/v1/batch', { batch });
        assert.equal(answer.status, 202);
        acknowledged++;
      }
    })().catch(() => {});
    await new Promise((r) => setTimeout(r, 80 + 40 * round));
    await until(() => acknowledged > 4 * round, 'some of this round');
    await s.kill();
    await sender;
    await s.up();
  }
  assert.ok(acknowledged > 20, `${acknowledged}`);
  for (const batch of sent) assert.equal((await s.post('/v1/batch', { batch })).status, 202); // again: nothing counts twice
  const results = await s.results('poll-trial', (r) => r.variants.reduce((n, v) => n + v.units, 0) === sent.length);
  assert.equal(results.variants.reduce((n, v) => n + v.units, 0), sent.length);
  const spend = results.metrics.find((m) => m.metric === 'spend');
  assert.equal(spend.variants.reduce((n, v) => n + v.sum, 0), 1.5 * sent.length);
  await s.stop();
});
