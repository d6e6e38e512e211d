// Conversations through a real server: both sides live, limits of contact, rights, and a swap in the middle.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN, asShopper, bearer, build, shared } from './harness.mjs';
import { Listener, until, within } from './listen.mjs';
import { activate } from './bundles.mjs';
import { STAFF, start } from './talking.mjs';

const admin = { authorization: `Bearer ${ADMIN}` };

test('a conversation', async (t) => {
  const { s, mine } = await start(t);
  const maria = bearer((await s.post('/admin/v1/tokens', { name: 'maria', role: 'agent' })).body.token);
  const reply = (who, inReplyTo, body) => s.post(`${STAFF}/threads/${who}/reply`, { inReplyTo, body }, maria);

  await t.test('is heard live on both sides, by her and by staff, and by nobody else', async () => {
    const [hers, bens, staffs, analysts] = await Promise.all([
      Listener.open(`${s.url}/v1/me/stream`, { ...admin, ...asShopper('ann') }), Listener.open(`${s.url}/v1/me/stream`, { ...admin, ...asShopper('ben') }),
      Listener.open(`${s.url}/admin/v1/stream`, maria), Listener.open(`${s.url}/admin/v1/stream`, bearer(await s.token('analyst')))]);
    const notes = (l) => l.events.filter(({ name }) => name === 'note' || name === 'plugin-note');
    const id = await mine('ann').write('Where is my lamp?');
    await until(() => notes(staffs).length === 1 && notes(hers).length === 1);
    assert.deepEqual(notes(staffs)[0].data, { plugin: 'conversations', topic: 'message', customer: 'ann' });
    const { status, body } = await reply('ann', id, 'On its way');
    assert.equal(status, 201, JSON.stringify(body));
    await until(() => notes(hers).length === 2);
    assert.deepEqual(notes(hers)[1].data, { plugin: 'conversations', topic: 'message' });
    assert.deepEqual([notes(bens), notes(analysts)], [[], []]);
    const { items } = (await mine('ann').get()).body;
    assert.deepEqual(items.map((m) => [m.author, m.by, m.body]), [['shop', 'maria', 'On its way'], ['me', null, 'Where is my lamp?']]);
    assert.deepEqual([items[1].progress.state, items[1].progress.by], ['answered', 'maria']);
    assert.equal((await mine('ben').get()).body.items.length, 0);
    for (const l of [hers, bens, staffs, analysts]) l.close();
  });

  await t.test('needs a shopper to listen', async () => {
    assert.equal((await Listener.open(`${s.url}/v1/me/stream`, bearer(await s.token('browser')))).status, 401);
    assert.equal((await Listener.open(`${s.url}/v1/me/stream`)).status, 401);
  });

  await t.test('tells the agent of an order within a second, and the timeline has it then', async () => {
    const l = await Listener.open(`${s.url}/admin/v1/stream`, maria);
    let i = 0;
    for (let told = 0; told < 5; told++) await within(1000, async () => {
      assert.equal((await s.post('/v1/track', { userId: 'ann', event: 'Order Completed', properties: { order_id: `o-${i}`, total: 24.9 } })).status, 202);
      await until(() => l.events.filter(({ data }) => data.topic === 'order').length === i + 1);
      const { body } = await s.get('/admin/v1/customers/ann/timeline?kinds=order', maria);
      assert.equal(body.items[0].refs.order_id, `o-${i++}`);
    });
    l.close();
  });

  await t.test('stands on the timeline, and a visitor who signs in keeps hers', async () => {
    assert.equal((await s.post('/v1/identify', { userId: 'eva', anonymousId: 'anon-eva', traits: { email: 'eva@mail.example', name: 'Eva' } })).status, 202);
    const key = bearer(await s.token('browser'));
    const welcome = await fetch(`${s.url}/v1/me`, { headers: key });
    const cookie = welcome.headers.get('set-cookie').split(';')[0], { customer } = await welcome.json();
    const asVisitor = { ...key, cookie };
    assert.equal((await s.post('/v1/features/talk/messages', { body: 'From my phone' }, asVisitor)).status, 201);
    assert.equal((await s.post('/v1/identify', { userId: 'eva', anonymousId: customer, traits: {} })).status, 202);
    await until(async () => (await mine('eva').get()).body.items.length === 1);
    await mine('eva').write('And signed in');
    const { body } = await s.get(`${STAFF}/inbox?q=phone`, maria);
    assert.deepEqual(body.items.map(({ thread }) => [thread.customer, thread.known, thread.unread]), [['eva', true, 2]]);
    const cookies = await s.get('/v1/features/talk/messages', asVisitor);
    assert.deepEqual(cookies.body.items.map((m) => m.body), ['From my phone']);
    await until(async () => (await s.get('/admin/v1/customers/eva/timeline?kinds=message')).body.items.length === 2);
  });

  await t.test('asks Parley before it writes first, and honours what she refused', async () => {
    const push = () => s.post(`${STAFF}/threads/ann/push`, { body: 'New lamps!' }, maria);
    const prefer = (body) => s.put('/v1/me/preferences', body, asShopper('ann'));
    assert.equal((await push()).status, 201);
    await prefer({ perDay: 1 });
    const capped = await push();
    assert.deepEqual([capped.status, /cap-day/.test(capped.body.detail)], [409, true]);
    await prefer({ pushes: false });
    assert.match((await push()).body.detail, /opted-out/);
    const id = await mine('ann').write('A question of mine');
    assert.equal((await reply('ann', id, 'An answer all the same')).status, 201);
    await prefer({ channels: { email: false } });
    const mail = (await s.post(`${STAFF}/inbound`, { id: '9', channel: 'email', customer: 'ann', from: 'a@b.example', body: 'Mail' }, maria)).body.id;
    assert.equal((await reply('ann', mail, 'Then on the web')).body.delivery, 'channel-off');
    await prefer({ muted: ['talk'] });
    assert.equal((await mine('ann').get()).body.type.endsWith('muted') || (await mine('ann').get()).status === 403, true);
    await prefer({ muted: [] });
  });

  await t.test('is exported whole and erased whole', async () => {
    await mine('zoe').write('Words of Zoe');
    assert.match(JSON.stringify((await s.get('/v1/me/export', asShopper('zoe'))).body), /Words of Zoe/);
    await s.delete('/v1/me', asShopper('zoe'));
    await until(async () => (await s.get(`${STAFF}/threads/zoe`, maria)).status === 404);
  });

  await t.test('keeps every hostile text as it was written', { skip: shared ? false : 'PARLEY_SHARED is absent' }, async () => {
    const { default: cases } = await import(join(shared, 'data/xss/dompurify_expect.mjs'));
    const payloads = cases.map(({ payload }) => payload).filter((p) => p.trim() && !p.includes('\0') && Buffer.byteLength(p) <= 4000);
    assert.ok(payloads.length > 200);
    for (let i = 0; i < payloads.length; i++) await mine(`x-${i % 40}`).write(payloads[i]);
    const kept = [];
    for (let i = 0; i < 40; i++) kept.push(...(await s.get(`${STAFF}/threads/x-${i}`, maria)).body.items.map((m) => m.body));
    assert.deepEqual(kept.sort(), [...payloads].sort());
  });
});

