// OpenFeature's own clients, as they come from npm, against a real parleyd.
import test from 'node:test';
import assert from 'node:assert/strict';
import { OpenFeature as ServerSide, createEvaluationEvent } from '@openfeature/server-sdk';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature as WebSide, ProviderEvents } from '@openfeature/web-sdk';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { EventSource } from 'eventsource';
import { Server, poll } from '../system/harness.mjs';
import { until, within } from '../system/listen.mjs';
import { toggles } from './toggles.mjs';

const defined = {
  'a-boolean': { type: 'boolean', variants: { on: { value: true }, off: { value: false } }, off: 'off', default: { serve: 'on' } },
  'a-number': { type: 'number', variants: { few: { value: 2.5 }, many: { value: 1000 } }, off: 'few', default: { serve: 'many' } },
  'an-object': { type: 'object', variants: { plain: { value: {} }, rich: { value: { colour: 'blue', sizes: [1, 2], deep: { ok: true } } } }, off: 'plain', default: { serve: 'rich' } },
  'a-string': {
    type: 'string', variants: { off: { value: 'off' }, top: { value: 'top ✓ "quoted"' } }, off: 'off', default: { serve: 'off' },
    rules: [{ id: 'staff', if: { '==': [{ var: 'role' }, 'staff'] }, serve: 'top' }],
  },
  'a-split': {
    type: 'string', variants: { off: { value: 'off' }, top: { value: 'top' } }, off: 'off', default: { serve: 'off' },
    rules: [{ id: 'half', if: true, split: { off: 50, top: 50 }, by: 'targetingKey' }],
  },
};

async function start() {
  const server = await Server.start({ args: ['--streams.heartbeat', '100ms'] });
  for (const [key, feature] of Object.entries(defined)) {
    const { status, body } = await server.put(`/admin/v1/features/${key}`, poll({ key, name: key, ...feature }));
    assert.equal(status, 201, JSON.stringify(body));
  }
  server.toggle = (key, to) => server.post(`/admin/v1/features/${key}/${to}`);
  return server;
}

// What either client must answer for a staff member.
function asserts(client) {
  return async () => {
    assert.equal(await client.getBooleanValue('a-boolean', false), true);
    assert.equal(await client.getNumberValue('a-number', 0), 1000);
    assert.deepEqual(await client.getObjectValue('an-object', {}), { colour: 'blue', sizes: [1, 2], deep: { ok: true } });
    const details = await client.getStringDetails('a-string', 'x');
    assert.equal(details.value, 'top ✓ "quoted"');
    assert.equal(details.variant, 'top');
    assert.equal(details.reason, 'TARGETING_MATCH');
    assert.equal(details.errorCode, undefined);
    assert.equal(details.flagMetadata.rule, 'staff');
    assert.ok(Number.isInteger(details.flagMetadata.configRevision));
    const { attributes } = createEvaluationEvent({ flagKey: 'a-string', providerMetadata: { name: 'ofrep' }, context: {} }, details);
    assert.equal(attributes['feature_flag.version'], String(details.flagMetadata.configRevision));
    assert.equal(attributes['feature_flag.set.id'], 'parley');
    assert.equal(attributes['feature_flag.context.id'], 'u1');
    assert.equal(attributes['feature_flag.result.reason'], 'targeting_match');
    assert.equal((await client.getStringDetails('a-split', 'x')).reason, 'SPLIT');
    assert.equal((await client.getBooleanDetails('a-boolean', false)).reason, 'STATIC');
  };
}

test('the server SDK', async (t) => {
  const s = await start();
  t.after(async () => { await ServerSide.close(); await s.stop(); });
  const headers = [['Authorization', `Bearer ${await s.token('server')}`]];
  await ServerSide.setProviderAndWait(new OFREPProvider({ baseUrl: s.url, headers }));
  const client = ServerSide.getClient();
  const staff = { targetingKey: 'u1', role: 'staff' };
  ServerSide.setContext(staff);

  await t.test('reads every type of value, with its details', asserts(client));

  await t.test('gets the same variant for a unit each time, and both variants over many', async () => {
    const met = new Set();
    for (let i = 0; i < 40; i++) {
      const value = await client.getStringValue('a-split', 'x', { targetingKey: `u${i}` });
      assert.equal(await client.getStringValue('a-split', 'x', { targetingKey: `u${i}` }), value);
      met.add(value);
    }
    assert.deepEqual([...met].sort(), ['off', 'top']);
  });

  await t.test('learns why there is no value, and gives the caller\'s default', async () => {
    const gone = await client.getStringDetails('nowhere', 'mine');
    assert.deepEqual([gone.value, gone.errorCode, gone.reason], ['mine', 'FLAG_NOT_FOUND', 'ERROR']);
    const mistaken = await client.getBooleanDetails('a-string', true);
    assert.deepEqual([mistaken.value, mistaken.errorCode], [true, 'TYPE_MISMATCH']);
    const { token } = (await s.post('/admin/v1/tokens', { name: 'analyst', role: 'analyst' })).body;
    await ServerSide.setProviderAndWait('stranger', new OFREPProvider({ baseUrl: s.url, headers: [['Authorization', `Bearer ${token}`]] }));
    const refused = await ServerSide.getClient('stranger').getStringDetails('a-string', 'mine');
    assert.deepEqual([refused.value, refused.reason], ['mine', 'ERROR']);
    assert.ok(refused.errorCode);
  });

  await t.test('learns that a split flag wants a targeting key', async () => {
    ServerSide.setContext({});
    const keyless = await client.getStringDetails('a-split', 'mine');
    assert.deepEqual([keyless.value, keyless.errorCode], ['mine', 'TARGETING_KEY_MISSING']);
    ServerSide.setContext(staff);
  });

  await t.test('meets a kill switch with its next evaluation', async () => {
    await s.toggle('a-boolean', 'kill');
    const killed = await client.getBooleanDetails('a-boolean', true);
    assert.deepEqual([killed.value, killed.reason], [false, 'DISABLED']);
    await s.toggle('a-boolean', 'unkill');
    assert.equal(await client.getBooleanValue('a-boolean', false), true);
  });
});

