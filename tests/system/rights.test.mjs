// A customer's rights: everything of hers in one document, and its end everywhere; what is left of her in figures stays.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Server, trial, bearer, asShopper } from './harness.mjs';
import { until } from './listen.mjs';

// Every file below the folder that holds one of the words. A file that goes while they are read holds none.
const filesWith = (folder, words) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)).flatMap((path) => {
  try {
    const bytes = statSync(path).isFile() ? readFileSync(path) : '';
    return words.filter((w) => bytes.includes(w)).map((w) => `${path}: ${w}`);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return [];
  }
});

const WORDS = ['wilhelmine-77', 'Wilhelmine Zuckerbaecker', 'wilhelmine@zucker.example', 'anon-device-4711', 'zuckerguss-lamp', 'order-of-hers-1', 'Sorge vor Zugluft'];

const fill = async (s, server) => {
  await trial(s, { weights: { off: 1, top: 99999 } });
  await s.post('/admin/v1/plugins/polls/api/polls', { id: 'handle', question: 'Round or square?', kind: 'single', results: 'always',
    options: [{ key: 'round', label: 'Round' }, { key: 'square', label: 'Square' }] });
  await s.post('/v1/track', { anonymousId: 'anon-device-4711', event: 'Product Viewed', properties: { name: 'zuckerguss-lamp' } });
  await s.post('/v1/identify', { userId: 'wilhelmine-77', anonymousId: 'anon-device-4711',
    traits: { name: 'Wilhelmine Zuckerbaecker', email: 'wilhelmine@zucker.example' } });
  for (const id of ['wilhelmine-77', 'somebody-else']) {
    await s.evaluate('product-poll', id);
    const voted = await s.put('/v1/features/product-poll/polls/handle/vote', { options: ['round'] }, { ...server, ...asShopper(id) });
    assert.equal(voted.status, 200, JSON.stringify(voted.body));
    await s.post('/v1/track', { userId: id, event: 'Order Completed', messageId: `m-${id}`, properties: { order_id: id[0] === 'w' ? 'order-of-hers-1' : 'o-2', revenue: 20 } });
  }
  await s.patch('/admin/v1/customers/wilhelmine-77/traits', { traits: { topic: 'Sorge vor Zugluft' } });
  await s.put('/v1/me/preferences', { muted: ['other'] }, { ...server, ...asShopper('wilhelmine-77') });
  await s.post('/admin/v1/customers/wilhelmine-77/contacts', { channel: 'email' });
  await s.post('/admin/v1/customers/wilhelmine-77/merge', { other: 'somebody-near' }, { 'idempotency-key': 'once-1' });
  await s.post('/admin/v1/customers/somebody-near/unmerge');
  await until(async () => (await s.get('/admin/v1/customers/wilhelmine-77/timeline?kinds=vote')).body.items.length, 'the plugin\'s entry comes by its outbox');
};

const figures = async (s) => {
  const all = (r) => r.variants.reduce((n, v) => n + v.units, 0);
  const r = await s.results('poll-trial', (body) => all(body) === 2 && body.metrics[1].variants.reduce((n, v) => n + v.sum, 0) === 40);
  return { units: r.variants.map((v) => v.units), sums: r.metrics.map((m) => m.variants.map((v) => [v.n, v.sum])) };
};

