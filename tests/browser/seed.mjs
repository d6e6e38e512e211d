// What the browser tests put into a fresh server through the admin API.

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