test('the web SDK', async (t) => {
  globalThis.EventSource = EventSource; // Node 20 has none of its own
  const s = await start();
  t.after(async () => { await WebSide.close(); await s.stop(); });
  const headers = [['Authorization', `Bearer ${await s.token('server')}`]];
  let calls = 0;
  const fetchImplementation = (...all) => { calls++; return fetch(...all); };
  await WebSide.setContext({ targetingKey: 'u1', role: 'staff' });
  await WebSide.setProviderAndWait(new OFREPWebProvider({ baseUrl: s.url, headers, pollInterval: 0, fetchImplementation }));
  const client = WebSide.getClient();
  const listening = async () => /^parley_stream_listeners\{stream="refetch"\} 1$/m.test(await (await fetch(s.url + '/metrics')).text());

  await t.test('reads every type of value, with its details', asserts(client));

  await t.test('learns why there is no value, and gives the caller\'s default', () => {
    const gone = client.getStringDetails('nowhere', 'mine');
    assert.deepEqual([gone.value, gone.errorCode, gone.reason], ['mine', 'FLAG_NOT_FOUND', 'ERROR']);
    const mistaken = client.getBooleanDetails('a-string', true);
    assert.deepEqual([mistaken.value, mistaken.errorCode], [true, 'TYPE_MISMATCH']);
  });

  await t.test('is told of a change by the stream, and evaluates again, without polling', async () => {
    await until(listening, 'the provider listens');
    const before = calls;
    let told = null;
    client.addHandler(ProviderEvents.ConfigurationChanged, (event) => { told = event; });
    await s.toggle('a-boolean', 'kill');
    await until(() => told, 'the client hears of it');
    assert.equal(client.getBooleanValue('a-boolean', true), false);
    assert.equal(client.getBooleanDetails('a-boolean', true).reason, 'DISABLED');
    assert.equal(calls, before + 1);
  });

  await t.test('meets another context with other values', async () => {
    await WebSide.setContext({ targetingKey: 'u2', role: 'visitor' });
    const details = client.getStringDetails('a-string', 'x');
    assert.deepEqual([details.value, details.reason], ['off', 'DEFAULT']);
  });

  await t.test('finds its way back after the server was away, and misses no change', async () => {
    await until(listening, 'the provider listens');
    await s.kill('SIGTERM');
    await s.up(s.port);
    await s.toggle('a-boolean', 'unkill');
    await until(() => client.getBooleanValue('a-boolean', false), 'the toggle reaches it after a restart');
  });

  await t.test('learns that a split flag wants a targeting key', async () => {
    await WebSide.setContext({ role: 'visitor' });
    const keyless = client.getStringDetails('a-split', 'mine');
    assert.deepEqual([keyless.value, keyless.errorCode], ['mine', 'TARGETING_KEY_MISSING']);
    assert.equal(client.getNumberValue('a-number', 0), 1000);
  });
});

// `./dev bench toggles` holds p99 against its limits on a machine that does nothing else.
test('forty toggles reach a web client and a raw listener, each of them, soon', async (t) => {
  const s = await start();
  t.after(() => s.stop());
  await within(250, async () => {
    const { client, raw } = await toggles(s, 'a-boolean', 40);
    t.diagnostic(`client: median ${client.median.toFixed(1)} ms, p99 ${client.p99.toFixed(1)} ms; raw: ${raw.median.toFixed(1)} ms, ${raw.p99.toFixed(1)} ms`);
    return Math.max(raw.median, client.median / 2); // the client evaluates again
  }, 4);
});
