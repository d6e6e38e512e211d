// A plugin's way from its developer to a shop that trusts her key, with the real programs: parley, minisign, curl, parleyd.
// And everything that must not get in, each with the sentence that says why.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, build } from './harness.mjs';
import { until } from './listen.mjs';
import { parley } from './parley.mjs';

const folder = mkdtempSync(join(tmpdir(), 'parley-sign-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const at = (name) => join(folder, name);
const abi = JSON.parse(readFileSync(join(build, 'plugins', 'polls-1.1.0', 'plugin.json'), 'utf8')).abi.join('.');
const hasMinisign = spawnSync('minisign', ['-v']).status === 0;

const offline = (...args) => parley('http://127.0.0.1:1', args);
async function fine(...args) {
  const { code, out, err } = await offline(...args);
  assert.equal(code, 0, err);
  return { out, err };
}

// The id in the first line of a public key's file.
const idOf = (name) => /([0-9A-F]{16})\n/.exec(readFileSync(at(`${name}.pub`), 'utf8'))[1];

// A folder like that of the bundled polls, with another version and a sequence. → the folder
function release(version, sequence, from = '1.1.0') {
  const made = at(`polls-${version}-${sequence}`);
  cpSync(join(build, 'plugins', `polls-${from}`), made, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(made, 'plugin.json'), 'utf8'));
  writeFileSync(join(made, 'plugin.json'), JSON.stringify({ ...manifest, version, ...(sequence ? { sequence } : {}) }));
  return made;
}

async function signed(version, sequence, key, from) {
  const out = at(`polls-${version}-${sequence}-${key}.parley`);
  await fine('plugin', 'sign', release(version, sequence, from), '--key', at(`${key}.key`), '--out', out);
  return out;
}

// As a publisher's build job would bring it. → { status, body }
function push(server, token, file, query = '') {
  return new Promise((done, failed) => {
    execFile('curl', ['-sS', '-w', '\n%{http_code}', '-X', 'POST', `${server.url}/admin/v1/plugins${query}`, '--data-binary', `@${file}`,
      '-H', `Authorization: Bearer ${token}`, '-H', 'Content-Type: application/octet-stream'], (error, out) => {
      if (error) return failed(error);
      const end = out.lastIndexOf('\n');
      done({ status: Number(out.slice(end + 1)), body: JSON.parse(out.slice(0, end)) });
    });
  });
}

const releaseOf = async (server, version) => (await server.get('/admin/v1/plugins/polls')).body.releases.find((r) => r.version === version);

test('keys and signatures', async (t) => {
  await fine('plugin', 'keygen', at('anna'), '--no-password');
  await fine('plugin', 'keygen', at('ben'), '--no-password');

  await t.test('a key is not overwritten, and is for its owner alone', async () => {
    const again = await offline('plugin', 'keygen', at('anna'), '--no-password');
    assert.equal(again.code, 5);
    assert.match(again.err, /anna\.key is there already; a key is not overwritten/);
    assert.equal(spawnSync('stat', ['-c', '%a', at('anna.key')]).stdout.toString(), '600\n');
  });

  await t.test('the same folder and key give the same file, byte for byte, also from the bundle itself', async () => {
    const one = await signed('2.0.0', 5, 'anna');
    await fine('plugin', 'sign', release('2.0.0', 5), '--key', at('anna.key'), '--out', at('two.parley'));
    await fine('plugin', 'sign', one, '--key', at('anna.key'), '--out', at('three.parley'));
    assert.ok(readFileSync(one).equals(readFileSync(at('two.parley'))));
    assert.ok(readFileSync(one).equals(readFileSync(at('three.parley'))));
  });

  await t.test('verify says what is in it', async () => {
    const said = JSON.parse((await fine('plugin', 'verify', await signed('2.0.0', 5, 'anna'), '--keys', at('anna.pub'))).out);
    assert.deepEqual([said.name, said.version, said.abi, said.sequence, said.signedBy], ['polls', '2.0.0', abi, 5, idOf('anna')]);
    assert.deepEqual(said.files.map((f) => f.name), ['plugin.json', 'polls.so', 'web/parley-polls.js']);
    assert.ok(said.needs.includes('libc.so.6'));
    const other = await offline('plugin', 'verify', await signed('2.0.0', 5, 'anna'), '--keys', at('ben.pub'));
    assert.equal(other.code, 3);
    assert.match(other.err, new RegExp(`signed by key ${idOf('anna')}, which is not trusted here`));
  });

  await t.test('without a sequence nothing is signed', async () => {
    const { code, err } = await offline('plugin', 'sign', release('2.0.1', 0), '--key', at('anna.key'), '--out', at('none.parley'));
    assert.equal(code, 1);
    assert.match(err, /plugin\.json has no "sequence"/);
    assert.ok(!existsSync(at('none.parley')));
  });

  await t.test('a key with a password signs for who knows it', async () => {
    const typed = (input, ...args) => parley('http://127.0.0.1:1', args, { input, detached: true });
    assert.equal((await typed('swordfish\nswordfish\n', 'plugin', 'keygen', at('carla'))).code, 0);
    assert.equal((await typed('one\nother\n', 'plugin', 'keygen', at('dora'))).code, 1);
    const sign = ['plugin', 'sign', release('2.0.0', 5), '--key', at('carla.key'), '--out', at('carla.parley')];
    const wrong = await typed('sailfish\n', ...sign);
    assert.equal(wrong.code, 3);
    assert.match(wrong.err, /carla\.key: that is not its password/);
    assert.equal((await typed('swordfish\n', ...sign)).code, 0);
    await fine('plugin', 'verify', at('carla.parley'), '--keys', at('carla.pub'));
  });
});

test('minisign and parley take each other\'s keys and signatures', { skip: !hasMinisign && 'minisign is not installed' }, async (t) => {
  const mini = (...args) => {
    const { status, stderr } = spawnSync('minisign', args, { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  const file = await signed('2.0.0', 5, 'anna');
  const parts = at('parts');
  mkdirSync(parts);
  assert.equal(spawnSync('tar', ['xf', file, '-C', parts]).status, 0);
  const bundle = join(parts, 'polls.tar.zst');
  const together = (name) => {
    assert.equal(spawnSync('tar', ['cf', at(name), 'polls.tar.zst', 'polls.tar.zst.minisig'], { cwd: parts }).status, 0);
    return at(name);
  };
  const claim = `plugin:polls version:2.0.0 abi:${abi} sequence:5`;

  await t.test('the parts of a signed bundle are what minisign verifies', () => mini('-Vm', bundle, '-p', at('anna.pub')));

  await t.test('what minisign signs with our key, prehashed or not, is taken', async () => {
    mini('-S', '-s', at('anna.key'), '-m', bundle, '-t', claim);
    await fine('plugin', 'verify', together('hashed.parley'), '--keys', at('anna.pub'));
    mini('-S', '-l', '-s', at('anna.key'), '-m', bundle, '-t', `${claim}\ttimestamp:1700000000`);
    await fine('plugin', 'verify', together('legacy.parley'), '--keys', at('anna.pub'));
  });

  await t.test('a key of minisign\'s signs here', async () => {
    mini('-G', '-W', '-f', '-p', at('mini.pub'), '-s', at('mini.key'));
    await fine('plugin', 'verify', await signed('2.0.0', 5, 'mini'), '--keys', at('mini.pub'));
  });

  await t.test('a signature for something else does not count', async () => {
    mini('-S', '-s', at('anna.key'), '-m', bundle, '-t', `${claim}0`);
    const { code, err } = await offline('plugin', 'verify', together('claims.parley'), '--keys', at('anna.pub'));
    assert.equal(code, 1);
    assert.ok(err.includes(`the signature is for '${claim}0', but the bundle is '${claim}': sign it again`), err);
  });
});

test('a shop that trusts a folder of keys', async (t) => {
  const keys = at('keys');
  mkdirSync(keys);
  cpSync(at('anna.pub'), join(keys, 'anna.pub'));
  const revoked = at('revoked');
  writeFileSync(revoked, '# none yet\n');
  const s = await Server.start({ args: ['--plugins.keys', keys, '--plugins.revoked', revoked] });
  t.after(() => s.stop());
  const publisher = await s.token('publisher');
  const refused = async (file, status, words, query) => {
    const answer = await push(s, publisher, file, query);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match(answer.body.detail, words);
    return answer.body;
  };

  await t.test('takes what they signed, runs it, and says who signed it', async () => {
    const { status, body } = await push(s, publisher, await signed('2.0.0', 5, 'anna'));
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal((await s.post('/admin/v1/plugins/polls/activate', { version: '2.0.0' })).status, 503, 'its library says 1.1.0');
    assert.deepEqual((await releaseOf(s, '2.0.0')).signature, { origin: 'signed', key: idOf('anna'), sequence: 5, trusted: true });
    await until(() => s.log.includes(`installed; signed by key ${idOf('anna')}, sequence 5`));
  });

  await t.test('has what came with Parley, which nobody signed', async () => {
    const running = await releaseOf(s, '1.2.0');
    assert.deepEqual(running.signature, { origin: 'bundled', trusted: true });
    assert.equal(running.state, 'running');
  });

  await t.test('refuses what is not signed', async () => {
    await fine('plugins', 'pack', release('2.1.0', 6), '--out', at('unsigned.parley'));
    const body = await refused(at('unsigned.parley'), 403, /^the bundle is not signed: sign it \(parley plugin sign\) with a key that this server trusts/);
    assert.match(body.type, /untrusted$/);
    await refused(at('anna.pub'), 403, /is not signed/);
  });

  await t.test('refuses a key that it does not know, by its id', async () => {
    await refused(await signed('2.1.0', 6, 'ben'), 403, new RegExp(`the bundle is signed by key ${idOf('ben')}, which is not trusted here: put its public key where plugins.keys says`));
  });

  await t.test('refuses a bundle of which any byte was changed', async () => {
    const good = readFileSync(await signed('2.1.0', 6, 'anna'));
    const size = parseInt(good.subarray(124, 135).toString(), 8);
    for (const place of [512, 512 + size / 2, 512 + size - 1]) {
      const bad = Buffer.from(good);
      bad[Math.floor(place)] ^= 1;
      writeFileSync(at('tampered.parley'), bad);
      await refused(at('tampered.parley'), 400, /^the signature does not fit: the bundle is not the one that was signed/);
    }
    const lied = Buffer.from(good);
    const comment = lied.indexOf('sequence:6');
    lied[comment + 9] = '9'.charCodeAt(0);
    writeFileSync(at('tampered.parley'), lied);
    await refused(at('tampered.parley'), 400, /^the signature's trusted comment is not the one that was signed/);
  });

  await t.test('refuses an older build, but for an administrator who asks for it, which is audited', async () => {
    assert.equal((await push(s, publisher, await signed('2.1.0', 6, 'anna'))).status, 201);
    const old = await signed('1.9.0', 3, 'anna');
    await refused(old, 409, /^polls 1\.9\.0 has sequence 3, but one with sequence 6 was installed before: this is an older build/);
    await refused(old, 403, /downgrade=yes is for role admin/, '?downgrade=yes');
    await refused(old, 400, /only yes is known/, '?downgrade=no');
    const { code, err } = await parley(s.url, ['plugins', 'push', old, '--downgrade', 'yes']);
    assert.equal(code, 0, err);
    assert.match((await s.get('/admin/v1/audit?kind=plugin&limit=1')).body.items[0].note, /an older build was asked for/);
    await refused(await signed('1.8.0', 4, 'anna'), 409, /sequence 4, but one with sequence 6/);
  });

  await t.test('says nothing of unsigned plugins in /readyz, for it takes none', async () => {
    assert.deepEqual((await s.get('/readyz?verbose')).body.warnings, []);
  });

  // 1.1.0 as Parley brings it is in the way of a release of that name whose library agrees: a second server without it.
  await t.test('once more with a release that runs', async (t) => {
    const none = at('nothing-bundled');
    mkdirSync(none);
    const shop = await Server.start({ args: ['--plugins.keys', keys, '--plugins.revoked', revoked, '--plugins.bundled', none] });
    t.after(() => shop.stop());
    const token = await shop.token('publisher');
    const first = await signed('1.0.0', 5, 'anna', '1.0.0'), second = await signed('1.1.0', 6, 'anna');
    for (const [file, version] of [[first, '1.0.0'], [second, '1.1.0']]) {
      assert.equal((await push(shop, token, file)).status, 201);
      assert.equal((await shop.post('/admin/v1/plugins/polls/activate', { version })).status, 200);
    }

    await t.test('going back to an installed release is no downgrade', async () => {
      assert.equal((await shop.post('/admin/v1/plugins/polls/rollback')).body.active, '1.0.0');
      assert.equal((await shop.post('/admin/v1/plugins/polls/activate', { version: '1.1.0' })).status, 200);
    });

    await t.test('a revoked key is refused at once: at installation and at activation', async () => {
      writeFileSync(revoked, `${idOf('anna')} lost on a train\n`);
      const again = await push(shop, token, await signed('1.2.0', 7, 'anna'));
      assert.equal(again.status, 403);
      assert.match(again.body.detail, new RegExp(`the bundle is signed by key ${idOf('anna')}, which was revoked`));
      const back = await shop.post('/admin/v1/plugins/polls/rollback');
      assert.equal(back.status, 403);
      assert.match(back.body.detail, new RegExp(`^polls 1\\.0\\.0 is signed by key ${idOf('anna')}, which was revoked \\(plugins\\.revoked\\): have it signed with another key`));
      assert.equal((await releaseOf(shop, '1.1.0')).state, 'running', 'what runs goes on until it is started again');
    });

    await t.test('and at start: marked, not run, and logged', async () => {
      await shop.kill('SIGTERM');
      await shop.up();
      for (const version of ['1.0.0', '1.1.0']) {
        const one = await releaseOf(shop, version);
        assert.equal(one.signature.trusted, false);
        assert.equal(one.pid, undefined);
        assert.match(one.why, /which was revoked/);
      }
      assert.equal((await releaseOf(shop, '1.1.0')).state, 'failed');
      assert.match(shop.log, /a plugin's release is not trusted and does not run/);
    });

    await t.test('signed anew with another key and pushed again, it runs again', async () => {
      cpSync(at('ben.pub'), join(keys, 'ben.pub'));
      assert.equal((await push(shop, token, await signed('1.1.0', 6, 'ben'))).status, 201);
      const { signature } = await releaseOf(shop, '1.1.0');
      assert.deepEqual(signature, { origin: 'signed', key: idOf('ben'), sequence: 6, trusted: true });
      assert.equal((await shop.post('/admin/v1/plugins/polls/activate', { version: '1.1.0' })).status, 200);
      await shop.kill('SIGTERM');
      await shop.up();
      assert.equal((await releaseOf(shop, '1.1.0')).state, 'running');
    });

    await t.test('a key that is trusted again needs no new signature', async () => {
      writeFileSync(revoked, '');
      assert.equal((await shop.post('/admin/v1/plugins/polls/activate', { version: '1.0.0' })).status, 200);
    });

    await t.test('a release whose key was taken away is not started, and is once the key is back, without a restart', async () => {
      rmSync(join(keys, 'ben.pub'));
      await shop.kill('SIGTERM');
      await shop.up();
      assert.match((await releaseOf(shop, '1.1.0')).why, new RegExp(`^is signed by key ${idOf('ben')}, which is not trusted here`));
      assert.equal((await shop.post('/admin/v1/plugins/polls/activate', { version: '1.1.0' })).status, 403);
      cpSync(at('ben.pub'), join(keys, 'ben.pub'));
      assert.equal((await shop.post('/admin/v1/plugins/polls/activate', { version: '1.1.0' })).status, 200);
      assert.equal((await releaseOf(shop, '1.1.0')).why, undefined);
    });

    await t.test('a library that is changed on disk is not loaded', async () => {
      const { digest } = await releaseOf(shop, '1.1.0');
      await shop.kill('SIGTERM');
      const library = join(shop.data, 'plugins', 'polls', 'releases', `1.1.0-${digest}`, 'polls.so');
      writeFileSync(library, Buffer.concat([readFileSync(library), Buffer.from([0])]));
      await shop.up();
      assert.match((await releaseOf(shop, '1.1.0')).why, /polls\.so is not what plugin\.json says/);
      let again; // what the start changes may be under way still
      do again = await push(shop, token, await signed('1.1.0', 6, 'ben')); while (/is under way/.test(again.body?.detail));
      assert.equal(again.status, 201, `pushing it again mends it: ${JSON.stringify(again.body)}`);
      assert.equal((await shop.post('/admin/v1/plugins/polls/activate', { version: '1.1.0' })).status, 200);
    });
  });
});

test('a plugin can be looked at while a push waits for its files', async (t) => {
  const revoked = at('slow'), bundle = await signed('2.0.0', 5, 'anna');
  const orWaits = (answer, ms) => Promise.race([answer, new Promise((next) => setTimeout(next, ms, 'it waits'))]);
  writeFileSync(revoked, '');
  const s = await Server.start({ args: ['--plugins.keys', at('anna.pub'), '--plugins.revoked', revoked] });
  t.after(() => s.stop());
  rmSync(revoked);
  assert.equal(spawnSync('mkfifo', [revoked]).status, 0);
  const pushed = push(s, await s.token('publisher'), bundle);
  assert.equal(await orWaits(pushed, 300), 'it waits');
  const looked = await orWaits(s.get('/admin/v1/plugins/polls'), 60_000);
  writeFileSync(revoked, ''); // it is read
  assert.equal((await pushed).status, 201);
  assert.equal(looked.body?.name, 'polls');
});

test('a server for development takes unsigned bundles, and says so everywhere', async (t) => {
  const none = at('nothing-at-all');
  mkdirSync(none);
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes', '--plugins.bundled', none] });
  t.after(() => s.stop());
  await fine('plugins', 'pack', join(build, 'plugins', 'polls-1.0.0'), '--out', at('plain.parley'));
  assert.equal((await push(s, await s.token('publisher'), at('plain.parley'))).status, 201);
  assert.match(s.log, /level=warn .*UNSIGNED PLUGINS ARE TAKEN \(plugins\.unsigned\)/);
  await until(() => /installed UNSIGNED: anybody may have made it/.test(s.log));
  assert.match((await s.get('/readyz?verbose')).body.warnings[0], /^Unsigned plugins are taken/);
  assert.deepEqual((await releaseOf(s, '1.0.0')).signature, { origin: 'unsigned', trusted: true });

  // A release of polls whose library is built so. → the file
  const built = async (version, ...flags) => {
    const made = release(version, 0, '1.0.0');
    const source = at(`${version}.c`);
    writeFileSync(source, 'int sodium_init(void);\nint f(void) { return sodium_init(); }\n');
    assert.equal(spawnSync('gcc', ['-shared', '-fPIC', '-o', join(made, 'polls.so'), source, ...flags]).status, 0);
    assert.equal(spawnSync('tar', ['cf', at(`${version}.tar`), '-C', made, 'plugin.json', 'polls.so', 'web']).status, 0);
    return at(`${version}.tar`);
  };

  await t.test('a library that may not be loaded is refused with the way to mend it', async () => {
    const token = await s.token('publisher');
    for (const [version, words, ...flags] of [
      ['3.0.1', /^polls 3\.0\.1: the library polls\.so needs libsodium\.so\.23, which plugins may not load: link without it or link it in statically, or have the operator allow it \(plugins\.libraries\)/, '-lsodium'],
      ['3.0.2', /^polls 3\.0\.2: the library polls\.so looks for libraries in a folder of its own \(RUNPATH \/tmp\/evil\): link without -Wl,-rpath/, '-Wl,-rpath,/tmp/evil'],
      ['3.0.3', /^polls 3\.0\.3: the library polls\.so has an executable stack: link with -Wl,-z,noexecstack/, '-Wl,-z,execstack']]) {
      const answer = await push(s, token, await built(version, ...flags));
      assert.equal(answer.status, 400);
      assert.match(answer.body.detail, words);
    }
    const lax = await Server.start({ args: ['--plugins.unsigned', 'yes', '--plugins.bundled', none, '--plugins.libraries', 'libopenblas.so.0, libsodium.so.23'] });
    t.after(() => lax.stop());
    assert.equal((await push(lax, await lax.token('publisher'), at('3.0.1.tar'))).status, 201);
  });

  await t.test('and without the setting the same folder does not run them', async () => {
    assert.equal((await s.post('/admin/v1/plugins/polls/activate', { version: '1.0.0' })).status, 200);
    await s.kill('SIGTERM');
    s.args = ['--plugins.bundled', none];
    await s.up();
    const one = await releaseOf(s, '1.0.0');
    assert.equal(one.state, 'failed');
    assert.match(one.why, /^is not signed/);
  });
});

test('packing what is installed gives what is installed', async (t) => {
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes'] });
  t.after(() => s.stop());
  const token = await s.token('publisher');
  const { digest } = await releaseOf(s, '1.1.0');
  await fine('plugins', 'pack', join(build, 'plugins', 'polls-1.1.0'), '--out', at('packed.parley'));
  assert.equal((await push(s, token, at('packed.parley'))).status, 201, 'the same release again is fine');
  spawnSync('tar', ['cf', at('plain.tar'), '-C', join(build, 'plugins', 'polls-1.1.0'), 'plugin.json', 'polls.so', 'web']);
  assert.equal((await push(s, token, at('plain.tar'))).status, 201);
  assert.equal((await releaseOf(s, '1.1.0')).digest, digest);
});

test('a file of keys that cannot be read ends the start with its name and line', async () => {
  writeFileSync(at('broken.pub'), 'untrusted comment: x\nRWQnot-a-key\n');
  const { status, stderr } = spawnSync(join(build, 'parleyd'), ['--check-config', '--plugins.keys', at('broken.pub')], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /broken\.pub, line 2: 'RWQnot-a-key' is no public key/);
});
