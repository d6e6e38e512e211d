// The basket: kept in this browser, shown in a drawer at the side, bought from there.

import { h } from './dom.js';
import { productOf, money } from './products.js';
import { track, propertiesOf } from './track.js';

const STORED = 'harbour.basket';

/** {sku: quantity}; what is no longer sold is left out. */
function read() {
  try {
    const stored = JSON.parse(localStorage.getItem(STORED)) ?? {};
    return Object.fromEntries(Object.entries(stored).filter(([sku, quantity]) => productOf(sku) && quantity > 0));
  } catch {
    return {};
  }
}

function write(lines) {
  localStorage.setItem(STORED, JSON.stringify(lines));
  opener.replaceChildren(...openerWords());
}

const linesOf = () => Object.entries(read()).map(([sku, quantity]) => ({ product: productOf(sku), quantity }));
const totalOf = (lines) => lines.reduce((sum, { product, quantity }) => sum + Math.round(product.price * 100) * quantity, 0) / 100;

const content = h('div', { class: 'drawer-content' });
const drawer = h('dialog', { class: 'drawer', 'aria-labelledby': 'basket-title', onclick: (event) => event.target === drawer && drawer.close() }, content);
const opener = h('button', { type: 'button', class: 'basket-button', 'aria-haspopup': 'dialog', onclick: () => open() });

function openerWords() {
  const pieces = linesOf().reduce((sum, { quantity }) => sum + quantity, 0);
  return ['Basket ', h('span', { class: 'badge', 'aria-hidden': 'true' }, String(pieces)), h('span', { class: 'unseen' }, pieces === 1 ? '1 piece' : `${pieces} pieces`)];
}

export function add(product) {
  const lines = read();
  write({ ...lines, [product.sku]: (lines[product.sku] ?? 0) + 1 });
  track('Product Added', propertiesOf(product));
}

function remove(product) {
  const { [product.sku]: quantity, ...rest } = read();
  write(rest);
  track('Product Removed', propertiesOf(product, quantity));
  fill();
}

function buy() {
  const lines = linesOf();
  const order = `HT-${Date.now().toString(36).toUpperCase()}`;
  const total = totalOf(lines);
  track('Order Completed', { order_id: order, revenue: total, total, currency: 'EUR', products: lines.map(({ product, quantity }) => propertiesOf(product, quantity)) });
  write({});
  const thanks = h('h2', { id: 'basket-title', tabindex: '-1' }, 'Thank you');
  content.replaceChildren(head(thanks),
    h('p', {}, `Your order ${order} over ${money(total)} is on its imaginary way.`),
    h('p', { class: 'soft' }, 'This is a demo shop: nothing is sent and nobody is charged.'));
  thanks.focus();
}

const head = (title) => h('div', { class: 'drawer-head' }, title, h('button', { type: 'button', class: 'plain', onclick: () => drawer.close() }, 'Close'));

function fill() {
  const lines = linesOf();
  content.replaceChildren(head(h('h2', { id: 'basket-title', tabindex: '-1' }, 'Your basket')),
    ...(lines.length === 0 ? [h('p', {}, 'It is empty, for now.')] : [
      h('ul', { class: 'lines' }, lines.map(({ product, quantity }) => h('li', {},
        h('img', { src: `/shop/pictures/${product.picture}.svg`, alt: '', width: 64, height: 64 }),
        h('div', {}, h('p', {}, product.name), h('p', { class: 'soft' }, `${quantity} × ${money(product.price)}`),
          h('button', { type: 'button', class: 'plain', 'aria-label': `Remove ${product.name}`, onclick: () => remove(product) }, 'Remove')),
        h('p', {}, money(product.price * quantity))))),
      h('p', { class: 'total' }, h('span', {}, 'Total'), h('span', {}, money(totalOf(lines)))),
      h('button', { type: 'button', class: 'primary', onclick: buy }, 'Buy')]));
}

function open() {
  fill();
  drawer.showModal();
  content.querySelector('h2').focus();
}

opener.append(...openerWords());
document.getElementById('basket').append(opener);
document.body.append(drawer);
