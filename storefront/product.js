// One product: its picture, its words, what customers are asked about it, and the way into the basket.

import { h } from './dom.js';
import { PRODUCTS, productOf, money } from './products.js';
import { track, propertiesOf } from './track.js';
import { add } from './basket.js';

const main = document.getElementById('main');
const product = productOf(new URLSearchParams(location.search).get('sku'));

function page() {
  const said = h('p', { role: 'status', class: 'said' });
  const toBasket = () => {
    add(product);
    said.textContent = `${product.name} is in your basket.`;
  };
  const others = PRODUCTS.filter(({ sku }) => sku !== product.sku && productOf(sku).category === product.category);
  return [
    h('p', { class: 'crumbs' }, h('a', { href: '/' }, 'All products'), ` / ${product.category}`),
    h('article', { class: 'product' },
      h('img', { class: 'picture', src: `/shop/pictures/${product.picture}.svg`, alt: '', width: 400, height: 400 }),
      h('div', { class: 'words' },
        h('h1', {}, product.name), h('p', { class: 'line' }, product.line), h('p', { class: 'price' }, money(product.price)),
        h('p', {}, product.text), h('ul', { class: 'facts' }, product.facts.map((fact) => h('li', {}, fact))),
        h('div', { class: 'buy' }, h('button', { type: 'button', class: 'primary', onclick: toBasket }, 'Add to basket'), said),
        h('parley-slot', { name: 'boards', about: `sku:${product.sku}`, 'data-title': product.name, 'data-price': product.price, 'data-currency': 'EUR', 'data-image': `/shop/pictures/${product.picture}.svg` }),
        h('parley-slot', { name: 'product-poll', about: `sku:${product.sku}` }))),
    h('parley-slot', { name: 'product-questions', about: `sku:${product.sku}`, class: 'wide' }),
    h('parley-slot', { name: 'home-talk', talk: true, about: `sku:${product.sku}`, class: 'wide' }),
    others.length > 0 && h('p', { class: 'others soft' }, `More for the ${product.category.toLowerCase()}: `,
      others.flatMap(({ sku, name }, i) => [i > 0 && ', ', h('a', { href: `/shop/product.html?sku=${sku}` }, name)]))].filter(Boolean);
}

if (product) {
  document.title = `${product.name} · Harbour & Thistle`;
  main.append(...page());
  track('Product Viewed', propertiesOf(product));
} else {
  document.title = 'Not on our shelves · Harbour & Thistle';
  main.append(h('h1', {}, 'Not on our shelves'), h('p', {}, 'We do not have that product, or no longer. ', h('a', { href: '/' }, 'See what we do have'), '.'));
}
