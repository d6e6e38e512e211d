// Every trial with its state; each leads to its own page.

import { h } from '../dom.js';
import { all } from '../api.js';
import { heading, pill, empty, review } from '../parts.js';

/** How a state is shown wherever a trial is. */
export const STATES = { draft: 'calm', running: 'live', paused: 'warn', maturing: 'live', concluded: 'calm' };
const ORDER = ['running', 'maturing', 'paused', 'draft', 'concluded'];

export function trials() {
  let items = [];

  const row = (experiment) => h('li', { key: experiment.key },
    h('div', { class: 'grow' },
      h('h2', {}, h('a', { href: `#/trials/${encodeURIComponent(experiment.key)}` }, experiment.name || experiment.key)),
      experiment.hypothesis && h('p', { class: 'hypothesis' }, experiment.hypothesis),
      h('p', { class: 'meta' }, 'On ', h('code', {}, experiment.feature), ', judged by ', experiment.metrics?.primary ?? 'no metric yet'),
      review(experiment)),
    h('div', { class: 'side' }, pill(experiment.state, STATES[experiment.state])));

  return {
    title: 'Trials',
    every: 5000,
    async load() {
      items = (await all('/experiments')).sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
    },
    view: () => [
      heading('Trials', 'Each puts one feature in front of some shoppers, keeps a control group, and ends in a decision.'),
      items.length === 0
        ? empty('No trial yet', 'A trial compares the variants of one feature on a metric you choose. Create one from a JSON file, then start it here:', 'build/parley experiments put poll-trial.json')
        : h('ul', { class: 'rows', key: 'rows' }, items.map(row))],
  };
}
