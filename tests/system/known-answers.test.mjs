// Two public data sets told over HTTP, every figure held against what was computed independently: a year of a gift shop, invoice by
// invoice and line by line (UCI Online Retail), and a conversation (Polis Seattle). The figures stand in the data's README.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Server, asShopper, poll, shared } from './harness.mjs';

const skip = !shared && 'PARLEY_SHARED is not there';
const pennies = (x) => Math.round(x * 100) / 100;

function* csv(text) {
  let row = [], field = '', quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted ? c !== '"' : c !== '"' && c !== ',' && c !== '\n') { if (c !== '\r' || quoted) field += c; }
    else if (c === '"' && quoted && text[i + 1] === '"') { field += c; i++; }
    else if (c === '"') quoted = !quoted;
    else {
      row.push(field);
      field = '';
      if (c === '\n') { yield row; row = []; }
    }
  }
}

async function tell(s, events) {
  let accepted = 0;
  for (let i = 0; i < events.length; i += 2500) {
    const { status, body } = await s.post('/v1/batch', { batch: events.slice(i, i + 2500) });
    assert.equal(status, 202, JSON.stringify(body));
    assert.deepEqual(body.rejected, []);
    accepted += body.accepted;
  }
  return accepted;
}

async function all(s, path) {
  const items = [];
  for (let cursor = ''; cursor !== null;) {
    const { status, body } = await s.get(`${path}&limit=1000${cursor && `&cursor=${cursor}`}`);
    assert.equal(status, 200, JSON.stringify(body));
    items.push(...body.items);
    cursor = body.next;
  }
  return items;
}

