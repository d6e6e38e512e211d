// One experiment with one condition, evaluated in process by unleash-client and by @growthbook/growthbook: nanoseconds each, as
// JSON. The same 1,000 features, audience (country is DE), weights and units as bench/decide.c.
import { Unleash, InMemStorageProvider } from 'unleash-client';
import { GrowthBook, GrowthBookClient } from '@growthbook/growthbook';

const FEATURES = 1000, UNITS = 10000, ROUNDS = 20;
const feature = (i) => `feature-${(i * 7) % FEATURES}`;
const unit = Array.from({ length: UNITS }, (_, i) => `customer-${String(i).padStart(8, '0')}`);

function measure(evaluate) {
  const counts = {};
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) { // the fastest round: the compiler is warm, nobody else was there
    const began = process.hrtime.bigint();
    for (let i = 0; i < UNITS; i++) { const value = evaluate(feature(i), unit[i]); counts[value] = (counts[value] ?? 0) + 1; }
    best = Math.min(best, Number(process.hrtime.bigint() - began) / UNITS);
  }
  const share = counts.top / (ROUNDS * UNITS);
  if (!(share > 0.45 && share < 0.55)) throw new Error(`not an experiment: ${JSON.stringify(counts)}`);
  return best;
}

async function unleash() {
  const toggles = Array.from({ length: FEATURES }, (_, i) => ({
    name: `feature-${i}`, type: 'experiment', enabled: true, stale: false, impressionData: false, project: 'default', variants: [],
    strategies: [{
      name: 'flexibleRollout', parameters: { rollout: '100', stickiness: 'userId', groupId: `feature-${i}` },
      constraints: [{ contextName: 'country', operator: 'IN', values: ['DE'], inverted: false, caseInsensitive: false }],
      variants: ['off', 'top'].map((name) => ({ name, weight: 500, weightType: 'variable', stickiness: 'userId', payload: { type: 'string', value: name } })),
    }],
  }));
  const client = new Unleash({
    url: 'http://127.0.0.1:9/api', appName: 'bench', refreshInterval: 0, disableMetrics: true, skipInstanceCountWarning: true,
    storageProvider: new InMemStorageProvider(), bootstrap: { data: toggles } });
  client.on('error', () => {}); // there is no server behind it, and none is asked
  await new Promise((ready) => client.once('ready', ready));
  const took = measure((name, userId) => client.getVariant(name, { userId, properties: { country: 'DE' } }).name);
  client.destroy();
  return took;
}

// Many users with one client, and as its older guide has it, an instance for each user: → { client, instance }.
async function growthbook() {
  const features = Object.fromEntries(Array.from({ length: FEATURES }, (_, i) => [`feature-${i}`, {
    defaultValue: 'off', rules: [{ key: `trial-${i}`, condition: { country: 'DE' }, variations: ['off', 'top'], weights: [0.5, 0.5], coverage: 1, hashAttribute: 'id', hashVersion: 2 }] }]));
  const client = new GrowthBookClient({}).initSync({ payload: { features } });
  return {
    client: measure((name, id) => client.evalFeature(name, { attributes: { id, country: 'DE' } }).value),
    instance: measure((name, id) => new GrowthBook({ features, attributes: { id, country: 'DE' } }).evalFeature(name).value),
  };
}

console.log(JSON.stringify({ unleash: await unleash(), growthbook: await growthbook() }));
process.exit(0);
