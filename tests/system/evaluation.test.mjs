import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, poll, trial, bearer, asShopper } from './harness.mjs';

test('evaluation', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const one = (key, context, headers) => s.post(`/ofrep/v1/evaluate/flags/${key}`, { context }, headers);

  await s.put('/admin/v1/features/rules', poll({
    key: 'rules',
    rules: [
      { id: 'staff', if: { '==': [{ var: 'role' }, 'staff'] }, serve: 'top' },
      { id: 'beta', if: { in: ['beta', { var: 'groups' }] }, split: { off: 50, top: 50 }, by: 'targetingKey' },
    ],
  }));

  await t.test('answers value, variant, reason and what it rests on', async () => {
    const { status, body } = await one('rules', { targetingKey: 'u', role: 'staff' });
    assert.equal(status, 200);
    assert.equal(body.key, 'rules');
    assert.equal(body.value, 'top');
    assert.equal(body.variant, 'top');
    assert.equal(body.reason, 'TARGETING_MATCH');
    assert.equal(body.metadata.rule, 'staff');
    assert.ok(Number.isInteger(body.metadata.configRevision));
    assert.equal(body.metadata.plugin, 'polls');
  });

  await t.test('splits by the key, the same way each time', async () => {
    const values = {};
    for (let i = 0; i < 60; i++) {
      const first = (await one('rules', { targetingKey: `u${i}`, groups: ['beta'] })).body;
      assert.equal(first.reason, 'SPLIT');
      assert.equal((await one('rules', { targetingKey: `u${i}`, groups: ['beta'] })).body.value, first.value);
      values[first.value] = (values[first.value] ?? 0) + 1;
    }
    assert.ok(values.off > 10 && values.top > 10);
  });

  await t.test('falls to the default, with the reason for it', async () => {
    assert.equal((await one('rules', { targetingKey: 'u' })).body.reason, 'DEFAULT');
    await s.put('/admin/v1/features/plain', poll({ key: 'plain' }));
    assert.equal((await one('plain', { targetingKey: 'u' })).body.reason, 'STATIC');
    await s.patch('/admin/v1/features/plain', { enabled: false });
    assert.equal((await one('plain', { targetingKey: 'u' })).body.reason, 'DISABLED');
  });

  await t.test('says what is wrong in the protocol\'s words', async () => {
    const gone = await one('nowhere', { targetingKey: 'u' });
    assert.deepEqual([gone.status, gone.body.key, gone.body.errorCode], [404, 'nowhere', 'FLAG_NOT_FOUND']);
    const keyless = await one('rules', { groups: ['beta'] });
    assert.deepEqual([keyless.status, keyless.body.errorCode], [400, 'TARGETING_KEY_MISSING']);
    for (const body of ['{', '[]', '{"context":1}', '{"context":{"targetingKey":7}}']) {
      const answer = await s.post('/ofrep/v1/evaluate/flags/rules', body);
      assert.equal(answer.status, 400, body);
      assert.ok(['PARSE_ERROR', 'INVALID_CONTEXT'].includes(answer.body.errorCode), body);
      assert.equal(answer.body.key, 'rules');
    }
  });

  await t.test('carries key and errorCode whatever is wrong', async () => {
    const evaluate = '/ofrep/v1/evaluate/flags', context = { targetingKey: 'u' };
    const wrong = [
      [405, 'rules', await s.get(`${evaluate}/rules`)], [405, '', await s.get(evaluate)], [405, 'rules', await s.delete(`${evaluate}/rules`)],
      [404, '', await s.post('/ofrep/v1/evaluate/flagz', { context })], [404, 'a/b', await s.post(`${evaluate}/a/b`, { context })],
      [401, 'rules', await s.post(`${evaluate}/rules`, { context }, bearer('nobody'))], [401, '', await s.post(evaluate, { context }, bearer('nobody'))],
      [403, 'rules', await s.post(`${evaluate}/rules`, { context }, bearer(await s.token('publisher')))],
      [413, 'rules', await s.post(`${evaluate}/rules`, { context: { ...context, much: 'x'.repeat(1 << 20) } })],
      [400, 'rules', await s.post(`${evaluate}/rules`, '{"context":{"a":1,"a":2}}')], [400, '', await s.post(evaluate, '')],
    ];
    for (const [status, key, answer] of wrong) {
      assert.deepEqual([answer.status, answer.body.key], [status, key], JSON.stringify(answer.body));
      assert.ok(answer.body.errorCode && answer.body.errorDetails, JSON.stringify(answer.body));
      if (status === 405) assert.equal(answer.headers.get('allow'), 'POST');
    }
  });

  await t.test('answers all features at once, and 304 while nothing changed', async () => {
    const all = await s.post('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'u' } });
    assert.deepEqual(all.body.flags.map((f) => f.key).sort(), ['plain', 'rules']);
    const etag = all.headers.get('etag');
    const again = (context) => s.post('/ofrep/v1/evaluate/flags', { context }, { 'if-none-match': etag });
    assert.equal((await again({ targetingKey: 'u' })).status, 304);
    assert.equal((await again({ targetingKey: 'u', role: 'staff' })).status, 200);
    await s.patch('/admin/v1/features/plain', { enabled: true });
    assert.equal((await again({ targetingKey: 'u' })).status, 200);
  });

  await t.test('explains itself to a manager and records nothing', async () => {
    const { body } = await s.post('/admin/v1/evaluate', { context: { targetingKey: 'u', role: 'staff' }, features: ['rules'] });
    assert.equal(body.features.length, 1);
    assert.equal(body.features[0].variant, 'top');
    assert.ok(JSON.stringify(body.features[0].trace).includes('staff'));
    const ask = (asked) => s.post('/admin/v1/evaluate', asked);
    assert.deepEqual((await ask({ context: {}, features: ['nowhere', 'rules'] })).body.features.map((f) => [f.key, f.errorCode]), [['rules', undefined], ['nowhere', 'FLAG_NOT_FOUND']]);
    for (const [asked, pointer] of [[{}, '/context'], [{ context: {}, features: 'rules' }, '/features'], [{ context: { targetingKey: 7 } }, '/context/targetingKey']]) {
      const { status, body: { errors } } = await ask(asked);
      assert.deepEqual([status, errors[0].pointer], [400, pointer]);
    }
  });

  await t.test('lets a browser ask for its own shopper alone', async () => {
    const browser = bearer(await s.token('browser'));
    assert.equal((await one('rules', { targetingKey: 'somebody' }, browser)).status, 403);
    const me = await s.get('/v1/me', browser);
    const cookie = me.headers.get('set-cookie').split(';')[0];
    assert.match(me.body.customer, /^anon-/);
    const mine = await one('rules', { targetingKey: me.body.customer }, { ...browser, cookie });
    assert.equal(mine.status, 200);
    const forged = cookie.slice(0, -1) + (cookie.endsWith('0') ? '1' : '0');
    assert.equal((await one('rules', { targetingKey: me.body.customer }, { ...browser, cookie: forged })).status, 403);
    assert.equal((await s.get('/v1/me', { ...browser, ...asShopper('c1') })).status, 403);
    assert.equal((await s.get('/v1/me', asShopper('c1'))).body.customer, 'c1');
  });
});