// The release that comes after, out of the same source.
function nextRelease() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-conversations-'));
  const source = new URL('../../plugins/conversations/', import.meta.url).pathname, root = new URL('../../', import.meta.url).pathname;
  const files = readdirSync(source).filter((name) => name.endsWith('.c')).map((name) => join(source, name));
  execFileSync('cc', ['-std=gnu17', '-O1', '-fPIC', '-shared', '-fvisibility=hidden', '-Wl,-z,defs', `-I${root}`, `-I${root}include`, '-DCONVERSATIONS_VERSION="1.0.1"', '-o', join(folder, 'conversations.so'), ...files]);
  const manifest = JSON.parse(readFileSync(join(build, 'plugins/conversations-1.0.0/plugin.json'), 'utf8'));
  delete manifest.web;
  delete manifest.element;
  writeFileSync(join(folder, 'plugin.json'), JSON.stringify({ ...manifest, version: '1.0.1' }));
  const bytes = execFileSync('tar', ['-C', folder, '-cf', '-', 'plugin.json', 'conversations.so'], { maxBuffer: 64 << 20 });
  rmSync(folder, { recursive: true });
  return bytes;
}

test('a swap in the middle of conversations loses nothing', async (t) => {
  const { s } = await start(t, { args: ['--plugins.unsigned', 'yes'] });
  const brought = await s.call('POST', '/admin/v1/plugins', nextRelease(), { 'content-type': 'application/octet-stream' });
  assert.equal(brought.status, 201, JSON.stringify(brought.body));
  const sent = [];
  let going = true;
  const talk = async (who) => {
    for (let i = 0; going; i++) {
      const body = `${who} ${i}`;
      const { status, body: answer } = await s.post('/v1/features/talk/messages', { body, id: body }, asShopper(`${who}-${i % 50}`));
      assert.equal(status, 201, JSON.stringify(answer));
      const replied = i % 3 ? null : await s.post(`${STAFF}/threads/${who}-${i % 50}/reply`, { inReplyTo: answer.id, body: `to ${body}` });
      if (replied) assert.equal(replied.status, 201, JSON.stringify(replied.body));
      sent.push(body, ...(replied ? [`to ${body}`] : []));
    }
  };
  const talking = ['a', 'b', 'c', 'd'].map(talk);
  for (let i = 0; i < 6; i++) {
    await new Promise((r) => setTimeout(r, 150));
    const { status, body } = await activate(s, 'conversations', i % 2 ? '1.0.0' : '1.0.1');
    assert.equal(status, 200, JSON.stringify(body));
  }
  await until(() => sent.length > 100, 'a hundred messages');
  going = false;
  await Promise.all(talking);
  const kept = [];
  for (const who of ['a', 'b', 'c', 'd']) {
    for (let i = 0; i < 50; i++) {
      let cursor = '';
      do {
        const page = await s.get(`${STAFF}/threads/${who}-${i}?limit=100${cursor && `&cursor=${cursor}`}`);
        if (page.status === 404) break;
        kept.push(...page.body.items.map((m) => m.body));
        cursor = page.body.next;
      } while (cursor);
    }
  }
  assert.deepEqual(kept.sort(), sent.sort());
});
