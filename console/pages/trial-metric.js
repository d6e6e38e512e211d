// One metric of a trial: the plot of its effect and the table that says the same in figures.

import { h } from '../dom.js';
import { table } from '../parts.js';
import { intervalPlot } from '../plot.js';
import { NOTHING, count, lift, pValue, chance, range, share, statistic, figureOf, meanOf, differenceOf, unitOf } from '../format.js';

const ROLES = { primary: 'Primary metric', secondary: 'Secondary metric', guardrail: 'Guardrail' };

const columnsOf = (kind) => [{ name: 'Variant' }, ...['Units', figureOf(kind), 'Difference', 'Relative lift', 'Interval of the lift', 'p', 'Fixed test', 'Chance to beat'].map((name) => ({ name, number: true }))];

const nameOf = (metric) => metric.name || metric.metric;

/** `metric` as the results have it, with the `name` of its definition where it has one. */
export function metricSection(metric, experiment) {
  const id = `metric-${metric.metric}`;
  const treated = metric.variants.filter((variant) => variant.difference);
  return h('section', { class: 'card metric', 'aria-labelledby': id, key: id },
    h('p', { class: 'eyebrow' }, ROLES[metric.role] ?? metric.role, metric.name && [' · ', h('code', {}, metric.metric)]),
    h('h2', { id }, nameOf(metric)),
    treated.length > 0 && intervalPlot(plotOf(metric, treated, experiment)),
    figures(metric, experiment.control),
    treated.flatMap((variant) => notes(variant, metric.kind)));
}

function figures(metric, control) {
  const mean = meanOf(metric.kind);
  const difference = differenceOf(metric.kind);
  return table(`${nameOf(metric)}: figures per variant`, columnsOf(metric.kind), metric.variants.map((variant) => [
    variant.variant, count(variant.n), mean(variant.mean),
    variant.variant === control ? 'control' : difference(variant.difference?.estimate),
    lift(variant.relative?.estimate), range(lift, variant.relative),
    pValue(variant.difference?.pAdjusted), fixedTest(variant.fixed),
    chance(variant.bayes?.chanceToBeat)]));
}

/** "z −1.78, p 0.074", for whoever checks by a textbook. */
const fixedTest = (fixed) => (Number.isFinite(fixed?.z ?? fixed?.t) ? `${'z' in fixed ? 'z' : 't'} ${statistic(fixed.z ?? fixed.t)}, p ${pValue(fixed.p)}` : NOTHING);

/** What is said of a treatment beside its figures: what its guardrail knows, and what history saved. */
function notes({ variant, guardrail, cuped }, kind) {
  const harm = differenceOf(kind);
  const known = guardrail?.fires ? 'harm beyond it is certain' : guardrail?.passes ? 'harm beyond it is excluded' : 'not known yet';
  return [
    guardrail && `${variant}: harm at most ${harm(guardrail.high)}, margin ${guardrail.relative ? `${share(guardrail.margin)} of control` : harm(guardrail.margin)}: ${known}.`,
    cuped && `${variant}: what shoppers did before they entered saves ${share(cuped.reduction)} of the variance; ${share(cuped.coverage)} have such a history.`,
  ].filter(Boolean).map((words) => h('p', { class: 'meta' }, words));
}

const CARD = 50; // its padding and border, both sides

/** What a card leaves for a plot on this screen. */
export function plotWidth() {
  const main = document.getElementById('main');
  const { paddingLeft, paddingRight } = getComputedStyle(main);
  return main.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - CARD;
}

function plotOf(metric, treated, experiment) {
  const format = differenceOf(metric.kind), unit = unitOf(metric.kind);
  const control = metric.variants.find(({ variant }) => variant === experiment.control);
  const indifferent = metric.role === 'primary' && experiment.mde ? Math.abs(experiment.mde * control.mean) : 0;
  return {
    title: `Difference of ${nameOf(metric)} from ${control.variant}`,
    axis: [`Difference from ${control.variant}`, unit && `(${unit})`].filter(Boolean).join(' '),
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
