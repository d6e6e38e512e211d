// The shop's first page: what its team put together for this visitor, then every product as a card. The shelf is the
// shop's own and there whatever becomes of the rest.

import { h } from './dom.js';
import { PRODUCTS, money } from './products.js';
import './basket.js';

document.getElementById('shelf').append(...PRODUCTS.map((product) => h('li', {},
  h('a', { href: `/shop/product.html?sku=${encodeURIComponent(product.sku)}` },
    h('img', { src: `/shop/pictures/${product.picture}.svg`, alt: '', width: 400, height: 400 }),
    h('span', { class: 'name' }, product.name), h('span', { class: 'price' }, money(product.price)),
    h('span', { class: 'soft' }, product.line)))));

// Sections that no plugin draws are a sentence.
document.querySelector('parley-page').addEventListener('parley-section', ({ detail: { value, element } }) => {
  if (typeof value === 'string' && value !== '') element.append(h('p', { class: 'note' }, value));
});
