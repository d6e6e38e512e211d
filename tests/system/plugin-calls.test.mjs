// What a plugin may ask and tell in the middle of a call, through a real worker: a customer's traits, consent and timeline, metrics, the
// context's attributes, background work. The plugin is tests/fixtures/plugins/caller.c.
import test from 'node:test';
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { Server, asShopper } from './harness.mjs';
import { installFixture } from './parley.mjs';

test('calls of a plugin to Parley', async (t) => {
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes'] });
  t.after(() => s.stop());
  await installFixture(s, 'caller', '1.0.0', 'caller');
  await s.put('/admin/v1/features/call', {
    key: 'call', type: 'string', variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'caller' } }, off: 'off', default: { serve: 'on' },
  });
  const mine = (method, path, body, who = 'ann', headers = {}) => s.call(method, `/v1/features/call${path}`, body, { ...asShopper(who), ...headers });
  const staff = (path) => s.get(`/admin/v1/plugins/caller/api${path}`);
  const until = async (what, enough) => {
    for (const end = Date.now() + 30000; ;) {
      const got = await what();
      if (enough(got)) return got;
      assert.ok(Date.now() < end, `still ${JSON.stringify(got)}`);
      await new Promise((r) => setTimeout(r, 20));
    }
  };

  await t.test('a path of its own that takes another method says which', async () => {
    const wrong = await mine('DELETE', '/traits');
    assert.deepEqual([wrong.status, wrong.headers.get('allow'), wrong.body.detail], [405, 'GET', '/traits takes GET']);
    const post = await s.post('/admin/v1/plugins/caller/api/traits', {});
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET']);
    assert.equal((await mine('GET', '/nowhere')).headers.get('allow'), null);
  });

  await t.test('it learns what identify told of the customer, and what she agreed to', async () => {
    assert.equal((await s.post('/v1/identify', { userId: 'ann', traits: { name: 'Ann', orders: 3 } })).body.accepted, 1);
    await s.put('/v1/me/preferences', { consent: { marketing: true, analytics: false } }, asShopper('ann'));
    const { body } = await until(() => mine('GET', '/traits'), ({ body: b }) => b.traits?.name && b.consent);
    assert.deepEqual(body, { traits: { name: 'Ann', orders: 3 }, consent: { analytics: false, marketing: true } });
    await until(() => mine('GET', '/traits', undefined, 'ben'), ({ body: b }) => isDeepStrictEqual(b, { traits: {}, consent: {} })); // a question may be given up after half a second
  });

  await t.test('it learns of others only when staff asks', async () => {
    assert.equal((await mine('GET', '/traits?customer=ann', undefined, 'ben')).body.traits, null);
    await until(() => staff('/traits?customer=ann'), ({ body }) => body.traits?.name === 'Ann');
  });

  await t.test('it reads the timeline that it writes to, beside what others put there', async () => {
    await s.post('/v1/track', { userId: 'ann', event: 'Order Completed', properties: { order_id: 'o1', revenue: 18 } });
    assert.equal((await mine('PUT', '/greetings', { words: 'Moin' })).status, 200);
    const { body } = await until(() => mine('GET', '/entries?kinds=greeting+order'), ({ body: b }) => b.items?.length === 2);
    assert.deepEqual(body.items.map((e) => [e.kind, e.actor]), [['greeting', 'plugin'], ['order', 'customer']]);
    assert.deepEqual(body.items[0].refs.words, 'Moin');
    assert.equal((await mine('GET', '/entries?before=nonsense')).body, null);
  });

  await t.test('it tells another customer what her wishes and the caps allow, on her timeline and as her event', async () => {
    const tell = async (who, query = '') => (await s.post(`/admin/v1/plugins/caller/api/tellings/${who}${query}`)).body.told;
    const told = (who) => until(() => s.get(`/v1/me/timeline?kinds=telling`, asShopper(who)), ({ body: b }) => b.items?.length > 0);
    assert.equal(await tell('cat', '?push=yes'), true);
    const { body } = await told('cat');
    assert.deepEqual(body.items.map((e) => [e.kind, e.actor, e.body, e.refs.push]), [['telling', 'plugin', 'The shop says hello', true]]);
    await s.put('/v1/me/preferences', { pushes: false }, asShopper('dan'));
    assert.equal(await tell('dan', '?push=yes'), false, 'she wants no pushes');
    assert.equal(await tell('dan'), true, 'an answer is none');
    await s.put('/v1/me/preferences', { muted: ['call'] }, asShopper('eve'));
    assert.equal(await tell('eve'), false, 'muted, as she said');
    for (let i = 0; i < 20; i++) await tell('fay', '?push=yes');
    assert.equal(await tell('fay', '?push=yes'), false, 'the caps over all plugins');
    assert.equal((await s.delete('/v1/me', asShopper('gus'))).status < 300, true);
    assert.equal(await tell('gus', '?push=yes'), false, 'she was erased');
  });

  await t.test('what it counts and observes is in /metrics', async () => {
    await mine('PUT', '/greetings', { words: 'Moin' });
    const { body } = await until(() => s.get('/metrics'), ({ body: b }) => /own_greetings_total\{plugin="caller"\} 2/.test(b));
    assert.match(body, /parley_plugin_own_greeting_bytes_bucket\{plugin="caller",le="4"\} 2/);
    assert.match(body, /parley_plugin_own_greeting_bytes_sum\{plugin="caller"\} 8/);
    assert.doesNotMatch(body, /No name/);
  });

  await t.test('work runs beside calls and its result is stored', async () => {
    await until(() => staff('/sums'), ({ body }) => body.sums === '0');
    await mine('PUT', '/numbers/7', {});
    await until(() => staff('/sums'), ({ body }) => body.sums === '0 7');
  });

  await t.test('a variant that attributes alone decide is found when the call says them, and the plugin sees them', async () => {
    await s.put('/admin/v1/features/call', {
      key: 'call', type: 'string', variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'caller' } }, off: 'off',
      rules: [{ id: 'de', if: { '==': [{ var: 'country' }, 'DE'] }, serve: 'on' }], default: { serve: 'off' },
    });
    const greet = (context) => mine('PUT', '/greetings', { words: 'Moin' }, 'ann', context ? { 'parley-context': context } : {});
    assert.equal((await greet()).status, 404);
    assert.equal((await greet('{"country":"AT"}')).status, 404);
    const { status, body } = await greet('{"country":"DE","city":"K\\u00f6ln"}');
    assert.equal(status, 200);
    assert.equal(body.country, 'DE');
    for (const wrong of ['[1]', '{"country":', 'DE']) {
      const refused = await greet(wrong);
      assert.equal(refused.status, 400);
      assert.match(refused.body.detail, /Parley-Context is no JSON object/);
    }
    assert.equal((await greet(JSON.stringify({ country: 'D'.repeat(4100) }))).status, 413);
  });
});
