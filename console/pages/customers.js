// Customers: found by the beginning of id, name or e-mail; and those who may be one person.

import { h, announce } from '../dom.js';
import { all, get, post } from '../api.js';
import { heading, button, empty, ask } from '../parts.js';
import { ago, timeOf } from '../format.js';

const PAGE = 50;
const addressOf = (id) => `#/customers/${encodeURIComponent(id)}`;

export function customers(mayChange) {
  let wanted = '';
  let found = [];
  let next = null;
  let pages = 1;
  let proposals = [];

  async function load() {
    const items = [];
    let cursor = '';
    for (let i = 0; i < pages && cursor !== null; i++) {
      const page = await get(`/customers?limit=${PAGE}&q=${encodeURIComponent(wanted)}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      items.push(...page.items);
      cursor = page.next;
    }
    [found, next] = [items, cursor];
    proposals = await all('/merges');
  }

  function search({ target }) {
    wanted = target.value.trim();
    pages = 1;
    return self.refresh();
  }

  async function merge({ one, other }) {
    const done = await ask({
      title: `Are ${one} and ${other} one person?`,
      words: `${other} becomes part of ${one}: one timeline, one set of facts, one unit in every trial. It can be taken back, and both then have again what was theirs.`,
      confirm: 'They are one', act: () => post(`/customers/${encodeURIComponent(one)}/merge`, { other }),
    });
    if (!done) return;
    announce(`${other} is part of ${one} now.`);
    self.refresh();
  }

  const proposed = () => h('section', { class: 'card', 'aria-labelledby': 'proposals', key: 'proposals' },
    h('h2', { id: 'proposals' }, 'Possibly one person'),
    h('p', { class: 'meta' }, 'Two known customers were seen with the same device. Nothing is merged until somebody says so.'),
    h('ul', { class: 'rows' }, proposals.map((p) => h('li', { key: `${p.one} ${p.other}` },
      h('div', { class: 'grow' },
        h('p', {}, h('a', { href: addressOf(p.one) }, p.one), ' and ', h('a', { href: addressOf(p.other) }, p.other)),
        h('p', { class: 'meta' }, 'seen with ', h('code', {}, p.because), ' ', h('time', { datetime: p.at, title: timeOf(p.at) }, ago(p.at)))),
      mayChange && h('div', { class: 'side' }, button('Merge…', () => merge(p), { 'aria-label': `Merge ${p.one} and ${p.other}` }))))));

  const self = {
    title: 'Customers',
    every: 10000,
    load,
    view: () => [
      heading('Customers', 'Everybody who ever said who she is, with everything she said, asked and bought.'),
      h('div', { class: 'filter', key: 'search', role: 'search' },
        h('label', { for: 'q' }, 'Find'), h('input', { id: 'q', type: 'search', autocomplete: 'off', placeholder: 'Name, e-mail or id', oninput: search })),
      proposals.length > 0 && proposed(),
      found.length > 0 ? [
        h('ul', { class: 'rows', key: 'found', 'aria-label': 'Customers' }, found.map(row)),
        next && h('p', { key: 'more' }, button('More', () => { pages += 1; return self.refresh(); }))]
        : wanted ? h('p', { key: 'nobody', role: 'status' }, `Nobody's name, e-mail or id begins with “${wanted}”.`)
          : empty('Nobody is known yet', 'A customer is known as soon as the shop identifies her:',
            'curl $PARLEY_URL/v1/identify -H "Authorization: Bearer $PARLEY_TOKEN" -d \'{"userId":"c-1","traits":{"name":"Anna"}}\'')],
  };
  return self;
}

const row = ({ id, customer, name, email }) => h('li', { key: id },
  h('div', { class: 'grow' },
    h('h2', {}, h('a', { href: addressOf(customer) }, typeof name === 'string' ? name : id)),
    h('p', { class: 'meta' }, h('code', {}, id), typeof email === 'string' && ` · ${email}`, customer !== id && [' · part of ', h('code', {}, customer)])));
