// One metric of a trial: the plot of its effect and the table that says the same in figures.

import { h } from '../dom.js';
import { table } from '../parts.js';
import { intervalPlot } from '../plot.js';
import { count, lift, pValue, chance, range, meanOf, differenceOf, unitOf } from '../format.js';

const ROLES = { primary: 'Primary metric', secondary: 'Secondary metric', guardrail: 'Guardrail' };

const COLUMNS = [{ name: 'Variant' }, ...['Units', 'Mean', 'Difference', 'Relative lift', 'Interval of the lift', 'p', 'Chance to beat'].map((name) => ({ name, number: true }))];

const nameOf = (metric) => metric.name || metric.metric;

/** `metric` as the results have it, with the `name` of its definition where it has one. */
export function metricSection(metric, experiment) {
  const id = `metric-${metric.metric}`;
  const treated = metric.variants.filter((variant) => variant.difference);
  return h('section', { class: 'card metric', 'aria-labelledby': id, key: id },
    h('p', { class: 'eyebrow' }, ROLES[metric.role] ?? metric.role, metric.name && [' · ', h('code', {}, metric.metric)]),
    h('h2', { id }, nameOf(metric)),
    treated.length > 0 && intervalPlot(plotOf(metric, treated, experiment)),
    figures(metric, experiment.control));
}

function figures(metric, control) {
  const mean = meanOf(metric.kind);
  const difference = differenceOf(metric.kind);
  return table(`${nameOf(metric)}: figures per variant`, COLUMNS, metric.variants.map((variant) => [
    variant.variant, count(variant.n), mean(variant.mean),
    variant.variant === control ? 'control' : difference(variant.difference?.estimate),
    lift(variant.relative?.estimate), range(lift, variant.relative),
    pValue(variant.difference?.pAdjusted),
    chance(variant.bayes?.chanceToBeat)]));
}

const CARD = 50; // its padding and border, both sides

/** What a card leaves for a plot on this screen. */
export function plotWidth() {
  const main = document.getElementById('main');
  const { paddingLeft, paddingRight } = getComputedStyle(main);
  return main.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - CARD;
}

function plotOf(metric, treated, experiment) {
  const format = differenceOf(metric.kind);
  const control = metric.variants.find(({ variant }) => variant === experiment.control);
  const indifferent = metric.role === 'primary' && experiment.mde ? Math.abs(experiment.mde * control.mean) : 0;
  return {
    title: `Difference of ${nameOf(metric)} from ${control.variant}`,
    axis: `Difference from ${control.variant} (${unitOf(metric.kind)})`,
    format,
    width: plotWidth(),
    indifferent,
    explained: metric.role === 'primary',
    rows: treated.map((variant) => ({
      label: variant.variant,
      estimate: variant.difference.estimate,
      intervals: [
        { name: 'sequential', low: variant.sequential?.low, high: variant.sequential?.high },
        { name: 'fixed', low: variant.fixed?.low, high: variant.fixed?.high }],
    })),
  };
}
