// Who is shown a variant without being counted: staff with a preview link, and crawlers.
import test from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { Server, poll, trial, bearer, asShopper } from './harness.mjs';

const unitsOf = (results) => results.variants.reduce((n, v) => n + v.units, 0);
const googlebot = { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' };

// One shopper more: what came before her has been counted once she is.
async function counted(s, name, before) {
  await s.evaluate('product-poll', name);
  return unitsOf(await s.results('poll-trial', (r) => unitsOf(r) > before));
}

test('preview links', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s);
  const preview = async (feature, variant, more) => (await s.post('/admin/v1/previews', { feature, variant, ...more })).body.token;
  const as = (...tokens) => ({ 'parley-preview': tokens.join(', ') });

  await t.test('say what they show and for how long', async () => {
    const { status, body } = await s.post('/admin/v1/previews', { feature: 'product-poll', variant: 'top', expiresIn: 'PT1H' });
    assert.equal(status, 201);
    assert.equal(body.feature, 'product-poll');
    assert.equal(body.variant, 'top');
    assert.equal(body.query, `?parley_preview=${body.token}`);
    assert.equal(encodeURIComponent(body.token), body.token);
    const left = new Date(body.expiresAt) - Date.now();
    assert.ok(left > 3590e3 && left <= 3600e3, String(left));
  });

  await t.test('are made by managers, for what there is', async () => {
    const post = (body, headers) => s.post('/admin/v1/previews', body, headers);
    const one = { feature: 'product-poll', variant: 'top' };
    assert.equal((await post(one, bearer(await s.token('manager')))).status, 201);
    assert.equal((await post(one, bearer(await s.token('analyst')))).status, 403);
    for (const [body, pointer] of [[{ ...one, variant: 'none' }, '/variant'], [{ ...one, feature: 'none' }, '/feature'], [{ variant: 'top' }, '/feature'],
      [{ ...one, expiresIn: 'P31D' }, '/expiresIn'], [{ ...one, expiresIn: 'soon' }, '/expiresIn'], [{ ...one, color: 1 }, '/color']]) {
      const answer = await post(body);
      assert.equal(answer.status, 400, JSON.stringify(body));
      assert.equal(answer.body.errors[0].pointer, pointer);
    }
    assert.equal((await post('{"feature":')).status, 400);
  });

  await t.test('show each variant to anybody who has them, and count nobody', async () => {
    const [off, top] = [await preview('product-poll', 'off'), await preview('product-poll', 'top')];
    for (let i = 0; i < 10; i++) {
      assert.equal((await s.evaluate('product-poll', `p${i}`, {}, as(off))).body.variant, 'off');
      assert.equal((await s.evaluate('product-poll', `p${i}`, {}, as(top))).body.variant, 'top');
    }
    const bulk = await s.post('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'p' } }, as(top));
    assert.equal(bulk.body.flags.find((f) => f.key === 'product-poll').variant, 'top');
    assert.equal(await counted(s, 'a shopper', 0), 1);
  });

  await t.test('keep nothing of what is tracked under them', async () => {
    const link = as(await preview('product-poll', 'top'));
    const batch = ['Order Completed', 'Experiment Viewed'].map((event) => ({
      type: 'track', event, userId: 'a shopper', messageId: `previewed ${event}`, properties: { order_id: '1', revenue: 5, experiment_id: 'poll-trial', variation_id: 'top' } }));
    const { status, body } = await s.post('/v1/batch', { batch }, link);
    assert.equal(status, 202);
    assert.deepEqual(body, { accepted: 0, duplicates: 0, rejected: [0, 1].map((index) => ({ index, detail: 'sent under a preview link, where nothing counts' })) });
    const forged = { 'parley-preview': link['parley-preview'].replace('~top~', '~off~') };
    assert.equal((await s.post('/v1/track', { event: 'Seen', userId: 'a shopper', messageId: 'x' }, forged)).body.accepted, 1);
    assert.equal(await counted(s, 'a shopper', 0), 1);
  });

  await t.test('let a plugin answer for the variant they show', async () => {
    await s.put('/admin/v1/features/dark', poll({ key: 'dark', enabled: false }));
    const ask = (headers) => s.get('/v1/features/dark/polls', { ...asShopper('ann'), ...headers });
    assert.equal((await ask()).status, 404);
    assert.equal((await ask(as(await preview('dark', 'top')))).status, 200);
  });

  await t.test('can be sent several at once', async () => {
    await s.put('/admin/v1/features/second', poll({ key: 'second' }));
    const both = as(await preview('product-poll', 'top'), await preview('second', 'top'));
    for (const key of ['product-poll', 'second']) assert.equal((await s.evaluate(key, 'p', {}, both)).body.variant, 'top');
  });

  await t.test('show nothing once they have expired or were changed', async () => {
    const brief = await preview('second', 'top', { expiresIn: 'PT1S' });
    const forged = (await preview('second', 'off')).replace('~off~', '~top~');
    assert.equal((await s.evaluate('second', 'p', {}, as(forged))).body.variant, 'off');
    await new Promise((r) => setTimeout(r, 1100));
    assert.equal((await s.evaluate('second', 'p', {}, as(brief))).body.variant, 'off');
  });
});

test('crawlers', async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), 'parley-bots-')), 'bots');
  writeFileSync(file, 'NightlyProbe\n');
  const s = await Server.start({ args: ['--bots.file', file] });
  t.after(() => s.stop());
  await trial(s);
  await s.put('/admin/v1/features/shown', poll({ key: 'shown', default: { serve: 'top' } }));

  await t.test('get what is off, and are never counted', async () => {
    for (const agent of [googlebot, { 'user-agent': 'nightlyprobe/1' }]) {
      for (let i = 0; i < 10; i++) assert.equal((await s.evaluate('product-poll', `bot${i}`, {}, agent)).body.variant, 'off');
      const { body } = await s.evaluate('shown', 'bot', {}, agent);
      assert.deepEqual([body.value, body.variant, body.reason], ['off', 'off', 'DEFAULT']);
    }
    assert.equal((await s.evaluate('shown', 'bot', {}, { 'user-agent': 'Mozilla/5.0 Firefox/128.0' })).body.variant, 'top');
    assert.equal(await counted(s, 'a shopper', 0), 1);
  });

  await t.test('reach no plugin', async () => {
    const ask = (headers) => s.get('/v1/features/shown/polls', { ...asShopper('ann'), ...headers });
    assert.equal((await ask()).status, 200);
    const answer = await ask(googlebot);
    assert.deepEqual([answer.status, answer.body.type], [404, 'urn:parley:problem:feature-off']);
  });
});
