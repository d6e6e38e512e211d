// Contexts that nobody sends by mistake: each is answered, soon, and the server goes on.
import test from 'node:test';
import assert from 'node:assert/strict';
import { ADMIN, Server, poll, trial } from './harness.mjs';
import { within } from './listen.mjs';

const rules = [
  { id: 'name', if: { in: ['needle', { var: 'name' }] }, serve: 'top' },
  { id: 'glued', if: { '==': [{ cat: [{ var: 'name' }, { var: 'name' }] }, 'x'] }, serve: 'top' },
  { id: 'all', if: { all: [{ var: 'list' }, { '>': [{ var: '' }, 5] }] }, serve: 'top' },
  { id: 'sum', if: { '>': [{ reduce: [{ var: 'list' }, { '+': [{ var: 'current' }, { var: 'accumulator' }] }, 0] }, 1e300] }, serve: 'top' },
  { id: 'number', if: { '<': [{ var: 'number' }, 0] }, serve: 'top' },
  { id: 'version', if: { sem_ver: [{ var: 'version' }, '>=', '1.0.0'] }, serve: 'top' },
];

test('hostile contexts', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s);
  await s.put('/admin/v1/features/ruled', poll({ key: 'ruled', rules }));
  const raw = (context) => s.post('/ofrep/v1/evaluate/flags/ruled', `{"context":${context}}`);
  const decided = (context, variant = 'off') => within(1000, async () => {
    const { status, body } = await raw(context);
    assert.equal(status, 200, JSON.stringify(body).slice(0, 300));
    assert.equal(body.variant, variant);
  });
  const refused = async (context, words) => {
    const { status, body } = await raw(context);
    assert.equal(status, 400, JSON.stringify(body).slice(0, 300));
    assert.match(body.errorDetails ?? body.detail, words);
  };

  await t.test('with a string of nearly a mebibyte are decided', async () => {
    await decided(`{"targetingKey":"u","name":"${'x'.repeat(1020 * 1024)}"}`);
    await decided(`{"targetingKey":"u","name":"${'x'.repeat(1020 * 1024)}needle"}`, 'top');
  });

  await t.test('that are longer than a mebibyte are refused', async () => {
    assert.equal((await raw(`{"targetingKey":"u","name":"${'x'.repeat(1024 * 1024)}"}`)).status, 413);
  });

  await t.test('with a hundred thousand attributes are decided', async () => {
    const many = Array.from({ length: 1e5 }, (_, i) => `"${i.toString(36)}":1`).join(',');
    await decided(`{"targetingKey":"u",${many},"number":-1}`, 'top');
  });

  await t.test('with a hundred thousand elements stop at the step limit', async () => {
    await decided(`{"targetingKey":"u","list":[${'9,'.repeat(1e5)}1]}`);
  });

  await t.test('with a targeting key of a mebibyte are bucketed like any other', async () => {
    const key = 'k'.repeat(1000 * 1024);
    const { body } = await s.evaluate('product-poll', key);
    assert.equal((await s.evaluate('product-poll', key)).body.variant, body.variant);
  });

  await t.test('with numbers that are none are refused, and extreme ones are numbers', async () => {
    for (const number of ['NaN', 'Infinity', '-Infinity', '1e', '0x10', '01', '+1', '.5', '1e400', '-1e309']) await refused(`{"targetingKey":"u","number":${number}}`, /JSON|number|value|expected/i);
    await decided('{"targetingKey":"u","number":1e308}');
    await decided('{"targetingKey":"u","number":-1e308}', 'top');
    await decided('{"targetingKey":"u","number":-0.0}');
    await decided('{"targetingKey":"u","number":"NaN"}');
    await decided('{"targetingKey":"u","number":1e-400}');
  });

  await t.test('with lone surrogates, broken UTF-8 and NUL are refused', async () => {
    await refused('{"targetingKey":"\\ud800"}', /surrogate|escape|JSON/i);
    await refused('{"targetingKey":"u","name":"\\udc00x"}', /surrogate|escape|JSON/i);
    await refused('{"targetingKey":"u","name":"\\u0000"}', /NUL|JSON/i);
    const bytes = Buffer.concat([Buffer.from('{"context":{"targetingKey":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}}')]);
    const answer = await s.post('/ofrep/v1/evaluate/flags/ruled', bytes, { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' });
    assert.equal(answer.status, 400);
  });

  await t.test('that are deep, doubled or something else are refused', async () => {
    await refused(`{"targetingKey":"u","deep":${'['.repeat(200)}${']'.repeat(200)}}`, /deep/);
    await refused('{"targetingKey":"u","targetingKey":"v"}', /twice|duplicate|JSON/i);
    for (const context of ['[]', '"u"', 'null', '{"targetingKey":5}']) assert.equal((await raw(context)).status, 400);
  });

  await t.test('leave the server as it was', async () => {
    assert.equal((await s.evaluate('ruled', 'u')).status, 200);
    assert.equal((await s.get('/readyz')).status, 200);
  });
});
