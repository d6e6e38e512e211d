// The page of boards: the slot does the rest. What a board puts into the basket goes into the shop's own.

import { productOf } from './products.js';
import { add } from './basket.js';

document.addEventListener('parley:cart', ({ detail }) => {
  for (const { sku, quantity } of detail.items)
    for (let n = 0; productOf(sku) && n < quantity; n++) add(productOf(sku));
});
