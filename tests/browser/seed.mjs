// What the browser tests put into a fresh server through the admin API, and how a shopper without a browser speaks to it.

import assert from 'node:assert/strict';

/** The poll's feature, its metric, a trial in draft, and one poll about the mug. */
export async function seedTrial(server, { question = 'Which mug comes next?', labels = ['Seal grey', 'Buoy red'], start = false, weights = { off: 0.0001, top: 999 } } = {}) {
  await server.admin('PUT', '/features/product-poll', {
    key: 'product-poll', name: 'Poll beside the product', type: 'string', enabled: true, stage: 'trial',
    variants: { off: { value: 'off' }, top: { value: 'top', plugin: 'polls' } }, off: 'off', default: { serve: 'off' },
    owner: 'merchandising', reviewBy: '2099-12-31' });
  await server.admin('PUT', '/metrics/bought', { key: 'bought', name: 'Bought something', kind: 'conversion', event: 'Order Completed' });
  await server.admin('PUT', '/experiments/poll-trial', {
    key: 'poll-trial', feature: 'product-poll', hypothesis: 'Shoppers who are asked buy more often.',
    control: 'off', weights, metrics: { primary: 'bought' }, mde: 0.05, owner: 'merchandising', reviewBy: '2099-12-31' });
  await server.admin('POST', '/plugins/polls/api/polls', {
    id: 'next-mug', question, about: 'sku:HT-101', kind: 'single', results: 'on_vote',
    options: labels.map((label, i) => ({ key: `o${i}`, label })) });
  if (start) await server.admin('POST', '/experiments/poll-trial/start', {});
}

/** Boards on every page of the demo shop. */
export const seedBoards = (server) => server.admin('PUT', '/features/boards', {
  key: 'boards', name: 'Boards', type: 'string', enabled: true, off: 'off', default: { serve: 'on' },
  variants: { off: { value: 'off' }, on: { value: 'on', plugin: 'boards', settings: { pictures: '/shop/pictures/', productPage: '/shop/product.html?sku={sku}', boardPage: '/shop/boards.html?board={id}' } } } });

/** (customer, method, path, body?) → the parsed answer of the feature's plugin to that known shopper. */
export const shopperOf = (server, feature) => async (customer, method, path, body) => {
  const response = await fetch(`${server.url}/v1/features/${feature}/${path}`, {
    method, headers: { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json', 'Parley-Act-As': customer }, body: body === undefined ? undefined : JSON.stringify(body) });
  assert.ok(response.ok || response.status === 400, `${method} ${path}: ${response.status}`);
  return response.status === 204 ? null : response.json();
};

/** A second trial, of a headline, that has been running with 80 shoppers. */
export async function seedFigures(server) {
  await server.admin('PUT', '/features/headline', {
    key: 'headline', name: 'Headline', type: 'string', enabled: true, stage: 'trial', variants: { plain: { value: 'plain' }, warm: { value: 'warm' } }, off: 'plain', default: { serve: 'plain' } });
  await server.admin('PUT', '/experiments/headline-trial', {
    key: 'headline-trial', feature: 'headline', hypothesis: 'A warmer headline sells more.', control: 'plain', weights: { plain: 50, warm: 50 }, metrics: { primary: 'bought' }, mde: 0.05, breakdowns: ['country'] });
  await server.admin('POST', '/experiments/headline-trial/start', {});
  await sendShoppers(server, 'headline', 80);
}

/** `n` known shoppers meet the feature; every third one buys. */
export async function sendShoppers(server, feature, n) {
  const headers = { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json' };
  const post = (path, body) => fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  for (let i = 0; i < n; i++) await post(`/ofrep/v1/evaluate/flags/${feature}`, { context: { targetingKey: `shopper-${i}` } });
  const batch = Array.from({ length: Math.ceil(n / 3) }, (_, i) => ({
    type: 'track', event: 'Order Completed', userId: `shopper-${3 * i}`, messageId: `${feature}-${i}`, properties: { order_id: `${feature}-${i}`, revenue: 18 } }));
  const answer = await post('/v1/batch', { batch });
  if (answer.status !== 202) throw new Error(`batch: ${answer.status} ${await answer.text()}`);
}

/** Anna with a day in the shop, and two customers who may be one. */
export async function seedCustomers(server) {
  const headers = { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json' };
  const post = async (path, body) => {
    const answer = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };
  const identify = (userId, name, anonymousId) => post('/v1/identify', { userId, anonymousId, traits: { name, email: `${userId}@mail.example`, city: 'Ulm', size: 38 } });
  const web = { page: { path: '/' } };
  await identify('c-anna', 'Anna Blum', 'anon-tablet');
  await identify('c-anne', 'Anne Blum', 'anon-phone');
  await identify('c-anne', 'Anne Blum', 'anon-tablet');
  await post('/v1/batch', { batch: [
    { type: 'page', userId: 'c-anna', name: 'Lamps', context: web },
    { type: 'track', userId: 'c-anna', event: 'Products Searched', properties: { query: 'reading lamp' }, context: web },
    { type: 'track', userId: 'c-anna', event: 'Product Viewed', properties: { name: 'Heather lamp', product_id: 'HL-7' }, context: web },
    { type: 'track', userId: 'c-anna', event: 'Product Added to Wishlist', properties: { name: 'Heather lamp', product_id: 'HL-7' }, context: web },
    { type: 'track', userId: 'c-anna', event: 'Order Completed', properties: { order_id: 'o-1', total: 24.9, currency: 'EUR', products: [{ product_id: 'HL-7', quantity: 2 }, { product_id: 'B-1' }] } },
    { type: 'track', userId: 'c-anna', event: 'Order Refunded', properties: { order_id: 'o-1', total: 8, currency: 'EUR' } }] });
}
