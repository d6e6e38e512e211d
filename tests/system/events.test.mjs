// Events reach plugins: each once, in order, through kill -9 of the worker and of the server, and one that cannot be taken keeps no
// other waiting. The plugin is tests/fixtures/plugins/follower.c, which writes down what it is told.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server, asShopper } from './harness.mjs';
import { within } from './listen.mjs';
import { installFixture } from './parley.mjs';

const install = (s, version) => installFixture(s, 'follower', version, `follower-${version}`);
let sent = 0;
const track = (s, n, properties = {}, event = 'Product Viewed') => s.post('/v1/batch', {
  batch: Array.from({ length: n }, () => ({ type: 'track', event, userId: `u${sent % 7}`, messageId: `m${sent++}`, properties })),
});
const seen = async (s) => (await s.get('/admin/v1/plugins/follower/api/seen')).body;
const status = async (s) => (await s.get('/admin/v1/plugins/follower')).body;
async function until(what, enough, ms = 60000) {
  const end = Date.now() + ms;
  for (;;) {
    const got = await what();
    if (enough(got)) return got;
    assert.ok(Date.now() < end, `still ${JSON.stringify(got)}`);
    await new Promise((r) => setTimeout(r, 20));
  }
}
const pidOf = (plugin, version) => plugin.releases.find((r) => r.version === version)?.pid;

test('events to a plugin', async (t) => {
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes'] });
  t.after(() => s.stop());
  await track(s, 30); // before it was there: it asks for the past
  await install(s, '1.0.0');

  await t.test('come from the first one in the journal on', async () => {
    await until(() => seen(s), (x) => x.seen === 30);
    await track(s, 1, {}, 'Order Completed');
    const { last, customer } = await until(() => seen(s), (x) => x.seen === 31);
    assert.match(last, /^Order Completed/);
    assert.equal(customer, 'u2');
  });

  await t.test('what others do through plugins comes too, and what it tracks itself does not come back by "*"', async () => {
    await track(s, 1, { do: 'track' });
    await until(() => seen(s), (x) => x.seen === 32);
    await s.post('/admin/v1/plugins/polls/api/polls', { id: 'p', question: '?', options: [{ key: 'a', label: 'A' }, { key: 'b', label: 'B' }] });
    await s.put('/admin/v1/features/f', { key: 'f', type: 'string', variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'polls' } }, off: 'off', default: { serve: 'on' } });
    assert.equal((await s.put('/v1/features/f/polls/p/vote', { options: ['a'] }, asShopper('u1'))).status, 200);
    const { last, actors, seen: n } = await until(() => seen(s), (x) => /Poll Voted/.test(x.last));
    assert.match(last, /^Poll Voted/);
    assert.match(actors, /^plugin customer/);
    assert.equal(n, 33);
  });

  await t.test('one that it refuses is undone, counted and said, and the next one comes', async () => {
    await track(s, 1, { do: 'refuse' });
    await track(s, 1);
    await until(() => seen(s), (x) => x.seen === 34);
    const { events } = await status(s);
    assert.equal(events.failed, 1);
    assert.match(JSON.stringify((await s.get('/admin/v1/plugins/follower/logs')).body), /it does not like event/);
  });

  await t.test('each counts once while its worker is killed again and again', async () => {
    let going = true;
    const killer = (async () => {
      for (let i = 0, had = 0; going || i < 8; i++) {
        // It took something since the last kill: what three workers in a row die of would be passed over.
        had = (await until(() => seen(s).catch(() => ({})), (x) => x.seen > had || x.seen === 4034)).seen;
        const pid = pidOf(await status(s), '1.0.0');
        if (pid) try { process.kill(pid, 'SIGKILL'); } catch { /* gone already */ }
        await new Promise((r) => setTimeout(r, 300));
        await s.post('/admin/v1/plugins/follower/activate', { version: '1.0.0' }); // five deaths a minute would keep it down
      }
    })();
    for (let i = 0; i < 20; i++) {
      assert.equal((await track(s, 200)).body.accepted, 200);
      await new Promise((r) => setTimeout(r, 100));
    }
    going = false;
    await killer;
    const { twice } = await until(() => seen(s), (x) => x.seen >= 4034, 120000);
    assert.equal(twice, 0);
    const { events } = await status(s);
    assert.equal(events.skipped, 0);
  });

  await t.test('a slow plugin lags behind, visibly, and catches up from the files', async () => {
    await track(s, 100, { do: 'be slow' }); // 30 ms each
    const { events } = await until(() => status(s), (x) => x.events.behind > 0);
    assert.ok(events.behind <= 101);
    assert.match((await s.get('/metrics')).body, /parley_plugin_events_behind\{plugin="follower"\} \d+/);
    await until(() => status(s), (x) => x.events.behind === 0);
    assert.equal((await seen(s)).seen, 4134);
  });

  await t.test('each counts once when the server is killed, and those it slept through come', async () => {
    await track(s, 1000);
    await s.kill();
    await s.up();
    await track(s, 10);
    const { twice } = await until(() => seen(s).catch(() => ({})), (x) => x.seen === 5144);
    assert.equal(twice, 0);
  });

  await t.test('another release goes on where this one was, with the names that it wants', async () => {
    await install(s, '1.1.0');
    await track(s, 50);
    await track(s, 50, {}, 'Order Completed');
    await track(s, 1, { do: 'track' }, 'Order Completed'); // "Followed" is among its names: it gets its own
    const { twice, releases, last } = await until(() => seen(s), (x) => x.seen === 5196);
    assert.equal(twice, 0);
    assert.equal(releases, 2);
    assert.match(last, /^Followed Order Completed/);
  });

  await t.test('come within a second', () => within(1000, async () => {
    const before = (await seen(s)).seen;
    await track(s, 1, {}, 'Order Completed');
    await until(() => seen(s), (x) => x.seen > before);
  }));
});

