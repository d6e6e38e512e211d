// What customers turn to more than usual, apart for shopping and for purchasing; who bought again, month by month; and who comes, day by day.

import { h, svg } from '../dom.js';
import { get } from '../api.js';
import { heading, button, empty, table } from '../parts.js';
import { count, share, plural, NOTHING } from '../format.js';

const KINDS = [['shopping', 'Shopping'], ['purchasing', 'Purchasing']];
const SHOWN = 20;
const MONTHS = 13; // columns of the cohorts: the first month and a year
const BAR = 26;

const score = (z) => z.toFixed(1);

export function trends() {
  let kind = 'shopping';
  let found = null;
  let cohorts = null;
  let future = null;
  let visits = null;

  async function load() {
    [found, cohorts, future, visits] = await Promise.all([get(`/trends?kind=${kind}&min=5&limit=${SHOWN}`), get('/cohorts?by=month&limit=24'), get('/lifetime?weeks=52&limit=1000'), get('/visits?limit=28')]);
  }

  function choose(next) {
    kind = next;
    return self.refresh();
  }

  const self = {
    title: 'Trends',
    every: 30_000,
    load,
    view: () => [
      heading('Trends', 'What more customers than usual turn to: the last 7 days against the 28 before.',
        KINDS.map(([name, label]) => button(label, () => choose(name), { 'aria-pressed': String(name === kind) }))),
      !found.complete && h('p', { class: 'notice', key: 'behind' }, 'The journal is still being read; figures grow.'),
      found.items.length === 0
        ? empty('Nothing trends yet', 'A product shows here when at least five customers turned to it within a week. The same list on the command line:', 'build/parley trends --min 5')
        : h('section', { key: 'trends' }, bars(found.items), table('Trending products', [{ name: 'Product' }, { name: 'Customers', number: true }, { name: '28 days before', number: true }, { name: 'Expected', number: true }, { name: 'Score', number: true }],
          found.items.map((i) => [i.item, count(i.customers), count(i.before), score(i.expected), score(i.z)]))),
      cohorts.items.length > 0 && h('section', { key: 'cohorts', class: 'spaced' }, h('h2', {}, 'Who buys again'),
        h('p', {}, `${plural(cohorts.again, 'customer')} of ${count(cohorts.customers)} bought again (${share(cohorts.againShare)}).`),
        heat(cohorts.items), cohortTable(cohorts.items)),
      future.purchases && h('section', { key: 'future', class: 'spaced' }, h('h2', {}, 'What they may still buy'), expected(future)),
      visits.items.length > 0 && h('section', { key: 'visits', class: 'spaced' }, h('h2', {}, 'Who comes, and comes back'),
        h('p', {}, 'Half an hour of silence ends a visit. A visitor comes back when she is there again so many days after her first day.'), visitTable(visits.items))],
  };
  return self;
}

const VISIT_COLUMNS = [{ name: 'Day' }, ...['Visitors', 'New', 'Visits', 'Mean stay', 'Back on day 1', 'Day 7', 'Day 28'].map((name) => ({ name, number: true }))];
const stay = (seconds) => (seconds < 60 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);
const cameBack = (day, after) => (day.back[after] === null || day.new === 0 ? NOTHING : share(day.back[after] / day.new));
const visitTable = (items) => table('Visits by day', VISIT_COLUMNS,
  items.map((day) => [day.day, count(day.visitors), count(day.new), count(day.visits), stay(day.dwell), cameBack(day, 1), cameBack(day, 7), cameBack(day, 28)]));

/** A bar for each product, as long as its score. */
function bars(items) {
  const width = 640, left = 200, height = items.length * BAR, most = Math.max(...items.map((i) => i.z), 1);
  const words = items.map((i) => `${i.item}: ${plural(i.customers, 'customer')}, score ${score(i.z)}.`).join(' ');
  return h('figure', { class: 'plot' },
    svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'Scores of trending products' }, svg('desc', {}, words),
      items.map((item, i) => [
        svg('text', { x: left - 8, y: i * BAR + 17, 'text-anchor': 'end' }, item.item.slice(0, 24)),
        svg('rect', { class: 'bar-mark', x: left, y: i * BAR + 4, width: Math.max(1, (Math.max(0, item.z) / most) * (width - left - 60)), height: BAR - 8, rx: 3 }),
        svg('text', { x: left + (Math.max(0, item.z) / most) * (width - left - 60) + 6, y: i * BAR + 17 }, score(item.z))])));
}

const shareAt = (cohort, k) => (cohort.customers ? cohort.active[k] / cohort.customers : 0);

/** The next year as the model sees it (docs/statistics.md): an expectation, no promise. */
const expected = (f) => [
  h('p', {}, `Of ${plural(f.customers, 'customer')} about ${count(Math.round(f.alive))} are expected to be still around, and to place ${count(Math.round(f.orders))} more orders within ${f.weeks} weeks of ${f.at}${f.value === null ? '.' : `, worth ${count(Math.round(f.value))}.`}`),
  table('Expected within the next year, by the month of the first purchase', [{ name: 'Month' }, { name: 'Customers', number: true }, { name: 'Still around', number: true }, { name: 'Orders', number: true }, { name: 'Value', number: true }],
    f.items.map((g) => [g.cohort, count(g.customers), count(Math.round(g.alive)), count(Math.round(g.orders)), g.value === null ? '' : count(Math.round(g.value))])),
];

/** The darker a square, the more of the month's new customers bought in that month after. The table below has the numbers. */
function heat(items) {
  const cell = 44, left = 90, columns = Math.min(MONTHS, Math.max(...items.map((c) => c.active.length)));
  return h('figure', { class: 'plot' },
    svg('svg', { viewBox: `0 0 ${left + columns * cell} ${items.length * 26}`, role: 'img', 'aria-label': 'Share of each month\'s new customers who bought in the months after' },
      items.map((cohort, i) => [
        svg('text', { x: left - 8, y: i * 26 + 17, 'text-anchor': 'end' }, cohort.cohort),
        cohort.active.slice(0, MONTHS).map((n, k) => svg('rect', { class: 'bar-mark', x: left + k * cell + 1, y: i * 26 + 1, width: cell - 2, height: 24, rx: 3, 'fill-opacity': Math.max(0.06, shareAt(cohort, k)).toFixed(2) },
          svg('title', {}, `${cohort.cohort}, month ${k}: ${plural(n, 'customer')}, ${share(shareAt(cohort, k))}`)))])));
}

const cohortTable = (items) => table('Customers by the month of their first purchase', [{ name: 'Month' }, { name: 'Customers', number: true }, ...Array.from({ length: MONTHS - 1 }, (_, k) => ({ name: `+${k + 1}`, number: true }))],
  items.map((c) => [c.cohort, count(c.customers), ...Array.from({ length: MONTHS - 1 }, (_, k) => (k + 1 < c.active.length ? share(shareAt(c, k + 1)) : ''))]));