test('a running experiment', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s);
  const variantOf = async (unit) => (await s.evaluate('product-poll', unit)).body.variant;
  const met = {};

  await t.test('exposes each unit once, and results count it within a second', async () => {
    for (let i = 0; i < 100; i++) met[`u${i}`] = await variantOf(`u${i}`);
    for (let i = 0; i < 100; i++) assert.equal(await variantOf(`u${i}`), met[`u${i}`]);
    const results = await s.results('poll-trial', (r) => r.variants.reduce((n, v) => n + v.units, 0) === 100);
    const counts = Object.fromEntries(results.variants.map((v) => [v.key, v.units]));
    for (const key of ['off', 'top']) assert.equal(counts[key], Object.values(met).filter((v) => v === key).length);
  });

  await t.test('is not met by the bulk call', async () => {
    for (let i = 0; i < 20; i++) await s.post('/ofrep/v1/evaluate/flags', { context: { targetingKey: `bulk${i}` } });
    await new Promise((r) => setTimeout(r, 200));
    const results = await s.results('poll-trial');
    assert.equal(results.variants.reduce((n, v) => n + v.units, 0), 100);
  });

  await t.test('keeps every unit\'s variant when weights change, and after kill -9', async () => {
    const changed = await s.patch('/admin/v1/experiments/poll-trial', { weights: { off: 95, top: 5 } });
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    for (const unit of Object.keys(met)) assert.equal(await variantOf(unit), met[unit]);
    await new Promise((r) => setTimeout(r, 150));
    await s.kill();
    await s.up();
    for (const unit of Object.keys(met)) assert.equal(await variantOf(unit), met[unit]);
    const fresh = [];
    for (let i = 0; i < 100; i++) fresh.push(await variantOf(`fresh${i}`));
    assert.ok(fresh.filter((v) => v === 'top').length < 25);
  });

  await t.test('goes on for a visitor who signs in: her variant does not flip', async () => {
    for (let i = 0; i < 20; i++) {
      const before = await variantOf(`anon${i}`);
      const joined = await s.post('/v1/identify', { userId: `customer${i}`, anonymousId: `anon${i}` });
      assert.equal(joined.status, 202);
      assert.equal(await variantOf(`customer${i}`), before);
      assert.equal(await variantOf(`anon${i}`), before);
    }
  });

  await t.test('a visitor who met something else before she signed in keeps what she met first, by some milliseconds, and after kill -9', async () => {
    const first = {};
    for (let i = 0; i < 30; i++) {
      const keys = i % 2 ? [`guest${i}`, `member${i}`] : [`member${i}`, `guest${i}`];
      first[i] = await variantOf(keys[0]);
      await new Promise((r) => setTimeout(r, 2));
      await variantOf(keys[1]);
      assert.equal((await s.post('/v1/identify', { userId: `member${i}`, anonymousId: `guest${i}` })).status, 202);
    }
    const both = async () => { for (const i of Object.keys(first)) for (const who of ['guest', 'member']) assert.equal(await variantOf(`${who}${i}`), first[i], `${who}${i}`); };
    await both();
    await s.kill();
    await s.up();
    await both();
  });
});

