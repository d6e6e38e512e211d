// Questions and answers through a real server: orders become verified buyers, the asker hears of answers on her timeline, metrics
// are there by themselves, and what the plugin holds goes with the customer.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, asShopper, bearer } from './harness.mjs';

const feature = {
  key: 'product-questions', type: 'string', variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'qa' } }, off: 'off', default: { serve: 'on' },
};

async function until(what, enough) {
  for (const end = Date.now() + 30000; ;) {
    const got = await what();
    if (enough(got)) return got;
    assert.ok(Date.now() < end, `still ${JSON.stringify(got.body ?? got)}`);
    await new Promise((r) => setTimeout(r, 20));
  }
}

test('questions and answers', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  assert.equal((await s.put('/admin/v1/features/product-questions', feature)).status, 201);
  const as = (who, method, path, body) => s.call(method, `/v1/features/product-questions${path}`, body, asShopper(who));
  const staff = (method, path, body) => s.call(method, `/admin/v1/plugins/qa/api${path}`, body);
  const buys = (who, sku, order) => s.post('/v1/track', { userId: who, event: 'Order Completed', messageId: order, properties: { order_id: order, total: 18, products: [{ sku }] } });
  const entries = (who, kind) => s.get(`/v1/me/timeline?kinds=${kind}`, asShopper(who));
  let question, answer;

  await t.test('comes with Parley, with its settings, metrics and page', async () => {
    const { body } = await s.get('/admin/v1/plugins/qa');
    assert.equal(body.active, '1.0.0');
    for (const key of ['questions', 'answers', 'answer-rate', 'time-to-answer', 'posts-reported'])
      assert.equal((await s.get(`/admin/v1/metrics/${key}`)).body.origin, 'plugin:qa', key);
    const wrong = await s.put('/admin/v1/features/product-questions', { ...feature, variants: { ...feature.variants, on: { value: 'on', plugin: 'qa', settings: { buyers: 99 } } } });
    assert.equal(wrong.status, 400);
  });

  await t.test('a question goes to who bought the product, and the asker hears of the answer', async () => {
    await buys('ben', 'HT-101', 'o-1');
    await until(() => s.get('/admin/v1/plugins/qa/customers/ben/export'), ({ body }) => body.purchases?.length === 1);
    const asked = await as('ann', 'POST', '/questions', { sku: 'HT-101', body: 'Is it dishwasher safe?' });
    assert.equal(asked.status, 201);
    question = asked.body.question.id;
    const { body: asks } = await until(() => as('ben', 'GET', '/asks'), ({ body }) => body.items.length === 1);
    assert.equal(asks.items[0].body, 'Is it dishwasher safe?');
    const { body: put } = await until(() => entries('ben', 'question-for-you'), ({ body }) => body.items.length === 1);
    assert.equal(put.items[0].refs.question, question);
    const answered = await as('ben', 'POST', `/questions/${question}/answers`, { body: 'Mine is.' });
    assert.equal(answered.status, 201);
    assert.equal(answered.body.verified, true);
    answer = answered.body.id;
    const { body: told } = await until(() => entries('ann', 'question-answered'), ({ body }) => body.items.length === 1);
    assert.equal(told.items[0].body, 'Your question has an answer');
    assert.deepEqual([told.items[0].refs.answer, told.items[0].refs.feature, told.items[0].actor], [answer, 'product-questions', 'plugin']);
  });

  await t.test('who helps is told so', async () => {
    for (const who of ['ann', 'cat', 'dan']) assert.equal((await as(who, 'PUT', `/answers/${answer}/helpful`)).status, 200);
    const { body } = await until(() => entries('ben', 'answer-helped'), ({ body: b }) => b.items.length === 2);
    assert.equal(body.items[0].body, 'Your answer helped 3 people');
  });

  await t.test('anybody reads and searches without signing in, and is told nobody\'s id', async () => {
    const browser = bearer(await s.token('browser'));
    const call = (path) => s.get(`/v1/features/product-questions${path}`, browser);
    const { status, body } = await call('/questions?q=dishwashers');
    assert.equal(status, 200);
    assert.equal(body.items[0].answers[0].helpful, 3);
    assert.doesNotMatch(JSON.stringify(body), /\b(ann|ben|cat|dan)\b/);
    assert.equal((await call('/products/HT-101/similar?body=can+it+go+into+a+dishwasher')).body.items[0].question.id, question);
    assert.equal((await call('/queue')).status, 404);
  });

  await t.test('a customer who muted the feature or wants no pushes is not asked', async () => {
    for (const who of ['eve', 'fay', 'gil']) await buys(who, 'HT-102', `o-${who}`);
    await until(() => s.get('/admin/v1/plugins/qa/customers/gil/export'), ({ body }) => body.purchases?.length === 1);
    await s.put('/v1/me/preferences', { muted: ['product-questions'] }, asShopper('eve'));
    await s.put('/v1/me/preferences', { pushes: false }, asShopper('fay'));
    await as('ann', 'POST', '/questions', { sku: 'HT-102', body: 'Does it scratch?' });
    await until(() => entries('gil', 'question-for-you'), ({ body }) => body.items.length === 1);
    for (const who of ['eve', 'fay']) assert.deepEqual((await entries(who, 'question-for-you')).body.items, []);
  });

  await t.test('a refund takes the mark of a buyer away', async () => {
    await s.post('/v1/track', { userId: 'ben', event: 'Order Refunded', messageId: 'r-1', properties: { order_id: 'o-1', total: 18 } });
    await until(() => as('cat', 'GET', `/questions/${question}`), ({ body }) => body.answers[0].verified === false);
  });

  await t.test('a browser that makes up an order is no buyer', async () => {
    const browser = bearer(await s.token('browser'));
    const me = await s.get('/v1/me', browser), cookie = me.headers.get('set-cookie').split(';')[0];
    const call = (method, path, body) => s.call(method, path, body, { ...browser, cookie });
    const sent = await call('POST', '/v1/track', { anonymousId: me.body.customer, event: 'Order Completed', properties: { order_id: 'fake', products: [{ sku: 'HT-101' }] } });
    assert.equal(sent.body.accepted, 1);
    await buys('zoe', 'HT-109', 'o-zoe'); // events come in order: when this one is known, so is the other
    await until(() => s.get('/admin/v1/plugins/qa/customers/zoe/export'), ({ body }) => body.purchases?.length === 1);
    const answered = await call('POST', `/v1/features/product-questions/questions/${question}/answers`, { body: 'Trust me' });
    assert.equal(answered.status, 201);
    assert.equal(answered.body.verified, false);
  });

  await t.test('staff looks, hides with a reason, and the author may appeal', async () => {
    const agent = bearer(await s.token('agent'));
    const queue = await s.get('/admin/v1/plugins/qa/api/queue?limit=50', agent);
    assert.equal(queue.status, 200);
    assert.ok(queue.body.items.some(({ body }) => body === 'Trust me'));
    assert.equal((await s.get('/admin/v1/plugins/qa/api/queue', bearer(await s.token('analyst')))).status, 403);
    assert.equal((await staff('POST', `/answers/${answer}/hide`, { reason: 'negative' })).status, 400);
    assert.equal((await staff('POST', `/answers/${answer}/hide`, { reason: 'off-topic' })).status, 200);
    await until(() => entries('ben', 'post-hidden'), ({ body }) => body.items.length === 1);
    assert.equal((await as('ben', 'POST', `/answers/${answer}/appeal`, { body: 'It answers the question' })).status, 200);
    assert.equal((await staff('GET', '/queue?why=appealed')).body.items[0].appeal, 'It answers the question');
    assert.equal((await staff('POST', `/answers/${answer}/publish`)).status, 200);
    await until(() => entries('ben', 'post-shown'), ({ body }) => body.items.length === 1);
    assert.equal((await staff('POST', `/questions/${question}/answers`, { body: 'Up to 60 °C, says the potter.' })).body.retailer, true);
  });

  await t.test('its metrics judge a trial whose unit is the product', async () => {
    await s.put('/admin/v1/features/qa-layout', { ...feature, key: 'qa-layout', default: { serve: 'off' } });
    const made = await s.put('/admin/v1/experiments/qa-trial', {
      key: 'qa-trial', feature: 'qa-layout', unit: 'sku', control: 'off', weights: { off: 50, on: 50 }, mde: 0.1,
      metrics: { primary: 'answer-rate', secondary: ['questions', 'time-to-answer'] } });
    assert.ok(made.status < 300, JSON.stringify(made.body));
    assert.equal((await s.post('/admin/v1/experiments/qa-trial/start', {})).status, 200);
    await s.post('/ofrep/v1/evaluate/flags/qa-layout', { context: { targetingKey: 'ann', sku: 'HT-777' } });
    const { body: asked } = await as('ann', 'POST', '/questions', { sku: 'HT-777', body: 'Who made it?' });
    await as('cat', 'POST', `/questions/${asked.question.id}/answers`, { body: 'A potter' });
    await until(() => entries('ann', 'question-answered'), ({ body }) => body.items.length >= 2);
    const sums = ({ metrics }, key) => metrics.find(({ metric }) => metric === key).variants.map(({ sum, denominator }) => [sum, denominator]).sort();
    const results = await s.results('qa-trial', (r) => r.metrics && sums(r, 'answer-rate').some(([sum]) => sum === 1));
    assert.deepEqual(sums(results, 'questions'), [[0, undefined], [1, undefined]]);
    assert.deepEqual(sums(results, 'answer-rate'), [[0, 0], [1, 1]], 'one question, and it got an answer');
  });

  await t.test('what it holds goes with the customer', async () => {
    const { body } = await s.get('/v1/me/export', asShopper('ann'));
    assert.match(JSON.stringify(body), /Is it dishwasher safe\?/);
    assert.ok((await s.delete('/v1/me', asShopper('ben'))).status < 300);
    await until(() => as('cat', 'GET', `/questions/${question}/answers`), ({ body: b }) => !JSON.stringify(b).includes('Mine is.'));
    assert.deepEqual((await s.get('/admin/v1/plugins/qa/customers/ben/export')).body.answers, []);
  });

  await t.test('a server that was killed tells what was to be told', async () => {
    const { body: asked } = await as('hal', 'POST', '/questions', { sku: 'HT-103', body: 'How heavy is it?' });
    await as('ida', 'POST', `/questions/${asked.question.id}/answers`, { body: 'Two kilos' });
    await s.kill();
    await s.up();
    await until(() => entries('hal', 'question-answered'), ({ body }) => body.items?.length === 1);
  });
});
