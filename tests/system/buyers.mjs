// Customers as BG/NBD has them (Fader, Hardie & Lee 2005): each buys at a rate of her own until, after some purchase, she is gone for good.

const WEEK = 7 * 86_400_000;

// Numbers in [0, 1) that are the same each time (mulberry32).
function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

// Marsaglia & Tsang 2000; a shape below 1 by the power of a uniform.
function gamma(random, shape) {
  if (shape < 1) return gamma(random, shape + 1) * random() ** (1 / shape);
  const d = shape - 1 / 3, c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random), v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Orders of `n` customers who came over the last `weeks` weeks, as events; and how many orders come in the `ahead` weeks after `now`. */
export function buyers(n, { weeks = 52, ahead = 26, now = Date.now(), seed = 7 } = {}) {
  const random = chance(seed), events = [];
  let later = 0;
  for (let i = 0; i < n; i++) {
    const rate = gamma(random, 0.8) / 5, x = gamma(random, 0.8), y = gamma(random, 2.5), leaves = x / (x + y), usual = 20 + 60 * random();
    let at = now - random() * weeks * WEEK;
    for (let k = 0; ; k++) {
      if (at > now) later++;
      else events.push({ type: 'track', userId: `b${i}`, event: 'Order Completed', messageId: `b${i}-${k}`, timestamp: new Date(at).toISOString(),
        properties: { order_id: `b${i}-${k}`, currency: 'EUR', revenue: Math.round(100 * usual * (0.7 + 0.6 * random())) / 100 } });
      if (k > 0 && random() < leaves) break;
      at += (-Math.log(1 - random()) / rate) * WEEK;
      if (at > now + ahead * WEEK) break;
    }
  }
  return { events, later };
}