test('a chain of prerequisites as deep as one likes is decided for one feature and for all, and a circle is refused by its way', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const deep = 400;
  const link = (i) => ({ kind: 'feature', body: {
    key: `c${i}`, type: 'boolean', variants: { on: { value: true }, off: { value: false } }, off: 'off', default: { serve: 'on' },
    prerequisites: i ? [{ feature: `c${i - 1}`, variants: ['on'] }] : [], rules: i ? [] : [{ id: 'in', if: { '!': [{ var: 'in' }] }, serve: 'off' }] } });
  const made = await s.post('/admin/v1/apply', { definitions: Array.from({ length: deep }, (_, i) => link(deep - 1 - i)) });
  assert.equal(made.status, 200, JSON.stringify(made.body).slice(0, 500));
  for (const [context, value] of [[{ in: true }, true], [{}, false]]) {
    assert.equal((await s.evaluate(`c${deep - 1}`, 'u', context)).body.value, value);
    const { flags } = (await s.post('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'u', ...context } })).body;
    assert.equal(flags.filter((f) => f.value === value).length, deep);
  }
  const { body } = await s.post('/admin/v1/evaluate', { context: { targetingKey: 'u' }, features: [`c${deep - 1}`] });
  const chain = body.features[0].trace.find((step) => step.step === 'prerequisites').prerequisites;
  assert.equal(chain.length, deep - 1, 'the whole chain is explained');
  assert.deepEqual(chain.at(-1), { feature: 'c0', requiredBy: 'c1', result: 'false', variant: 'off' });
  const round = await s.patch('/admin/v1/features/c0', { prerequisites: [{ feature: 'c2', variants: ['on'] }] });
  assert.equal(round.status, 400);
  assert.match(round.body.detail, /c0 → c2 → c1 → c0; break the circle/);
});
