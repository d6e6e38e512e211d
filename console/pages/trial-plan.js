// How long a trial will take: asked for when somebody wants to know, for it is simulated.

import { h } from '../dom.js';
import { get, Problem } from '../api.js';
import { button, failure, table } from '../parts.js';
import { count, lift, plural, share } from '../format.js';

const SOURCES = { trial: 'this trial so far', events: 'what happened in the last 30 days, as if everybody had entered', request: 'figures that were sent' };

/** A panel that keeps what was asked; `redraw` shows the page again. */
export function planPanel(path, redraw) {
  let plan = null;
  let trouble = null;
  let asking = false;

  async function ask() {
    asking = true;
    redraw();
    try {
      plan = await get(`${path}/plan`);
      trouble = null;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      trouble = error;
    }
    asking = false;
    redraw();
  }

  return () => h('section', { class: 'card', 'aria-labelledby': 'plan', key: 'plan' },
    h('h2', { id: 'plan' }, 'How long it takes'),
    h('p', { class: 'meta' }, 'Units and days that are needed, from the rate and the variance of this feature’s own traffic.'),
    trouble && failure(trouble, 'There is no plan'),
    plan && shown(plan),
    button(asking ? 'Simulating…' : plan ? 'Plan again' : 'Plan', ask, { disabled: asking }));
}

const size = ({ units, days }) => `${plural(units, 'unit')}${Number.isFinite(days) ? `, ${plural(days, 'more day')}` : ''}`;

function shown({ source, mde, power, sampleSize, detectable, anyLook }) {
  return h('div', {},
    h('p', {}, `To find a difference of ${share(mde)} with ${share(power)} power: ${size(sampleSize.fixed)} for a fixed test that is read once, ${size(sampleSize.sequential)} for one that may be read whenever you like.`),
    anyLook && h('p', {}, `By ${plural(anyLook.units, 'unit')} some look finds it with ${share(anyLook.power)}.`),
    detectable.length > 0 && table('The smallest difference that would be found',
      [{ name: 'After' }, ...['Units', 'Fixed', 'Whenever you look'].map((name) => ({ name, number: true }))],
      detectable.map((row) => [plural(row.days, 'day'), count(row.units), lift(row.fixed), lift(row.sequential)])),
    h('p', { class: 'meta' }, `From ${SOURCES[source.kind]}: ${plural(source.units, 'unit')} in ${source.days.toFixed(1)} days, ${count(Math.round(source.unitsPerDay))} a day.`));
}
