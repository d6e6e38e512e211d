import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync, mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { Server, ADMIN, build, bearer } from './harness.mjs';

const parleyd = (args, env = {}) => spawnSync(join(build, 'parleyd'), args, { encoding: 'utf8', env: { ...process.env, ...env } });

test('a server', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());

  await t.test('is alive and ready without a token', async () => {
    assert.equal((await fetch(s.url + '/livez')).status, 200);
    assert.equal((await fetch(s.url + '/readyz')).status, 200);
  });

  await t.test('tells its metrics to the loopback in Prometheus text', async () => {
    const text = await (await fetch(s.url + '/metrics')).text();
    assert.match(text, /^# TYPE parley_http_responses_total counter$/m);
    assert.match(text, /^parley_http_responses_total\{class="2xx"\} \d+$/m);
  });

  await t.test('says what is at a path: 404, 405 with Allow', async () => {
    assert.equal((await s.get('/nothing')).status, 404);
    const wrong = await s.post('/livez', {});
    assert.equal(wrong.status, 405);
    assert.equal(wrong.headers.get('allow'), 'GET');
    assert.match(wrong.headers.get('content-type'), /application\/problem\+json/);
  });

  await t.test('wants a token, the right one, and with the right role', async () => {
    const none = await fetch(s.url + '/admin/v1/features');
    assert.equal(none.status, 401);
    assert.ok(none.headers.get('www-authenticate'));
    assert.equal((await s.get('/admin/v1/features', bearer('parley_wrong'))).status, 401);
    const server = await s.token('server');
    const answer = await s.get('/admin/v1/features', bearer(server));
    assert.equal(answer.status, 403);
    assert.match(answer.body.detail, /role server/);
    assert.equal((await fetch(s.url + '/admin/v1/features', { headers: { 'x-api-key': ADMIN } })).status, 200);
  });

  await t.test('never shows a token again, and forgets one that is revoked', async () => {
    const token = await s.token('analyst');
    const list = (await s.get('/admin/v1/tokens')).body.items;
    const entry = list.find((i) => i.role === 'analyst');
    assert.equal(entry.token, undefined);
    assert.equal((await s.get('/admin/v1/features', bearer(token))).status, 200);
    assert.equal((await s.delete(`/admin/v1/tokens/${entry.id}`)).status, 204);
    assert.equal((await s.get('/admin/v1/features', bearer(token))).status, 401);
  });

  for (const [what, body, word] of [
    ['malformed JSON', '{"context":', /line 1/],
    ['a duplicate key', '{"context":{"targetingKey":"u","a":1,"a":2}}', /twice|duplicate/i],
    ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), /UTF-8/],
    ['a NUL', '{"context":{"a":"\\u0000"}}', /NUL|u0000/i],
    ['too deep nesting', '['.repeat(80) + ']'.repeat(80), /deep|64/i],
    ['something after the value', '{} {}', /nothing more/i],
  ]) {
    await t.test(`answers 400 to ${what}, with what and where`, async () => {
      for (const [method, path] of [['POST', '/ofrep/v1/evaluate/flags/x'], ['POST', '/v1/batch'], ['PUT', '/admin/v1/features/x']]) {
        const answer = await s.call(method, path, body);
        assert.equal(answer.status, 400, path);
        assert.match(answer.body.detail ?? answer.body.errorDetails, word);
      }
    });
  }

  await t.test('answers 413 to a body that is too large', async () => {
    const big = `{"a":"${'x'.repeat(1100 * 1024)}"}`;
    for (const [method, path] of [['PUT', '/admin/v1/features/x'], ['POST', '/ofrep/v1/evaluate/flags/x'], ['POST', '/v1/events']])
      assert.equal((await s.call(method, path, big)).status, 413, path);
    const event = `{"userId":"u","event":"E","properties":{"a":"${'x'.repeat(1000 * 1024)}"}}`; // the body is not, the event is
    assert.match((await s.post('/v1/track', event)).body.rejected[0].detail, /32 KiB/);
    assert.equal((await s.post('/v1/batch', `{"a":"${'x'.repeat(4200 * 1024)}"}`)).status, 413);
  });

  await t.test('refuses Content-Length together with Transfer-Encoding', async () => {
    const answer = await new Promise((done) => {
      const socket = connect(s.port, '127.0.0.1', () => socket.end(
        'POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'));
      let text = '';
      socket.on('data', (d) => { text += d; }).on('close', () => done(text));
    });
    assert.match(answer, /^HTTP\/1\.1 400/);
  });

  await t.test('lets one process alone have a data folder', () => {
    const second = parleyd(['--data', s.data, '--listen', '127.0.0.1:0']);
    assert.equal(second.status, 1);
    assert.match(second.stderr, new RegExp(`${s.process.pid}`));
  });

  await t.test('logs no secret', () => assert.ok(!s.log.includes(ADMIN)));
});

test('SIGTERM lets requests in flight finish, and ends with 0', async () => {
  const s = await Server.start();
  const batch = { batch: Array.from({ length: 2000 }, (_, i) => ({ type: 'track', event: 'E', userId: `u${i}`, messageId: `m${i}` })) };
  const answers = Array.from({ length: 8 }, () => s.post('/v1/batch', batch));
  await new Promise((r) => setTimeout(r, 30));
  s.process.kill('SIGTERM');
  for (const answer of await Promise.allSettled(answers))
    if (answer.status === 'fulfilled') assert.equal(answer.value.status, 202);
  assert.deepEqual(await s.exited, { code: 0, signal: null });
  assert.match(s.log, /msg=draining/);
  await s.stop();
});

test('configuration', async (t) => {
  await t.test('is checked without starting', () => {
    assert.equal(parleyd(['--check-config']).status, 0);
    const wrong = parleyd(['--check-config', '--lissten', 'x']);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /listen/);
  });

  await t.test('takes flags before the environment before the file before defaults', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'parley-')), 'parley.conf');
    writeFileSync(file, 'log.level = debug\nlog.format = json\ndrain = 3s\n');
    const out = parleyd(['--config', file, '--print-config', '--log.level', 'error'], { PARLEY_LOG_FORMAT: 'logfmt' }).stdout;
    assert.match(out, /log\.level *= *error/);
    assert.match(out, /log\.format *= *logfmt/);
    assert.match(out, /drain *= *3s/);
  });

  await t.test('names the line of an unknown key', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'parley-')), 'parley.conf');
    writeFileSync(file, '# ours\njournel.queue = 3M\n');
    const wrong = parleyd(['--config', file, '--check-config']);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /:2.*journel\.queue/);
  });

  await t.test('refuses an admin token that is too short', () => {
    const wrong = parleyd(['--check-config'], { PARLEY_ADMIN_TOKEN: 'short' });
    assert.equal(wrong.status, 2);
    assert.ok(!wrong.stderr.includes('short'.repeat(2)));
  });
});

test('a database of a newer Parley is refused with a sentence', async () => {
  const s = await Server.start();
  await s.kill('SIGTERM');
  execFileSync('sqlite3', [join(s.data, 'parley.db'), 'UPDATE schema_version SET number = number + 1000']);
  await assert.rejects(s.up(), /newer/);
  await s.stop();
});
