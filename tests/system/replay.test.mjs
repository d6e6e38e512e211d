import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, poll, shared } from './harness.mjs';
import { parley } from './parley.mjs';

const MAP = 'order=InvoiceNo,customer=CustomerID,time=InvoiceDate,sku=StockCode,quantity=Quantity,price=UnitPrice';

// A trial that began before the first order, judged by revenue and by buying again.
async function history(server) {
  const made = [
    await server.put('/admin/v1/metrics/revenue', { key: 'revenue', kind: 'mean', event: 'Order Completed', value: 'revenue' }),
    await server.put('/admin/v1/metrics/again', { key: 'again', kind: 'conversion', event: 'Order Completed', atLeast: 2 }),
    await server.put('/admin/v1/features/product-poll', poll()),
    await server.put('/admin/v1/experiments/history', { key: 'history', feature: 'product-poll', control: 'off',
      weights: { off: 50, top: 50 }, metrics: { primary: 'revenue', secondary: ['again'] } }),
    await server.post('/admin/v1/experiments/history/start', { at: '2010-11-30T00:00:00Z' }),
  ];
  for (const answer of made) if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
}

async function eventsIn(server) {
  const { body } = await server.get('/metrics');
  return Number(/^parley_journal_events_total (\d+)/m.exec(body)[1]);
}

test('a replay', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-csv-'));
  const s = await Server.start();
  t.after(async () => { await s.stop(); rmSync(folder, { recursive: true }); });
  await history(s);
  const file = join(folder, 'orders.csv');
  writeFileSync(file, ['InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country',
    '1,A,"Mug, ""large""",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom',
    '1,B,Lantern,2,2010-12-01 08:26:00,0.001,17850.0,United Kingdom',
    '2,A,Mug,1,2010-12-01 09:00:00,2.55,13047.0,United Kingdom',
    'C3,A,Mug,-1,2010-12-02 09:00:00,2.55,17850.0,United Kingdom',
    '4,A,Mug,1,2010-12-03 09:00:00,0.00,13047.0,United Kingdom',
    '5,A,Mug,1,2010-12-03 09:00:00,2.55,,United Kingdom',
    '6,A,Mug,10,2010-12-24 09:00:00,2.55,17850.0,United Kingdom', ''].join('\r\n'));
  const args = ['replay', file, '--map', MAP, '--experiment', 'history'];

  await t.test('tells what is left out and what it comes to', async () => {
    const { code, out, err } = await parley(s.url, [...args, '--dry-run']);
    assert.equal(code, 0, err);
    assert.match(err, /left out: 1 rows without a customer/);
    assert.match(err, /left out: 1 rows with a quantity or a price that is not above zero/);
    assert.deepEqual(JSON.parse(out), { rows: 7, leftOut: 2, customers: 2, orders: 3, revenue: 43.352, refunds: 1, refunded: 2.55, sent: 0, accepted: 0, duplicates: 0, rejected: 0 });
    assert.equal(await eventsIn(s), 0);
  });

  await t.test('puts every customer into the trial and adds up to the penny', async () => {
    const { code, out, err } = await parley(s.url, [...args, '--expect', 'customers=2,revenue=43.352,again=1']);
    assert.equal(code, 0, err);
    const { sent, accepted, results } = JSON.parse(out);
    assert.deepEqual([sent, accepted], [6, 6]);
    assert.deepEqual([results.customers.all, results.revenue.all, results.again.all], [2, 43.352, 1]);
  });

  await t.test('leaves units that can be taken out one by one', async () => {
    const { out } = await parley(s.url, ['experiments', 'units', 'history']);
    const units = out.trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(units.length, 2);
    assert.deepEqual(units.map((unit) => unit.metrics.revenue).sort((a, b) => a - b), [2.55, 40.802]);
  });

  await t.test('changes nothing when it is sent again', async () => {
    const { code, out, err } = await parley(s.url, [...args, '--expect', 'customers=2,revenue=43.35,again=1']);
    assert.equal(code, 0, err);
    assert.equal(JSON.parse(out).duplicates, 6);
  });

  await t.test('fails where the sums are not as expected, and says which', async () => {
    const { code, err } = await parley(s.url, [...args, '--expect', 'customers=2,revenue=43.36']);
    assert.equal(code, 1);
    assert.match(err, /revenue is 43\.352, expected 43\.36/);
    assert.doesNotMatch(err, /customers is/);
  });

  await t.test('warns of orders from before the experiment, and refuses one that does not run', async () => {
    await s.put('/admin/v1/features/late', poll({ key: 'late' }));
    await s.put('/admin/v1/experiments/late', { key: 'late', feature: 'late', control: 'off', weights: { off: 50, top: 50 }, metrics: { primary: 'revenue' } });
    const to = ['replay', file, '--map', MAP, '--experiment', 'late'];
    const draft = await parley(s.url, to);
    assert.equal(draft.code, 1);
    assert.match(draft.err, /is not running \(draft\): `parley experiments start late --at TIME`/);
    await s.post('/admin/v1/experiments/late/start', { at: '2010-12-10T00:00:00Z' });
    assert.match((await parley(s.url, to)).err, /3 orders are from before the experiment's start \(2010-12-10T00:00:00\.000Z\)/);
  });

  await t.test('gives up on a server that stays away, and asks to be tried again', async () => {
    const { code, err } = await parley('http://127.0.0.1:9', ['replay', file, '--map', MAP, '--patience', '1']);
    assert.equal(code, 6);
    assert.match(err, /has not answered for 1 s/);
  });

  await t.test('says what is wrong with its words and with its file', async () => {
    assert.equal((await parley(s.url, ['replay', file])).code, 2);
    assert.equal((await parley(s.url, ['replay', file, '--map', MAP, '--batch', '9999'])).code, 2);
    assert.equal((await parley(s.url, ['replay', join(folder, 'none.csv'), '--map', MAP])).code, 4);
    assert.equal((await parley(s.url, ['replay', file, '--map', MAP, '--experiment', 'none'])).code, 4);
    const wrong = await parley(s.url, ['replay', file, '--map', MAP.replace('InvoiceNo', 'Invoice')]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /names no 'Invoice'/);
  });
});

test('a year of a real shop adds up to the penny, though parleyd is killed with -9 in the middle',
  { skip: !shared && 'PARLEY_SHARED is not there' }, async (t) => {
    const s = await Server.start();
    t.after(() => s.stop());
    await history(s);
    const told = parley(s.url, ['replay', join(shared, 'data/online_retail.csv.gz'), '--map', MAP, '--experiment', 'history',
      '--rate', '8000', '--batch', '100', '--expect', 'customers=4338,revenue=8911407.90,again=2845']);
    while (await eventsIn(s) < 12000) await new Promise((r) => setTimeout(r, 20));
    const port = s.port;
    await s.kill('SIGKILL');
    await new Promise((r) => setTimeout(r, 300));
    await s.up(port);
    const { code, out, err } = await told;
    assert.equal(code, 0, err);
    assert.match(err, /no answer .*what was not acknowledged is sent again/);
    assert.match(err, /the server answers again/);
    const replayed = JSON.parse(out);
    assert.equal(replayed.accepted + replayed.duplicates, replayed.sent);
    assert.equal(replayed.orders, 18532);
    assert.equal(replayed.results.revenue.all, 8911407.904);
    assert.notEqual(replayed.results.srm, 'alarm');
    const results = await s.results('history');
    for (const [why, n] of Object.entries(results.excluded)) assert.equal(n, 0, why);
  });