test('rights', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const server = bearer(await s.token('server')), browser = bearer(await s.token('browser'));
  const her = { ...server, ...asShopper('wilhelmine-77') };
  await fill(s, server);
  const before = await figures(s);
  assert.deepEqual(before.units, [0, 2]);
  let receipt;

  await t.test('an export holds everything, whichever part of Parley keeps it', async () => {
    const { status, headers, body } = await s.get('/v1/me/export', her);
    assert.equal(status, 200);
    assert.equal(headers.get('cache-control'), 'private, no-store');
    assert.equal(body.complete, true);
    assert.deepEqual(body.keys.sort(), ['anon-device-4711', 'wilhelmine-77']);
    assert.equal(body.traits.name, 'Wilhelmine Zuckerbaecker');
    assert.equal(body.traits.topic, 'Sorge vor Zugluft');
    assert.deepEqual(body.preferences.muted, ['other']);
    assert.equal(body.contacts.length, 1);
    assert.match(JSON.stringify(body.plugins['wilhelmine-77'].polls), /round/);
    assert.deepEqual([...new Set(body.events.map((e) => e.kind))].sort(), ['alias', 'entry', 'exposure', 'identify', 'part', 'track']);
    assert.ok(body.events.some((e) => e.unit === 'anon-device-4711' && e.body.properties.name === 'zuckerguss-lamp'));
    assert.ok(!JSON.stringify(body).includes('somebody-else'));
    const byStaff = (await s.get('/admin/v1/customers/wilhelmine-77/export', bearer(await s.token('agent')))).body;
    assert.deepEqual(byStaff.events, body.events);
  });

  await t.test('an export of many rows comes whole', async () => {
    for (let k = 0; k < 3; k++)
      await s.post('/v1/batch', { batch: Array.from({ length: 700 }, (_, i) => ({ type: 'track', event: 'Cart Viewed', userId: 'busy', properties: { i, k } })) });
    const { body } = await s.get('/v1/me/export', { ...server, ...asShopper('busy') });
    assert.equal(body.events.length, 2100);
    assert.equal(new Set(body.events.map((e) => e.seq)).size, 2100);
  });

  await t.test('an erasure gives a receipt', async () => {
    const erased = await s.delete('/v1/me', her);
    assert.equal(erased.status, 200, JSON.stringify(erased.body));
    receipt = erased.body;
    assert.equal(receipt.state, 'done');
    assert.equal(receipt.erased.keys, 2);
    assert.ok(receipt.erased.events >= 6);
    assert.ok(receipt.erased.records >= 6);
    assert.ok(receipt.erased.plugins >= 1);
    assert.deepEqual((await s.get(`/v1/me/erasures/${receipt.id}`, server)).body, receipt);
    assert.equal((await s.get('/v1/me/erasures/01ARZ3NDEKTSV4RRFFQ69G5FAV', server)).status, 404);
  });

  await t.test('nothing of her is shown anywhere', async () => {
    assert.equal((await s.get('/admin/v1/customers?q=wilh')).body.items.length, 0);
    assert.deepEqual((await s.get('/admin/v1/customers/wilhelmine-77/timeline')).body.items, []);
    const exported = (await s.get('/admin/v1/customers/wilhelmine-77/export')).body;
    assert.deepEqual([exported.events, exported.traits, exported.contacts], [[], {}, []]);
    const audit = JSON.stringify((await s.get('/admin/v1/audit?kind=customer')).body);
    for (const word of WORDS) assert.ok(!audit.includes(word), word);
    assert.match(audit, /"action":"erase"/);
  });

  await t.test('figures stay, and a recomputation says how many they are that cannot be computed again', async () => {
    assert.deepEqual(await figures(s), before);
    const { body } = await s.post('/admin/v1/experiments/poll-trial/verify');
    assert.equal(body.different, 0, JSON.stringify(body));
    assert.equal(body.residual.units, 1, JSON.stringify(body));
  });

  await t.test('she is not collected again until staff say so', async () => {
    const sent = await s.post('/v1/batch', { batch: [{ type: 'track', event: 'E', userId: 'wilhelmine-77' }, { type: 'dance' },
      { type: 'track', event: 'E', userId: 'somebody-else' }, { type: 'track', event: 'E', anonymousId: 'anon-device-4711' }] });
    assert.equal(sent.body.accepted, 1);
    assert.deepEqual(sent.body.rejected.map((r) => r.index), [0, 1, 3]);
    assert.match(sent.body.rejected[0].detail, /erased/);
    assert.match(sent.body.rejected[1].detail, /type/);
    assert.equal((await s.get('/v1/features/product-poll/polls/handle', her)).body.type, 'urn:parley:problem:erased');
    assert.equal((await s.put('/v1/me/preferences', {}, her)).status, 403);
    assert.equal((await s.put('/admin/v1/customers/wilhelmine-77/seen', { id: '1' })).status, 403);
    assert.equal((await s.post('/admin/v1/customers/somebody-else/merge', { other: 'wilhelmine-77' })).body.type, 'urn:parley:problem:erased');
    await s.evaluate('product-poll', 'wilhelmine-77');
    assert.deepEqual(await figures(s), before);
    assert.equal((await s.delete('/admin/v1/customers/anon-device-4711/suppression')).status, 204);
    assert.equal((await s.delete('/admin/v1/customers/anon-device-4711/suppression')).status, 404);
    assert.equal((await s.post('/v1/track', { anonymousId: 'anon-device-4711', event: 'E' })).body.accepted, 1);
    assert.equal((await s.delete('/admin/v1/customers/anon-device-4711')).status, 200);
  });

  await t.test('no file holds her id or her words, while the server runs and after it', async () => {
    assert.deepEqual(filesWith(s.data, WORDS), []);
    assert.ok(filesWith(s.data, ['somebody-else']).length > 0, 'the search finds what is there');
    await s.kill('SIGTERM');
    assert.deepEqual(filesWith(s.data, WORDS), []);
    await s.up();
    assert.deepEqual(await figures(s), before);
    assert.equal((await s.post('/v1/track', { userId: 'wilhelmine-77', event: 'E' })).body.rejected.length, 1);
  });

  await t.test('a visitor erases what was said under her cookie, and nothing of whom it was joined to', async () => {
    const me = await s.get('/v1/me', browser), id = me.body.customer;
    const headers = { ...browser, cookie: me.headers.get('set-cookie').split(';')[0] };
    await s.post('/v1/track', { anonymousId: id, event: 'Before' }, headers);
    await s.post('/v1/identify', { userId: 'nele', anonymousId: id });
    await s.post('/v1/track', { userId: 'nele', event: 'Hers' });
    const erased = await s.delete('/v1/me', headers);
    assert.equal(erased.status, 200);
    assert.equal(erased.body.erased.keys, 1);
    assert.match(erased.headers.get('set-cookie'), /Max-Age=0/);
    const left = (await s.get('/admin/v1/customers/nele/timeline')).body.items.map((e) => e.body);
    assert.ok(left.includes('Hers') && !left.includes('Before'), left.join());
    assert.equal((await s.delete('/v1/me', browser)).status, 401);
  });
});