test('Online Retail', { skip }, async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const made = [
    await s.put('/admin/v1/metrics/net', { key: 'net', kind: 'mean', event: 'Order Completed', value: 'revenue', net: true }),
    await s.put('/admin/v1/metrics/revenue', { key: 'revenue', kind: 'mean', event: 'Order Completed', value: 'revenue' }),
    await s.put('/admin/v1/metrics/again', { key: 'again', kind: 'conversion', event: 'Order Completed', atLeast: 2 }),
    await s.put('/admin/v1/metrics/bought', { key: 'bought', kind: 'conversion', event: 'Order Completed' }),
    await s.put('/admin/v1/metrics/orders', { key: 'orders', kind: 'count', event: 'Order Completed' }),
    await s.put('/admin/v1/metrics/refunds', { key: 'refunds', kind: 'count', event: 'Order Refunded' }),
    await s.put('/admin/v1/metrics/lines', { key: 'lines', kind: 'count', event: 'Invoice Line' }),
    await s.put('/admin/v1/metrics/cancelled', { key: 'cancelled', kind: 'count', event: 'Invoice Line', where: { starts_with: [{ var: 'properties.order_id' }, 'C'] } }),
    await s.put('/admin/v1/metrics/clean', { key: 'clean', kind: 'count', event: 'Invoice Line', where: { and: [{ '==': [{ var: 'properties.buyer' }, 'customer'] }, { '!': { starts_with: [{ var: 'properties.order_id' }, 'C'] } }, { '>': [{ var: 'properties.quantity' }, 0] }, { '>': [{ var: 'properties.price' }, 0] }] } }),
    await s.put('/admin/v1/features/f', poll({ key: 'f' })),
    await s.put('/admin/v1/experiments/year', { key: 'year', feature: 'f', assignment: 'external', control: 'off', weights: { off: 50, top: 50 }, breakdowns: ['buyer', 'country'],
      metrics: { primary: 'net', secondary: ['revenue', 'again', 'bought', 'orders', 'refunds', 'lines', 'cancelled', 'clean'] } }),
    await s.post('/admin/v1/experiments/year/start', { at: '2010-11-30T00:00:00Z' }),
  ];
  for (const answer of made) assert.ok(answer.status < 300, JSON.stringify(answer.body));

  const [, ...rows] = csv(gunzipSync(readFileSync(join(shared, 'data/online_retail.csv.gz'))).toString());
  assert.equal(rows.length, 541909);
  const lines = rows.map(([invoice, sku, , quantity, at, price, customer, country], i) => ({
    invoice, sku, quantity: Number(quantity), at: `${at.replace(' ', 'T')}Z`, price: Number(price), country, i,
    who: customer ? { userId: customer.replace(/\.0$/, '') } : { anonymousId: `guest-${invoice}` }, buyer: customer ? 'customer' : 'guest',
  })).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.i - b.i));

  const invoices = new Map(), units = new Map();
  for (const line of lines) {
    const unit = line.who.userId ?? line.who.anonymousId;
    if (!units.has(unit)) units.set(unit, line);
    if (!invoices.has(line.invoice)) invoices.set(line.invoice, { ...line, millionths: 0, skus: new Set() });
    const invoice = invoices.get(line.invoice);
    invoice.millionths += Math.round(line.quantity * line.price * 1e6);
    if (line.buyer === 'customer' && line.quantity > 0 && line.price > 0) invoice.skus.add(line.sku);
  }
  const viewed = [...units.values()].map(({ who, at, buyer, country }, n) => ({ type: 'track', event: 'Experiment Viewed', ...who, timestamp: at, messageId: `v-${n}`,
    properties: { experiment_id: 'year', variation_id: n % 2 ? 'top' : 'off', buyer, country } }));
  const booked = [...invoices.values()].filter((v) => v.millionths !== 0 || v.invoice[0] === 'C').map((v) => ({ type: 'track', ...v.who, timestamp: v.at, messageId: `o-${v.invoice}`,
    event: v.invoice[0] === 'C' ? 'Order Refunded' : 'Order Completed',
    properties: v.invoice[0] === 'C' ? { order_id: v.invoice.slice(1), total: -v.millionths / 1e6 } : { order_id: v.invoice, revenue: v.millionths / 1e6, products: [...v.skus].map((sku) => ({ sku })) } }));
  const told = lines.map((l) => ({ type: 'track', event: 'Invoice Line', ...l.who, timestamp: l.at, messageId: `l-${l.i}`,
    properties: { order_id: l.invoice, sku: l.sku, quantity: l.quantity, price: l.price, buyer: l.buyer } }));
  assert.equal(await tell(s, viewed), viewed.length);
  const year = [...booked, ...told].sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
  assert.equal(await tell(s, year), booked.length + 541909);

  const over = (r, metric, what = 'sum') => r.metrics.find((m) => m.metric === metric).variants.reduce((n, v) => n + v[what], 0);
  const by = async (attribute) => (await s.get(`/admin/v1/experiments/year/results?by=${attribute}`)).body;

  await t.test('all rows: net sales to the penny, refunds and lines counted', async () => {
    const r = await s.results('year', (r) => over(r, 'lines') === 541909);
    assert.equal(over(r, 'lines'), 541909);
    assert.equal(pennies(over(r, 'net')), 9747747.93);
    assert.equal(over(r, 'refunds'), 3836);
    assert.equal(over(r, 'cancelled'), 9288);
    for (const [why, n] of Object.entries(r.excluded)) assert.equal(n, 0, why);
  });

  await t.test('broken down: customers and guests apart, every country', async () => {
    const buyers = Object.fromEntries((await by('buyer')).groups.map((g) => [g.value, g]));
    assert.equal(over(buyers.customer, 'lines', 'n'), 4372);
    assert.equal(over(buyers.guest, 'lines'), 135080);
    assert.equal(over(buyers.customer, 'clean'), 397884);
    assert.equal(over(buyers.customer, 'orders'), 18532);
    assert.equal(over(buyers.customer, 'bought'), 4338);
    assert.equal(over(buyers.customer, 'again'), 2845);
    assert.equal(pennies(over(buyers.customer, 'revenue')), 8911407.90);
    // Countries with fewer than five units in an arm are merged: 38 are told of, those that are large enough stand alone.
    assert.equal(new Set(lines.map((l) => l.country)).size, 38);
    const arms = new Map();
    for (const { properties: { country, variation_id: arm } } of viewed) {
      if (!arms.has(country)) arms.set(country, { off: 0, top: 0 });
      arms.get(country)[arm]++;
    }
    const large = [...arms].filter(([, n]) => n.off >= 5 && n.top >= 5);
    const groups = Object.fromEntries((await by('country')).groups.map((g) => [g.value, g]));
    for (const [country, n] of large) assert.equal(over(groups[country], 'lines', 'n'), n.off + n.top, country);
    const rest = Object.keys(groups).filter((g) => !large.some(([country]) => country === g));
    assert.equal(rest.length, 1, `all others are one group, not ${rest}`);
    assert.equal(Object.values(groups).reduce((n, g) => n + over(g, 'lines', 'n'), 0), units.size);
  });

  await t.test('cohorts: who bought again, month by month', async () => {
    let body;
    do ({ body } = await s.get('/admin/v1/cohorts?by=month')); while (!body.complete);
    assert.equal(body.customers, 4338);
    assert.equal(body.again, 2845);
    assert.equal((body.againShare * 100).toFixed(2), '65.58');
    assert.equal(body.orders, 18532);
    assert.equal(pennies(body.revenue), 8911407.90);
    assert.deepEqual(body.items[0].cohort, '2010-12');
    assert.deepEqual(body.items[0].active, [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]);
    const month = Object.fromEntries(body.periods.map((p) => [p.period, p.revenue]));
    assert.equal(pennies(month['2010-12']), 572713.89);
    assert.equal(pennies(month['2011-11']), 1161817.38);
    const refunded = [...invoices.values()].filter((v) => v.invoice[0] === 'C' && v.buyer === 'customer').reduce((sum, v) => sum - v.millionths, 0) / 1e6;
    assert.equal(pennies(body.refunded), pennies(refunded));
    const weeks = (await s.get('/admin/v1/cohorts?by=week&limit=1000')).body;
    assert.equal(weeks.items[0].cohort, '2010-11-29');
    assert.equal(weeks.items.reduce((n, c) => n + c.customers, 0) + weeks.earlier, 4338);
  });

  await t.test('trends: distinct customers against the weeks before', async () => {
    const { body } = await s.get('/admin/v1/trends?window=7d&base=28d&kind=purchasing&min=20&at=2011-11-30');
    const found = Object.fromEntries(body.items.map((i) => [i.item, [i.customers, i.before, Number(i.z.toFixed(2))]]));
    assert.deepEqual(body.items.slice(0, 3).map((i) => i.item), ['23552', '23498', '21181']);
    assert.deepEqual([found['23552'], found['23498'], found['21181'], found['21914']], [[42, 0, 41], [41, 0, 40], [31, 17, 11.24], [37, 79, 3.57]]);
    const popular = (await s.get('/admin/v1/trends?window=7d&base=28d&kind=purchasing&min=20&at=2011-11-30&order=popular')).body.items;
    assert.deepEqual(popular.slice(0, 3).map((i) => i.item), ['23084', '22086', '23344']);
    for (const [kind, n] of [['purchasing', 3665], ['shopping', 4070]]) {
      const items = new Set();
      for (const at of ['2011-06-30', '2011-12-31']) for (const i of await all(s, `/admin/v1/trends?window=366d&min=1&kind=${kind}&at=${at}`)) items.add(i.item);
      assert.equal(items.size, n, kind);
    }
  });

  await t.test('computed again from the journal, bit for bit', async () => {
    const proof = await s.post('/admin/v1/experiments/year/verify');
    assert.equal(proof.status, 200, JSON.stringify(proof.body));
    assert.equal(proof.body.different, 0);
    assert.equal(proof.body.units, units.size);
  });
});

