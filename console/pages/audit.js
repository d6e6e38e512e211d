// Who changed what, newest first, with the difference each change made.

import { h } from '../dom.js';
import { get } from '../api.js';
import { heading, button, empty } from '../parts.js';
import { diff } from '../diff.js';
import { timeOf, ago, plural } from '../format.js';

const PAGE = 50;
const DONE = {
  create: 'created', update: 'changed', delete: 'deleted', restore: 'restored', kill: 'killed', unkill: 'lifted the kill of', start: 'started',
  pause: 'paused', resume: 'resumed', conclude: 'concluded', install: 'installed', activate: 'activated', rollback: 'rolled back', retire: 'retired', merge: 'merged', unmerge: 'took apart',
  correct: 'corrected the facts of', erase: 'erased', 'lift-suppression': 'lets be known again', change: 'came to another', crashed: 'saw a worker die of the', running: 'has a worker again of the',
  'stays-down': 'starts no more the', 'breaker-open': 'opened the breaker of the', 'breaker-closed': 'closed the breaker of the', remove: 'removed', replay: 'told again the' };
// A definition and its state are written apart, and are the same thing to the reader.
const KINDS = { experiment: 'trial', 'experiment-state': 'trial', 'feature-state': 'feature', 'plugin-state': 'plugin', verdict: 'verdict on' };
const doneTo = ({ kind, action }) => (kind.endsWith('-state') && action === 'create' ? 'prepared' : DONE[action] ?? action);

export function audit() {
  let items = [];
  let next = null;
  let pages = 1;

  /** As many pages as the reader has asked for, from the newest on. */
  async function load() {
    const found = [];
    let cursor = '';
    for (let i = 0; i < pages && cursor !== null; i++) {
      const page = await get(`/audit?limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      found.push(...page.items);
      cursor = page.next;
    }
    items = found;
    next = cursor;
  }

  function more() {
    pages += 1;
    return self.refresh();
  }

  const self = {
    title: 'Audit',
    every: 5000,
    load,
    view: () => [
      heading('Audit', 'Every change made by a person or by a schedule, with what stood there before.'),
      items.length === 0
        ? empty('Nothing has changed yet', 'As soon as somebody switches a feature or starts a trial, it is listed here. The same list on the command line:', 'build/parley audit list')
        : [h('ol', { class: 'rows audit', key: 'rows' }, items.map(row)), next && h('p', { key: 'more' }, button('Older entries', more))]],
  };
  return self;
}

function row(entry) {
  const changes = diff(entry.before, entry.after);
  return h('li', { key: String(entry.id) },
    h('div', { class: 'grow' },
      h('p', {}, h('strong', {}, entry.actor), ` ${doneTo(entry)} ${KINDS[entry.kind] ?? entry.kind} `, h('code', {}, entry.key), entry.version > 0 && h('span', { class: 'meta' }, ` version ${entry.version}`)),
      entry.note && h('p', { class: 'hypothesis' }, entry.note),
      changes.length > 0 && h('details', {}, h('summary', {}, plural(changes.length, 'change')), h('dl', { class: 'diff' }, changes.map(change)))),
    h('p', { class: 'side meta' }, h('time', { datetime: entry.at, title: timeOf(entry.at) }, ago(entry.at))));
}

const written = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

export const change = ({ place, before, after }) => h('div', {},
  h('dt', {}, h('code', {}, place || 'value')),
  h('dd', {}, before !== undefined && h('del', {}, written(before)), before !== undefined && after !== undefined && ' → ', after !== undefined && h('ins', {}, written(after))));
