// Every page that the shop composes, with what is on it; and the way to a new one.

import { h } from '../dom.js';
import { all, put, Problem } from '../api.js';
import { heading, pill, button, empty, ask } from '../parts.js';
import { plural, ago, timeOf } from '../format.js';

export function pages(mayChange) {
  let items = [];

  async function create() {
    const key = h('input', { id: 'page-key', required: true, maxlength: 64, pattern: '[A-Za-z0-9][A-Za-z0-9._\\-]*', autocomplete: 'off', 'aria-describedby': 'page-key-help' });
    const done = await ask({
      title: 'A new page', words: 'It is empty at first. The shop asks for it by its key.',
      fields: [h('label', { for: 'page-key' }, 'Key'), key, h('p', { class: 'meta', id: 'page-key-help' }, 'Letters, digits, dot, dash and underscore, such as home')],
      confirm: 'Create', act: () => {
        if (items.some((page) => page.key === key.value)) throw new Problem({ status: 409, title: 'there is a page of that key already' });
        return put(`/pages/${encodeURIComponent(key.value)}`, { sections: {} });
      } });
    if (done) location.hash = `#/pages/${encodeURIComponent(key.value)}`;
  }

  const row = (page) => h('li', { key: page.key },
    h('div', { class: 'grow' },
      h('h2', {}, h('a', { href: `#/pages/${encodeURIComponent(page.key)}` }, page.name || page.key)),
      h('p', { class: 'meta' }, h('code', {}, page.key), page.owner && ` · Owner ${page.owner}`),
      h('p', { class: 'meta' }, page.order.map((id) => page.sections[id].title || id).join(', ') || 'Nothing is on it.')),
    h('div', { class: 'side' },
      pill(plural(page.order.length, 'section')), page.layout && pill('layout on trial', 'live'),
      h('p', { class: 'meta' }, h('time', { datetime: page.updatedAt, title: timeOf(page.updatedAt) }, ago(page.updatedAt)))));

  return {
    title: 'Pages', every: 5000,
    async load() { items = await all('/pages'); },
    view: () => [
      heading('Pages', 'Sections in an order, each of them a feature. What is placed, moved or put to rest here is with shoppers at once; nothing is deployed.',
        mayChange && button('New page', create, { class: 'primary' })),
      items.length === 0
        ? empty('No page yet', 'A page is composed for each shopper from the features that you put on it, in your order. Create one here, or from a JSON file:', 'build/parley pages put home.json')
        : h('ul', { class: 'rows', key: 'rows' }, items.map(row))],
  };
}
