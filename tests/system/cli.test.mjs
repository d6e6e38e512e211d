import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, build } from './harness.mjs';
import { parley } from './parley.mjs';

test('the command line', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const run = (args, options) => parley(s.url, args, options);
  const json = async (args, options) => {
    const answer = await run(args, options);
    assert.equal(answer.code, 0, answer.err);
    return JSON.parse(answer.out);
  };

  await t.test('carries a trial from definition to conclusion', async () => {
    await json(['metrics', 'put', '-'], { input: JSON.stringify({ key: 'bought', kind: 'conversion', event: 'Order Completed' }) });
    await json(['features', 'put', '-'], { input: JSON.stringify({ key: 'poll', type: 'string', variants: { off: { value: 'off' }, top: { value: 'top' } }, off: 'off', default: { serve: 'off' } }) });
    await json(['experiments', 'put', '-'], { input: JSON.stringify({ key: 'trial', feature: 'poll', control: 'off', weights: { off: 50, top: 50 }, metrics: { primary: 'bought' } }) });
    assert.equal((await json(['experiments', 'start', 'trial', '--at', '2026-01-01T00:00:00Z'])).state, 'running');
    assert.equal((await json(['experiments', 'pause', 'trial'])).state, 'paused');
    assert.equal((await json(['experiments', 'resume', 'trial'])).state, 'running');
    const concluded = await json(['experiments', 'conclude', 'trial', '--outcome', 'ship', '--variant', 'top', '--note', 'it works']);
    assert.equal(concluded.state, 'concluded');
    assert.equal((await json(['features', 'get', 'poll'])).default.serve, 'top');
  });

  await t.test('kills, restores and shows history', async () => {
    assert.equal((await json(['features', 'kill', 'poll'])).killed, true);
    assert.equal((await json(['features', 'unkill', 'poll'])).killed, false);
    assert.equal((await json(['features', 'disable', 'poll'])).enabled, false);
    assert.equal((await json(['features', 'enable', 'poll'])).enabled, true);
    await json(['features', 'patch', 'poll', '-'], { input: '{"owner":"merchandising"}' });
    const { items } = await json(['features', 'versions', 'poll']);
    assert.ok(items.length >= 4);
    assert.equal((await json(['features', 'restore', 'poll', '1'])).owner ?? '', '');
  });

  await t.test('prints tables with aligned columns', async () => {
    const { out, code } = await run(['features', 'list', '--output', 'table']);
    assert.equal(code, 0);
    const [head, row] = out.split('\n');
    assert.match(head, /^key +(name +)?stage +enabled/);
    assert.equal(row.indexOf('draft') >= 0 ? row.indexOf('draft') : row.indexOf('shipped'), head.indexOf('stage'));
  });

  await t.test('lists every page', async () => {
    for (let i = 0; i < 120; i++) await s.put(`/admin/v1/segments/s${i}`, { key: `s${i}`, name: `s${i}`, if: { '==': [{ var: 'country' }, 'DE'] } });
    const { items } = await json(['segments', 'list']);
    const direct = await s.get('/admin/v1/segments?limit=1000');
    assert.equal(items.length, direct.body.items.length);
    assert.ok(items.length >= 120, `${items.length}`);
    assert.equal((await json(['segments', 'list', '--limit', '5'])).items.length, 5);
  });

  await t.test('pages plugins, tokens and webhooks as every other list', async () => {
    for (const name of ['one', 'two', 'three']) {
      await json(['tokens', 'create', name, 'analyst']);
      await json(['webhooks', 'create', '-'], { input: JSON.stringify({ url: `https://example.com/${name}`, events: ['feature.*'] }) });
    }
    for (const list of ['plugins', 'tokens', 'webhooks']) {
      const { body: all } = await s.get(`/admin/v1/${list}`), seen = [];
      assert.equal(all.next, null);
      assert.ok(all.items.length >= 3, list);
      for (let next = ''; next !== null;) {
        const { body } = await s.get(`/admin/v1/${list}?limit=2&cursor=${next}`);
        assert.ok(body.items.length <= 2);
        seen.push(...body.items);
        next = body.next;
      }
      assert.deepEqual(seen.map((i) => i.id ?? i.name), all.items.map((i) => i.id ?? i.name), list);
      assert.equal((await s.get(`/admin/v1/${list}?limit=0`)).status, 400);
      const resource = list === 'plugins' ? 'plugin' : list;
      assert.equal((await json([resource, 'list', '--limit', '1'])).items.length, 1, list);
    }
  });

  await t.test('leaves numbers as the server sent them', async () => {
    await json(['metrics', 'put', '-'], { input: '{"key":"capped","kind":"mean","event":"Order Completed","value":"revenue","cap":0.999}' });
    const { out } = await run(['metrics', 'get', 'capped']);
    assert.match(out, /"cap": 0\.999\b/);
  });

  await t.test('talks to a plugin', async () => {
    const question = { id: 'colour', question: 'Which colour?', options: [{ key: 'a', label: 'Ash' }, { key: 'b', label: 'Birch' }] };
    assert.equal((await json(['polls', 'create', '-'], { input: JSON.stringify(question) })).id, 'colour');
    assert.equal((await json(['polls', 'results', 'colour'])).poll, 'colour');
    assert.equal((await json(['plugins', 'call', 'polls', 'GET', '/polls?limit=1'])).items.length, 1);
    assert.match((await run(['plugins', 'get', 'polls', '--output', 'table'])).out, /^version +state/);
    assert.equal((await run(['polls', 'create', '-'], { input: JSON.stringify(question) })).code, 5);
  });

  await t.test('packs releases, installs them, swaps and goes back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-pack-'));
    const bare = await Server.start({ args: ['--plugins.bundled', folder, '--plugins.unsigned', 'yes'] });
    t.after(() => bare.stop().then(() => rmSync(folder, { recursive: true })));
    const there = async (...args) => {
      const { code, err, out } = await parley(bare.url, args);
      assert.equal(code, 0, err);
      return out && JSON.parse(out);
    };
    assert.deepEqual((await there('plugins', 'list')).items, []);
    for (const version of ['1.0.0', '1.1.0']) {
      const bundle = join(folder, `polls-${version}.bundle`);
      await there('plugins', 'pack', join(build, 'plugins', `polls-${version}`), '-o', bundle);
      await there('plugins', 'push', bundle);
      await there('plugins', 'activate', 'polls', version);
      assert.equal((await there('plugins', 'get', 'polls')).active, version);
    }
    await there('plugins', 'rollback', 'polls');
    assert.equal((await there('plugins', 'get', 'polls')).active, '1.0.0');
    assert.ok((await there('plugins', 'logs', 'polls')).items.length > 0);
    assert.equal((await parley(bare.url, ['plugins', 'pack', folder, '-o', join(folder, 'x')])).code, 1, 'a folder without plugin.json');
  });

  await t.test('shows a variant by a link, how much features are asked for, and what customers may still buy', async () => {
    const link = await json(['features', 'preview', 'poll', 'top', '--expires', 'PT1H']);
    assert.deepEqual([link.feature, link.variant], ['poll', 'top']);
    assert.ok(Date.parse(link.expiresAt) - Date.now() < 3601e3);
    assert.ok((await json(['features', 'usage'])).items.some((f) => f.feature === 'poll' && f.since));
    assert.equal((await json(['lifetime', '--weeks', '4'])).weeks, 4);
    assert.equal((await json(['plugin', 'settings', 'polls'])).type, 'object');
    const contact = await json(['customers', 'contact', 'anna', '-'], { input: '{"plugin":"polls","channel":"web"}' });
    assert.equal(typeof contact.allowed, 'boolean');
    await s.put('/admin/v1/pages/front', { sections: { hero: { feature: 'poll' } }, order: ['hero'] });
    assert.equal((await json(['pages', 'novelty', 'front'])).items[0].section, 'hero');
    await s.delete('/admin/v1/pages/front');
  });

  await t.test('makes tokens and takes them back', async () => {
    const made = await json(['tokens', 'create', 'shop', 'server']);
    assert.deepEqual(await json(['whoami'], { token: made.token }), { name: 'shop', role: 'server' });
    assert.equal((await run(['track', 'Product Viewed', '--user', 'anna'], { token: made.token })).code, 0);
    assert.equal((await run(['features', 'list'], { token: made.token })).code, 3);
    assert.equal((await run(['tokens', 'revoke', made.id])).code, 0);
    assert.equal((await run(['track', 'Product Viewed', '--user', 'anna'], { token: made.token })).code, 3);
  });

  await t.test('tells what a customer gets, and why', async () => {
    const { features } = await json(['evaluate', 'anna', '--features', 'poll']);
    assert.equal(features.length, 1);
    assert.equal(features[0].key, 'poll');
    assert.ok(features[0].trace);
  });

  await t.test('carries definitions to another server', async () => {
    const other = await Server.start();
    t.after(() => other.stop());
    const { out } = await run(['export']);
    const applied = await parley(other.url, ['apply', '-'], { input: out });
    assert.equal(applied.code, 0, applied.err);
    const there = await other.get('/admin/v1/metrics/bought');
    assert.equal(there.status, 200);
    assert.equal((await other.get('/admin/v1/experiments/trial')).body.state, 'draft');
  });

  await t.test('ends with what happened', async () => {
    assert.equal((await run(['features', 'get', 'poll'])).code, 0);
    assert.equal((await run(['metrics', 'put', '-'], { input: '{"key":"x","kind":"wrong"}' })).code, 1);
    assert.equal((await run(['features', 'get'])).code, 2);
    assert.equal((await run(['features', 'explode', 'poll'])).code, 2);
    assert.equal((await run([])).code, 2);
    assert.equal((await run(['features', 'list'], { token: null })).code, 3);
    assert.equal((await run(['features', 'get', 'nope'])).code, 4);
    assert.equal((await run(['features', 'delete', 'poll', '--if-match', '1'])).code, 5);
    assert.equal((await parley('http://127.0.0.1:9', ['features', 'list'])).code, 6);
    assert.equal((await run(['help'])).code, 0);
    assert.equal((await run(['features', '--help'])).code, 0);
    assert.equal((await run(['features', 'put', '--help'])).code, 0);
  });

  await t.test('says what is wrong and where, on stderr alone', async () => {
    const wrong = await run(['features', 'put', '-'], { input: '{"key":"y","type":"string","variants":{"a":{"value":1}},"off":"a","default":{"serve":"b"}}' });
    assert.equal(wrong.out, '');
    assert.match(wrong.err, /\/variants\/a\/value: /);
    assert.match((await run(['feature', 'list'])).err, /did you mean 'features'\?/);
    assert.match((await run(['features', 'lst'])).err, /did you mean 'list'\?/);
    assert.match((await run(['features', 'list', '--limt', '3'])).err, /did you mean --limit\?/);
    assert.match((await run(['track', 'Product Viewed'])).err, /--user ID or --anonymous ID/);
  });

  await t.test('answers statistical questions without a server', async () => {
    const request = { test: 'proportions', control: { n: 44700, successes: 20034 }, treatment: { n: 45489, successes: 20119 } };
    const { code, out } = await parley('http://127.0.0.1:9', ['stats'], { input: JSON.stringify(request), token: null });
    assert.equal(code, 0);
    assert.equal(JSON.parse(out).z.toFixed(4), '-1.7841');
  });

  await t.test('sets the demo up once, and again without harm', async () => {
    const first = await run(['demo', 'setup']);
    assert.equal(first.code, 0, first.err);
    assert.match(first.err, /started product-poll-trial/);
    assert.equal((await json(['experiments', 'get', 'product-poll-trial'])).state, 'running');
    const again = await run(['demo', 'setup']);
    assert.deepEqual([again.code, again.err], [0, '']);
  });
});
