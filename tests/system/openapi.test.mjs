import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADMIN, Server, build, trial, poll, bearer, asShopper } from './harness.mjs';

// "GET /x/{path...} manager,server 0" → ["GET /x/{path}", ["manager", "server"]]
const routes = () => execFileSync(join(build, 'parleyd'), ['--print-routes'], { encoding: 'utf8' }).trim().split('\n').map((line) => {
  const [method, path, roles] = line.split(' ');
  return [`${method} ${path.replace('...}', '}')}`, roles === '-' ? [] : roles.split(',')];
});

const operations = (api) => Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation]));

const follow = (api, ref) => ref.slice(2).split('/').reduce((at, part) => at?.[part], api);
const resolved = (api, thing) => (thing?.$ref ? resolved(api, follow(api, thing.$ref)) : thing);

// What of `value` the schema does not describe, as sentences. Stricter than JSON Schema: a member that `properties` does not name is one.
function* faults(api, schema, value, at = '') {
  const s = resolved(api, schema);
  if (s.allOf) for (const part of s.allOf) yield* faults(api, part, value, at);
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const types = [s.type ?? kind].flat();
  if (!types.includes(kind) && !(types.includes('integer') && Number.isInteger(value))) yield `${at} is ${kind}, not ${types}`;
  if (s.enum && !s.enum.includes(value)) yield `${at} is ${value}, not one of ${s.enum}`;
  if (s.format === 'date-time' && Number.isNaN(Date.parse(value))) yield `${at} is no time: ${value}`;
  if (kind === 'array' && s.items) for (const [i, item] of value.entries()) yield* faults(api, s.items, item, `${at}/${i}`);
  if (kind !== 'object') return;
  for (const name of s.required ?? []) if (!(name in value)) yield `${at}/${name} is missing`;
  for (const [name, member] of Object.entries(value)) {
    const known = s.properties?.[name] ?? (typeof s.additionalProperties === 'object' ? s.additionalProperties : null);
    if (known) yield* faults(api, known, member, `${at}/${name}`);
    else if (s.properties && s.additionalProperties !== true) yield `${at}/${name} is not described`;
  }
}

