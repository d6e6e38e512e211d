// What a bundle says of itself: settings that are checked, metrics that it brings; its retirement; customers' rights.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, build, poll, bearer, asShopper } from './harness.mjs';
import { until } from './listen.mjs';
import { parley } from './parley.mjs';

const polls = '/admin/v1/plugins/polls';
// What a plugin that is compiled here is built with.
const ABI = ['MAJOR', 'MINOR'].map((part) => Number(new RegExp(`PARLEY_ABI_${part}\\W+(\\d+)`).exec(readFileSync('include/parley/plugin.h', 'utf8'))[1]));
const places = (answer) => Object.fromEntries((answer.body.errors ?? []).map((e) => [e.pointer, e.detail]));

// A plugin that answers with the settings it was called with.
const source = `#include <parley/plugin.h>
const struct parley_host *parley;
static int echo(parley_call *c) { return parley_reply(c, 200, "{settings, release: ?}", parley->settings(c), VERSION); }
static int hold(parley_call *c, parley_text customer) { return parley_reply(c, 200, "{customer}", customer); }
static int forget(parley_call *c, parley_text customer) { return 0; }
static const struct parley_route routes[] = {{"GET", "/echo", PARLEY_READ, PARLEY_SHOPPER, echo}};
PARLEY_EXPORT const struct parley_plugin parley_plugin_v1 = {
    PARLEY_PLUGIN("echo", VERSION, &parley), PARLEY_ROUTES(routes), .export_customer = hold, .forget_customer = forget};
`;

const folder = mkdtempSync(join(tmpdir(), 'parley-echo-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

async function bundle(url, version, manifest) {
  const home = join(folder, version), file = `${home}.parley`;
  mkdirSync(home, { recursive: true });
  writeFileSync(join(folder, 'echo.c'), source);
  execFileSync('gcc', ['-std=gnu17', '-O1', '-fPIC', '-shared', '-fvisibility=hidden', `-DVERSION="${version}"`, '-Iinclude', '-o', join(home, 'echo.so'), join(folder, 'echo.c')]);
  writeFileSync(join(home, 'plugin.json'), JSON.stringify({ name: 'echo', version, abi: ABI, library: 'echo.so', ...manifest }));
  const packed = await parley(url, ['plugins', 'pack', home, '--out', file]);
  return packed.code === 0 ? readFileSync(file) : Promise.reject(new Error(packed.err));
}

async function push(s, version, manifest) {
  return s.call('POST', '/admin/v1/plugins', new Uint8Array(await bundle(s.url, version, manifest)), { 'content-type': 'application/octet-stream' });
}

const words = { type: 'object', properties: { words: { type: 'string', maxLength: 10, default: 'Hello' }, most: { type: 'integer' } }, additionalProperties: false };
const echoFeature = (settings, release) => ({ key: 'echo', type: 'string', off: 'off', default: { serve: 'on' },
  variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'echo', ...(release ? { release } : {}), ...(settings ? { settings } : {}) } } });