test('Polis Seattle', { skip }, async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const [, ...rows] = csv(readFileSync(join(shared, 'data/polis-seattle/votes.csv'), 'utf8'));
  assert.equal(rows.length, 2995);
  const feature = { ...poll({ key: 'talk' }), default: { serve: 'top' } };
  assert.equal((await s.put('/admin/v1/features/talk', feature)).status, 201);
  const votes = rows.map(([at, , comment, voter, vote], i) => ({ at: Number(at), comment, voter, vote: Number(vote), i })).sort((a, b) => a.at - b.at || a.i - b.i);
  const comments = new Set(votes.map((v) => v.comment));
  for (const comment of comments) {
    const made = await s.post('/admin/v1/plugins/polls/api/polls', { id: `comment-${comment}`, question: `Comment ${comment}`, kind: 'single', results: 'always',
      options: [{ key: 'agree', label: 'Agree' }, { key: 'disagree', label: 'Disagree' }, { key: 'pass', label: 'Pass' }] });
    assert.equal(made.status, 201, JSON.stringify(made.body));
  }
  for (const { comment, voter, vote } of votes) {
    const put = await s.put(`/v1/features/talk/polls/comment-${comment}/vote`, { options: [vote > 0 ? 'agree' : vote < 0 ? 'disagree' : 'pass'] }, asShopper(`voter-${voter}`));
    assert.equal(put.status, 200, JSON.stringify(put.body));
  }
  const sums = {};
  for (const comment of comments) {
    const { body } = await s.get(`/v1/features/talk/polls/comment-${comment}`, asShopper('somebody'));
    for (const { key, votes: n } of body.tally.options) sums[key] = (sums[key] ?? 0) + n;
  }
  assert.deepEqual(sums, { agree: 1358, disagree: 922, pass: 592 });
});
