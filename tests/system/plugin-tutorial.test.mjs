// Does what docs/plugins.md says, block by block: the first plugin in ten minutes, in a second.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ADMIN, Server, build, asShopper } from './harness.mjs';
import { holds, perform } from './markdown.mjs';

test('the plugin of docs/plugins.md', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-tutorial-'));
  // A checkout whose build/ is the one under test, however that is called.
  const checkout = join(folder, 'parley');
  mkdirSync(checkout);
  symlinkSync(resolve('include'), join(checkout, 'include'));
  symlinkSync(build, join(checkout, 'build'));
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes'] });
  t.after(async () => {
    await s.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const env = { PARLEY: checkout, PARLEY_URL: s.url, PARLEY_TOKEN: ADMIN, PATH: `${join(checkout, 'build')}:${process.env.PATH}` };
  const titled = (command) => command.split('\n')[0].slice(0, 70);

  let answers = 0;
  for (const { command, output, answer } of perform('docs/plugins.md', folder, env)) {
    if (!answer) continue;
    answers++;
    await t.test(`answers as the page says: ${titled(command)}`, () => {
      const told = JSON.parse(answer), got = JSON.parse(output);
      assert.ok(holds(told, got), `the page says ${answer}the server ${JSON.stringify(got)}`);
    });
  }

  await t.test('was built, pushed, called, swapped and rolled back', async () => {
    assert.ok(answers >= 6);
    const { releases, active } = (await s.get('/admin/v1/plugins/hello')).body;
    assert.deepEqual(releases.map((r) => r.version).sort(), ['1.0.0', '1.1.0']);
    assert.equal(active, '1.0.0');
  });

  await t.test('has a widget where its feature is on', async () => {
    const { metadata } = (await s.evaluate('greeting', 'anna')).body;
    assert.equal(metadata.element, 'parley-hello');
    const module = await (await fetch(s.url + metadata.component)).text();
    assert.match(module, /customElements.define\('parley-hello'/);
  });

  await t.test('refuses what it does not know, and points at it', async () => {
    const call = (body) => s.post('/v1/features/greeting/greetings', body, asShopper('bert'));
    assert.equal((await call({ mood: 'x'.repeat(21) })).body.errors[0].pointer, '/mood');
    assert.equal((await call({ colour: 'red' })).body.errors[0].pointer, '/colour');
    assert.equal((await s.get('/v1/features/greeting/greetings', asShopper('bert'))).status, 404);
  });

  await t.test('keeps in 1.1.0 what it learnt in 1.0.0', async () => {
    assert.equal((await s.post('/admin/v1/plugins/hello/activate', { version: '1.1.0' })).status, 200);
    const { body } = await s.post('/v1/features/greeting/greetings', { mood: 'calm' }, asShopper('anna'));
    assert.deepEqual(body, { words: 'Moin', count: 3 });
  });
});

test('the README\'s first plugin', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-readme-'));
  const s = await Server.start({ args: ['--plugins.unsigned', 'yes'], env: { PARLEY_SDK: build } });
  t.after(async () => {
    await s.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const script = /## A first plugin[\s\S]*?```sh\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))[1];
  const dev = /^parley plugin dev .*$/m; // goes on until it is interrupted: plugin-dev.test.mjs
  assert.match(script, dev);
  const done = spawnSync('bash', ['-euo', 'pipefail', '-c', script.replace(dev, '')], {
    cwd: folder, encoding: 'utf8', env: { ...process.env, PARLEY_SDK: build, PARLEY_URL: s.url, PARLEY_TOKEN: ADMIN, PATH: `${build}:${process.env.PATH}` } });
  assert.equal(done.status, 0, done.stderr);
  assert.equal((await s.get('/admin/v1/plugins/hello')).body.active, '1.0.0');
});
