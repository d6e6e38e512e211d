// The effect over time, as the stored hourly looks have it: the interval at each look, and the least p so far.

import { h, svg } from '../dom.js';
import { table } from '../parts.js';
import { ticks } from '../plot.js';
import { count, lift, pValue, range, timeOf } from '../format.js';

const HEIGHT = 220;
const TOP = 10;
const LEFT = 64;
const RIGHT = 12;
const BOTTOM = 30;
const SHOWN = 120; // looks of a plot: more would be closer together than its lines are wide

/** Evenly spread over all, the first and the last among them. */
export function thinned(items, most = SHOWN) {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]);
}

/** The figures of one variant on the primary metric, look by look, oldest first; those without an interval left out. */
export const pathOf = (looks, variant) => looks.toReversed().flatMap((look) => {
  const found = look.metrics.find((metric) => metric.role === 'primary' && metric.variant === variant);
  return found && Number.isFinite(found.relative.low) && Number.isFinite(found.relative.high) ? [{ at: Date.parse(look.at), ...found }] : [];
});

export function timeSection(looks, variants, width) {
  const paths = variants.filter(({ control }) => !control).map(({ key }) => [key, thinned(pathOf(looks, key))]).filter(([, path]) => path.length > 1);
  return paths.length > 0 && h('section', { class: 'card', 'aria-labelledby': 'over-time', key: 'over-time' },
    h('h2', { id: 'over-time' }, 'Over time'),
    h('p', { class: 'meta' }, `Stored looks at the primary metric: ${count(looks.length)}. The band is the interval as it was then.`),
    paths.map(([variant, path]) => h('div', { key: variant }, plot(variant, path, width), details(variant, path))));
}

function plot(variant, path, width) {
  const low = Math.min(0, ...path.map(({ relative }) => relative.low));
  const high = Math.max(0, ...path.map(({ relative }) => relative.high));
  const [first, last] = [path[0].at, path.at(-1).at];
  const x = (at) => LEFT + ((at - first) / Math.max(last - first, 1)) * (width - LEFT - RIGHT);
  const y = (value) => TOP + ((high - value) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  const along = (points) => points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  const title = `Relative effect of ${variant} over time`;
  return h('figure', { class: 'plot' },
    svg('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: 'img', 'aria-label': title },
      svg('title', {}, title), svg('desc', {}, `At the latest look ${lift(path.at(-1).relative.estimate)}, interval ${range(lift, path.at(-1).relative)}.`),
      ticks(low, high || 0.01, 4).map((value) => [
        svg('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }),
        svg('text', { x: LEFT - 8, y: y(value) + 4, 'text-anchor': 'end' }, lift(value))]),
      svg('polygon', { class: 'path', points: along([...path.map(({ at, relative }) => [at, relative.low]), ...path.toReversed().map(({ at, relative }) => [at, relative.high])]) }),
      svg('line', { class: 'zero', x1: LEFT, x2: width - RIGHT, y1: y(0), y2: y(0) }),
      svg('polyline', { class: 'course', points: along(path.map(({ at, relative }) => [at, relative.estimate])) }),
      svg('text', { x: LEFT, y: HEIGHT - 8 }, timeOf(first)),
      svg('text', { x: width - RIGHT, y: HEIGHT - 8, 'text-anchor': 'end' }, timeOf(last))),
    h('figcaption', {}, title));
}

const COLUMNS = [{ name: 'Look' }, ...['Units', 'Relative lift', 'Interval', 'p at this look', 'Least p so far'].map((name) => ({ name, number: true }))];

const details = (variant, path) => h('details', {}, h('summary', {}, `The looks at ${variant} as a table`),
  table(`Looks at ${variant}`, COLUMNS, thinned(path, 40).toReversed().map((look) => [
    timeOf(look.at), count(look.n), lift(look.relative.estimate), range(lift, look.relative), pValue(look.p), pValue(look.least)])));
