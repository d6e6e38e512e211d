import test from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Server, poll, build, bearer } from './harness.mjs';

const shop = 'https://shop.example';
const preflight = (s, path, origin, method = 'POST') => fetch(s.url + path, { method: 'OPTIONS', headers: {
  origin, 'access-control-request-method': method, 'access-control-request-headers': 'authorization,content-type' } });
const varies = (response) => (response.headers.get('vary') ?? '').split(/, */).includes('Origin');

test('pages of other origins', async (t) => {
  const s = await Server.start({ args: ['--cors.origins', `${shop}, https://www.shop.example:8443`] });
  t.after(() => s.stop());
  await s.put('/admin/v1/features/plain', poll({ key: 'plain' }));
  const key = await s.token('browser');

  await t.test('that are listed may ask first, without a token', async () => {
    for (const origin of [shop, 'https://www.shop.example:8443']) {
      const answer = await preflight(s, '/ofrep/v1/evaluate/flags/plain', origin);
      assert.equal(answer.status, 204);
      assert.equal(answer.headers.get('access-control-allow-origin'), origin);
      assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
      assert.equal(answer.headers.get('access-control-allow-methods'), 'POST');
      for (const header of ['Authorization', 'Content-Type', 'Parley-Customer', 'If-None-Match', 'Parley-Preview'])
        assert.ok(answer.headers.get('access-control-allow-headers').split(', ').includes(header), header);
      assert.ok(varies(answer));
    }
    const methods = (await preflight(s, '/v1/features/plain/polls', shop)).headers.get('access-control-allow-methods');
    assert.deepEqual(methods.split(', ').sort(), ['DELETE', 'GET', 'PATCH', 'POST', 'PUT']);
  });

  await t.test('that are listed may read answers, refusals too', async () => {
    const ask = (path, token) => s.get(path, { ...bearer(token), origin: shop });
    for (const [answer, status] of [[await ask('/v1/me', key), 200], [await ask('/v1/me', 'wrong'), 401], [await ask('/v1/nowhere', key), 404],
      [await ask('/parley.js', key), 200]]) {
      assert.equal(answer.status, status);
      assert.equal(answer.headers.get('access-control-allow-origin'), shop);
      assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
      assert.match(answer.headers.get('access-control-expose-headers'), /ETag/);
    }
  });

  await t.test('that are not listed may not', async () => {
    for (const origin of ['https://evil.example', 'https://shop.example.evil.example', 'http://shop.example', 'null']) {
      const asked = await preflight(s, '/ofrep/v1/evaluate/flags/plain', origin);
      assert.equal(asked.status, 405);
      assert.equal(asked.headers.get('access-control-allow-origin'), null);
      const answer = await s.get('/v1/me', { ...bearer(key), origin });
      assert.equal(answer.headers.get('access-control-allow-origin'), null, origin);
      assert.ok(varies(answer));
    }
  });

  await t.test('never reach administration', async () => {
    assert.equal((await preflight(s, '/admin/v1/features', shop, 'GET')).status, 405);
    assert.equal((await s.get('/admin/v1/features', { origin: shop })).headers.get('access-control-allow-origin'), null);
  });

  await t.test('do not change what a cache keeps for those without an origin', async () => {
    const answer = await s.get('/v1/me', bearer(key));
    assert.ok(varies(answer));
    assert.equal(answer.headers.get('access-control-allow-origin'), null);
  });
});

test('any page, where the configuration says so, but without its cookies', async (t) => {
  const s = await Server.start({ args: ['--cors.origins', `*,${shop}`] });
  t.after(() => s.stop());
  const other = await preflight(s, '/v1/batch', 'https://other.example');
  assert.equal(other.status, 204);
  assert.equal(other.headers.get('access-control-allow-origin'), '*');
  assert.equal(other.headers.get('access-control-allow-credentials'), null);
  const listed = await preflight(s, '/v1/batch', shop);
  assert.equal(listed.headers.get('access-control-allow-origin'), shop);
  assert.equal(listed.headers.get('access-control-allow-credentials'), 'true');
});

test('no page where nothing is configured', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  assert.equal((await preflight(s, '/v1/batch', shop)).status, 405);
  assert.equal((await s.get('/v1/me', { origin: shop })).headers.get('access-control-allow-origin'), null);
});

test('a list with something that is no origin is refused at the start', () => {
  for (const wrong of ['shop.example', 'https://', 'https://shop.example/path', 'https://*.example', 'ftp://shop.example']) {
    const { status, stderr } = spawnSync(join(build, 'parleyd'), ['--check-config', '--cors.origins', wrong], { encoding: 'utf8' });
    assert.equal(status, 2, wrong);
    assert.match(stderr, /cors\.origins/);
  }
});
