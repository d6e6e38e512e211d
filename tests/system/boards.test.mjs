// The boards plugin through a real server: shoppers with and without a name, staff, events, timelines, and a customer's rights.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, asShopper, bearer } from './harness.mjs';

test('the boards plugin', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await s.put('/admin/v1/features/boards', {
    key: 'boards', type: 'string', variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'boards', settings: { boardPage: 'https://shop.example/b/{id}' } } }, off: 'off', default: { serve: 'on' } });
  const as = (who, method, path, body) => s.call(method, `/v1/features/boards${path}`, body, asShopper(who));
  const staff = (method, path, body) => s.call(method, `/admin/v1/plugins/boards/api${path}`, body);
  const until = async (what, enough) => {
    for (const end = Date.now() + 30000; ;) {
      const got = await what();
      if (enough(got)) return got;
      assert.ok(Date.now() < end, `still ${JSON.stringify(got)}`);
      await new Promise((r) => setTimeout(r, 30));
    }
  };
  const entries = (who) => s.get(`/admin/v1/customers/${who}/timeline`).then(({ body }) => body.items);
  let board;

  await t.test('is installed and active on a fresh data folder, with its metrics', async () => {
    const { body } = await s.get('/admin/v1/plugins/boards');
    assert.equal(body.active, '1.0.0');
    await until(() => s.get('/admin/v1/metrics/board-pins'), ({ status }) => status === 200);
  });

  await t.test('a shopper makes a board and pins to it; it is on her timeline', async () => {
    const made = await as('ann', 'POST', '/boards', { title: 'Kitchen', visibility: 'unlisted' });
    assert.equal(made.status, 201);
    board = made.body.board.id;
    assert.equal((await as('ann', 'POST', `/boards/${board}/items`, { kind: 'product', sku: 'mug', title: 'Enamel mug', price: 18.9, currency: 'EUR' })).status, 201);
    const said = await until(() => entries('ann'), (items) => items.length >= 2);
    assert.deepEqual(said.map(({ body }) => body), ['Pinned "Enamel mug" to "Kitchen"', 'Made the board "Kitchen"']);
    assert.equal(said[0].actor, 'plugin');
    assert.equal(said[0].refs.board, board);
  });

  await t.test('pins count in a trial of another feature, by the plugin’s own metric', async () => {
    await s.put('/admin/v1/features/hint', { key: 'hint', type: 'boolean', variants: { off: { value: false }, on: { value: true } }, off: 'off', default: { serve: 'off' } });
    await s.put('/admin/v1/experiments/hint-trial', { key: 'hint-trial', feature: 'hint', control: 'off', weights: { off: 50, on: 50 }, metrics: { primary: 'board-pins' }, mde: 0.1 });
    assert.equal((await s.post('/admin/v1/experiments/hint-trial/start', {})).status, 200);
    await s.evaluate('hint', 'ann');
    await as('ann', 'POST', `/boards/${board}/items`, { kind: 'product', sku: 'pot', title: 'Pot' });
    const results = await s.results('hint-trial', (r) => r.metrics[0].variants.some(({ sum }) => sum === 1));
    assert.equal(results.metrics[0].variants.reduce((n, { sum }) => n + sum, 0), 1);
  });

  await t.test('who is not signed in browses, searches and reads, but sees no private board', async () => {
    const browser = await s.token('browser');
    const visitor = (path) => s.get(`/v1/features/boards${path}`, bearer(browser));
    await as('ann', 'PATCH', `/boards/${board}`, { visibility: 'public' });
    const found = await visitor('/boards?q=enamel');
    assert.deepEqual(found.body.items.map(({ id }) => id), [board]);
    assert.equal((await visitor(`/boards/${board}`)).body.items.items.length, 2);
    const { body: share } = await visitor(`/boards/${board}/share`);
    assert.equal(share.url, `https://shop.example/b/${board}`);
    assert.equal(share.og.title, 'Kitchen');
    await as('ann', 'PATCH', `/boards/${board}`, { visibility: 'private' });
    assert.equal((await visitor(`/boards/${board}`)).status, 404);
    assert.deepEqual((await visitor('/boards?q=enamel')).body.items, []);
  });

  await t.test('many pins at once are each there once, in an order without gaps', async () => {
    const made = (await as('cem', 'POST', '/boards', { title: 'Many' })).body.board.id;
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => as('cem', 'POST', `/boards/${made}/items`, { kind: 'product', sku: `s${i % 30}`, title: `S${i % 30}` })));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))].sort(), [200, 201]);
    const { body } = await as('cem', 'GET', `/boards/${made}`);
    assert.deepEqual(body.items.items.map(({ position }) => position), Array.from({ length: 30 }, (_, i) => i));
    assert.equal(body.board.pins, 30);
  });

  await t.test('staff hide with a reason; the author is told, and it is on her timeline once she has seen it', async () => {
    const made = (await as('dan', 'POST', '/boards', { title: 'Cheap pills', visibility: 'public' })).body.board.id;
    const queue = await staff('GET', '/queue');
    assert.ok(queue.body.items.some(({ kind, id }) => kind === 'boards' && id === made));
    assert.equal((await staff('POST', `/boards/${made}/hide`, { reason: 'spam' })).status, 200);
    assert.equal((await as('eve', 'GET', `/boards/${made}`)).status, 404);
    const { body: { items: [notice] } } = await as('dan', 'GET', '/notices');
    assert.match(notice.sentence, /hid your board on "Cheap pills" \(reason: spam\)/);
    assert.equal((await as('dan', 'PUT', '/notices/seen', { upto: notice.id })).status, 204);
    const said = await until(() => entries('dan'), (items) => items.some(({ kind }) => kind === 'board-hidden'));
    assert.equal(said.find(({ kind }) => kind === 'board-hidden').refs.board, made);
    assert.equal((await as('dan', 'POST', `/boards/${made}/appeal`, { body: 'They are mints' })).status, 204);
    assert.equal((await staff('GET', '/queue?state=appealed')).body.items[0].appeal, 'They are mints');
    assert.equal((await s.call('GET', '/v1/features/boards/queue', undefined, asShopper('dan'))).status, 404);
  });

  await t.test('settings that are none are refused when the variant is written', async () => {
    const wrong = await s.patch('/admin/v1/features/boards', { variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'boards', settings: { moderation: 'never' } } } });
    assert.equal(wrong.status, 400);
    assert.match(wrong.body.errors[0].pointer, /moderation/);
  });

  await t.test('what was acknowledged survives kill -9', async () => {
    const made = (await as('fay', 'POST', '/boards', { title: 'Safe' })).body.board.id;
    await as('fay', 'POST', `/boards/${made}/items`, { kind: 'note', note: 'kept' });
    await s.kill();
    await s.up();
    assert.equal((await as('fay', 'GET', `/boards/${made}`)).body.items.items[0].note, 'kept');
  });

  await t.test('a customer exports what she has here, and erases it', async () => {
    const { body } = await s.get('/v1/me/export', asShopper('ann'));
    assert.equal(body.plugins.ann.boards.items.length, 2, JSON.stringify(body.plugins));
    assert.ok((await s.delete('/v1/me', asShopper('ann'))).status < 300);
    await until(() => staff('GET', '/queue'), ({ body: left }) => !JSON.stringify(left).includes('"ann"'));
    assert.equal((await as('ben', 'GET', `/boards/${board}`)).status, 404);
  });
});
