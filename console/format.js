// Numbers, dates and other values as people read them, in the language of the page.

const language = document.documentElement.lang;
const whole = new Intl.NumberFormat(language);
const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 2, minimumFractionDigits: 2 });
const roughPercent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1, minimumFractionDigits: 1 });
const signedPercent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1, minimumFractionDigits: 1, signDisplay: 'exceptZero' });
const points = new Intl.NumberFormat(language, { maximumFractionDigits: 2, minimumFractionDigits: 2, signDisplay: 'exceptZero' });
const amount = new Intl.NumberFormat(language, { maximumSignificantDigits: 4 });
const signedAmount = new Intl.NumberFormat(language, { maximumSignificantDigits: 3, signDisplay: 'exceptZero' });
const small = new Intl.NumberFormat(language, { maximumSignificantDigits: 2 });
const byteSize = new Intl.NumberFormat(language, { maximumFractionDigits: 1, style: 'unit', unit: 'megabyte' });
const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' });
const moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });

export const NOTHING = '–';
const known = (format) => (value) => (typeof value === 'number' && Number.isFinite(value) ? format(value) : NOTHING);

export const count = known((n) => whole.format(n));
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
export const lift = known((x) => signedPercent.format(x));
export const chance = known((p) => (p > 0.999 ? '> 99.9%' : p < 0.001 ? '< 0.1%' : roughPercent.format(p)));
export const share = known((x) => roughPercent.format(x));
export const statistic = known((x) => points.format(x));
export const pValue = known((p) => (p < 0.0001 ? '< 0.0001' : small.format(p)));
export const milliseconds = known((ms) => `${small.format(ms)} ms`);
export const megabytes = known((bytes) => byteSize.format(bytes / 1e6));

/** Kinds of metric whose mean is a share of units: their differences are read in percentage points. */
const SHARES = new Set(['conversion', 'retention', 'funnel']);
const FIGURES = { ratio: 'Ratio', quantile: 'Quantile' };
/** What the figure of a variant is called. */
export const figureOf = (kind) => (SHARES.has(kind) ? 'Rate' : FIGURES[kind] ?? 'Mean');
/** What differences are read in; a ratio and a quantile have the unit of their values. */
export const unitOf = (kind) => (SHARES.has(kind) ? 'percentage points' : FIGURES[kind] ? undefined : 'per unit');
export const meanOf = (kind) => (SHARES.has(kind) ? known((x) => percent.format(x)) : known((x) => amount.format(x)));
export const differenceOf = (kind) => (SHARES.has(kind) ? known((x) => points.format(100 * x)) : known((x) => signedAmount.format(x)));

export const range = (format, interval) => (Number.isFinite(interval?.low) && Number.isFinite(interval?.high) ? `${format(interval.low)} to ${format(interval.high)}` : NOTHING);

export const dateOf = (text) => (text ? day.format(new Date(text)) : NOTHING);
export const timeOf = (text) => (text ? moment.format(new Date(text)) : NOTHING);
export const clockOf = (date) => clock.format(date);

/** "3 days ago", "in 2 weeks", "yesterday". */
export function ago(text, now = Date.now()) {
  const seconds = (new Date(text) - now) / 1000;
  const steps = [['second', 60], ['minute', 60], ['hour', 24], ['day', 7], ['week', 4.35], ['month', 12], ['year', Infinity]];
  let size = 1;
  for (const [unit, next] of steps) {
    if (Math.abs(seconds) < size * next) return relative.format(Math.trunc(seconds / size), unit);
    size *= next;
  }
  return dateOf(text);
}

/** A review date is overdue from the day after it. */
export const isOverdue = (reviewBy, now = new Date()) => Boolean(reviewBy) && reviewBy < now.toISOString().slice(0, 10);

/** A JSON pointer as words: "/rules/0/if" is "rules, item 1, if". */
export function placeOf(pointer) {
  const steps = pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return steps.map((step) => (/^\d+$/.test(step) ? `item ${Number(step) + 1}` : step)).join(', ') || 'the whole body';
}
