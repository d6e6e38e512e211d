// A plugin's developer on a machine of her own: new, build, test, push, activate, call, dev.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN, Server, asShopper, build } from './harness.mjs';
import { until } from './listen.mjs';
import { parley } from './parley.mjs';

const folder = mkdtempSync(join(tmpdir(), 'parley-dev-'));
const inside = (...path) => join(folder, ...path);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// Runs to its end; → what it printed as JSON.
async function done(server, args, more) {
  const { code, out, err } = await parley(server?.url ?? 'http://127.0.0.1:1', args, more);
  assert.equal(code, 0, `${args.join(' ')}: ${err}`);
  return JSON.parse(out);
}

// What `parley plugin dev` says, one object a line, as it comes.
const running = new Set(); // ended with the test, however that ends
class Dev {
  constructor(server, args, env = {}) {
    this.child = spawn(join(build, 'parley'), ['plugin', 'dev', ...args], { env: { PATH: process.env.PATH, PARLEY_URL: server.url, PARLEY_TOKEN: ADMIN, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this.child);
    this.said = [];
    this.err = '';
    this.waiting = [];
    this.child.stderr.on('data', (text) => { this.err += text; });
    createInterface(this.child.stdout).on('line', (line) => { this.said.push(JSON.parse(line)); this.look(); });
    this.ended = new Promise((ended) => this.child.on('close', (code) => { this.code = code; this.look(); ended(code); }));
  }
  look() {
    this.waiting = this.waiting.filter(({ wanted, found }) => {
      const at = this.said.findIndex(wanted);
      if (at >= 0) found(this.said.splice(at, 1)[0]);
      return at < 0;
    });
  }
  next(kind, wanted = () => true) {
    return new Promise((found, failed) => {
      const late = setTimeout(() => failed(new Error(`no ${kind}: ${JSON.stringify(this.said)} ${this.err}`)), 120_000);
      this.waiting.push({ wanted: (s) => s.kind === kind && wanted(s), found: (s) => { clearTimeout(late); found(s); } });
      this.look();
    });
  }
  async stop() {
    this.child.kill('SIGINT');
    return this.ended;
  }
}

// As an editor saves: a new file takes the place of the old one.
function save(path, change) {
  const text = change(readFileSync(path, 'utf8'));
  writeFileSync(`${path}~`, text);
  renameSync(`${path}~`, path);
}

test('a new plugin', async (t) => {
  await t.test('is whole: it builds and passes its test at once', async () => {
    const made = await done(null, ['plugin', 'new', 'product-wishes', '--dir', inside('wishes')]);
    assert.deepEqual(made.files, ['plugin.json', 'product-wishes.c', 'product-wishes_test.c', 'web/product-wishes.js', 'meson.build', 'README.md', '.gitignore']);
    for (const file of made.files) assert.doesNotMatch(readFileSync(inside('wishes', file), 'utf8'), /@[A-Z]+@/, file);
    assert.equal(JSON.parse(readFileSync(inside('wishes/plugin.json'))).title, 'Product wishes');
    const tests = await done(null, ['plugin', 'test', inside('wishes')]);
    assert.deepEqual([tests.passed, tests.failed], [1, 0]);
    assert.match(tests.tests[0].output, /ok - shows_and_forgets_all_it_holds_of_a_customer/);
    const built = await done(null, ['plugin', 'build', inside('wishes')]);
    assert.equal(built.bundle, inside('wishes/build/product-wishes-1.0.0.parley'));
    assert.ok(existsSync(built.bundle));
    const key = inside('me'), signed = inside('signed.parley');
    for (const args of [['keygen', key, '--no-password'], ['sign', inside('wishes'), '--key', `${key}.key`, '--out', signed]]) {
      const { code, err } = await parley('', ['plugin', ...args]);
      assert.equal(code, 0, err);
    }
    const seen = await done(null, ['plugin', 'verify', signed, '--keys', `${key}.pub`]);
    assert.deepEqual([seen.name, seen.version, seen.sequence], ['product-wishes', '1.0.0', 1]);
  });

  await t.test('is refused where it cannot be, in a sentence', async () => {
    for (const [args, code, sentence] of [
      [['Wishes'], 2, /'Wishes' is no name for a plugin: lower-case letters/],
      [['../escape'], 2, /is no name for a plugin/],
      [['x'.repeat(41)], 2, /at most 40/],
      [['wishes', '--dir', inside('wishes')], 5, /is there already; nothing was written/],
    ]) {
      const { code: ended, out, err } = await parley('', ['plugin', 'new', ...args]);
      assert.equal(ended, code, err);
      assert.match(err, sentence);
      assert.equal(out, '');
    }
    assert.match((await parley('', ['plugin', 'build', tmpdir()])).err, /has no plugin.json; `parley plugin new NAME` makes a plugin/);
    assert.match((await parley('', ['plugin', 'build', inside('wishes')], { env: { PARLEY_SDK: '/nowhere' } })).err, /PARLEY_SDK says \/nowhere, but there is no parley-test.pc there/);
    save(inside('wishes/plugin.json'), (text) => text.replace('  "sequence": 1,\n', ''));
    await done(null, ['plugin', 'build', inside('wishes')]);
    assert.equal((await parley('', ['plugin', 'sign', inside('wishes'), '--key', inside('none.key')], { env: { PARLEY_SDK: '/nowhere' } })).err, 'parley: plugin.json has no "sequence": give it a whole number, and a higher one with each release, so that nobody can pass an old release off as a new one\n');
  });

  await t.test('whose plugin.json is wrong is refused by every verb, with the place, and no server is asked', async () => {
    const file = inside('wishes/plugin.json'), good = readFileSync(file, 'utf8');
    const verbs = [['build'], ['test'], ['dev'], ['push'], ['sign', '--key', inside('none.key')]];
    for (const [text, sentence] of [
      ['{', /^parley: \S+\/wishes\/plugin\.json: line \d+: /m],
      [good.replace('"1.0.0"', '"1"'), /^parley: \S+\/wishes\/plugin\.json \/version: must be a version such as "1\.2\.0"$/m],
      [good.replace('"title"', '"titel"'), /^parley: \S+\/wishes\/plugin\.json: has a member 'titel'/m],
    ]) {
      writeFileSync(file, text);
      for (const [verb, ...flags] of verbs) {
        const { code, err } = await parley('http://127.0.0.1:1', ['plugin', verb, inside('wishes'), ...flags]);
        assert.equal(code, 1, `${verb}: ${err}`);
        assert.match(err, sentence, verb);
      }
    }
    writeFileSync(file, good);
    for (const [verb, ...flags] of verbs) assert.equal((await parley('http://127.0.0.1:1', ['plugin', verb, inside('nowhere'), ...flags])).code, 4, verb);
  });

  await t.test('is built by cc alone where it has no meson.build', async () => {
    await done(null, ['plugin', 'new', 'plain', '--dir', inside('plain')]);
    rmSync(inside('plain/meson.build'));
    assert.equal((await done(null, ['plugin', 'test', inside('plain')])).passed, 1);
    assert.equal((await done(null, ['plugin', 'build', inside('plain'), '-o', inside('plain.parley')])).version, '1.0.0');
    assert.ok(existsSync(inside('plain.parley')));
  });

  await t.test('shows a failed test, a crash and a compiler\'s error', async () => {
    save(inside('plain/plain_test.c'), (text) => text.replace('"/count", "2"', '"/count", "3"'));
    const failed = await parley('', ['plugin', 'test', inside('plain')]);
    assert.equal(failed.code, 1);
    assert.match(JSON.parse(failed.out).tests[0].output, /\/count is 2, not 3.*\n.*counts_each_shoppers_greetings.*\nplain_test: Aborted/);
    assert.match((await parley('', ['plugin', 'test', inside('plain'), '--output', 'table'])).out, /plain_test: FAILED/);
    save(inside('plain/plain.c'), (text) => text.replace('return 0', 'retrun 0').replace('rc : 0;', 'rc : nothing;'));
    const broken = await parley('', ['plugin', 'build', inside('plain')]);
    assert.equal(broken.code, 1);
    assert.match(broken.err, /plain\.c:\d+:\d+: error: .*nothing/);
    assert.match(broken.err, /plain does not compile/);
  });
});

test('a plugin on a server', async (t) => {
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes'] });
  t.after(() => { for (const child of running) child.kill('SIGKILL'); return s.stop(); });
  await done(null, ['plugin', 'new', 'wishes', '--dir', inside('shop')]);
  const code = inside('shop/wishes.c');
  const says = async (preview) => (await s.post('/v1/features/wishes-dev/greetings', {}, { ...asShopper('anna'), 'parley-preview': preview })).body.words;

  await t.test('that is asked wrongly ends with a sentence that says how to mend it', async () => {
    const refused = async (args, code, sentence, more) => {
      const ended = await parley(s.url, ['plugin', ...args], more);
      assert.equal(ended.code, code, `${args}: ${ended.err}`);
      assert.match(ended.err, sentence);
      assert.equal(ended.out, '');
    };
    for (const args of [['get', 'nobody'], ['activate', 'nobody', '1.0.0'], ['rollback', 'nobody'], ['remove', 'nobody', '1.0.0'], ['retire', 'nobody'], ['config', 'nobody'], ['logs', 'nobody'], ['logs', 'nobody', '-f']])
      await refused(args, 4, /^parley: there is no plugin 'nobody' here; .*\(parley plugin list\) has those that there are/);
    await refused(['activate', 'polls', '9.9.9'], 4, /^parley: polls has no release '9\.9\.9': push it first \(parley plugin get polls has those that there are\)/);
    await refused(['rollback', 'polls'], 5, /^parley: polls has no release to roll back to: activate one by its version/);
    await refused(['push', code], 1, /^parley: \S+wishes\.c is no bundle; `parley plugin build` makes one of a plugin's folder$/m);
    await refused(['verify', code, '--keys', code], 1, /wishes\.c is no bundle; `parley plugin build` makes one/);
    await refused(['push', inside('none.parley')], 4, /none\.parley cannot be read: No such file/);
    await refused(['list'], 3, /this token is not known here.*\n {2}--token or PARLEY_TOKEN is the token that is sent; `parley tokens create/, { env: { PARLEY_TOKEN: 'wrong' } });
    for (const args of [['list'], ['push', inside('plain.parley')], ['activate', 'polls', '1.0.0'], ['dev', inside('shop')], ['logs', 'polls', '-f'], ['config', 'polls'], ['retire', 'polls']])
      await refused(args, 6, /^parley: http:\/\/127\.0\.0\.1:1 does not answer.*PARLEY_URL says where it is/, { env: { PARLEY_URL: 'http://127.0.0.1:1' } });
  });

  await t.test('is pushed, activated and called, by either name of the resource', async () => {
    const early = await parley(s.url, ['plugin', 'push', inside('shop')]);
    assert.equal(early.code, 4);
    assert.match(early.err, /wishes-1\.0\.0\.parley is not there; `parley plugin build` makes it/);
    await done(s, ['plugin', 'build', inside('shop')]);
    const pushed = await parley(s.url, ['plugin', 'push', inside('shop'), '--output', 'table']);
    assert.equal(pushed.out, 'wishes 1.0.0 is installed, unsigned; `parley plugin activate wishes 1.0.0` switches to it\n');
    const active = await parley(s.url, ['plugins', 'activate', 'wishes', '1.0.0', '--output', 'table']);
    assert.equal(active.out, 'wishes 1.0.0 is active\n');
    assert.equal((await parley(s.url, ['plugin', 'call', 'wishes', 'GET', '/greetings/anna'])).code, 4);
  });

  await t.test('shows and erases what it holds about a customer', async () => {
    await s.put('/admin/v1/features/greet', { type: 'string', variants: { off: { value: '' }, on: { value: 'on', plugin: 'wishes' } }, off: 'off', default: { serve: 'on' } });
    assert.equal((await s.post('/v1/features/greet/greetings', {}, asShopper('anna b'))).status, 200);
    assert.equal((await done(s, ['plugin', 'export', 'wishes', 'anna b'])).count, 1);
    assert.equal((await parley(s.url, ['plugin', 'erase', 'wishes', 'anna b'])).err, 'erased wishes\n');
    assert.deepEqual(await done(s, ['plugin', 'export', 'wishes', 'anna b']), {});
    await s.delete('/admin/v1/features/greet');
  });

  let dev, link;
  await t.test('runs what was saved in under a second, seen by a preview link', async () => {
    dev = new Dev(s, [inside('shop')]);
    const first = await dev.next('release');
    assert.equal(first.running, true, JSON.stringify(first));
    assert.equal(first.version, '1.0.0-dev.1');
    assert.match(dev.err, /wishes 1\.0\.0 is active on this server: whoever uses it/);
    const preview = await dev.next('preview');
    const url = new URL(preview.url);
    link = url.searchParams.get('parley_preview');
    assert.equal((await fetch(url)).status, 200);
    assert.equal(await says(link), 'Hello');
    assert.equal((await s.post('/v1/features/wishes-dev/greetings', {}, asShopper('anna'))).status, 404);
    assert.equal((await s.get('/admin/v1/features/wishes-dev')).body.stage, 'draft');

    const saved = Date.now();
    save(code, (text) => text.replace('? words : PARLEY_TEXT("Hello")', '? PARLEY_TEXT("Ahoy") : words').replace('"somebody new', '"ahoy, somebody new'));
    await until(async () => await says(link) === 'Ahoy');
    const took = Date.now() - saved;
    const { swappedMs, buildMs, packMs, pushMs, activateMs } = await dev.next('swapped', (s) => s.version === '1.0.0-dev.2');
    const { version, testMs, testsFailed } = await dev.next('release');
    t.diagnostic(`swapped in ${swappedMs.toFixed(0)} ms: build ${buildMs.toFixed(0)}, pack ${packMs.toFixed(0)}, push ${pushMs.toFixed(0)}, activate ${activateMs.toFixed(0)}; tests ${testMs.toFixed(0)} ms; a caller saw it after ${took} ms`);
    assert.ok(Math.abs(buildMs + packMs + pushMs + activateMs - swappedMs) < 1);
    for (const ms of [buildMs, packMs, pushMs, activateMs]) assert.ok(ms > 0 && ms < took, `${ms} of ${took} ms`);
    assert.ok(took < 3000, `${took} ms`);
    assert.equal(version, '1.0.0-dev.2');
    assert.equal(testsFailed, 1); // which expects Hello
  });

  await t.test('serves on while what was saved does not compile', async () => {
    save(code, (text) => `${text}garbage\n`);
    const broken = await dev.next('release');
    assert.deepEqual([broken.running, broken.step, broken.serving], [false, 'compile', '1.0.0-dev.2']);
    assert.match(broken.compiler, /wishes\.c:\d+:\d+: error:/);
    assert.equal(await says(link), 'Ahoy');
    save(code, (text) => text.replace('garbage\n', '').replace('? PARLEY_TEXT("Ahoy") : words', '? words : PARLEY_TEXT("Hello")'));
    const mended = await dev.next('release');
    assert.deepEqual([mended.running, mended.testsFailed], [true, 0]);
    assert.equal(await says(link), 'Hello');
  });

  await t.test('runs although its test does not compile, and says so', async () => {
    save(inside('shop/wishes_test.c'), (text) => `${text}rubbish\n`);
    const round = await dev.next('release');
    assert.deepEqual([round.running, round.step, round.serving], [true, 'test', round.version]);
    assert.match(round.compiler, /wishes_test\.c:\d+:\d+: error:/);
    assert.equal(await says(link), 'Hello');
    save(inside('shop/wishes_test.c'), (text) => text.replace('rubbish\n', ''));
    assert.equal((await dev.next('release')).step, 'run');
  });

  await t.test('serves on while what was saved does not start', async () => {
    save(code, (text) => text.replace('    .export_customer', '    .health = ill,\n    .export_customer').replace('static const struct parley_route', 'static int ill(parley_call *c) {\n    return parley_fail(c, 503, "not today");\n}\n\nstatic const struct parley_route'));
    const ill = await dev.next('release');
    assert.deepEqual([ill.running, ill.step, ill.serving], [false, 'activate', '1.0.0-dev.5']);
    assert.match(ill.why, /not today/);
    assert.equal(await says(link), 'Hello');
    save(code, (text) => text.replace('    .health = ill,\n', '').replace(/static int ill[^}]*}\n\n/, ''));
    assert.equal((await dev.next('release')).running, true);
  });

  await t.test('shows what it logs', async () => {
    await s.post('/v1/features/wishes-dev/greetings', {}, { ...asShopper('bert'), 'parley-preview': link });
    const { line } = await dev.next('log', ({ line }) => line.version === '1.0.0-dev.7');
    assert.equal(line.line, 'ahoy, somebody new says hello');
    assert.equal(line.by, 'plugin');
    const asked = async () => Number(/^parley_http_request_seconds_count (\d+)$/m.exec((await s.get('/metrics')).body)[1]);
    assert.match((await s.get('/metrics')).body, /^parley_stream_listeners\{stream="logs"\} 1$/m, 'it is told, and does not ask');
    const before = await asked();
    await new Promise((next) => setTimeout(next, 700));
    assert.ok(await asked() - before <= 1, 'but for this question, nobody asked');
  });

  await t.test('swaps its web component too', async () => {
    save(inside('shop/web/wishes.js'), (text) => text.replace('Say hello', 'Say ahoy'));
    const { version } = await dev.next('release');
    assert.match(await (await fetch(`${s.url}/plugins/wishes/${version}/wishes.js`)).text(), /Say ahoy/);
  });

  await t.test('leaves the last release when it ends, and none that nobody needs', async () => {
    // One whose worker is still leaving would be left to the next time.
    await until(async () => (await s.get('/admin/v1/plugins/wishes')).body.releases.every((r) => r.version === '1.0.0-dev.8' || !r.pid));
    assert.equal(await dev.stop(), 0);
    assert.match(dev.err, /wishes 1\.0\.0-dev\.8 goes on serving; `parley plugin activate wishes 1\.0\.0` switches to what was active before/);
    const { active, releases } = (await s.get('/admin/v1/plugins/wishes')).body;
    assert.equal(active, '1.0.0-dev.8');
    assert.deepEqual(releases.map((r) => r.version).sort(), ['1.0.0', '1.0.0-dev.7', '1.0.0-dev.8']);
    assert.equal(await says(link), 'Hello');
  });

  await t.test('goes on counting where it stopped, and showing the log when the server was gone', async () => {
    const again = new Dev(s, [inside('shop')]), { port } = s;
    assert.equal((await again.next('release')).version, '1.0.0-dev.9');
    assert.ok((await again.next('preview')).url);
    await s.kill('SIGTERM');
    await until(() => /does not answer; its lines follow when it does/.test(again.err));
    await s.up(port);
    await until(async () => /^parley_stream_listeners\{stream="logs"\} 1$/m.test((await s.get('/metrics')).body));
    await s.post('/v1/features/wishes-dev/greetings', {}, { ...asShopper('dora'), 'parley-preview': link });
    assert.equal((await again.next('log', ({ line }) => line.by === 'plugin')).line.line, 'ahoy, somebody new says hello');
    assert.equal(await again.stop(), 0);
  });

  await t.test('follows its log until interrupted', async () => {
    const child = spawn(join(build, 'parley'), ['plugin', 'logs', 'wishes', '-f'], { env: { PATH: process.env.PATH, PARLEY_URL: s.url, PARLEY_TOKEN: ADMIN } });
    running.add(child);
    let out = '';
    child.stdout.on('data', (text) => { out += text; });
    await until(async () => /^parley_stream_listeners\{stream="logs"\} 1$/m.test((await s.get('/metrics')).body)); // it is told, and does not ask
    await s.post('/v1/features/wishes-dev/greetings', {}, { ...asShopper('carla'), 'parley-preview': link });
    await until(() => /"ahoy, somebody new says hello"}\n$/.test(out));
    const lines = out.trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(lines.at(-1).line, 'ahoy, somebody new says hello');
    assert.deepEqual(lines.map((l) => l.seq), lines.map((_, i) => lines[0].seq + i));
    child.kill('SIGINT');
    assert.equal(await new Promise((ended) => child.on('close', ended)), 0);
    const { body } = await s.get(`/admin/v1/plugins/wishes/logs?after=${lines.at(-2).seq}`);
    assert.equal(body.items.at(0).seq, lines.at(-1).seq);
    assert.equal((await s.get('/admin/v1/plugins/wishes/logs?after=x')).status, 400);
  });

  await t.test('keeps each release that somebody needs; the others can be removed', async () => {
    const remove = (version) => s.delete(`/admin/v1/plugins/wishes/releases/${version}`);
    for (const [version, why] of [['1.0.0-dev.9', /is the active release/], ['1.0.0-dev.8', /a rollback goes back to/]]) {
      const { status, body } = await remove(version);
      assert.equal(status, 409);
      assert.match(body.detail, why);
    }
    const named = { key: 'pinned', type: 'string', variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'wishes', release: '1.0.0' } }, off: 'off', default: { serve: 'on' } };
    assert.ok((await s.put('/admin/v1/features/pinned', named)).status < 300);
    assert.match((await remove('1.0.0')).body.detail, /is named by a feature's variant/);
    await s.delete('/admin/v1/features/pinned');
    await until(async () => (await s.get('/admin/v1/plugins/wishes')).body.releases.find((r) => r.version === '1.0.0').state === 'stopped');
    const gone = await parley(s.url, ['plugin', 'remove', 'wishes', '1.0.0', '--output', 'table']);
    assert.equal(gone.out, 'wishes 1.0.0 is removed\n', gone.err);
    assert.equal((await remove('1.0.0')).status, 404);
    assert.equal((await s.delete('/admin/v1/plugins/nothing/releases/1.0.0')).status, 404);
    const [entry] = (await s.get('/admin/v1/audit?kind=plugin&key=wishes&limit=1')).body.items;
    assert.deepEqual([entry.action, entry.before, entry.after], ['remove', { version: '1.0.0' }, null]);
    assert.equal(existsSync(join(s.data, 'plugins/wishes/releases')), true);
    await s.kill('SIGTERM');
    await s.up();
    assert.deepEqual((await s.get('/admin/v1/plugins/wishes')).body.releases.map((r) => r.version), ['1.0.0-dev.8', '1.0.0-dev.9']);
  });

  await t.test('says what came of a rollback and a retirement', async () => {
    const back = await parley(s.url, ['plugin', 'rollback', 'wishes', '--output', 'table']);
    assert.equal(back.out, 'wishes 1.0.0-dev.8 is active; 1.0.0-dev.9 was before\n');
    const used = await parley(s.url, ['plugin', 'retire', 'wishes']);
    assert.equal(used.code, 5);
    assert.match(used.err, /features\/wishes-dev\/variants\/dev/);
    const gone = await parley(s.url, ['plugin', 'retire', 'wishes', '--force', 'yes', '--output', 'table']);
    assert.equal(gone.out, 'wishes is retired: it answers no calls, its data is kept for exports and erasures\n', gone.err);
  });
});

test('a server that takes signed plugins alone says so to `dev`', async (t) => {
  const s = await Server.start();
  t.after(() => { for (const child of running) child.kill('SIGKILL'); return s.stop(); });
  const dev = new Dev(s, [inside('wishes')]);
  assert.equal(await dev.ended, 3);
  assert.match(dev.err, /sent unsigned, and this server does not take that.*--plugins\.unsigned yes/);
  const { why } = await dev.next('release');
  assert.match(why, /403/);
});