test('the description of the API', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const answer = await s.get('/openapi.json');
  const api = answer.body;

  await t.test('is JSON, for operators and from loopback', async () => {
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^application\/json/);
    assert.equal(api.openapi, '3.1.0');
    assert.equal((await fetch(`${s.url}/openapi.json`)).status, 200);
    assert.equal((await s.get('/openapi.json', bearer(await s.token('analyst')))).status, 200);
    assert.equal((await s.get('/openapi.json', bearer(await s.token('browser')))).status, 403);
    assert.equal((await s.get('/openapi.json', { 'if-none-match': answer.headers.get('etag') })).status, 304);
  });

  await t.test('has every route of the server and no other', () => {
    assert.deepEqual(operations(api).map(([name]) => name).sort(), routes().map(([name]) => name).sort());
  });

  await t.test('says for each route who may call it', () => {
    const told = Object.fromEntries(operations(api).map(([name, o]) => [name, o['x-roles'].toSorted()]));
    for (const [name, roles] of routes()) assert.deepEqual(told[name], roles.toSorted(), name);
    for (const [name, o] of operations(api)) assert.equal(o.security.length > 0, o['x-roles'].length > 0, name);
  });

  await t.test('refers to nothing that is not there, and leaves nothing unused', () => {
    const refs = new Set(JSON.stringify(api).match(/#\/components\/\w+\/\w+/g));
    for (const ref of refs) assert.ok(follow(api, ref), ref);
    for (const kind of ['parameters', 'responses', 'schemas', 'headers'])
      for (const name of Object.keys(api.components[kind])) assert.ok(refs.has(`#/components/${kind}/${name}`), `${kind}/${name}`);
  });

  await t.test('has the members that a definition may have, and no other', () => {
    const parsed = ['feature', 'metric', 'experiment', 'scope'].flatMap((file) =>
      [...readFileSync(`experiments/model/${file}.c`, 'utf8').matchAll(/ members\[\] = {("key",[^}]*),\s+NULL}/g)]
        .map(([, list]) => [...list.matchAll(/"(\w+)"/g)].map((m) => m[1]).sort().join(' ')));
    const described = ['Feature', 'Metric', 'Experiment', 'Segment', 'Layer', 'Holdout'].map((kind) =>
      Object.entries(api.components.schemas[kind].properties).filter(([, member]) => !member.readOnly).map(([name]) => name).sort().join(' '));
    assert.deepEqual(described, parsed);
  });

  await t.test('names each operation once, its path parameters and an answer', () => {
    const seen = new Set();
    for (const [name, o] of operations(api)) {
      assert.ok(!seen.has(o.operationId), o.operationId);
      seen.add(o.operationId);
      const given = (o.parameters ?? []).map((p) => resolved(api, p)).filter((p) => p.in === 'path').map((p) => p.name);
      assert.deepEqual(given.sort(), [...name.matchAll(/{(\w+)}/g)].map((m) => m[1]).sort(), name);
      assert.ok(Object.keys(o.responses).length > 0, name);
    }
  });

  // Real answers, held against their schemas.
  for (const [path, body] of Object.entries({
    'layers/home': { key: 'home' },
    'segments/germans': { key: 'germans', if: { '==': [{ var: 'country' }, 'DE'] } },
    'holdouts/few': { key: 'few', share: 1, start: '2040-01-01T00:00:00Z' },
    'metrics/funnel': { key: 'funnel', kind: 'funnel', steps: ['Product Viewed', 'Order Completed'], window: 'P1D' },
    'metrics/high': { key: 'high', kind: 'quantile', event: 'Order Completed', value: 'revenue', q: 0.9 },
    'metrics/ratio': { key: 'ratio', kind: 'ratio', numerator: { event: 'Order Completed', value: 'revenue' }, denominator: { event: 'Order Completed' } },
  })) assert.equal((await s.put(`/admin/v1/${path}`, body)).status, 201, path);
  await trial(s, {
    hypothesis: 'more buy', breakdowns: ['country'], layer: 'home', mde: 0.02, analysis: { nStar: 100, cuped: 'P7D' },
    metrics: { primary: 'bought', secondary: ['spend', 'ratio', 'funnel', 'high'], guardrails: [{ metric: 'pins', harm: 'decrease', margin: 0.1 }] },
  });
  for (let i = 0; i < 40; i++) {
    await s.evaluate('product-poll', `c${i}`, { country: i % 2 ? 'DE' : 'AT' });
    await s.post('/v1/track', { userId: `c${i}`, event: 'Order Completed', properties: { revenue: i, order_id: `o${i}` } });
  }
  await s.results('poll-trial', (r) => r.metrics[0].variants.every((v) => v.n > 0));
  await s.post('/v1/batch', { batch: [{ type: 'track', event: 'x' }] });

  for (const [method, path, template, body, headers] of [
    ['GET', '/readyz?verbose', '/readyz'],
    ['GET', '/v1/me', '/v1/me', undefined, asShopper('c1')],
    ...['feature', 'metric', 'experiment', 'segment', 'layer', 'holdout', 'page'].map((kind) => ['GET', `/admin/v1/${kind}s`, `/admin/v1/${kind}s`]),
    ['GET', '/admin/v1/experiments/poll-trial', '/admin/v1/experiments/{key}'],
    ['GET', '/admin/v1/experiments/poll-trial/versions', '/admin/v1/experiments/{key}/versions'],
    ['GET', '/admin/v1/experiments/poll-trial/results', '/admin/v1/experiments/{key}/results'],
    ['GET', '/admin/v1/experiments/poll-trial/results?by=country', '/admin/v1/experiments/{key}/results'],
    ['GET', '/admin/v1/experiments/poll-trial/results?series=day', '/admin/v1/experiments/{key}/results'],
    ['GET', '/admin/v1/experiments/poll-trial/results?series=week', '/admin/v1/experiments/{key}/results'],
    ['GET', '/admin/v1/experiments/poll-trial/looks', '/admin/v1/experiments/{key}/looks'],
    ['GET', '/admin/v1/experiments/poll-trial/plan', '/admin/v1/experiments/{key}/plan'],
    ['POST', '/admin/v1/plan', '/admin/v1/plan', { baseline: 0.1, unitsPerDay: 500, mde: 0.2 }],
    ['GET', '/admin/v1/stale', '/admin/v1/stale'],
    ['POST', '/admin/v1/experiments/poll-trial/verify', '/admin/v1/experiments/{key}/verify'],
    ['GET', '/admin/v1/trends?min=1', '/admin/v1/trends'],
    ['GET', '/admin/v1/cohorts', '/admin/v1/cohorts'],
    ['GET', '/admin/v1/lifetime', '/admin/v1/lifetime'],
    ['PUT', '/admin/v1/features/other', '/admin/v1/features/{key}', poll({ key: 'other', whenDown: 'off', owner: 'us', reviewBy: '2040-01-01', tags: ['home'] })],
    ['POST', '/admin/v1/features/product-poll/kill', '/admin/v1/features/{key}/kill'],
    ['POST', '/ofrep/v1/evaluate/flags/product-poll', '/ofrep/v1/evaluate/flags/{key}', { context: { targetingKey: 'c1' } }],
    ['POST', '/ofrep/v1/evaluate/flags', '/ofrep/v1/evaluate/flags', { context: { targetingKey: 'c1' } }],
    ['POST', '/ofrep/v1/evaluate/flags/nowhere', '/ofrep/v1/evaluate/flags/{key}', { context: {} }],
    ['POST', '/admin/v1/evaluate', '/admin/v1/evaluate', { context: { targetingKey: 'c1' } }],
    ['POST', '/admin/v1/previews', '/admin/v1/previews', { feature: 'product-poll', variant: 'top' }],
    ['POST', '/v1/batch', '/v1/batch', { batch: [{ type: 'track', userId: 'c1', event: 'y' }, { type: 'track' }] }],
    ['PUT', '/admin/v1/pages/home', '/admin/v1/pages/{key}', { sections: { poll: { feature: 'product-poll', path: '/polls?about=x' } } }],
    ['GET', '/admin/v1/pages/home/novelty', '/admin/v1/pages/{key}/novelty'],
    ['GET', '/v1/pages/home', '/v1/pages/{name}', undefined, asShopper('c1')],
    ['GET', '/admin/v1/plugins', '/admin/v1/plugins'],
    ['GET', '/admin/v1/plugins/polls', '/admin/v1/plugins/{name}'],
    ['GET', '/admin/v1/plugins/polls/logs', '/admin/v1/plugins/{name}/logs'],
    ['GET', '/admin/v1/whoami', '/admin/v1/whoami'],
    ['POST', '/admin/v1/tokens', '/admin/v1/tokens', { name: 'x', role: 'agent', expiresAt: '2040-01-01T00:00:00Z' }],
    ['GET', '/admin/v1/tokens', '/admin/v1/tokens'],
    ['POST', '/v1/batch', '/v1/batch', { batch: [
      { type: 'identify', userId: 'c1', anonymousId: 'a1', traits: { name: 'Anna', email: 'a@b.example' } }, { type: 'identify', userId: 'c2', anonymousId: 'a1' }] }],
    ['PUT', '/v1/me/preferences', '/v1/me/preferences', { muted: ['other'], channels: { email: false }, perDay: 1, consent: { marketing: true } }, asShopper('c1')],
    ['GET', '/v1/me/preferences', '/v1/me/preferences', undefined, asShopper('c1')],
    ['GET', '/v1/me/timeline', '/v1/me/timeline', undefined, asShopper('c1')],
    ['POST', '/admin/v1/customers/c1/contacts', '/admin/v1/customers/{id}/contacts', { channel: 'web' }],
    ['GET', '/v1/me/export', '/v1/me/export', undefined, asShopper('c1')],
    ['GET', '/admin/v1/customers?q=anna', '/admin/v1/customers'],
    ['GET', '/admin/v1/customers/c1', '/admin/v1/customers/{id}'],
    ['GET', '/admin/v1/customers/c1/timeline', '/admin/v1/customers/{id}/timeline'],
    ['PATCH', '/admin/v1/customers/c1/traits', '/admin/v1/customers/{id}/traits', { traits: { name: 'Anne' } }],
    ['GET', '/admin/v1/merges', '/admin/v1/merges'],
    ['POST', '/admin/v1/customers/c1/merge', '/admin/v1/customers/{id}/merge', { other: 'c2' }],
    ['POST', '/admin/v1/customers/c2/unmerge', '/admin/v1/customers/{id}/unmerge'],
    ['DELETE', '/v1/me', '/v1/me', undefined, asShopper('c9')],
    ['GET', '/admin/v1/audit', '/admin/v1/audit'],
    ['POST', '/admin/v1/experiments/poll-trial/conclude', '/admin/v1/experiments/{key}/conclude', { outcome: 'ship', variant: 'top', note: 'it sells' }],
    ['GET', '/admin/v1/features/nowhere', '/admin/v1/features/{key}'],
    ['PUT', '/admin/v1/features/wrong', '/admin/v1/features/{key}', poll({ key: 'wrong', colour: 'red' })],
    ['POST', '/admin/v1/stats', '/admin/v1/stats', { test: 'nothing' }],
  ])
    await t.test(`describes the answer to ${method} ${path}${headers ? ' of a shopper' : ''}${body ? ` ${JSON.stringify(body).slice(0, 40)}` : ''}`, async () => {
      const { status, headers: told, body: got } = await s.call(method, path, body, headers);
      const described = resolved(api, api.paths[template][method.toLowerCase()].responses[status]);
      assert.ok(described, `status ${status} is not described: ${JSON.stringify(got)}`);
      const content = described.content[told.get('content-type').split(';')[0]];
      assert.ok(content, `${told.get('content-type')} is not described`);
      assert.deepEqual([...faults(api, content.schema, got)], []);
    });

  await t.test('describes each line of the units', async () => {
    const page = await fetch(`${s.url}/admin/v1/experiments/poll-trial/units?limit=5`, { headers: bearer(ADMIN) });
    assert.match(page.headers.get('link'), /cursor=\d+>; rel="next"/);
    const lines = (await page.text()).trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(lines.length, 5);
    for (const line of lines) assert.deepEqual([...faults(api, { $ref: '#/components/schemas/Unit' }, line)], []);
  });
});
