// The inbox: who waits for an answer, the longest first; then who spoke last.

import { h } from '../dom.js';
import { get } from '../api.js';
import { heading, button, pill, empty, table } from '../parts.js';
import { ago, timeOf, plural, count, share, NOTHING } from '../format.js';
import { follow } from '../stream.js';

export const CONVERSATIONS = '/plugins/conversations/api';
const PAGE = 30;
const STATUSES = { open: ['waits for us', 'warn'], waiting: ['answered', 'calm'], snoozed: ['put aside', 'calm'], closed: ['closed', 'calm'] };
export const statusPill = ({ status }) => pill(...STATUSES[status]);
/** Her name, or the address she wrote from; a visitor's id says nothing to anybody, so its end tells visitors apart. */
export const nameOf = ({ name, known, customer }) => name ?? (known ? customer : customer.startsWith('anon-') ? `Visitor ${customer.slice(-4)}` : customer.replace(/^(email|store):/, ''));
export const since = (at, words) => h('time', { datetime: at, title: timeOf(at) }, `${words} ${ago(at)}`);

const DAYS = 30; // that agents are looked at
const waited = (seconds) => (seconds < 90 ? `${count(Math.round(seconds))} s` : seconds < 5400 ? `${count(Math.round(seconds / 60))} min` : `${count(Math.round(seconds / 3600))} h`);
const AGENTS = [{ name: 'Agent' }, { name: 'Answers sent', number: true }, { name: 'Of them canned', number: true }, { name: 'Messages answered', number: true }, { name: 'After, on average', number: true }, { name: 'Thanked for', number: true }];

/** How those who answer do: near-identical answers to many customers are canned. */
const agentsTable = (agents) => h('section', { key: 'agents', 'aria-labelledby': 'agents' }, h('h2', { id: 'agents' }, 'Who answers'),
  table(`The last ${DAYS} days, agent by agent`, AGENTS, agents.map((a) => [a.agent, count(a.sent), share(a.cannedRate), count(a.answered), a.answered > 0 ? waited(a.meanSeconds) : NOTHING, count(a.thanks)])));

export function inbox() {
  const wanted = { status: '', assignee: '', unread: '', q: '' };
  let found = [];
  let agents = [];
  let next = null;
  let pages = 1;
  let asked = 0;
  let shown = 0; // of the askings: an older answer never replaces a newer one
  let me = null;
  let stop = null;

  async function load() {
    stop ??= follow({ onOpen: () => self.refresh(), onEvent: (name, data) => { if (name === 'plugin-note' && data.plugin === 'conversations') self.refresh(); } });
    const mine = ++asked;
    me ??= (await get('/whoami')).name;
    const filters = new URLSearchParams({ ...wanted, assignee: wanted.assignee === 'me' ? me : wanted.assignee, limit: PAGE });
    const items = [];
    const answering = get(`${CONVERSATIONS}/agents?days=${DAYS}`);
    let cursor = '';
    for (let i = 0; i < pages && cursor !== null; i++) {
      const page = await get(`${CONVERSATIONS}/inbox?${filters}${cursor && `&cursor=${cursor}`}`);
      items.push(...page.items);
      cursor = page.next;
    }
    const { items: all } = await answering;
    if (mine < shown) return;
    [found, next, agents, shown] = [items, cursor, all, mine];
  }

  function filter(name, value) {
    wanted[name] = value;
    pages = 1;
    self.refresh();
  }

  const select = (name, label, choices) => [
    h('label', { for: name, class: 'meta' }, label),
    h('select', { id: name, onchange: ({ target }) => filter(name, target.value) }, choices.map(([value, words]) => h('option', { value }, words)))];

  const row = ({ thread, last }) => h('li', { key: thread.customer, class: thread.unread > 0 && 'unread' },
    h('div', { class: 'grow' },
      h('p', { class: 'name' }, h('a', { href: `#/inbox/${encodeURIComponent(thread.customer)}` }, nameOf(thread))),
      h('p', { class: 'one-line' }, last ?? ''),
      h('p', { class: 'meta' }, [nameOf(thread) !== thread.customer && h('code', {}, thread.customer), thread.assignee ? `with ${thread.assignee}` : 'nobody has it yet'].filter(Boolean).map((part, i) => [i > 0 && ' · ', part]))),
    h('div', { class: 'side' },
      h('p', {}, thread.unread > 0 && [pill(`${plural(thread.unread, 'new message')}`, 'live'), ' '], statusPill(thread)),
      h('p', { class: 'meta' }, thread.status === 'snoozed' ? since(thread.snoozedUntil, 'back')
        : thread.waitingSince ? since(thread.waitingSince, 'asked') : since(thread.lastAt, 'last word'))));

  const self = {
    title: 'Inbox',
    every: 15000,
    load,
    leave: () => stop?.(),
    view: () => [
      heading('Inbox', 'One conversation for each customer, whatever the channel. Who waits longest stands first.'),
      h('div', { class: 'inbox-filter', key: 'filter', role: 'search' },
        h('p', {}, h('label', { for: 'q', class: 'meta' }, 'Find'), h('input', { id: 'q', type: 'search', autocomplete: 'off', placeholder: 'Name, id or words', oninput: ({ target }) => filter('q', target.value.trim()) })),
        h('p', {}, select('status', 'Status', [['', 'all'], ['open', 'waits for us'], ['waiting', 'answered'], ['snoozed', 'put aside'], ['closed', 'closed']])),
        h('p', {}, select('assignee', 'With', [['', 'anybody or nobody'], ['me', 'me'], ['none', 'nobody']])),
        h('label', { class: 'choice' }, h('input', { type: 'checkbox', onchange: ({ target }) => filter('unread', target.checked ? 'yes' : '') }), 'Only with new messages')),
      found.length > 0 ? [
        h('ul', { class: 'rows inbox', key: 'found', 'aria-label': 'Conversations' }, found.map(row)),
        next && h('p', { key: 'more' }, button('More', () => { pages += 1; return self.refresh(); }))]
        : Object.values(wanted).some(Boolean) ? h('p', { key: 'nothing', role: 'status' }, 'No conversation fits.')
          : empty('Nobody has written yet', 'Shoppers write through a feature one of whose variants is the plugin “conversations”:',
            '{"variants":{"on":{"value":"on","plugin":"conversations"},"off":{"value":"off"}}}'),
      agents.length > 0 && agentsTable(agents)],
  };
  return self;
}
