// Customers as staff and shoppers meet them over HTTP: timeline, traits, search, merges, preferences.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Server, trial, poll, bearer, asShopper } from './harness.mjs';
import { until } from './listen.mjs';

const SECRET = 'the-shops-secret-for-tests';
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (sub) => {
  const head = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64({ sub, exp: Math.floor(Date.now() / 1000) + 600 })}`;
  return { 'parley-customer': `${head}.${createHmac('sha256', SECRET).update(head).digest('base64url')}` };
};
const track = (s, userId, event, properties = {}, more = {}) => s.post('/v1/track', { userId, event, properties, ...more });
const timeline = async (s, id, query = '') => (await s.get(`/admin/v1/customers/${id}/timeline${query}`)).body;
const bodies = (page) => page.items.map((entry) => entry.body);

test('people', async (t) => {
  const s = await Server.start({ args: ['--shop.jwt-secret', SECRET, '--people.cap.day', '2', '--people.cap.week', '3'] });
  t.after(() => s.stop());
  const browser = bearer(await s.token('browser')), server = bearer(await s.token('server')), agent = bearer(await s.token('agent'));
  // A visitor as the browser token makes one: her id and her cookie.
  const visitor = async () => {
    const me = await s.get('/v1/me', browser);
    return { id: me.body.customer, headers: { ...browser, cookie: me.headers.get('set-cookie').split(';')[0] } };
  };

  await t.test('an order stands on the timeline as soon as it was acknowledged', async () => {
    await track(s, 'ann', 'Product Viewed', { name: 'Mug', product_id: 'm-1' });
    await track(s, 'ann', 'Order Completed', { order_id: 'o-1', total: 24.9, currency: 'EUR',
      products: [{ product_id: 'm-1', quantity: 2 }, { product_id: 'p-2' }] }, { context: { page: { path: '/checkout' } } });
    const { status, body } = await s.get('/admin/v1/customers/ann/timeline', agent);
    assert.equal(status, 200);
    assert.deepEqual(bodies(body), ['Ordered 3 items for 24.90 EUR', 'Looked at Mug']);
    const { id, at, ...entry } = body.items[0];
    assert.deepEqual(entry, { channel: 'web', actor: 'customer', kind: 'order', body: 'Ordered 3 items for 24.90 EUR',
      refs: { order_id: 'o-1', products: ['m-1', 'p-2'] }, unread: true });
    assert.match(id, /^\d+$/);
    assert.ok(Date.parse(at) > 0);
    assert.equal(body.next, null);
  });

  await t.test('the timeline comes in pages, by kind, and says what agents have not seen', async () => {
    for (let i = 0; i < 7; i++) await track(s, 'paula', i % 2 ? 'Order Completed' : 'Cart Viewed');
    const first = await timeline(s, 'paula', '?limit=3');
    const second = await timeline(s, 'paula', `?limit=3&before=${first.next}`);
    const third = await timeline(s, 'paula', `?limit=3&before=${second.next}`);
    assert.equal(new Set([first, second, third].flatMap((p) => p.items.map((e) => e.id))).size, 7);
    assert.equal(third.next, null);
    assert.equal((await timeline(s, 'paula', '?kinds=order')).items.length, 3);
    assert.equal((await timeline(s, 'paula', '?q=LOOKED%20cart')).items.length, 4);
    assert.equal((await timeline(s, 'paula', '?q=looked&kinds=order')).items.length, 0);
    assert.equal((await s.get('/v1/me/timeline?q=ordered', { 'parley-act-as': 'paula' })).body.items.length, 3);
    assert.equal((await s.put('/admin/v1/customers/paula/seen', { id: second.items[0].id }, agent)).status, 204);
    const after = await timeline(s, 'paula');
    assert.deepEqual(after.items.map((e) => e.unread ?? false), [true, true, true, false, false, false, false]);
    assert.equal(after.seen.by, 'test agent');
    assert.equal((await s.get('/admin/v1/customers/paula/timeline?before=zzz')).status, 400);
    assert.equal((await s.get('/admin/v1/customers/paula/timeline?limit=5000')).status, 400);
    assert.equal((await s.get('/admin/v1/customers/paula/timeline', server)).status, 403);
  });

  await t.test('what a plugin says stands beside what was bought', async () => {
    await s.put('/admin/v1/features/product-poll', poll({ default: { serve: 'top' } }));
    await s.post('/admin/v1/plugins/polls/api/polls', { id: 'handle', question: 'Round or square?', kind: 'single', results: 'always',
      options: [{ key: 'round', label: 'Round' }, { key: 'square', label: 'Square' }] });
    const voted = await s.put('/v1/features/product-poll/polls/handle/vote', { options: ['round'] }, { ...server, ...asShopper('vera') });
    assert.equal(voted.status, 200, JSON.stringify(voted.body));
    let page;
    await until(async () => (page = await timeline(s, 'vera')).items.length, 'her vote');
    assert.deepEqual(bodies(page), ['Voted "Round" on "Round or square?"']);
    assert.equal(page.items[0].actor, 'plugin');
    assert.equal(page.items[0].refs.feature, 'product-poll');
    assert.equal(page.items[0].refs.poll, 'handle');
  });

  await t.test('facts come from identify, and staff correct them', async () => {
    await s.post('/v1/identify', { userId: 'fay', traits: { name: 'Fay Amma', email: 'Fay@shop.example', size: 38 } });
    await s.post('/v1/identify', { userId: 'fay', traits: { size: 39 } });
    const known = (await s.get('/admin/v1/customers/fay', agent)).body;
    assert.deepEqual(Object.fromEntries(Object.entries(known.traits).map(([k, v]) => [k, v.value])),
      { email: 'Fay@shop.example', name: 'Fay Amma', size: 39 });
    const corrected = await s.patch('/admin/v1/customers/fay/traits', { traits: { name: 'Fay Anna', size: null } }, agent);
    assert.deepEqual(corrected.body.traits, { email: 'Fay@shop.example', name: 'Fay Anna' });
    await s.post('/v1/identify', { userId: 'fay', traits: { name: 'Fay Again', size: 40 } });
    assert.equal((await s.get('/admin/v1/customers/fay')).body.traits.name.value, 'Fay Anna');
    assert.equal((await s.get('/admin/v1/customers/fay')).body.traits.name.source, 'staff');
    const lifted = await s.patch('/admin/v1/customers/fay/traits', { automatic: ['name', 'size'] });
    assert.deepEqual(lifted.body.traits, { email: 'Fay@shop.example', name: 'Fay Again', size: 40 });
    const audit = (await s.get('/admin/v1/audit?kind=customer&key=fay')).body.items;
    assert.deepEqual(audit.map((e) => e.action), ['correct', 'correct']);
    assert.equal(audit[1].after.name, 'Fay Anna');
    assert.equal((await s.patch('/admin/v1/customers/fay/traits', { trait: 1 })).status, 400);
    assert.equal((await s.get('/admin/v1/customers/nobody-at-all')).status, 404);
  });

  await t.test('customers are found by the beginning of id, name or mail', async () => {
    for (const [userId, name] of [['k-1', 'Karl Ott'], ['k-2', 'Karla Ott'], ['k-3', 'Nora Karl']])
      await s.post('/v1/identify', { userId, traits: { name, email: `${userId}@mail.example` } });
    const find = async (q) => (await s.get(`/admin/v1/customers?q=${encodeURIComponent(q)}`, agent)).body.items.map((c) => c.id);
    assert.deepEqual(await find('karl'), ['k-1', 'k-2']);
    assert.deepEqual(await find('K-3@'), ['k-3']);
    assert.deepEqual(await find('k-'), ['k-1', 'k-2', 'k-3']);
    assert.deepEqual(await find('%'), []);
    const first = (await s.get('/admin/v1/customers?q=k-&limit=2')).body;
    const rest = (await s.get(`/admin/v1/customers?q=k-&limit=2&cursor=${first.next}`)).body;
    assert.deepEqual([...first.items, ...rest.items].map((c) => c.id), ['k-1', 'k-2', 'k-3']);
    assert.equal(rest.next, null);
    assert.equal((await s.get('/admin/v1/customers?q=k-&cursor=no')).status, 400);
  });

  await t.test('a visitor who signs in takes her timeline along', async () => {
    const anonymous = await visitor();
    await s.post('/v1/track', { anonymousId: anonymous.id, event: 'Before' }, anonymous.headers);
    await s.post('/v1/identify', { userId: 'ida', anonymousId: anonymous.id, traits: { name: 'Ida' } });
    await track(s, 'ida', 'After');
    assert.deepEqual(bodies(await timeline(s, 'ida')).filter((b) => b !== 'Told who she is'), ['After', 'Before']);
    const mine = (await s.get('/v1/me/timeline', { ...browser, ...jwt('ida') })).body;
    assert.deepEqual(bodies(mine).filter((b) => b !== 'Told who she is'), ['After', 'Before']);
    assert.equal(mine.items[0].unread, undefined);
    // By the cookie alone she sees what was said under the cookie: the computer may be anybody's.
    assert.deepEqual(bodies((await s.get('/v1/me/timeline', anonymous.headers)).body), ['Before']);
    assert.deepEqual((await s.get('/v1/me/export', anonymous.headers)).body.keys, [anonymous.id]);
    assert.equal((await s.get('/v1/me/timeline', server)).status, 401);
    assert.equal((await s.get('/v1/me/timeline', { ...browser, ...asShopper('ida') })).status, 403);
  });

  await t.test('somebody who only ever sent events by her own name is a customer too, and joins nobody by herself', async () => {
    await track(s, 'olga', 'Of Olga');
    await track(s, 'nora', 'Of Nora');
    assert.equal((await s.post('/v1/alias', { userId: 'nora', previousId: 'olga' })).status, 202);
    assert.equal((await s.post('/v1/identify', { userId: 'nora', anonymousId: 'olga' })).status, 202);
    assert.deepEqual((await s.get('/admin/v1/customers/nora')).body.keys, ['nora']);
    assert.ok(!bodies(await timeline(s, 'nora')).includes('Of Olga'));
    const proposals = (await s.get('/admin/v1/merges', agent)).body.items.filter((p) => p.other === 'olga');
    assert.deepEqual(proposals.map(({ at, ...p }) => p), [{ one: 'nora', other: 'olga', because: 'olga' }]);
    assert.equal((await s.post('/admin/v1/customers/nora/merge', { other: 'olga' }, agent)).status, 200);
    assert.ok(bodies(await timeline(s, 'nora')).includes('Of Olga'));
    assert.equal((await s.post('/admin/v1/customers/olga/unmerge', undefined, agent)).status, 200);
    assert.ok(!bodies(await timeline(s, 'nora')).includes('Of Olga'));
  });

  await t.test('two known customers are proposed, merged by staff, and taken apart exactly as they were', async () => {
    await trial(s);
    for (const id of ['mia', 'max']) {
      await s.post('/v1/identify', { userId: id, anonymousId: `${id}-phone`, traits: { name: id, town: `${id}burg` } });
      await s.evaluate('product-poll', id);
      await track(s, id, 'Order Completed', { order_id: `${id}-order`, revenue: 10 });
    }
    await s.post('/v1/identify', { userId: 'max', anonymousId: 'mia-phone' });
    const proposals = (await s.get('/admin/v1/merges', agent)).body.items.filter((p) => p.one === 'max');
    assert.deepEqual(proposals.map(({ at, ...p }) => p), [{ one: 'max', other: 'mia', because: 'mia-phone' }]);
    const short = (r) => ({ units: r.variants.map((v) => v.units), sums: r.metrics.map((m) => m.variants.map((v) => v.sum)), excluded: r.excluded });
    const figures = async (enough) => short(await s.results('poll-trial', (r) => enough(short(r))));
    const of = (units) => (f) => f.units.reduce((a, b) => a + b, 0) === units, sum = (f) => f.sums[1].reduce((a, b) => a + b, 0);
    const before = await figures((f) => of(2)(f) && sum(f) === 20);
    const decided = async () => [(await s.evaluate('product-poll', 'mia')).body.variant, (await s.evaluate('product-poll', 'max')).body.variant];
    const variants = await decided();
    const facts = async (id) => (await s.get(`/admin/v1/customers/${id}`)).body.traits;
    const [mia, max] = [await facts('mia'), await facts('max')];

    const merged = await s.post('/admin/v1/customers/mia/merge', { other: 'max' }, agent);
    assert.deepEqual(merged.body, { id: 'max', customer: 'mia' });
    assert.equal((await s.post('/admin/v1/customers/mia/merge', { other: 'max' })).status, 409);
    assert.deepEqual((await s.get('/admin/v1/customers/max')).body.keys.sort(), ['max', 'max-phone', 'mia', 'mia-phone']);
    assert.equal(bodies(await timeline(s, 'mia')).filter((b) => b === 'Ordered for 10.00').length, 2);
    assert.deepEqual((await s.get('/admin/v1/merges')).body.items.filter((p) => p.one === 'max'), []);
    const together = variants[0] === variants[1] ? await figures(of(1)) : await figures(of(0));
    assert.equal(together.excluded.multipleExposure, variants[0] === variants[1] ? 0 : 1);

    const parted = await s.post('/admin/v1/customers/mia/unmerge', undefined, agent);
    assert.deepEqual(parted.body, { id: 'max', customer: 'max' });
    assert.deepEqual(await figures((f) => isDeepStrictEqual(f, before)), before);
    assert.deepEqual(await decided(), variants);
    assert.deepEqual([await facts('mia'), await facts('max')], [mia, max]);
    assert.deepEqual((await s.get('/admin/v1/customers/max')).body.keys.sort(), ['max', 'max-phone']);
    assert.equal((await s.post('/admin/v1/customers/mia/unmerge')).status, 409);
    // The key that came with him is his again in the figures too: a purchase by it counts for him.
    await s.post('/v1/track', { anonymousId: 'max-phone', event: 'Order Completed', properties: { order_id: 'by-phone', revenue: 5 } });
    assert.equal(sum(await figures((f) => of(2)(f) && sum(f) === 25)), 25);
    assert.deepEqual((await s.get('/admin/v1/audit?kind=customer&key=max')).body.items.map((e) => e.action), ['unmerge', 'merge']);
    const proof = await s.post('/admin/v1/experiments/poll-trial/verify');
    assert.equal(proof.body.different, 0, JSON.stringify(proof.body));
    await s.post('/admin/v1/experiments/poll-trial/conclude', { outcome: 'rollback', note: 'test' });
  });

  await t.test('preferences are hers: a muted feature is silent until she brings it back', async () => {
    const pia = { ...browser, ...jwt('pia') };
    const empty = (await s.get('/v1/me/preferences', pia)).body;
    assert.deepEqual(empty, { muted: [], pushes: true, channels: {}, perDay: null, perWeek: null, consent: {}, at: null });
    await s.put('/admin/v1/features/product-poll', poll({ default: { serve: 'top' } }));
    assert.equal((await s.get('/v1/features/product-poll/polls/handle', pia)).status, 200);
    const put = await s.put('/v1/me/preferences', { muted: ['product-poll'], consent: { analytics: true } }, pia);
    assert.equal(put.status, 200);
    assert.equal(put.body.consent.analytics.granted, true);
    const refused = await s.get('/v1/features/product-poll/polls/handle', pia);
    assert.equal(refused.status, 403);
    assert.equal(refused.body.type, 'urn:parley:problem:muted');
    // Her variant is what it was: an opt-out is part of what a trial measures.
    assert.equal((await s.evaluate('product-poll', 'pia')).body.value, 'top');
    assert.equal((await s.get('/v1/features/product-poll/polls/handle', { ...browser, ...jwt('else') })).status, 200);
    await s.put('/admin/v1/pages/home', { key: 'home', name: 'Home', sections: { question: { feature: 'product-poll', path: '/polls' } }, order: ['question'], deadline: 5000 });
    const page = async (headers) => (await s.get('/v1/pages/home', headers)).body;
    assert.deepEqual((await page(pia)).leftOut, [{ section: 'question', why: 'muted' }]);
    assert.deepEqual((await page(pia)).sections, []);
    assert.equal((await page({ ...browser, ...jwt('else') })).sections.length, 1);
    await s.put('/v1/me/preferences', { muted: [] }, pia);
    assert.equal((await page(pia)).sections.length, 1);
    assert.equal((await s.get('/v1/features/product-poll/polls/handle', pia)).status, 200);
    assert.equal((await s.put('/v1/me/preferences', { muted: 'all' }, pia)).status, 400);
  });

  await t.test('pushes have caps over all plugins, and what she said comes first', async () => {
    const ask = async (id, body = {}) => (await s.post(`/admin/v1/customers/${id}/contacts`, { plugin: 'polls', channel: 'email', ...body }, server)).body;
    assert.deepEqual(await ask('cora'), { allowed: true, reason: 'allowed' });
    assert.deepEqual(await ask('cora', { plugin: 'boards' }), { allowed: true, reason: 'allowed' });
    assert.deepEqual(await ask('cora'), { allowed: false, reason: 'cap-day' });
    assert.deepEqual(await ask('cora', { kind: 'answer' }), { allowed: true, reason: 'allowed' });
    assert.deepEqual((await s.get('/admin/v1/customers/cora')).status, 404); // nothing but contacts is known
    const prefer = (id, body) => s.put('/v1/me/preferences', body, { ...server, ...asShopper(id) });
    await prefer('dora', { channels: { email: false } });
    assert.equal((await ask('dora')).reason, 'channel-off');
    assert.equal((await ask('dora', { channel: 'web' })).reason, 'allowed');
    await prefer('dora', { muted: ['mail-club'] });
    assert.equal((await ask('dora', { channel: 'web', feature: 'mail-club' })).reason, 'muted');
    await prefer('dora', { consent: { marketing: false } });
    assert.equal((await ask('dora', { channel: 'web' })).reason, 'no-consent');
    await prefer('dora', { pushes: false });
    assert.equal((await ask('dora', { channel: 'web' })).reason, 'opted-out');
    await prefer('emma', { perDay: 0 });
    assert.equal((await ask('emma')).reason, 'cap-day');
    assert.match((await s.get('/metrics')).body, /parley_people_contacts_total\{answer="cap-day"\} 2/);
  });

  await t.test('traits, marks and preferences survive kill -9', async () => {
    await s.kill();
    await s.up();
    assert.equal((await s.get('/admin/v1/customers/fay')).body.traits.name.value, 'Fay Again');
    assert.equal((await timeline(s, 'paula')).seen.by, 'test agent');
    assert.equal((await s.get('/v1/me/preferences', { ...server, ...asShopper('dora') })).body.pushes, false);
  });
});
