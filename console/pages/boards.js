// Shoppers' boards: what strangers see and nobody has looked at, what was reported, what an author objects to, what is hidden. The plugin
// boards keeps them; who waits the longest comes first, a decision to hide says why, and its author is told.

import { h, announce } from '../dom.js';
import { get, post, Problem } from '../api.js';
import { heading, pill, button, empty, ask } from '../parts.js';
import { ago, timeOf } from '../format.js';

const API = '/plugins/boards/api';
const SHOWN = { reported: 'Reported', appealed: 'Another look', new: 'New', hidden: 'Hidden' };
const STATES = { new: ['new', 'calm'], approved: ['looked at before', 'calm'], hidden: ['hidden', 'warn'] };
const KINDS = { boards: 'Board', items: 'Pin', comments: 'Comment' };
// There is no code for "negative": that somebody is not pleased is no reason to hide what she made.
const REASONS = { spam: 'Advertising', abuse: 'Insult or threat', 'personal-data': 'Something private about somebody', illegal: 'Against the law', copyright: 'Somebody else’s work', 'off-topic': 'Has nothing to do with the shop', 'unsafe-link': 'A dangerous link' };
const NOTHING = {
  reported: 'Nothing is reported', appealed: 'Nobody asks for another look', new: 'Everything new was looked at', hidden: 'Nothing is hidden' };

export function boards(mayChange) {
  let shown = 'reported';
  let items = [];
  let next = null;
  let limit = 25;
  let absent = null; // what the server says where the plugin is not there

  async function load() {
    try {
      ({ items, next } = await get(`${API}/queue?state=${shown}&limit=${limit}`));
      absent = null;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
      [items, next, absent] = [[], null, error.message];
    }
  }

  const at = ({ kind, id }) => `${API}/${kind}/${encodeURIComponent(id)}`;

  async function restore(item) {
    await post(`${at(item)}/restore`);
    announce(item.state === 'hidden' ? 'It is shown again, and its author is told.' : 'It stays.');
    await page.refresh();
  }

  async function hide(item) {
    const reason = h('select', { name: 'reason', required: true }, Object.entries(REASONS).map(([code, words]) => h('option', { value: code }, words)));
    const done = await ask({
      title: `Hide this ${KINDS[item.kind].toLowerCase()}?`, words: 'Its author alone sees it then, with the reason, and may ask for another look.',
      fields: [h('label', {}, 'Reason', reason)],
      confirm: 'Hide', tone: 'danger', act: () => post(`${at(item)}/hide`, { reason: reason.value }) });
    if (!done) return;
    announce('It is hidden, and its author is told why.');
    await page.refresh();
  }

  function row(item) {
    return h('li', { key: `${item.kind}-${item.id}` },
      h('div', { class: 'grow' },
        h('p', { class: 'meta' }, pill(...STATES[item.state]), ` ${KINDS[item.kind]}`, item.kind !== 'boards' && [' on ', h('bdi', {}, `“${item.title}”`)],
          item.visibility !== 'public' && ` · ${item.visibility}`, item.reason && ` · ${REASONS[item.reason] ?? item.reason}`),
        h('p', { class: 'said', dir: 'auto' }, item.says.trim() || 'Without words'),
        [item.url, item.image].map((address) => address && h('p', { class: 'meta' }, h('code', {}, address))),
        item.appeal && h('p', { class: 'said', dir: 'auto' }, `Its author says: “${item.appeal}”`),
        item.reports.length > 0 && h('ul', { class: 'meta' }, item.reports.map((report) => h('li', { dir: 'auto' }, `Reported: ${REASONS[report.reason] ?? report.reason}${report.note ? `: “${report.note}”` : ''}`)))),
      h('div', { class: 'side' },
        h('p', { class: 'meta' }, h('time', { datetime: item.at, title: timeOf(item.at) }, ago(item.at))),
        mayChange && h('div', { class: 'actions' },
          button(item.state === 'hidden' ? 'Show it again' : 'Leave it', () => restore(item)),
          (item.state !== 'hidden' || item.appeal) && button(item.appeal ? 'Keep it hidden…' : 'Hide…', () => hide(item), { class: 'danger quiet' }))));
  }

  const nothing = () => (absent
    ? empty('Nobody has boards yet', `${absent} Shoppers make boards where a feature names the plugin boards.`, 'build/parley plugins get boards')
    : empty(NOTHING[shown], 'The same list on the command line:', `build/parley plugins call boards GET "/queue?state=${shown}"`));

  const choose = ({ target }) => {
    shown = target.value;
    return page.refresh();
  };

  const page = {
    title: 'Boards',
    every: 5000,
    load,
    view: () => [
      heading('Boards', 'What shoppers collect and say about it. Who waits the longest comes first.',
        h('label', {}, 'Show ', h('select', { name: 'shown', onchange: choose }, Object.entries(SHOWN).map(([value, words]) => h('option', { value }, words))))),
      items.length === 0 ? nothing()
        : [h('ol', { class: 'rows', key: 'rows', 'aria-label': SHOWN[shown] }, items.map(row)),
          next && h('p', { key: 'more' }, button('More', () => { limit = Math.min(50, limit + 25); return page.refresh(); }))]],
  };
  return page;
}