test('what is told of somebody while she is erased leaves nothing behind', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const server = bearer(await s.token('server'));
  await trial(s, { weights: { off: 1, top: 99999 } });
  const ids = Array.from({ length: 12 }, (_, i) => `lieselotte-${i}`);
  let telling = true;
  const tell = async (id) => {
    for (let i = 0; telling; i++) {
      await s.post('/v1/batch', { batch: [{ type: 'identify', userId: id, anonymousId: `geraet-${id}-${i}`, traits: { name: `Liese Zucker ${id}` } },
        { type: 'track', userId: id, event: 'Order Completed', properties: { order_id: `${id}-${i}`, revenue: 1 } }] });
      await s.evaluate('product-poll', id);
    }
  };
  const tellers = ids.map(tell);
  const erased = await Promise.all(ids.flatMap((id) => [id, id]).map((id) => s.delete('/v1/me', { ...server, ...asShopper(id) })));
  telling = false;
  await Promise.all(tellers);
  for (const { status, body } of erased) {
    assert.ok(status === 200 || status === 202, `${status}`);
    await until(async () => (await s.get(`/v1/me/erasures/${body.id}`, server)).body.state === 'done', 'every erasure comes to its end');
  }
  assert.deepEqual(filesWith(s.data, ['lieselotte-', 'Liese Zucker']), []);
  assert.equal((await s.post('/admin/v1/experiments/poll-trial/verify')).body.different, 0);
});

test('of two who were merged nothing is left, in a retired plugin either', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const server = bearer(await s.token('server'));
  await fill(s, server);
  await s.put('/v1/features/product-poll/polls/handle/vote', { options: ['square'] }, { ...server, ...asShopper('somebody-near') });
  assert.equal((await s.post('/admin/v1/customers/wilhelmine-77/merge', { other: 'somebody-near' })).status, 200);
  assert.equal((await s.delete('/admin/v1/plugins/polls?force=yes')).status, 200);
  const held = (await s.get('/v1/me/export', { ...server, ...asShopper('wilhelmine-77') })).body;
  assert.equal(held.complete, true);
  assert.match(JSON.stringify(held.plugins['wilhelmine-77'].polls), /round/);
  assert.match(JSON.stringify(held.plugins['somebody-near'].polls), /square/);
  const erased = await s.delete('/v1/me', { ...server, ...asShopper('somebody-near') });
  assert.equal(erased.body.erased.keys, 3);
  await until(async () => (await s.get(`/v1/me/erasures/${erased.body.id}`, server)).body.state === 'done', 'the erasure comes to its end');
  await until(() => !filesWith(s.data, [...WORDS, 'somebody-near']).length, 'nothing of the two is left');
});

test('an erasure that a crash interrupts is taken up again', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const server = bearer(await s.token('server'));
  await fill(s, server);
  const before = await figures(s);
  for (const wait of [0, 1, 3, 8]) { // the same person again and again, killed a little later each time
    s.delete('/v1/me', { ...server, ...asShopper('wilhelmine-77') }).catch(() => {});
    await new Promise((r) => setTimeout(r, 3 + wait));
    await s.kill();
    await s.up();
  }
  await s.delete('/v1/me', { ...server, ...asShopper('wilhelmine-77') });
  await until(() => !filesWith(s.data, WORDS).length, 'nothing of hers is left');
  assert.deepEqual(await figures(s), before);
});
