// One trial: what it asks, where it stands, what to do about it, and how sure one can be.

import { h, announce } from '../dom.js';
import { all, file, get, post, Problem } from '../api.js';
import { heading, pill, button, failure, review, ask, withCode } from '../parts.js';
import { metricSection, plotWidth } from './trial-metric.js';
import { groupsPanel } from './trial-groups.js';
import { planPanel } from './trial-plan.js';
import { timeSection } from './trial-time.js';
import { STATES } from './trials.js';
import { count, plural, pValue, clockOf, timeOf, share } from '../format.js';

const OUTCOMES = [
  ['ship', 'Ship', 'everybody gets the variant chosen below'],
  ['rollback', 'Roll back', 'everybody gets the control'],
  ['iterate', 'Iterate', 'the trial ends and the feature goes back to draft'],
  ['retire', 'Retire', 'the trial ends and the feature is taken off the shop']];

const CALLS = { ship: 'Ship it', 'keep-running': 'Keep running', 'stop-harm': 'Stop: it does harm', 'no-difference': 'No difference worth having' };
const TONES = { ship: 'live', 'keep-running': 'calm', 'stop-harm': 'harm', 'no-difference': 'calm' };
const ENDINGS = { ship: 'shipped', rollback: 'rolled back', iterate: 'to be iterated', retire: 'retired' };
const EXCLUDED = {
  multipleExposure: 'met two variants', exposureMismatch: 'reported another variant than they were given', fallback: 'got the fallback',
  tooLate: 'came too late', unknownVariation: 'named an unknown variant', ruleOverride: 'were caught by a rule later' };

export function trial(key, mayChange) {
  const path = `/experiments/${encodeURIComponent(key)}`;
  let experiment = null;
  let results = null;
  let looks = [];
  let names = null; // metric key → name
  let silent = null; // why there are no results, although the trial has started
  let trouble = null;
  let cautions = []; // what the latest step was made with all the same
  const plan = planPanel(path, () => page.redraw());
  const parts = groupsPanel(path, () => page.redraw());

  async function load() {
    const call = results?.verdict?.call;
    experiment = await get(path);
    names ??= new Map((await all('/metrics')).map((metric) => [metric.key, metric.name]));
    await loadResults();
    const now = results?.verdict?.call;
    if (call && now && now !== call) announce(`The verdict has changed: ${CALLS[now]}.`);
  }

  /** A trial can be paused and concluded even while its figures cannot be had. */
  async function loadResults() {
    silent = null;
    if (experiment.state === 'draft') return;
    try {
      results = await get(`${path}/results`);
      looks = (await get(`${path}/looks?limit=1000`)).items;
    } catch (error) {
      if (!(error instanceof Problem) || error.status === 401) throw error;
      silent = error;
    }
  }

  /** The report as a file of its own: a page cannot hand its token to a link. */
  async function report() {
    const link = h('a', { download: `${key}.html` });
    link.href = URL.createObjectURL(await file(`${path}/report`));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    announce('The report was saved.');
  }

  async function step(verb, done) {
    try {
      cautions = (await post(`${path}/${verb}`)).warnings ?? [];
      trouble = null;
      announce(done);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      trouble = error;
    }
    await page.refresh();
  }

  async function conclude() {
    const variants = Object.keys(experiment.weights).filter((variant) => variant !== experiment.control);
    const done = await ask({
      title: `Conclude ${nameOf()}`,
      words: 'The trial ends for good. The decision and your note go into the audit log.',
      fields: concludeFields(variants, results?.verdict?.variant),
      confirm: 'Conclude',
      act: (form) => {
        const { outcome, variant, note } = Object.fromEntries(new FormData(form));
        return post(`${path}/conclude`, { outcome, note, ...(outcome === 'ship' && { variant }) });
      },
    });
    if (!done) return;
    announce('The trial is concluded.');
    await page.refresh();
  }

  const nameOf = () => experiment.name || key;

  const steps = () => mayChange && {
    draft: [button('Start', () => step('start', 'The trial is running.'), { class: 'primary' })],
    running: [button('Pause', () => step('pause', 'The trial is paused.')), button('Conclude…', conclude, { class: 'primary' })],
    paused: [button('Resume', () => step('resume', 'The trial is running again.'), { class: 'primary' }), button('Conclude…', conclude)],
    maturing: [button('Conclude…', conclude, { class: 'primary' })],
    concluded: [],
  }[experiment.state];

  const view = () => [
    h('nav', { class: 'crumbs', 'aria-label': 'Breadcrumb', key: 'crumbs' }, h('a', { href: '#/trials' }, 'Trials')),
    heading([nameOf(), ' ', pill(experiment.state, STATES[experiment.state])], experiment.hypothesis, results && button('Save the report', report), steps()),
    trouble && failure(trouble),
    cautions.map(({ code, detail }) => h('p', { class: 'notice warn', role: 'status', key: code }, withCode(detail))),
    h('div', { class: 'facts', key: 'facts' },
      h('p', { class: 'meta' }, h('code', {}, key), ' on ', h('code', {}, experiment.feature), `, ${experiment.traffic ?? 100}% of the audience`),
      experiment.startedAt && h('p', { class: 'meta' }, `Since ${timeOf(experiment.startedAt)}`), review(experiment)),
    experiment.state === 'concluded' && ending(),
    silent && h('div', { key: 'silent' }, failure(silent, 'The figures could not be read')),
    mayChange && ['draft', 'running', 'paused'].includes(experiment.state) && plan(),
    results ? figures() : experiment.state === 'draft' && h('section', { class: 'card', key: 'draft' }, h('h2', {}, 'Not started'), h('p', {}, 'Nobody meets this trial yet. Once started, its first figures appear here as shoppers come.'))];

  const figures = () => [verdict(), warnings(), people(),
    results.metrics.map((metric) => metricSection({ name: names.get(metric.metric), ...metric }, experiment)),
    timeSection(looks, results.variants, plotWidth()), parts(experiment.breakdowns), footer()];

  const ending = () => h('section', { class: 'card', 'aria-label': 'Decision', key: 'ending' },
    h('p', {}, h('strong', {}, `Concluded ${timeOf(experiment.concludedAt)}: `), ENDINGS[experiment.outcome], experiment.outcomeVariant && ` ${experiment.outcomeVariant}`, '.'),
    experiment.outcomeNote && h('p', { class: 'hypothesis' }, experiment.outcomeNote));

  function verdict() {
    const { call, words, variant, daysLeft } = results.verdict;
    return h('section', { class: `card verdict ${TONES[call] ?? 'calm'}`, 'aria-label': 'Verdict', key: 'verdict' },
      h('p', { class: 'eyebrow' }, experiment.state === 'concluded' ? 'Verdict at the end' : 'Verdict so far'),
      h('p', { class: 'call' }, CALLS[call] ?? call, call === 'ship' && variant && `: ${variant}`),
      words && h('p', {}, withCode(words)),
      Number.isFinite(daysLeft) && call === 'keep-running' && h('p', { class: 'meta' }, `About ${plural(Math.ceil(daysLeft), 'day')} left at the present pace.`));
  }

  const warnings = () => results.warnings.length > 0 && h('section', { class: 'notice warn', 'aria-label': 'Warnings', key: 'warnings' },
    h('ul', {}, results.warnings.map((warning) => h('li', {}, withCode(warning.detail), ' ', h('code', {}, warning.code)))));

  function people() {
    const total = results.variants.reduce((sum, variant) => sum + variant.units, 0);
    return h('section', { class: 'card', key: 'people' },
      h('h2', {}, 'Who is in'),
      h('ul', { class: 'shares' }, results.variants.map((variant) => h('li', {},
        h('span', {}, variant.key, variant.control && h('span', { class: 'meta' }, ' control')),
        h('meter', { min: 0, max: Math.max(total, 1), value: variant.units, 'aria-label': `Units in ${variant.key}` }),
        h('span', { class: 'number' }, count(variant.units), h('span', { class: 'meta' }, total > 0 && ` ${share(variant.units / total)}`))))),
      total > 0 && srm(results.srm), excluded(results.excluded));
  }

  const footer = () => h('p', { class: 'meta', key: 'footer' },
    `Figures as of ${clockOf(new Date(results.asOf))}, refreshed every few seconds. Intervals of the ${experiment.analysis?.method ?? 'sequential'} method decide; the sequential ones hold whenever you look.`);

  const page = { title: key, every: 3000, load, view };
  return page;
}

