// The shop's first page: every product as a card.

import { h } from './dom.js';
import { PRODUCTS, money } from './products.js';
import './basket.js';

document.getElementById('shelf').append(...PRODUCTS.map((product) => h('li', {},
  h('a', { href: `/shop/product.html?sku=${encodeURIComponent(product.sku)}` },
    h('img', { src: `/shop/pictures/${product.picture}.svg`, alt: '', width: 400, height: 400 }),
    h('span', { class: 'name' }, product.name), h('span', { class: 'price' }, money(product.price)),
    h('span', { class: 'soft' }, product.line)))));
