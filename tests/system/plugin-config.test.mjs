// The configuration of a plugin as a whole: checked, told to what runs without a restart, kept, and silent about secrets.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, asShopper } from './harness.mjs';
import { until } from './listen.mjs';
import { parley } from './parley.mjs';

const ABI = ['MAJOR', 'MINOR'].map((part) => Number(new RegExp(`PARLEY_ABI_${part}\\W+(\\d+)`).exec(readFileSync('include/parley/plugin.h', 'utf8'))[1]));
const MASK = '********';
const path = '/admin/v1/plugins/greeter/config';

// A plugin that answers with what it was configured with, last and so often; it refuses the word "shout".
const source = `#include <parley/plugin.h>
const struct parley_host *parley;
static char words[64], token[64];
static int times;
static void keep(char *to, parley_text from) { __builtin_memcpy(to, from.at, from.n); to[from.n] = 0; }
static int configure(parley_call *c, parley_json settings) {
    parley_text told = parley->text(parley->get(settings, "words"));
    if (parley_same(told, PARLEY_TEXT("shout"))) return parley_fail(c, 422, "{} is too loud", told);
    keep(words, told);
    keep(token, parley->text(parley->get(parley->get(settings, "shop"), "token")));
    times++;
    return 0;
}
static int greet(parley_call *c) { return parley_reply(c, 200, "{words, token, times: ?, release: ?}", words, token, times, VERSION); }
static int hold(parley_call *c, parley_text customer) { return parley_reply(c, 200, "{customer}", customer); }
static int forget(parley_call *c, parley_text customer) { return 0; }
static const struct parley_route routes[] = {{"GET", "/greet", PARLEY_READ, PARLEY_SHOPPER, greet}};
PARLEY_EXPORT const struct parley_plugin parley_plugin_v1 = {
    PARLEY_PLUGIN("greeter", VERSION, &parley), PARLEY_ROUTES(routes), .configure = configure, .export_customer = hold, .forget_customer = forget};
`;

const schema = (most = 10) => ({ type: 'object', additionalProperties: false, properties: {
  words: { type: 'string', maxLength: most, default: 'Hello' },
  shop: { type: 'object', properties: { name: { type: 'string' }, token: { type: 'string', writeOnly: true, minLength: 3 } }, additionalProperties: false } } });

const folder = mkdtempSync(join(tmpdir(), 'parley-greeter-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

async function bring(s, version, manifest) {
  const home = join(folder, version), file = `${home}.parley`;
  mkdirSync(home, { recursive: true });
  writeFileSync(join(folder, 'greeter.c'), source);
  execFileSync('gcc', ['-std=gnu17', '-O1', '-fPIC', '-shared', '-fvisibility=hidden', `-DVERSION="${version}"`, '-Iinclude', '-o', join(home, 'greeter.so'), join(folder, 'greeter.c')]);
  writeFileSync(join(home, 'plugin.json'), JSON.stringify({ name: 'greeter', version, abi: ABI, library: 'greeter.so', ...manifest }));
  const packed = await parley(s.url, ['plugin', 'pack', home, '--out', file]);
  if (packed.code !== 0) throw new Error(packed.err);
  return parley(s.url, ['plugin', 'push', file]);
}
const places = (answer) => Object.fromEntries((answer.body.errors ?? []).map((e) => [e.pointer, e.detail]));
const feature = (key, release) => ({ key, type: 'string', off: 'off', default: { serve: 'on' }, variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'greeter', ...(release ? { release } : {}) } } });

