// The primary metric in parts: by week since each shopper's own entry, or by an attribute the trial breaks down by.

import { h } from '../dom.js';
import { get, Problem } from '../api.js';
import { failure, table } from '../parts.js';
import { count, figureOf, lift, meanOf, plural, pValue, range } from '../format.js';

const WEEK = '?series=week';
const columnsOf = (kind) => [{ name: 'Part' }, { name: 'Variant' }, ...['Units', figureOf(kind), 'Relative lift', 'Interval of the lift', 'p'].map((name) => ({ name, number: true }))];

const nameOf = (part) => (part.week ? `Week ${part.week}` : part.other ? `${plural(part.merged, 'other')} together` : part.value ?? 'not said');

const primaryOf = (part) => part.metrics.find(({ role }) => role === 'primary');

const rowsOf = (part) => {
  const { kind, variants } = primaryOf(part);
  return variants.map((variant) => [
    nameOf(part), variant.variant, count(variant.n), meanOf(kind)(variant.mean), lift(variant.relative?.estimate), range(lift, variant.relative), pValue(variant.difference?.p)]);
};

/** A panel that keeps what was chosen; `redraw` shows the page again. */
export function groupsPanel(path, redraw) {
  let chosen = '';
  let results = null;
  let trouble = null;

  async function choose(query) {
    chosen = query;
    results = trouble = null;
    if (!query) return redraw();
    try {
      const found = await get(`${path}/results${query}`);
      if (chosen === query) results = found;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      trouble = error;
    }
    return redraw();
  }

  const parts = () => {
    const shown = (results.groups ?? results.series).filter(primaryOf);
    return shown.length > 0 ? table('The primary metric in parts', columnsOf(primaryOf(shown[0]).kind), shown.flatMap(rowsOf)) : h('p', { class: 'meta' }, 'Nothing that can be told in these parts.');
  };

  const same = () => (results.heterogeneity ?? []).filter(({ p }) => p !== null).map(({ variant, p }) => h('p', { class: 'meta', key: variant },
    `That ${variant} does the same in all of them: p ${pValue(p)}.`));

  return (breakdowns = []) => h('section', { class: 'card', 'aria-labelledby': 'parts', key: 'parts' },
    h('h2', { id: 'parts' }, 'In parts'),
    h('label', { for: 'part' }, 'Show the primary metric'),
    h('select', { id: 'part', onchange: (event) => choose(event.target.value) },
      [['', 'of everybody'], [WEEK, 'by week since entry'], ...breakdowns.map((name) => [`?by=${encodeURIComponent(name)}`, `by ${name}`])]
        .map(([value, words]) => h('option', { value, selected: value === chosen }, words))),
    trouble && failure(trouble, 'There are no figures in these parts'),
    results && [parts(), same()]);
}