test('settings are held against the schema that the release brings', async (t) => {
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes'] });
  t.after(() => s.stop());
  const put = (settings, over) => s.put('/admin/v1/features/product-poll', poll({ variants: { off: { value: 'off' }, top: { value: 'top', plugin: 'polls', settings } }, ...over }));
  const serving = async () => (await s.get('/v1/features/echo/echo', asShopper('c'))).body;

  await t.test('by PUT and by PATCH, each fault at its place', async () => {
    const wrong = await put({ maxOptions: 40, colour: 'red' });
    assert.equal(wrong.status, 400);
    assert.deepEqual(places(wrong), {
      '/variants/top/settings/maxOptions': 'must be at most 20',
      '/variants/top/settings/colour': 'is not known here; there are maxOptions, segments, friends',
    });
    assert.equal((await put({ maxOptions: 4 })).status, 201);
    const patched = await s.patch('/admin/v1/features/product-poll', { variants: { top: { settings: { maxOptions: '4' } } } });
    assert.equal(patched.status, 400);
    assert.deepEqual(places(patched), { '/variants/top/settings/maxOptions': 'must be of type integer' });
    assert.deepEqual((await s.get('/admin/v1/features/product-poll')).body.variants.top.settings, { maxOptions: 4 });
  });

  await t.test('the release is called with the defaults filled in', async () => {
    assert.equal((await push(s, '1.0.0', { settings: words })).status, 201);
    assert.equal((await s.post('/admin/v1/plugins/echo/activate', { version: '1.0.0' })).status, 200);
    assert.equal((await s.put('/admin/v1/features/echo', echoFeature())).status, 201);
    assert.deepEqual(await serving(), { settings: { words: 'Hello' }, release: '1.0.0' });
    assert.equal((await s.put('/admin/v1/features/echo', echoFeature({ most: 3 }))).status, 200);
    assert.deepEqual((await serving()).settings, { most: 3, words: 'Hello' });
  });

  await t.test('an activation that would break a feature names it and changes nothing', async () => {
    const stricter = { ...words, properties: { ...words.properties, most: { type: 'integer', maximum: 2 } } };
    assert.equal((await push(s, '2.0.0', { settings: stricter })).status, 201);
    const refused = await s.post('/admin/v1/plugins/echo/activate', { version: '2.0.0' });
    assert.equal(refused.status, 409);
    assert.deepEqual(places(refused), { '/features/echo/variants/on/settings/most': 'must be at most 2' });
    assert.match(refused.body.detail, /1 feature .*echo.*must be at most 2/);
    assert.equal((await serving()).release, '1.0.0');
    assert.equal((await s.put('/admin/v1/features/echo', echoFeature({ most: 3 }))).status, 200, 'the refused release no longer counts');
    assert.equal((await s.put('/admin/v1/features/echo', echoFeature({ most: 2 }))).status, 200);
    assert.equal((await s.post('/admin/v1/plugins/echo/activate', { version: '2.0.0' })).status, 200);
    assert.equal((await serving()).release, '2.0.0');
    assert.equal((await s.put('/admin/v1/features/echo', echoFeature({ most: 3 }))).status, 400);
  });

  await t.test('a variant that names a release is held against that one', async () => {
    assert.equal((await s.put('/admin/v1/features/echo', echoFeature({ most: 3 }, '1.0.0'))).status, 200);
    const wrong = await s.put('/admin/v1/features/echo', echoFeature({ words: 'much too long' }, '1.0.0'));
    assert.deepEqual(places(wrong), { '/variants/on/settings/words': 'has 13 characters; at most 10 are allowed' });
  });

  await t.test('roll-back is an activation too', async () => {
    assert.equal((await push(s, '3.0.0', {})).status, 201);
    assert.equal((await s.post('/admin/v1/plugins/echo/activate', { version: '3.0.0' })).status, 200);
    assert.equal((await s.put('/admin/v1/features/echo', echoFeature({ anything: true }))).status, 200);
    const refused = await s.post('/admin/v1/plugins/echo/rollback');
    assert.equal(refused.status, 409);
    assert.match(places(refused)['/features/echo/variants/on/settings/anything'], /is not known here/);
  });

  await t.test('a bundle whose schema is not understood is refused when it is brought', async () => {
    await assert.rejects(push(s, '4.0.0', { settings: { type: 'object', propertees: {} } }), /\/settings\/propertees: is no keyword/);
  });
});

test('a bundle brings metrics', async (t) => {
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes'] });
  t.after(() => s.stop());
  const metric = (key) => s.get(`/admin/v1/metrics/${key}`);
  const seen = { key: 'echoes', kind: 'count', event: 'Echoed' };
  const activate = (version) => s.post('/admin/v1/plugins/echo/activate', { version });

  await t.test('those of polls are there from the start, and an experiment is judged by one', async () => {
    const { body } = await metric('poll-vote-rate');
    assert.deepEqual([body.kind, body.event, body.origin], ['conversion', 'Poll Voted', 'plugin:polls']);
    await s.put('/admin/v1/features/product-poll', poll({ default: { serve: 'top' } }));
    await s.post(`${polls}/api/polls`, { id: 'p1', question: '?', kind: 'single', results: 'always', options: [{ key: 'a', label: 'A' }, { key: 'b', label: 'B' }] });
    await s.put('/admin/v1/experiments/v', { key: 'v', feature: 'product-poll', control: 'off', weights: { off: 0.0001, top: 100 }, metrics: { primary: 'poll-vote-rate', secondary: ['poll-votes'] } });
    assert.equal((await s.post('/admin/v1/experiments/v/start', {})).status, 200);
    await s.evaluate('product-poll', 'c7');
    await new Promise((r) => setTimeout(r, 20));
    for (const option of ['a', 'b']) await s.put('/v1/features/product-poll/polls/p1/vote', { options: [option] }, asShopper('c7'));
    const sums = (r) => r.metrics.map((m) => m.variants.find((v) => v.variant === 'top')?.sum);
    const r = await s.results('v', (x) => sums(x)[1] === 2);
    assert.deepEqual(sums(r), [1, 2]);
  });

  await t.test('they are the plugin\'s: people may not change or delete them', async () => {
    const refused = await s.patch('/admin/v1/metrics/poll-vote-rate', { window: 'P1D' });
    assert.equal(refused.status, 409);
    assert.match(refused.body.detail, /brought by the plugin 'polls'/);
    assert.equal((await s.delete('/admin/v1/metrics/poll-votes')).status, 409);
    const same = (await metric('poll-votes')).body;
    assert.equal((await s.put('/admin/v1/metrics/poll-votes', same)).status, 200, 'what GET answered may be put back');
    assert.equal((await metric('poll-votes')).body.version, same.version);
  });

  await t.test('they come, change and go with the active release, and the log says so', async () => {
    await push(s, '1.0.0', { metrics: [seen, { ...seen, key: 'gone-soon' }] });
    assert.equal((await metric('echoes')).status, 404, 'installed is not active');
    assert.equal((await activate('1.0.0')).status, 200);
    assert.equal((await metric('echoes')).body.origin, 'plugin:echo');
    await push(s, '1.1.0', { metrics: [{ ...seen, event: 'Echo Heard' }] });
    assert.equal((await activate('1.1.0')).status, 200);
    assert.equal((await metric('echoes')).body.event, 'Echo Heard');
    assert.equal((await metric('gone-soon')).status, 404);
    const audit = (await s.get('/admin/v1/audit?kind=metric&key=echoes')).body.items.map((e) => [e.actor, e.action]);
    assert.deepEqual(audit, [['parleyd', 'update'], ['parleyd', 'create']]);
  });

  await t.test('a person\'s metric of the same key stays', async () => {
    await s.put('/admin/v1/metrics/mine', { key: 'mine', kind: 'count', event: 'Mine' });
    await push(s, '1.2.0', { metrics: [seen, { ...seen, key: 'mine' }] });
    assert.equal((await activate('1.2.0')).status, 200);
    const { body } = await metric('mine');
    assert.deepEqual([body.event, body.origin], ['Mine', undefined]);
    const lines = (await s.get('/admin/v1/plugins/echo/logs')).body.items.map((l) => l.line);
    assert.ok(lines.includes("metric 'mine' was written by a person and stays; the plugin's is left out"), lines.join('\n'));
  });

  await t.test('what is no metric is refused with the bundle', async () => {
    const refused = await push(s, '1.3.0', { metrics: [{ key: 'odd', kind: 'sum' }] });
    assert.equal(refused.status, 400);
    assert.match(refused.body.detail, /\/metrics\/0\/kind/);
  });
});

