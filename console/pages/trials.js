// Every trial with its state; each leads to its own page.

import { h } from '../dom.js';
import { all } from '../api.js';
import { heading, pill, empty, review } from '../parts.js';
import { plural } from '../format.js';

/** How a state is shown wherever a trial is. */
export const STATES = { draft: 'calm', running: 'live', paused: 'warn', maturing: 'live', concluded: 'calm' };
const ORDER = ['running', 'maturing', 'paused', 'draft', 'concluded'];

const ENDINGS = { ship: ['shipped', 'live'], rollback: ['rolled back', 'warn'], iterate: ['to iterate', 'calm'], retire: ['retired', 'calm'] };

/** Every word stands somewhere in what people wrote about the trial, its outcome included. */
const matches = (experiment, words) => {
  const { key, name, hypothesis, feature, owner, tags, outcome, outcomeNote, state } = experiment;
  const text = [key, name, hypothesis, feature, owner, outcome, outcomeNote, state, ...(tags ?? [])].join(' ').toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
};

export function trials() {
  let items = [];
  let wanted = '';

  const row = (experiment) => h('li', { key: experiment.key },
    h('div', { class: 'grow' },
      h('h2', {}, h('a', { href: `#/trials/${encodeURIComponent(experiment.key)}` }, experiment.name || experiment.key)),
      experiment.hypothesis && h('p', { class: 'hypothesis' }, experiment.hypothesis),
      h('p', { class: 'meta' }, 'On ', h('code', {}, experiment.feature), ', judged by ', experiment.metrics?.primary ?? 'no metric yet'),
      experiment.outcomeNote && h('p', { class: 'meta' }, `Decided: ${experiment.outcomeNote}`),
      review(experiment)),
    h('div', { class: 'side' }, experiment.outcome && pill(...ENDINGS[experiment.outcome]), pill(experiment.state, STATES[experiment.state])));

  const found = () => items.filter((experiment) => matches(experiment, wanted));

  const search = () => h('div', { class: 'filter', key: 'filter' },
    h('label', { for: 'filter' }, 'Find'),
    h('input', { id: 'filter', type: 'search', autocomplete: 'off', oninput: (event) => { wanted = event.target.value; page.redraw(); } }),
    h('p', { class: 'meta', role: 'status' }, wanted ? `${plural(found().length, 'trial')} of ${items.length}` : plural(items.length, 'trial')));

  const page = {
    title: 'Trials',
    every: 5000,
    async load() {
      items = (await all('/experiments')).sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
    },
    view: () => [
      heading('Trials', 'Each puts one feature in front of some shoppers, keeps a control group, and ends in a decision.'),
      items.length === 0
        ? empty('No trial yet', 'A trial compares the variants of one feature on a metric you choose. Create one from a JSON file, then start it here:', 'build/parley experiments put poll-trial.json')
        : [search(), h('ul', { class: 'rows', key: 'rows' }, found().map(row))]],
  };
  return page;
}
