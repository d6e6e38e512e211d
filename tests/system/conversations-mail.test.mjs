// One thread over web, e-mail and store: mails come by signed webhooks, answers leave by Parley's own, and what became of them comes back.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { bearer } from './harness.mjs';
import { until } from './listen.mjs';
import { receiver, signed } from './receiver.mjs';
import { STAFF, start } from './talking.mjs';

const SECRET = 'gateway-0123456789abcdef-the-gateway-and-parley-know-it';

test('a mail gateway', async (t) => {
  const { s, mine } = await start(t, { args: ['--webhooks.private', '--webhooks.retry', '50ms'], env: { PARLEY_PLUGINS_CONVERSATIONS_SECRET: SECRET } });
  const maria = bearer((await s.post('/admin/v1/tokens', { name: 'maria', role: 'agent' })).body.token);
  await s.post('/v1/identify', { userId: 'eva', traits: { email: 'eva@mail.example', name: 'Eva' } });
  await until(async () => (await s.get('/admin/v1/customers/eva')).status === 200);
  const gateway = await receiver(t);
  const hook = (await s.post('/admin/v1/webhooks', { url: gateway.url, events: ['event:Message Queued'] })).body;
  const queued = () => gateway.taken().map(({ message }) => message.data.message.properties);

  let calls = 0;
  // As any sender that follows Standard Webhooks: no token, a signature over id, time and body.
  async function tell(path, payload, { secret = SECRET, age = 0 } = {}) {
    const id = `msg_${++calls}`, at = Math.floor(Date.now() / 1000) - age, body = JSON.stringify(payload);
    const signature = createHmac('sha256', secret).update(`${id}.${at}.${body}`).digest('base64');
    const answer = await fetch(`${s.url}/hooks/conversations/${path}`, { method: 'POST', body,
      headers: { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': `${at}`, 'webhook-signature': `v1,${signature}` } });
    return { status: answer.status, body: await answer.json() };
  }
  const reply = (who, inReplyTo, body) => s.post(`${STAFF}/threads/${who}/reply`, { inReplyTo, body }, maria);
  const thread = async (who) => (await s.get(`${STAFF}/threads/${who}`, maria)).body;

  await t.test('brings a mail into the thread of whose address it is, once, beside what she wrote on the web', async () => {
    await mine('eva').write('From the page');
    const mail = { id: '<1@mail>', channel: 'email', from: 'EVA@mail.example', body: 'Now by mail' };
    const first = await tell('inbound', mail), again = await tell('inbound', mail);
    assert.deepEqual([first.status, first.body.customer, again.status, again.body.id], [201, 'eva', 200, first.body.id]);
    await s.post(`${STAFF}/inbound`, { id: 'till-7', channel: 'store', customer: 'eva', body: 'And in the store' }, maria);
    assert.deepEqual((await thread('eva')).items.map((m) => [m.channel, m.body]), [['store', 'And in the store'], ['email', 'Now by mail'], ['web', 'From the page']]);
  });

  await t.test('gets the answer with body, address and thread, signed, and tells that it arrived', async () => {
    const mail = (await thread('eva')).items.find(({ channel }) => channel === 'email');
    assert.equal((await reply('eva', mail.id, 'Back by mail')).body.delivery, 'allowed');
    await until(() => queued().length === 1);
    const [sent] = queued();
    assert.deepEqual([sent.to, sent.thread, sent.body, sent.inReplyTo, sent.channel, sent.agent], ['EVA@mail.example', 'eva', 'Back by mail', '<1@mail>', 'email', 'maria']);
    assert.ok(signed(hook.secret, gateway.got[0]));
    for (const state of ['sent', 'delivered']) assert.equal((await tell('deliveries', { id: sent.id, state })).status, 200);
    assert.equal((await thread('eva')).items[0].delivery, 'delivered');
    assert.equal((await mine('eva').get()).body.items[0].body, 'Back by mail', 'she reads it on the web, too');
  });

  await t.test('tells of a mail that came back, and the agent has the thread again', async () => {
    const { body: { customer, id } } = await tell('inbound', { id: '<2@mail>', channel: 'email', from: 'typo@mail.example', body: 'Where is it?' });
    await reply(customer, id, 'On its way');
    await until(() => queued().length === 2);
    assert.equal((await tell('deliveries', { id: queued()[1].id, state: 'bounced', detail: '550 no such mailbox' })).status, 200);
    const { thread: stands, items } = await thread(customer);
    assert.deepEqual([stands.status, items[0].author, items[0].body, items[1].delivery],
      ['open', 'note', 'This did not reach typo@mail.example: 550 no such mailbox', 'bounced']);
  });

  await t.test('gets nothing that she does not want by mail', async () => {
    await s.put('/v1/me/preferences', { channels: { email: false } }, { 'parley-act-as': 'eva' });
    const { body: { id } } = await tell('inbound', { id: '<3@mail>', channel: 'email', from: 'eva@mail.example', body: 'One more' });
    assert.equal((await reply('eva', id, 'Then on the web')).body.delivery, 'channel-off');
    await s.put('/v1/me/preferences', { channels: {}, pushes: false }, { 'parley-act-as': 'eva' });
    const pushed = await s.post(`${STAFF}/threads/eva/push`, { body: 'News', channel: 'email' }, maria);
    assert.deepEqual([pushed.status, /opted-out/.test(pushed.body.detail)], [409, true]);
    await new Promise((r) => setTimeout(r, 1200));
    assert.equal(queued().length, 2);
  });

  await t.test('is not believed without its signature, nor with an old one', async () => {
    const mail = { id: '<9@mail>', channel: 'email', from: 'eva@mail.example', body: 'Forged' };
    assert.equal((await tell('inbound', mail, { secret: 'another' })).status, 401);
    assert.equal((await tell('inbound', mail, { age: 600 })).status, 401);
    assert.equal((await fetch(`${s.url}/hooks/conversations/inbound`, { method: 'POST', body: JSON.stringify(mail) })).status, 401);
    assert.equal((await tell('deliveries', { id: 1, state: 'eaten' })).status, 400);
    assert.ok(!(await thread('eva')).items.some(({ body }) => body === 'Forged'));
  });

  await t.test('that was told nothing of a secret says how to give it one', async (t) => {
    const { s } = await start(t);
    const answer = await fetch(`${s.url}/hooks/conversations/inbound`, { method: 'POST', body: '{}' });
    assert.equal(answer.status, 409);
    assert.match((await answer.json()).detail, /plugins\.conversations\.secret/);
  });
});