test('a plugin is retired', async (t) => {
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes'] });
  t.after(() => s.stop());
  const vote = (who) => s.put('/v1/features/product-poll/polls/p1/vote', { options: ['a'] }, asShopper(who));
  await s.put('/admin/v1/features/product-poll', poll({ default: { serve: 'top' } }));
  await s.post(`${polls}/api/polls`, { id: 'p1', question: '?', kind: 'single', results: 'always', options: [{ key: 'a', label: 'A' }, { key: 'b', label: 'B' }] });
  assert.equal((await vote('ann')).status, 200);
  await s.put('/admin/v1/experiments/v', { key: 'v', feature: 'product-poll', control: 'off', weights: { off: 0.0001, top: 100 }, metrics: { primary: 'poll-votes' } });
  await s.post('/admin/v1/experiments/v/start', {});

  await t.test('not before it was said what still names it', async () => {
    const refused = await s.delete(polls);
    assert.equal(refused.status, 409);
    assert.match(refused.body.detail, /1 variant and 1 live experiment still name polls/);
    assert.deepEqual(places(refused), { '/features/product-poll/variants/top': "is served by polls, and experiment 'v' is running on its feature" });
    assert.equal((await s.get(polls)).body.retired, false);
  });

  await t.test('by force it goes, and the audit log says that it was forced', async () => {
    const gone = await s.delete(`${polls}?force=yes`);
    assert.equal(gone.status, 200);
    assert.equal(gone.body.retired, true);
    const [entry] = (await s.get('/admin/v1/audit?kind=plugin&key=polls')).body.items;
    assert.deepEqual([entry.action, entry.note], ['retire', 'forced: 1 variants and 1 live experiments still name it']);
    const call = await vote('ann');
    assert.equal(call.status, 410);
    assert.match(call.body.detail, /retired/);
  });

  await t.test('metrics that an experiment names stay to be read, the others go', async () => {
    await until(async () => (await s.get('/admin/v1/metrics/poll-vote-rate')).status === 404);
    assert.equal((await s.get('/admin/v1/metrics/poll-votes')).status, 200);
  });

  await t.test('its data is still exportable and erasable, by admins alone, and that is audited', async () => {
    const held = await s.get(`${polls}/customers/ann/export`);
    assert.equal(held.status, 200);
    assert.match(JSON.stringify(held.body), /"a"/);
    assert.equal((await s.get(`${polls}/customers/ann/export`, bearer(await s.token('manager')))).status, 403);
    assert.equal((await s.delete(`${polls}/customers/ann`)).status, 204);
    assert.doesNotMatch(JSON.stringify((await s.get(`${polls}/customers/ann/export`)).body), /"a"/);
    assert.equal((await s.get('/admin/v1/plugins/nowhere/customers/ann/export')).status, 404);
    const log = (await s.get('/admin/v1/audit?kind=plugin&key=polls')).body.items;
    assert.deepEqual(log.slice(0, 3).map((e) => e.action), ['export-customer', 'forget-customer', 'export-customer']);
    assert.doesNotMatch(JSON.stringify(log), /ann/);
  });

  await t.test('activation brings it back, with its metrics', async () => {
    assert.equal((await s.post(`${polls}/activate`, { version: '1.0.0' })).status, 200);
    assert.equal((await vote('ann')).status, 200);
    assert.equal((await s.get('/admin/v1/metrics/poll-vote-rate')).status, 200);
  });
});