test('an event that cannot be taken', async (t) => {
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes'] });
  t.after(() => s.stop());
  await install(s, '1.0.0');

  await t.test('because it ends the transaction is passed over after some tries, and those around it count', async () => {
    await track(s, 5);
    await track(s, 1, { do: 'roll back' });
    await track(s, 5);
    await until(() => seen(s), (x) => x.seen === 10);
    assert.equal((await status(s)).events.skipped, 1);
  });

  await t.test('because the worker dies of it, too', async () => {
    await track(s, 3);
    await track(s, 1, { do: 'die' });
    await track(s, 3);
    const { twice } = await until(() => seen(s).catch(() => ({})), (x) => x.seen === 16);
    assert.equal(twice, 0);
    assert.equal((await status(s)).events.skipped, 2);
    assert.match(JSON.stringify((await s.get('/admin/v1/plugins/follower/logs')).body), /is passed over: 3 times/);
  });
});

test('two releases on one database', async (t) => {
  const long = ['deadline', 'overrun', 'heartbeat'].flatMap((limit) => [`--plugins.${limit}`, '60s']); // what keeps the turn is ended for that, and nothing else
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes', ...long] });
  t.after(() => s.stop());
  await install(s, '1.0.0');
  await install(s, '1.1.0');
  for (const [key, release] of [['older', '1.0.0'], ['newer', '1.1.0']])
    await s.put(`/admin/v1/features/${key}`, { key, type: 'string', variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'follower', release } }, off: 'off', default: { serve: 'on' } });
  const mark = (feature, query = '') => s.put(`/v1/features/${feature}/marks${query}`, {}, asShopper('u1'));
  await until(() => mark('older'), (x) => x.status === 200);
  await until(() => mark('newer'), (x) => x.status === 200);

  await t.test('one that keeps the turn to write is ended when the other has waited for a second, and status says who it is', async () => {
    await within(1800, async () => {
      const began = Date.now(), kept = mark('older', '?ms=20000');
      const { writerLock, releases } = await until(() => status(s), (x) => x.writerLock?.heldSeconds > 0.1);
      assert.deepEqual([writerLock.release, writerLock.pid], ['1.0.0', releases.find((r) => r.version === '1.0.0').pid], 'although nobody waits');
      const started = Date.now();
      let took;
      const waiting = mark('newer').finally(() => { took = Date.now() - started; });
      const during = await until(() => status(s), (x) => took || x.writerLock?.heldSeconds > 0.3);
      const answer = await waiting;
      assert.equal(answer.status, 200);
      assert.equal(answer.body.release, '1.1.0');
      assert.ok(Date.now() - began > 1000, 'it had its second');
      assert.equal((await kept).status, 503);
      assert.match(JSON.stringify((await s.get('/admin/v1/plugins/follower/logs')).body), /kept the writer lock for over a second while release 1.1.0 waited/);
      assert.equal((await until(() => status(s), (x) => !x.writerLock)).writerLock, null);
      await until(() => mark('older'), (x) => x.status === 200);
      if (!during.writerLock) return Infinity; // asked too late
      assert.equal(during.writerLock.pid, writerLock.pid);
      return took;
    }, 3); // after five deaths in a minute it would stay down
  });

  await t.test('one that dies with the turn to write delays the other by at most a second', async () => {
    await within(1000, async () => {
      const { pid } = (await status(s)).releases.find((r) => r.version === '1.0.0');
      const kept = mark('older', '?ms=20000');
      await until(() => status(s), (x) => x.writerLock?.pid === pid);
      const started = Date.now(), waiting = mark('newer');
      await new Promise((r) => setTimeout(r, 100));
      process.kill(pid, 'SIGKILL');
      assert.equal((await waiting).status, 200);
      const took = Date.now() - started;
      assert.equal((await kept).status, 503);
      assert.notEqual((await status(s)).writerLock?.pid, pid, 'the dead hold nothing');
      await until(() => mark('older'), (x) => x.status === 200);
      return took;
    }, 2);
  });
});
