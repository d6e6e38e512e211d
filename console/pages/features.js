// Every feature with its switch, its kill switch, its stage, owner and review date.

import { h, announce } from '../dom.js';
import { all, patch, post, Problem } from '../api.js';
import { heading, pill, button, empty, failure, review, ask } from '../parts.js';
import { plural } from '../format.js';

const STAGES = { trial: 'live' };

export function features(mayChange) {
  let items = [];
  let stale = [];
  let wanted = '';
  let trouble = null;

  /** Does `what`, says `done`, and shows the list as it now is; a refusal is shown in place. */
  async function change(what, done) {
    try {
      await what();
      trouble = null;
      announce(done);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      trouble = error;
    }
    await page.refresh();
  }

  const flip = (feature) => change(
    () => patch(`/features/${feature.key}`, { enabled: !feature.enabled }, { version: feature.version }),
    `${nameOf(feature)} is ${feature.enabled ? 'off' : 'on'}.`);

  async function kill(feature) {
    const done = await ask({
      title: `Kill ${nameOf(feature)}?`,
      words: `Every shopper gets “${feature.off}” at once, whatever rules and trials say, until the kill is lifted. Figures collected so far are kept.`,
      confirm: 'Kill now', tone: 'danger', act: () => post(`/features/${feature.key}/kill`),
    });
    if (!done) return;
    announce(`${nameOf(feature)} is killed.`);
    await page.refresh();
  }

  const lift = (feature) => change(() => post(`/features/${feature.key}/unkill`), `The kill of ${nameOf(feature)} is lifted.`);

  function row(feature) {
    const label = `name-${feature.key}`;
    return h('li', { key: feature.key, class: feature.killed && 'killed' },
      toggle(feature, label),
      h('div', { class: 'grow' },
        h('h2', { id: label }, h('a', { href: `#/features/${encodeURIComponent(feature.key)}` }, nameOf(feature))),
        h('p', { class: 'meta' }, h('code', {}, feature.key), ' · ', variantsOf(feature)),
        review(feature)),
      h('div', { class: 'side' },
        feature.killed && pill('killed', 'harm'), pill(feature.stage ?? 'draft', STAGES[feature.stage]),
        mayChange && (feature.killed
          ? button('Lift the kill', () => lift(feature), { 'aria-describedby': label })
          : button('Kill', () => kill(feature), { class: 'danger quiet', 'aria-describedby': label }))));
  }

  function toggle(feature, label) {
    const word = feature.enabled ? 'On' : 'Off';
    if (!mayChange) return h('p', { class: 'switch-word' }, word);
    return h('button', { type: 'button', role: 'switch', class: 'switch', 'aria-checked': String(feature.enabled), 'aria-labelledby': label, onclick: () => flip(feature) },
      h('span', { class: 'knob', 'aria-hidden': 'true' }), h('span', { class: 'switch-word', 'aria-hidden': 'true' }, word));
  }

  function view() {
    const found = items.filter((feature) => `${feature.key} ${nameOf(feature)} ${(feature.tags ?? []).join(' ')} ${feature.owner ?? ''}`.toLowerCase().includes(wanted));
    return [
      heading('Features', 'What can be switched on the shop. A change is with every shopper within a tenth of a second.',
        h('a', { href: '#/upkeep' }, 'Cost, age and use')),
      stale.length > 0 && neglected(stale),
      trouble && failure(trouble, trouble.status === 412 ? 'Somebody else changed this feature meanwhile; this is how it stands now' : undefined),
      items.length === 0
        ? empty('No feature yet', 'A feature is anything on the shop that can be switched: a poll beside the product, a new headline, a plugin. Create one from a JSON file:', 'build/parley features put product-poll.json')
        : [
          h('div', { class: 'filter', key: 'filter' },
            h('label', { for: 'filter' }, 'Find'),
            h('input', { id: 'filter', type: 'search', autocomplete: 'off', oninput: (event) => { wanted = event.target.value.toLowerCase(); page.redraw(); } }),
            h('p', { class: 'meta', role: 'status' }, wanted ? `${plural(found.length, 'feature')} of ${items.length}` : plural(items.length, 'feature'))),
          h('ul', { class: 'rows', key: 'rows' }, found.map(row))]];
  }

  const page = { title: 'Features', every: 5000, view, async load() { [items, stale] = await Promise.all([all('/features'), all('/stale')]); } };
  return page;
}

/** Those that nobody takes care of, each with why and what to do next. */
const neglected = (list) => h('details', { class: 'notice warn', key: 'stale' },
  h('summary', {}, `${plural(list.length, 'feature')} that nobody takes care of`),
  h('ul', {}, list.map(({ key, owner, reasons, next, experiment }) => h('li', { key },
    h('strong', {}, key), owner && ` (${owner})`, experiment && [' in ', h('a', { href: `#/trials/${encodeURIComponent(experiment)}` }, experiment)],
    h('ul', {}, reasons.map((reason, i) => h('li', {}, h('code', {}, reason), ` ${next[i]}`)))))));

const nameOf = (feature) => feature.name || feature.key;

/** "off, top (polls 1.2.0)" */
const variantsOf = (feature) => Object.entries(feature.variants)
  .map(([key, variant]) => key + (variant.plugin ? ` (${[variant.plugin, variant.release].filter(Boolean).join(' ')})` : '')).join(', ');