test('a plugin is configured as a whole', async (t) => {
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes'] });
  t.after(() => s.stop());
  const greeting = async (key = 'greet') => (await s.get(`/v1/features/${key}/greet`, asShopper('c'))).body;
  const activate = (version) => s.post('/admin/v1/plugins/greeter/activate', { version });
  const pid = async () => (await s.get('/admin/v1/plugins/greeter')).body.releases.find((r) => r.version === '1.0.0').pid;

  await t.test('from the start with the defaults of its schema', async () => {
    assert.equal((await bring(s, '1.0.0', { configuration: schema() })).code, 0);
    assert.equal((await activate('1.0.0')).status, 200);
    assert.equal((await s.put('/admin/v1/features/greet', feature('greet'))).status, 201);
    assert.deepEqual(await greeting(), { words: 'Hello', token: '', times: 1, release: '1.0.0' });
    const now = await s.get(path);
    assert.deepEqual([now.status, now.body, now.headers.get('etag')], [200, {}, null]);
    assert.deepEqual((await s.get('/admin/v1/plugins/greeter')).body.configuration, schema());
  });

  await t.test('live: the same process has it when the PUT is answered', async () => {
    const before = await pid();
    const put = await s.put(path, { words: 'Moin', shop: { name: 'north', token: 'geheim' } });
    assert.deepEqual([put.status, put.body, put.headers.get('etag')], [200, { words: 'Moin', shop: { name: 'north', token: MASK } }, '"1"']);
    assert.deepEqual(await greeting(), { words: 'Moin', token: 'geheim', times: 2, release: '1.0.0' });
    assert.equal(await pid(), before);
  });

  await t.test('what is secret is shown nowhere, and the mask sent back means what is there', async () => {
    const now = await s.get(path);
    assert.deepEqual(now.body, { words: 'Moin', shop: { name: 'north', token: MASK } });
    assert.equal((await s.put(path, { ...now.body, words: 'Servus' })).status, 200);
    assert.deepEqual(await greeting(), { words: 'Servus', token: 'geheim', times: 3, release: '1.0.0' });
    const audit = (await s.get('/admin/v1/audit?kind=plugin&key=greeter')).body.items.filter((e) => e.action === 'configure');
    assert.deepEqual(audit[0].before, { words: 'Moin', shop: { name: 'north', token: MASK } });
    assert.deepEqual(audit[0].after, { words: 'Servus', shop: { name: 'north', token: MASK } });
    assert.equal(audit[1].before ?? null, null);
    assert.ok(!s.log.includes('geheim'), 'the log has the secret');
  });

  await t.test('what does not suit the schema is refused at its place, and nothing changes', async () => {
    const wrong = await s.put(path, { words: 'much too long', colour: 'red', shop: { token: 'x' } });
    assert.equal(wrong.status, 400);
    assert.deepEqual(places(wrong), { '/words': 'has 13 characters; at most 10 are allowed', '/colour': 'is not known here; there are words, shop', '/shop/token': 'has 1 characters; at least 3 are needed' });
    assert.equal((await s.put(path, ['words'])).status, 400);
    assert.equal((await s.put('/admin/v1/plugins/nobody/config', {})).status, 404);
    assert.equal((await s.put('/admin/v1/plugins/boards/config', { any: 1 })).status, 400);
    assert.deepEqual((await greeting()).times, 3);
  });

  await t.test('the plugin itself may refuse, in its own words', async () => {
    const refused = await s.put(path, { words: 'shout' });
    assert.equal(refused.status, 400);
    assert.match(refused.body.detail, /greeter 1\.0\.0 did not take it: shout is too loud/);
    assert.equal((await s.get(path)).body.words, 'Servus');
    assert.equal((await greeting()).words, 'Servus');
  });

  await t.test('If-Match keeps two people apart', async () => {
    const etag = (await s.get(path)).headers.get('etag');
    const put = (words) => s.call('PUT', path, { words }, { 'if-match': etag });
    assert.equal((await put('Gruezi')).status, 200);
    const late = await put('Hallo');
    assert.equal(late.status, 412);
    assert.match(late.body.detail, /at version 3 now, not 2/);
    assert.equal((await greeting()).words, 'Gruezi');
  });

  await t.test('every release that runs is told, and refuses for all', async () => {
    assert.equal((await bring(s, '1.1.0', { configuration: schema(6) })).code, 0);
    assert.equal((await s.put('/admin/v1/features/canary', feature('canary', '1.1.0'))).status, 201);
    await until(async () => (await greeting('canary')).release === '1.1.0');
    assert.equal((await greeting('canary')).words, 'Gruezi');
    assert.equal((await s.put(path, { words: 'Hi' })).status, 200);
    assert.deepEqual([(await greeting()).words, (await greeting('canary')).words], ['Hi', 'Hi']);
    assert.equal((await s.put(path, { words: 'Good day' })).status, 400, '1.1.0 takes six letters');
    assert.deepEqual([(await greeting()).words, (await greeting('canary')).words], ['Hi', 'Hi']);
  });

  await t.test('a restart of the worker, and of the server, begins with it', async () => {
    process.kill(await pid(), 'SIGKILL');
    await until(async () => (await greeting()).times === 1);
    assert.equal((await greeting()).words, 'Hi');
    await s.kill('SIGTERM');
    await s.up();
    assert.equal((await greeting()).words, 'Hi');
    assert.equal((await s.get(path)).headers.get('etag'), '"4"');
  });

  await t.test('a release that it does not suit is not activated, and says where', async () => {
    assert.equal((await bring(s, '2.0.0', { configuration: { type: 'object', properties: { words: { enum: ['A', 'B'] } } } })).code, 0);
    const refused = await activate('2.0.0');
    assert.equal(refused.status, 409);
    assert.match(refused.body.detail, /greeter 2\.0\.0 cannot start: its configuration does not suit it: \/words/);
    assert.equal((await greeting()).release, '1.0.0');
  });

  await t.test('a schema that hides what could not be hidden is refused with the bundle', async () => {
    const { code, err } = await bring(s, '3.0.0', { configuration: { type: 'object', properties: { list: { type: 'array', items: { type: 'string', writeOnly: true } } } } }).catch((error) => ({ code: 1, err: error.message }));
    assert.notEqual(code, 0);
    assert.match(err, /\/configuration.*writeOnly/);
  });

  await t.test('the command line shows, sets and replaces it', async () => {
    const config = (...words) => parley(s.url, ['plugin', 'config', 'greeter', ...words]);
    const set = await config('words=Ahoi', 'shop={"name":"harbour","token":"anchor"}');
    assert.equal(set.code, 0, set.err);
    assert.equal((await greeting()).words, 'Ahoi');
    assert.deepEqual(JSON.parse((await config('--output', 'json')).out), { words: 'Ahoi', shop: { name: 'harbour', token: MASK } });
    assert.equal((await config('words=')).code, 0);
    assert.deepEqual([(await greeting()).words, (await greeting()).token], ['Hello', 'anchor']);
    writeFileSync(join(folder, 'config.json'), '{"words":"Tach"}');
    assert.equal((await config(join(folder, 'config.json'))).code, 0);
    assert.deepEqual([(await greeting()).words, (await greeting()).token], ['Tach', '']);
    const wrong = await config('words=12');
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /\/words.*must be of type string/s);
  });

  await t.test('as a definition: exported without its secrets, compared, checked by file and line, applied to another server', async () => {
    const other = await Server.start({ args: ['--plugins.unsigned', 'yes'] }), dir = join(folder, 'definitions'), file = join(dir, 'plugins/greeter.json');
    t.after(() => other.stop());
    const files = (verb, on, ...flags) => parley(on.url, [verb, '-f', dir, ...flags]);
    await s.put(path, { words: 'Moin', shop: { name: 'north', token: 'geheim' } });
    const out = await parley(s.url, ['export', '-o', dir]);
    assert.equal(out.code, 0, out.err);
    assert.match(out.err, /^parley: \/shop\/token of plugin greeter is a secret and not exported; .*parley plugin config greeter$/m);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { key: 'greeter', configuration: { words: 'Moin', shop: { name: 'north', token: MASK } } });
    assert.deepEqual(JSON.parse((await parley(s.url, ['export'])).out).plugins.find((p) => p.key === 'greeter').configuration.words, 'Moin');
    assert.equal((await files('diff', s, '--output', 'table')).out, '', 'what was exported is what is there');

    const nobody = await files('apply', other);
    assert.equal(nobody.code, 1);
    assert.match(nobody.err, new RegExp(`^${file}:3: /configuration there is no plugin 'greeter' here`, 'm'));
    assert.equal((await other.get('/admin/v1/features/greet')).status, 404, 'all or nothing');

    assert.equal((await bring(other, '1.0.0', { configuration: schema() })).code, 0);
    assert.equal((await other.post('/admin/v1/plugins/greeter/activate', { version: '1.0.0' })).status, 200);
    const there = async () => (await other.get(path)).body;
    assert.equal((await other.put(path, { shop: { token: 'eigenes' } })).status, 200);
    rmSync(join(dir, 'features/canary.json')); // it names a release that is not there
    assert.equal((await files('apply', other, '--dry-run')).code, 0);
    const diff = await files('diff', other, '--output', 'table');
    assert.match(diff.out, /^~ plugin greeter\n {4}\+ \/configuration\/shop\/name "north"\n {4}\+ \/configuration\/words "Moin"$/m, 'neither a secret nor its mask');
    assert.deepEqual(await there(), { shop: { token: MASK } }, 'a dry run changes nothing');
    const applied = await files('apply', other);
    assert.equal(applied.code, 0, applied.err);
    assert.deepEqual(JSON.parse(applied.out).items.find((i) => i.key === 'greeter'), { kind: 'plugin', key: 'greeter', outcome: 'changed' });
    const greets = async () => (await other.get('/v1/features/greet/greet', asShopper('c'))).body;
    assert.deepEqual([(await greets()).words, (await greets()).token], ['Moin', 'eigenes'], 'live, with the secret of that server');
    const audit = (await other.get('/admin/v1/audit?kind=plugin&key=greeter')).body.items.filter((e) => e.action === 'configure');
    assert.deepEqual(audit[0].after, { words: 'Moin', shop: { name: 'north', token: MASK } });

    writeFileSync(file, '{"key": "greeter", "configuration": {\n  "words": "Servus",\n  "shop": {"name": "south"}\n}}');
    assert.equal((await files('apply', other)).code, 0);
    assert.deepEqual([(await greets()).words, (await greets()).token], ['Servus', 'eigenes'], 'a secret left out stays');
    assert.ok(JSON.parse((await files('apply', other)).out).items.every((i) => i.outcome === 'unchanged'));

    writeFileSync(file, '{"key": "greeter", "configuration": {\n  "words": "much too long",\n  "colour": "red"\n}}');
    const wrong = await files('apply', other, '--dry-run');
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, new RegExp(`^${file}:2: /configuration/words has 13 characters`, 'm'));
    assert.match(wrong.err, new RegExp(`^${file}:3: /configuration/colour is not known here`, 'm'));
    writeFileSync(file, '{"key": "greeter", "configuration": {"words": "shout"}}');
    writeFileSync(join(dir, 'metrics/shouts.json'), '{"key":"shouts","kind":"count","event":"Shouted"}');
    const refused = await files('apply', other, '--prune');
    assert.equal(refused.code, 1);
    assert.match(refused.err, new RegExp(`^${file}:1: /configuration greeter 1\\.0\\.0 did not take it: shout is too loud`, 'm'));
    assert.deepEqual([(await greets()).words, (await other.get('/admin/v1/metrics/shouts')).status], ['Servus', 404]);
    const twice = await other.post('/admin/v1/apply', { definitions: [], plugins: [{ key: 'greeter', configuration: {} }, { key: 'greeter', configuration: 7 }, { key: 'greeter', configuration: {} }] });
    assert.deepEqual(places(twice), { '/plugins/1/configuration': 'must be an object, as {"shop":"example.com"}', '/plugins/2/key': 'stands here twice; keep one' });
  });

  await t.test('an apply that is sent again with its key tells nobody the old one, whatever was changed since', async () => {
    const apply = (words) => s.call('POST', '/admin/v1/apply', { definitions: [], plugins: [{ key: 'greeter', configuration: { words } }] }, { 'idempotency-key': 'carried' });
    const first = await apply('Salut');
    assert.equal(first.status, 200, first.text);
    assert.equal((await s.put(path, { words: 'Ciao' })).status, 200);
    const { times } = await greeting();
    const again = await apply('Salut');
    assert.deepEqual([again.status, again.body], [200, first.body]);
    assert.deepEqual([(await greeting()).words, (await greeting()).times], ['Ciao', times]);
    assert.equal((await apply('Servus')).status, 409, 'the key is of another request');
    assert.deepEqual([(await greeting()).words, (await greeting()).times], ['Ciao', times]);
  });

  await t.test('one too large for a worker is refused at its place, and nothing dies of it', async () => {
    const list = { type: 'array', items: { type: 'object', properties: { a: { type: 'string', default: 'x'.repeat(100000) } } } };
    assert.equal((await bring(s, '4.0.0', { configuration: { type: 'object', properties: { words: { type: 'string' }, list } } })).code, 0);
    assert.equal((await s.post('/admin/v1/plugins/greeter/activate', { version: '4.0.0' })).status, 200);
    const file = join(folder, 'large/plugins/greeter.json'), words = 'x'.repeat(3 << 19);
    mkdirSync(join(folder, 'large/plugins'), { recursive: true });
    writeFileSync(file, JSON.stringify({ key: 'greeter', configuration: { words } }, null, 1));
    const refused = await parley(s.url, ['apply', '-f', join(folder, 'large')]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, new RegExp(`^${file}:3: /configuration is 1572876 bytes as JSON; at most 65536$`, 'm'));
    assert.equal((await s.put(path, { words })).status, 413);
    const filled = await s.put(path, { list: Array(20).fill({}) });
    assert.equal(filled.status, 400);
    assert.match(places(filled)[''], /^is 2\d{6} bytes as JSON with the defaults of greeter 4\.0\.0; at most 1048576$/);
    assert.equal((await greeting()).release, '4.0.0');
  });
});

