// The shop's own range: everything that the demo sells. Prices are in euro.

export const PRODUCTS = [
  { sku: 'HT-101', name: 'Breakwater enamel mug', price: 18, picture: 'mug', category: 'Table', line: 'Warm hands on a cold pier.',
    text: 'Steel, enamelled twice and fired once more for luck. It rings when you set it down, chips with dignity, and goes from camp fire to dishwasher without complaint.', facts: ['350 ml', 'Enamelled steel', 'Not for the microwave'] },
  { sku: 'HT-102', name: 'Thistle wool throw', price: 120, picture: 'throw', category: 'Rooms', line: 'The colour of the hills in August.',
    text: 'Woven from the wool of hill sheep and washed in soft water until it stops being stubborn. Big enough for two on a bench, or one who does not want to share.', facts: ['140 × 185 cm', 'Pure new wool', 'Woven in one piece'] },
  { sku: 'HT-103', name: 'Pierhead storm lantern', price: 64, picture: 'lantern', category: 'Light', line: 'Burns when the weather does not want it to.',
    text: 'A lantern of the old pattern: a wide glass, a deep tank and a flame that stays upright in wind. One filling lasts two long evenings.', facts: ['34 cm tall', 'Lamp oil or paraffin', '20 hours on one filling'] },
  { sku: 'HT-104', name: 'Oat and sea-salt soap', price: 9.5, picture: 'soap', category: 'Bath', line: 'Scrubs like the beach, rinses like rain.',
    text: 'Two bars: one with rolled oats for hands that have worked, one with bog myrtle for everyone else. Cured for six weeks, wrapped in paper, gone in two months.', facts: ['2 × 110 g', 'No palm oil', 'Made in small batches'] },
  { sku: 'HT-105', name: 'Haar stoneware teapot', price: 72, picture: 'teapot', category: 'Table', line: 'Four cups of patience.',
    text: 'Named for the sea fog that comes up the firth in spring. The glaze is never quite the same twice; the spout never drips.', facts: ['1.1 litres', 'Stoneware', 'With a steel strainer'] },
  { sku: 'HT-106', name: 'Creel log basket', price: 58, picture: 'basket', category: 'Rooms', line: 'For logs, wool, or one content cat.',
    text: 'Willow, soaked and woven by hand on an oak base, after the baskets that once carried herring up from the boats.', facts: ['45 × 38 cm', 'Willow and oak', 'Carries 18 kg'] },
  { sku: 'HT-107', name: 'Heather honey', price: 12, picture: 'honey', category: 'Larder', line: 'A whole moor in a jar.',
    text: 'Dark, thick and a little bitter, as heather honey should be. From hives that spend August on the moor and the rest of the year complaining about it.', facts: ['340 g', 'Cold extracted', 'Best on toast'] },
  { sku: 'HT-108', name: 'Pair of beeswax candles', price: 16, picture: 'candles', category: 'Light', line: 'Slow light for long evenings.',
    text: 'Poured from pure beeswax with a cotton wick. They smell of nothing but a warm hive and burn for a good seven hours each.', facts: ['2 × 20 cm', 'Pure beeswax', '7 hours each'] },
];

export const productOf = (sku) => PRODUCTS.find((product) => product.sku === sku);

const euro = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' });
export const money = (amount) => euro.format(amount);
