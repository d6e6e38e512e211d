// One customer: what is known of her beside everything she said, asked and bought.

import { h, svg, announce } from '../dom.js';
import { get, post, put, patch, remove, Problem } from '../api.js';
import { heading, button, pill, ask } from '../parts.js';
import { ago, timeOf, plural } from '../format.js';

const PAGE = 50;

// A picture for each kind, beside its word: 24 by 24, strokes.
const PICTURES = {
  order: 'M5 8h14l-1 12H6zM9 8a3 3 0 0 1 6 0', refund: 'M9 7 4 12l5 5M4 12h11a5 5 0 0 1 0 10', cart: 'M3 4h3l2 11h10l2-8H7M9 20h.01M17 20h.01',
  product: 'M12 5c6 0 9 7 9 7s-3 7-9 7-9-7-9-7 3-7 9-7zM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z', wishlist: 'M12 20s-8-5-8-11a4 4 0 0 1 8-1 4 4 0 0 1 8 1c0 6-8 11-8 11z',
  vote: 'M4 12l5 5L20 6', message: 'M4 5h16v11H9l-5 4z', search: 'M10 4a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM15 15l6 6', identity: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 21a8 8 0 0 1 16 0',
  page: 'M6 3h8l4 4v14H6zM14 3v4h4' };
const OTHER = 'M12 5a7 7 0 1 1 0 14 7 7 0 0 1 0-14z';
const picture = (kind) => svg('svg', { viewBox: '0 0 24 24', class: 'picture', 'aria-hidden': 'true' }, svg('path', { d: PICTURES[kind] ?? OTHER }));
const ACTORS = { customer: '', agent: 'by an agent', system: 'by the system', plugin: 'by a feature' };
const written = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/** What was typed: a text, or JSON where JSON stood there before; nothing takes the fact away. */
function read(typed, before) {
  if (!typed) return null;
  if (before === undefined || typeof before === 'string') return typed;
  try {
    return JSON.parse(typed);
  } catch {
    return typed;
  }
}