test('what is asked while the database is held up does not reach plugins that are gone', async (t) => {
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes', '--drain', '300ms'] });
  t.after(() => s.stop());
  assert.equal((await bring(s, '1.0.0', { configuration: schema() })).code, 0);
  assert.equal((await s.post('/admin/v1/plugins/greeter/activate', { version: '1.0.0' })).status, 200);
  const other = spawn('sqlite3', [join(s.data, 'parley.db')], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => other.kill());
  other.stdin.write('BEGIN IMMEDIATE; SELECT 1;\n');
  await new Promise((held) => other.stdout.once('data', held));
  const asked = [s.put(path, { words: 'Moin' })];
  await new Promise((next) => setTimeout(next, 200));
  asked.push(s.get('/admin/v1/plugins/greeter'), s.post('/admin/v1/apply', { definitions: [], plugins: [{ key: 'greeter', configuration: { words: 'Hi' } }] }),
    s.post('/admin/v1/plugins/greeter/activate', { version: '1.0.0' }), s.delete('/admin/v1/plugins/boards'), s.post('/admin/v1/catalogue', { items: [{ sku: 'mug', title: 'Mug' }] }));
  await new Promise((next) => setTimeout(next, 200));
  await s.get('/livez'); // the one loop has read what was sent before
  s.process.kill('SIGTERM');
  setTimeout(() => other.stdin.end('ROLLBACK;\n'), 1500);
  await Promise.allSettled(asked);
  assert.deepEqual(await s.exited, { code: 0, signal: null }, s.log);
  assert.match(s.log, /requests did not finish in time/);
});
