// The interval plot: per variant a point and two intervals around it (the one that holds whenever one looks,
// and the fixed one), on one axis with a zero line. Draws numbers; knows nothing of trials or metrics.

import { h, svg } from './dom.js';
import { range } from './format.js';

const ROW = 60;
const TOP = 8;
const AXIS = 52;
const SIDE = 20;
const NARROW = 480; // below this a label stands above its interval, else beside it
const LETTER = 8; // about the width of one

/** Round tick values (1, 2 or 5 times a power of ten) from `low` to `high`, about `n` of them. */
export function ticks(low, high, n) {
  const rough = (high - low) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => power * factor >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

/** The span of all intervals and of zero, with a little air on both sides. */
function spanOf(rows, indifferent) {
  const ends = rows.flatMap((row) => [row.estimate, ...row.intervals.flatMap(({ low, high }) => [low, high])]).filter(Number.isFinite);
  const low = Math.min(0, -indifferent, ...ends);
  const high = Math.max(0, indifferent, ...ends);
  const air = (high - low) * 0.06 || 1;
  return { low: low - air, high: high + air };
}

/**
 * {title, axis, format(number) → text, width, indifferent, explained, rows: [{label, estimate, intervals: [{name, low, high}]}]}
 * → a figure `width` pixels wide. `indifferent` is half the band around zero that is too small to matter
 * (0: none); `explained` adds the legend.
 */
export function intervalPlot({ title, axis, format, width, indifferent, explained, rows }) {
  const narrow = width < NARROW;
  const left = narrow ? SIDE : SIDE + Math.min(160, LETTER * Math.max(...rows.map(({ label }) => label.length)));
  const bottom = TOP + rows.length * ROW;
  const span = spanOf(rows, indifferent);
  const x = (value) => left + ((value - span.low) / (span.high - span.low)) * (width - SIDE - left);
  const words = rows.map((row) => `${row.label}: ${format(row.estimate)}, ${row.intervals.map((one) => `${one.name} interval ${range(format, one)}`).join(', ')}.`).join(' ');
  return h('figure', { class: 'plot' },
    svg('svg', { viewBox: `0 0 ${width} ${bottom + AXIS}`, width, height: bottom + AXIS, role: 'img', 'aria-label': title },
      svg('title', {}, title), svg('desc', {}, words),
      indifferent > 0 && svg('rect', { class: 'band', x: x(-indifferent), y: TOP, width: x(indifferent) - x(-indifferent), height: bottom - TOP }),
      scale({ values: ticks(span.low, span.high, narrow ? 4 : 7), x, left, right: width - SIDE, bottom, axis, format }),
      svg('line', { class: 'zero', x1: x(0), x2: x(0), y1: TOP, y2: bottom }),
      rows.map((row, i) => drawRow(row, { y: TOP + i * ROW, x, narrow, format }))),
    explained && legend(indifferent > 0));
}

const scale = ({ values, x, left, right, bottom, axis, format }) => [
  svg('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom }),
  values.map((value) => [
    svg('line', { class: 'grid', x1: x(value), x2: x(value), y1: TOP, y2: bottom + 4 }),
    svg('text', { x: x(value), y: bottom + 18, 'text-anchor': 'middle' }, format(value))]),
  svg('text', { x: (left + right) / 2, y: bottom + 42, 'text-anchor': 'middle' }, axis)];

function drawRow({ label, estimate, intervals }, { y, x, narrow, format }) {
  const middle = y + 38;
  return svg('g', {},
    svg('text', { class: 'label', x: narrow ? SIDE : 0, y: narrow ? y + 16 : middle }, label),
    intervals.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high)).map(({ name, low, high }) =>
      svg('line', { class: `interval ${name}`, x1: x(low), x2: x(high), y1: middle, y2: middle })),
    svg('circle', { cx: x(estimate), cy: middle, r: 5.5 }),
    svg('text', { class: 'estimate', x: x(estimate), y: middle - 16, 'text-anchor': 'middle' }, format(estimate)));
}

const sample = (...shapes) => svg('svg', { width: 28, height: 12, viewBox: '0 0 28 12', 'aria-hidden': 'true' }, shapes);

const legend = (band) => h('figcaption', {},
  h('span', {}, sample(svg('line', { class: 'interval sequential', x1: 2, x2: 26, y1: 6, y2: 6 })), 'sequential interval: holds whenever you look'),
  h('span', {}, sample(svg('line', { class: 'interval fixed', x1: 4, x2: 24, y1: 6, y2: 6 })), 'fixed interval: for one look at the planned end'),
  band && h('span', {}, sample(svg('rect', { class: 'band', x: 2, y: 0, width: 24, height: 12 })), 'too small to matter'));
