// A plugin that follows the catalogue, and what becomes of products that it cannot take.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Server } from './harness.mjs';
import { activate, install, served } from './bundles.mjs';
import { until, within } from './listen.mjs';

const wait = (ms) => new Promise((r) => setTimeout(r, ms));
// Some tries, five seconds apart.
async function eventually(holds) {
  for (const end = Date.now() + 60000; !(await holds()); await wait(50)) assert.ok(Date.now() < end, `never: ${holds}`);
}
const NAME = 'stocked';

class Shop {
  static async open(t, args = []) {
    const shop = new Shop();
    shop.s = await Server.start({ args: ['--plugins.unsigned', 'on', ...args] });
    t.after(() => shop.s.stop());
    return shop;
  }

  async install() {
    assert.equal((await install(this.s, NAME)).status, 201);
    assert.equal((await activate(this.s, NAME)).status, 200);
  }

  // What became of it, as the answer says; of each product its sku, or [sku, what its title asks for].
  async put(...products) {
    const items = products.map((p) => ({ sku: [p].flat()[0], title: [p].flat()[1] ?? 'A thing' }));
    const { status, body } = await this.s.post('/admin/v1/catalogue', { items });
    assert.equal(status, 200, JSON.stringify(body));
    return body.plugins.find(({ plugin }) => plugin === NAME);
  }

  // The catalogue has it: the import of it is under way.
  async lists(sku) { await until(async () => (await this.s.get('/admin/v1/catalogue')).body.items.some((item) => item.sku === sku)); }
  async stock() { return (await this.s.get(`/admin/v1/plugins/${NAME}/api/stock`)).body; }
  async has(...skus) { await eventually(async () => (await this.stock()).skus === skus.join(' ')); }
  async skipped() {
    return Number(new RegExp(`parley_plugin_products_skipped_total\\{plugin="${NAME}"\\} (\\d+)`).exec((await this.s.get('/metrics')).body)?.[1]);
  }
  async notes() { return (await this.s.get(`/admin/v1/plugins/${NAME}/logs`)).body.items.map(({ line }) => line); }
}

const thousand = (what = () => undefined) => Array.from({ length: 1000 }, (_, i) => [`s${String(i).padStart(3, '0')}`, what(i)]);

test('a plugin that refuses a product has all others, and the answer says that it has not all', async (t) => {
  const shop = await Shop.open(t);
  await shop.install();
  const told = await shop.put(...thousand((i) => (i === 3 || i === 299 || i === 998 ? 'refuse' : undefined)));
  assert.equal(told.taken, false);
  assert.match(told.detail, /^3 of these products it could not take; its log says more/);
  const { n, skus } = await shop.stock();
  assert.equal(n, 997);
  for (const sku of ['s003', 's299', 's998']) assert.ok(!skus.includes(sku), sku);
  assert.equal(await shop.skipped(), 3);
  assert.ok((await shop.notes()).includes("the catalogue's change of 's299' is passed over: the plugin answered 409 to it alone"));
  assert.deepEqual(await shop.put('s003'), { plugin: NAME, taken: true });
  assert.equal((await shop.stock()).n, 998);
});

test('one product that a worker dies of costs it that product, and not its service', async (t) => {
  const shop = await Shop.open(t);
  await shop.install();
  const told = await shop.put('a', ['b', 'die'], 'c', 'd');
  assert.equal(told.taken, false);
  assert.match(told.detail, /it hears of this again in a while/);
  await shop.has('a', 'c', 'd');
  assert.equal(await shop.skipped(), 1);
  assert.ok((await shop.notes()).includes("the catalogue's change of 'b' is passed over: it gave no answer, 3 times in a row"));
  const [release] = (await shop.s.get(`/admin/v1/plugins/${NAME}`)).body.releases;
  assert.deepEqual([release.state, release.restarts], ['running', 4]);
  assert.deepEqual(await shop.put('e'), { plugin: NAME, taken: true });
});

test('one that always answers 500 to a product is told of it again, not for ever; changes meanwhile do not hurry that', async (t) => {
  const shop = await Shop.open(t);
  await shop.install();
  assert.match((await shop.put(['a', 'fail'])).detail, /^it answered 500; it hears of this again/);
  for (const told of await Promise.all(['b', 'c', 'd'].map((sku) => shop.put(sku)))) assert.match(told.detail, /it failed a moment ago/);
  assert.equal(await shop.skipped(), 0);
  await shop.has('b', 'c', 'd');
  assert.equal(await shop.skipped(), 1);
});

test('an import’s answer is of its own products, and comes when those are told', async (t) => {
  const shop = await Shop.open(t);
  await shop.install();
  const ended = [];
  const put = async (name, ...products) => {
    const told = await shop.put(...products);
    ended.push(name);
    return told;
  };
  const first = put('first', ['a', 'be slow'], ['b', 'refuse']);
  await shop.lists('a');
  const second = put('second', 'c');
  await shop.lists('c');
  const third = put('third', ['d', 'be slow'], ['e', 'be slow']);
  assert.equal((await first).taken, false);
  assert.deepEqual([await second, await third].map(({ taken }) => taken), [true, true]);
  assert.equal(ended[0], 'first');
});

test('an import waits some seconds for what comes before it, and no longer', (t) => within(6500, async () => {
  const shop = await Shop.open(t), PAGES = 16;
  await shop.install();
  await shop.put(...Array.from({ length: PAGES }, (_, i) => `x${i}`));
  const waiting = [];
  for (let i = 0; i < PAGES; i++) { // a page each: what is put in and what is taken out are told apart
    waiting.push(shop.put([`a${i}`, 'be slow']));
    await wait(20);
    waiting.push(shop.s.delete(`/admin/v1/catalogue/x${i}`));
    await wait(20);
  }
  const asked = Date.now();
  const told = await shop.put('z');
  assert.deepEqual([told.taken, told.detail], [false, 'it is still told of what came before; it hears of this then']);
  const took = Date.now() - asked;
  await Promise.all(waiting);
  await eventually(async () => (await shop.stock()).skus?.endsWith('z'));
  return took;
}, 4));

test('a release that ran for a variant hears of the catalogue once it is active', async (t) => {
  const variant = { on: { value: 'on', plugin: NAME, release: '1.0.0' }, off: { value: 'off' } };
  const running = (shop) => until(async () => (await shop.s.get(`/admin/v1/plugins/${NAME}`)).body.releases.find(({ version }) => version === '1.0.0')?.state === 'running');

  await t.test('in place of one that had no use for it', async (t) => {
    const shop = await Shop.open(t);
    assert.equal((await install(shop.s, 'unstocked', { name: NAME, version: '0.9.0' })).status, 201);
    assert.equal((await activate(shop.s, NAME, '0.9.0')).status, 200);
    assert.equal(await shop.put('a'), undefined);
    assert.equal((await install(shop.s, NAME)).status, 201);
    await served(shop.s, 'shelf', NAME, { variants: variant });
    await running(shop);
    await wait(200);
    assert.equal((await activate(shop.s, NAME)).status, 200);
    await shop.has('a');
  });

  await t.test('as the first one', async (t) => {
    const shop = await Shop.open(t);
    await shop.put('a');
    assert.equal((await install(shop.s, NAME)).status, 201);
    await served(shop.s, 'shelf', NAME, { variants: variant });
    await running(shop);
    await wait(5500); // it was tried once more
    assert.equal((await activate(shop.s, NAME)).status, 200);
    await shop.has('a');
  });
});
