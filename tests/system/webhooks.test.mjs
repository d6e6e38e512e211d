// Webhooks out, to a real receiver that checks signatures as the Standard Webhooks specification says.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, bearer, trial } from './harness.mjs';
import { parley } from './parley.mjs';
import { receiver, signed } from './receiver.mjs';

const until = async (what, found) => {
  for (let i = 0; i < 3000; i++) {
    const value = await found();
    if (value) return value;
    await new Promise((r) => setTimeout(r, 20));
  }
  throw new Error(`never: ${what}`);
};

test('webhooks', async (t) => {
  const s = await Server.start({ args: ['--webhooks.private', '--webhooks.retry', '50ms', '--webhooks.attempts', '4'] });
  t.after(() => s.stop());
  const make = async (url, events) => {
    const { status, body } = await s.post('/admin/v1/webhooks', { url, events });
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  };
  const show = async (hook) => (await s.get(`/admin/v1/webhooks/${hook.id}`)).body;

  await t.test('tell each change, signed, in order and once', async (t) => {
    const r = await receiver(t);
    const hook = await make(r.url, ['feature.*', 'experiment.start', 'metric.create']);
    assert.match(hook.secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.equal((await show(hook)).secret, undefined);
    await trial(s);
    await s.post('/admin/v1/features/product-poll/kill');
    await s.post('/admin/v1/features/product-poll/unkill');
    await until('told', () => r.got.length >= 8);
    const types = r.got.map((m) => m.message.type);
    assert.deepEqual(types.filter((type) => type.startsWith('metric')).length, 4);
    assert.deepEqual(types.slice(-3), ['experiment.start', 'feature.kill', 'feature.unkill'].map((x) => x));
    const ids = r.got.map((m) => m.headers['webhook-id']);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(ids, ids.toSorted((a, b) => Number(a.slice(6)) - Number(b.slice(6))));
    for (const m of r.got) assert.ok(signed(hook.secret, m));
    assert.equal(r.got.at(-2).message.data.key, 'product-poll');
    const log = (await s.get('/admin/v1/audit?kind=webhook')).body.items;
    assert.equal(log[0].action, 'create');
    assert.ok(!JSON.stringify(log).includes(hook.secret.slice(6)));
    await s.delete(`/admin/v1/webhooks/${hook.id}`);
  });

  await t.test('tell tracked events that are asked for by name, and no others', async (t) => {
    const r = await receiver(t);
    const hook = await make(r.url, ['event:Order *', '*']);
    await s.post('/v1/batch', { batch: [
      { type: 'track', userId: 'u', event: 'Product Viewed' },
      ...Array.from({ length: 40 }, (_, i) => ({ type: 'track', userId: 'u', event: 'Order Completed', properties: { order_id: `${i}`, revenue: i } })),
    ] });
    await until('told', () => r.got.filter((m) => m.message.type === 'event:Order Completed').length === 40);
    assert.ok(!r.got.some((m) => m.message.type === 'event:Product Viewed'));
    const told = r.got.filter((m) => m.message.type.startsWith('event:')).map((m) => m.message.data.message.properties.revenue);
    assert.deepEqual(told, Array.from({ length: 40 }, (_, i) => i));
    await s.delete(`/admin/v1/webhooks/${hook.id}`);
  });

  await t.test('tell of pages, of who says who she is, and of exposures, by the experiment', async (t) => {
    const r = await receiver(t);
    const hook = await make(r.url, ['page:*', 'customer:*', 'exposure:poll-trial']);
    const others = await make(r.url, ['exposure:another', 'event:page', 'customer.*']);
    await s.post('/v1/batch', { batch: [
      { type: 'page', userId: 'ida', name: 'Sale', properties: { path: '/sale' } },
      { type: 'track', userId: 'ida', event: 'Product Viewed' },
      { type: 'identify', userId: 'ida', anonymousId: 'ida-phone', traits: { plan: 'gold' } },
      { type: 'alias', userId: 'ida', previousId: 'ida-tablet' },
    ] });
    await s.evaluate('product-poll', 'ida');
    await until('told', () => r.got.length >= 4);
    const data = Object.fromEntries(r.got.map(({ message }) => [message.type, message.data]));
    assert.deepEqual(Object.keys(data), ['page:Sale', 'customer:identify', 'customer:alias', 'exposure:poll-trial']);
    assert.deepEqual([data['page:Sale'].name, data['page:Sale'].message.properties.path], ['Sale', '/sale']);
    assert.deepEqual([data['customer:identify'].unit, data['customer:identify'].other, data['customer:identify'].message.traits.plan], ['ida', 'ida-phone', 'gold']);
    assert.equal(data['customer:alias'].other, 'ida-tablet');
    assert.match(data['exposure:poll-trial'].message.variant, /^(off|top)$/);
    for (const { id } of [hook, others]) await s.delete(`/admin/v1/webhooks/${id}`);
  });

  await t.test('are tried again until they are taken, the same message with the same id, over a kill -9', async (t) => {
    const r = await receiver(t);
    const hook = await make(r.url, ['feature.*']);
    r.answers.push(500, 302);
    await s.post('/admin/v1/features/product-poll/kill');
    await until('a first attempt', () => r.got.length >= 1);
    await s.kill();
    await s.up();
    await until('taken', () => r.taken().length === 1);
    assert.equal(new Set(r.got.map((m) => m.headers['webhook-id'])).size, 1);
    for (const m of r.got) assert.ok(signed(hook.secret, m));
    await until('ok', async () => (await show(hook)).state === 'ok');
    await s.delete(`/admin/v1/webhooks/${hook.id}`);
  });

  await t.test('are given up after so many attempts, visibly, and what follows is told; a replay tells them again', async (t) => {
    const r = await receiver(t);
    const hook = await make(r.url, ['feature.*']);
    r.answers.push(500, 500, 500, 500);
    await s.post('/admin/v1/features/product-poll/unkill');
    await s.post('/admin/v1/features/product-poll/kill');
    await until('the second', () => r.taken().length === 1);
    assert.equal(r.taken()[0].message.type, 'feature.kill');
    const now = await until('shown', async () => { const b = await show(hook); return b.delivered === 1 && b; });
    assert.equal(now.dead, 1);
    assert.equal(now.deadLetters[0].type, 'feature.unkill');
    assert.match(now.deadLetters[0].error, /500/);
    assert.match((await s.get('/metrics')).body, /parley_webhooks_dead_total 1/);
    const again = await parley(s.url, ['webhooks', 'replay', hook.id, '-'], { input: JSON.stringify({ auditPosition: hook.auditPosition }) });
    assert.equal(again.code, 0, again.err);
    await until('replayed', () => r.taken().length === 3);
    assert.deepEqual(r.taken().slice(1).map((m) => m.message.type), ['feature.unkill', 'feature.kill']);
    const after = await until('dead no more', async () => { const b = await show(hook); return b.dead === 0 && b; });
    assert.deepEqual(after.deadLetters, []);
    await s.delete(`/admin/v1/webhooks/${hook.id}`);
  });

  await t.test('a receiver that is gone (410) is switched off', async (t) => {
    const r = await receiver(t);
    const hook = await make(r.url, ['feature.*']);
    r.answers.push(410);
    await s.post('/admin/v1/features/product-poll/unkill');
    const off = await until('off', async () => { const b = await show(hook); return !b.enabled && b; });
    assert.equal(off.state, 'disabled');
    assert.equal((await s.patch(`/admin/v1/webhooks/${hook.id}`, { enabled: true })).body.enabled, true);
    await until('told after all', () => r.taken().length === 1);
    await s.delete(`/admin/v1/webhooks/${hook.id}`);
  });

  await t.test('can be tried with a message that says so', async (t) => {
    const r = await receiver(t);
    const hook = await make(r.url, ['nothing.*']);
    const { code, out } = await parley(s.url, ['webhooks', 'test', hook.id]);
    assert.equal(code, 0);
    assert.equal(JSON.parse(out).delivered, true);
    assert.equal(r.got[0].message.type, 'webhook.test');
    assert.ok(signed(hook.secret, r.got[0]));
    const nobody = await make('http://127.0.0.1:9/', ['feature.*']);
    const failed = (await s.post(`/admin/v1/webhooks/${nobody.id}/test`)).body;
    assert.equal(failed.delivered, false);
    assert.ok(failed.detail.length > 5);
  });

  await t.test('say what is wrong with them, and are the administrator\'s alone', async () => {
    for (const wrong of [{}, { url: 'ftp://x/', events: ['*'] }, { url: 'https://u:p@x/', events: ['*'] }, { url: 'https://x/', events: [] }, { url: 'https://x/', events: ['a*b'] }, { url: 'https://x/', events: ['*'], colour: 1 }])
      assert.equal((await s.post('/admin/v1/webhooks', wrong)).status, 400, JSON.stringify(wrong));
    assert.equal((await s.get('/admin/v1/webhooks', bearer(await s.token('manager')))).status, 403);
    assert.equal((await s.get('/admin/v1/webhooks/none')).status, 404);
    assert.equal((await s.post('/admin/v1/webhooks/none/test')).status, 404);
  });
});

test('webhooks tell what happens by itself too: verdicts, guardrails, plugins', async (t) => {
  const s = await Server.start({ args: ['--webhooks.private', '--webhooks.retry', '50ms', '--steer.checkpoint', '200ms'] });
  t.after(() => s.stop());
  const r = await receiver(t);
  const told = (type) => until(type, () => r.got.map((m) => m.message).find((m) => m.type === type));
  await s.post('/admin/v1/webhooks', { url: r.url, events: ['verdict.*', 'experiment.*', 'plugin.*'] });
  const track = (event, users, properties) => s.post('/v1/batch', { batch: users.map((userId) => ({ type: 'track', event, userId, properties })) });

  await t.test('a verdict that changes, with its words', async () => {
    await s.put('/admin/v1/metrics/complaints', { key: 'complaints', kind: 'conversion', event: 'Complained', better: 'lower' });
    await trial(s, { assignment: 'external', traffic: undefined, metrics: { primary: 'bought', guardrails: [{ metric: 'complaints', harm: 'increase', margin: 0.01, action: 'rollback' }] } }, { at: '2026-01-01T00:00:00Z' });
    const viewed = (arm) => (_, i) => ({ type: 'track', event: 'Experiment Viewed', userId: `${arm}${i}`, properties: { experiment_id: 'poll-trial', variation_id: arm } });
    await s.post('/v1/batch', { batch: ['off', 'top'].flatMap((arm) => Array.from({ length: 1000 }, viewed(arm))) }); // at once: no look sees half a split
    await track('Order Completed', Array.from({ length: 400 }, (_, i) => `top${i}`));
    const { data } = await told('verdict.change');
    assert.deepEqual([data.key, data.actor, data.before.call, data.after.call, data.after.variant], ['poll-trial', 'steer', 'keep-running', 'ship', 'top']);
    assert.match(data.note, /\S+ \S+/);
  });

  await t.test('a guardrail that fires, and what it does', async () => {
    await track('Complained', Array.from({ length: 500 }, (_, i) => `top${i}`));
    assert.equal((await told('experiment.guardrail')).data.key, 'poll-trial');
    const { data } = await told('experiment.conclude');
    assert.deepEqual([data.actor, data.after.conclusion.outcome], ['steer', 'rollback']);
  });

  await t.test('a worker that dies, until it stays down', async () => {
    const pid = async () => (await s.get('/admin/v1/plugins/polls')).body.releases.find((x) => x.pid)?.pid;
    assert.deepEqual(r.got.filter((m) => m.message.type.startsWith('plugin.')), [], 'the first worker is no news');
    process.kill(await pid(), 'SIGKILL');
    const again = (await told('plugin.running')).data;
    assert.deepEqual([again.key, again.actor], ['polls', 'supervisor']);
    assert.deepEqual(r.got.map((m) => m.message.type).filter((type) => type.startsWith('plugin.')), ['plugin.crashed', 'plugin.running']);
    assert.match(again.note, /signal 9/);
    await until('down', async () => {
      const found = await pid();
      try { if (found) process.kill(found, 'SIGKILL'); } catch { /* it is gone already */ }
      return r.got.some((m) => m.message.type === 'plugin.stays-down');
    });
    const { data } = await told('plugin.crashed');
    assert.deepEqual([data.key, data.actor], ['polls', 'supervisor']);
    assert.match(data.after.version, /^\d+\./);
    assert.match(data.note, /signal 9/);
    const log = (await s.get('/admin/v1/audit?kind=plugin-state&key=polls')).body.items;
    assert.equal(log.filter((a) => a.action === 'crashed').length, r.got.filter((m) => m.message.type === 'plugin.crashed').length);
  });
});

test('without webhooks.private nothing inside is reached', async (t) => {
  const r = await receiver(t);
  const s = await Server.start();
  t.after(() => s.stop());
  for (const url of [r.url, r.url.replace('127.0.0.1', 'localhost'), r.url.replace('127.0.0.1', '[::ffff:127.0.0.1]'), 'http://169.254.169.254/latest']) {
    const { body } = await s.post('/admin/v1/webhooks', { url, events: ['*'] });
    const { body: tried } = await s.post(`/admin/v1/webhooks/${body.id}/test`);
    assert.equal(tried.delivered, false);
    assert.match(tried.detail, /not public/);
  }
  assert.equal(r.got.length, 0);
});