function srm(test) {
  const figures = ` (χ² ${test.chi2.toFixed(2)}, p ${pValue(test.p)})`;
  const words = {
    ok: 'The groups are as large as planned', warn: 'The groups look less balanced than planned; check how shoppers are assigned',
    alarm: 'The groups are not as large as planned, so these figures cannot be trusted: find out why before you decide' };
  return h('p', { class: test.verdict === 'ok' ? 'meta' : `notice ${test.verdict === 'alarm' ? 'harm' : 'warn'}`, key: 'srm' }, words[test.verdict], figures, '.');
}

function excluded(counts) {
  const some = Object.entries(EXCLUDED).filter(([name]) => counts?.[name] > 0);
  return some.length > 0 && h('p', { class: 'meta', key: 'excluded' }, 'Left out or noted: ', some.map(([name, words]) => `${count(counts[name])} ${words}`).join(', '), '.');
}

function concludeFields(variants, best) {
  const shipped = h('div', { class: 'field', hidden: true },
    h('label', { for: 'variant' }, 'Variant to ship'),
    h('select', { id: 'variant', name: 'variant' }, variants.map((variant) => h('option', { selected: variant === best }, variant))));
  const option = ([value, label, words]) => h('label', { class: 'choice' },
    h('input', { type: 'radio', name: 'outcome', value, required: true, onchange: () => { shipped.hidden = value !== 'ship'; } }),
    h('span', {}, h('strong', {}, label), `: ${words}`));
  return [
    h('fieldset', {}, h('legend', {}, 'Outcome'), OUTCOMES.map(option)), shipped,
    h('label', { for: 'note' }, 'Note'),
    h('textarea', { id: 'note', name: 'note', rows: 3 })];
}