export function customer(id, mayChange, mayErase) {
  const path = `/customers/${encodeURIComponent(id)}`;
  let who = null;
  let entries = [];
  let next = null;
  let pages = 1;
  let kinds = '';
  let words = '';

  async function load() {
    who = await get(path);
    const found = [];
    let before = '';
    for (let i = 0; i < pages && before !== null; i++) {
      const page = await get(`${path}/timeline?limit=${PAGE}${kinds && `&kinds=${kinds}`}${words && `&q=${encodeURIComponent(words)}`}${before && `&before=${encodeURIComponent(before)}`}`);
      found.push(...page.items);
      before = page.next;
    }
    [entries, next] = [found, before];
  }

  async function seen() {
    await put(`${path}/seen`, { id: entries[0].id });
    announce('Everything is marked as seen.');
    self.refresh();
  }

  async function correct(name, value) {
    const field = h('textarea', { id: 'value', rows: 2 });
    field.value = value === undefined ? '' : written(value);
    const called = h('input', { id: 'called', required: true, value: name });
    const done = await ask({
      title: name ? `Correct ${name}` : 'Add a fact', words: 'What staff say wins over what the shop tells later. An empty field takes the fact away.',
      fields: [!name && h('p', {}, h('label', { for: 'called' }, 'Fact'), called), h('p', {}, h('label', { for: 'value' }, 'Value'), field)],
      confirm: 'Save', act: () => patch(`${path}/traits`, { traits: { [called.value.trim()]: read(field.value.trim(), value) } }),
    });
    if (done) self.refresh();
  }

  async function automatic(name) {
    await patch(`${path}/traits`, { automatic: [name] });
    announce(`${name} is what the shop tells again.`);
    self.refresh();
  }

  async function unmerge(part) {
    const done = await ask({
      title: `Is ${part} somebody else after all?`, words: 'Both customers have again the timeline, the facts and the figures that were theirs.',
      confirm: 'They are two', act: () => post(`/customers/${encodeURIComponent(part)}/unmerge`) });
    if (done) self.refresh();
  }

  async function download() {
    const all = await get(`${path}/export`);
    const link = h('a', { download: `${who.id}.json` });
    link.href = URL.createObjectURL(new Blob([JSON.stringify(all, null, 2)], { type: 'application/json' }));
    link.click();
    URL.revokeObjectURL(link.href);
    announce(all.complete ? 'Everything that is held was saved.' : 'A plugin did not answer: its part is missing. Try again.');
  }

  async function erase() {
    const typed = h('input', { id: 'typed', required: true, autocomplete: 'off' });
    const done = await ask({
      title: `Erase ${who.id}?`, tone: 'danger', confirm: 'Erase for good',
      words: `Everything said, asked and bought under ${plural(who.keys.length, 'id')} is overwritten, in every plugin too. Figures of trials stay. It cannot be undone, and she is not collected again.`,
      fields: [h('p', {}, h('label', { for: 'typed' }, `Write ${who.id} to go on`), typed)],
      act: () => {
        if (typed.value.trim() !== who.id) throw new Problem({ title: 'this is another id', status: 0 });
        return remove(path);
      },
    });
    if (!done) return;
    announce('The customer was erased.');
    location.hash = '#/customers';
  }

  const facts = () => h('section', { class: 'card', 'aria-labelledby': 'facts', key: 'facts' },
    h('div', { class: 'heading' }, h('h2', { id: 'facts' }, 'Known facts'), h('div', { class: 'actions' }, mayChange && button('Add', () => correct(''), { class: 'quiet', 'aria-label': 'Add a fact' }))),
    Object.keys(who.traits).length === 0 ? h('p', { class: 'meta' }, 'None yet.')
      : h('dl', { class: 'known' }, Object.entries(who.traits).map(([name, { value, at, source }]) => h('div', { key: name },
        h('dt', {}, name), h('dd', {}, written(value), h('span', { class: 'meta' }, source === 'staff' ? ' · corrected ' : ' · told ', h('time', { datetime: at, title: timeOf(at) }, ago(at)))),
        mayChange && h('dd', { class: 'side' }, button('Correct', () => correct(name, value), { class: 'quiet', 'aria-label': `Correct ${name}` }),
          source === 'staff' && button('Lift', () => automatic(name), { class: 'quiet', 'aria-label': `Lift the correction of ${name}` }))))));

  const wishes = () => {
    const { pushes, muted, channels, perDay, perWeek, consent } = who.preferences;
    return h('section', { class: 'card', 'aria-labelledby': 'wishes', key: 'wishes' },
      h('h2', { id: 'wishes' }, 'Wishes and consent'),
      h('p', {}, pill(pushes ? 'may be written to' : 'wants nothing pushed', pushes ? 'live' : 'warn'), ` ${plural(who.pushes.day, 'push', 'pushes')} in a day, ${who.pushes.week} in a week`),
      muted.length > 0 && h('p', {}, 'Muted: ', muted.join(', ')),
      Object.keys(channels).length > 0 && h('p', {}, 'Not by: ', Object.keys(channels).join(', ')),
      (perDay !== null || perWeek !== null) && h('p', {}, 'Her own limits: ', [perDay !== null && `${perDay} a day`, perWeek !== null && `${perWeek} a week`].filter(Boolean).join(', ')),
      Object.entries(consent).map(([purpose, { granted, at }]) => h('p', { key: purpose }, `${purpose}: `, granted ? 'agreed' : 'refused', h('span', { class: 'meta' }, ' ', ago(at)))));
  };

  const entry = (e) => h('li', { key: e.id, class: e.unread && 'unread' },
    picture(e.kind),
    h('div', { class: 'grow' },
      h('p', {}, e.body, e.unread && [' ', pill('new', 'live')]),
      h('p', { class: 'meta' }, [e.kind, `by ${e.channel}`, ACTORS[e.actor]].filter(Boolean).join(' · '),
        Object.entries(e.refs).map(([name, value]) => [' · ', h('span', {}, `${name} `, h('code', {}, written(value)))]))),
    h('p', { class: 'side meta' }, h('time', { datetime: e.at, title: timeOf(e.at) }, ago(e.at))));

  const story = () => h('section', { 'aria-labelledby': 'story', key: 'story', class: 'story' },
    h('div', { class: 'heading' }, h('h2', { id: 'story' }, 'Timeline'),
      h('div', { class: 'actions' },
        h('input', { type: 'search', 'aria-label': 'Words in the timeline', placeholder: 'Words', onchange: ({ target }) => { words = target.value.trim(); pages = 1; self.refresh(); } }),
        h('label', { for: 'kinds', class: 'meta' }, 'Show'),
        h('select', { id: 'kinds', onchange: ({ target }) => { kinds = target.value; pages = 1; self.refresh(); } },
          [['', 'everything'], ['order,refund', 'orders'], ['message,question,answer', 'conversation'], ['vote,vote-withdrawn,review,wishlist', 'taking part'], ['exposure', 'trials met']].map(([value, words]) => h('option', { value }, words))),
        mayChange && entries.some((e) => e.unread) && button('Mark all as seen', seen))),
    entries.length === 0 ? h('p', { role: 'status' }, words ? 'Nothing with these words.' : 'Nothing of this kind.')
      : h('ol', { class: 'rows timeline', 'aria-label': 'Timeline' }, entries.map(entry)),
    next && h('p', {}, button('Older entries', () => { pages += 1; return self.refresh(); })));

  const self = {
    title: id,
    every: 5000,
    load,
    view: () => [
      h('p', { class: 'crumbs', key: 'crumbs' }, h('a', { href: '#/customers' }, 'Customers')),
      heading([written(who.traits.name?.value ?? who.id), who.suppressed && [' ', pill('erased', 'harm')]],
        [h('code', {}, who.id), who.keys.length > 1 && ` · ${plural(who.keys.length - 1, 'more id')}: ${who.keys.slice(1).join(', ')}`],
        button('Save everything held', download), mayChange && who.merged.map((part) => button(`Un-merge ${part}…`, () => unmerge(part), { key: part })),
        mayErase && button('Erase…', erase, { class: 'danger quiet' })),
      h('div', { class: 'beside', key: 'beside' }, story(), h('div', { class: 'aside' }, facts(), wishes()))],
  };
  return self;
}
