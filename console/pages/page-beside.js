// What stands beside a page that is edited: how it looks to a shopper, how new its sections are, and its versions.

import { h, show, announce } from '../dom.js';
import { post, Problem } from '../api.js';
import { button, failure, pill } from '../parts.js';
import { diff } from '../diff.js';
import { change } from './audit.js';
import { ago, timeOf, plural } from '../format.js';

const CYCLE_DAYS = 42; // four to six weeks: by then a section is reviewed
const FRESH_DAYS = 14;
const PREVIEWS_MOST = 8;

// ---- novelty ----

const ageWords = (days) => (days < FRESH_DAYS ? ['new', 'live'] : days < CYCLE_DAYS ? ['settled', 'calm'] : ['overdue', 'warn']);
const sinceWords = (days) => (days < 1 ? 'today' : `${plural(Math.floor(days), 'day')} ago`);

export function novelty(items, nameOf) {
  return h('section', { class: 'card', 'aria-labelledby': 'novelty', key: 'novelty' },
    h('h2', { id: 'novelty' }, 'How new it is'),
    h('p', { class: 'meta' }, `What has not changed for ${CYCLE_DAYS} days, regular shoppers have learnt to overlook.`),
    h('ul', { class: 'ages' }, items.map(({ section, days, changed }) => h('li', { key: section },
      h('p', {}, nameOf(section), ' ', pill(...ageWords(days))),
      h('meter', { min: 0, max: CYCLE_DAYS, value: Math.min(days, CYCLE_DAYS), 'aria-label': `Days since ${nameOf(section)} changed` }),
      h('p', { class: 'meta' }, `Changed ${sinceWords(days)}, ${changed === 'feature' ? 'by its feature' : 'on this page'}`)))));
}

// ---- versions ----

export function versions(page, items, mayChange, restored) {
  async function restore({ version }) {
    try {
      await post(`/pages/${encodeURIComponent(page.key)}/restore`, { version }, { version: page.version });
      await restored();
      announce(`Version ${version} is in force again.`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      show(document.getElementById('restore-trouble'), failure(error, 'Not restored'));
    }
  }
  return h('section', { class: 'card', 'aria-labelledby': 'versions', key: 'versions' },
    h('h2', { id: 'versions' }, 'Versions'), h('div', { id: 'restore-trouble', key: `trouble-${page.version}` }),
    h('ol', { class: 'ages' }, items.map((one, i) => {
      const changes = items[i + 1] ? diff(items[i + 1].body, one.body) : [];
      return h('li', { key: String(one.version) },
        h('p', {}, h('strong', {}, `Version ${one.version}`), i === 0 && ' ', i === 0 && pill('in force', 'live')),
        h('p', { class: 'meta' }, `${one.actor}, `, h('time', { datetime: one.at, title: timeOf(one.at) }, ago(one.at)), one.note && `: ${one.note}`),
        changes.length > 0 && h('details', {}, h('summary', {}, plural(changes.length, 'change'), h('span', { class: 'unseen' }, ` of version ${one.version}`)), h('dl', { class: 'diff' }, changes.map(change))),
        mayChange && i > 0 && one.body && button('Restore', () => restore(one), { class: 'quiet', 'aria-label': `Restore version ${one.version}` }));
    })));
}

// ---- preview ----

/** A link under which the saved page shows chosen variants, to whoever has it, and counts nobody. */
export function preview(page, features) {
  const keys = [...new Set([page.layout, ...page.order.map((id) => page.sections[id].feature)].filter(Boolean))];
  const found = keys.map((key) => features.find((one) => one.key === key)).filter(Boolean);

  async function make(event) {
    event.preventDefault();
    const place = document.getElementById('preview-link');
    const chosen = [...new FormData(event.target)].filter(([, variant]) => variant !== '');
    try {
      if (chosen.length === 0) throw new Problem({ status: 0, title: 'choose a variant to look at first' });
      if (chosen.length > PREVIEWS_MOST) throw new Problem({ status: 0, title: `choose at most ${PREVIEWS_MOST} variants` });
      const links = await Promise.all(chosen.map(([feature, variant]) => post('/previews', { feature, variant })));
      const query = `?parley_preview=${links.map(({ token }) => token).join(',')}`;
      show(place, h('p', {}, h('a', { href: `/${query}`, target: '_blank', rel: 'noopener' }, 'Open the demo shop as that shopper')),
        h('label', { for: 'preview-query' }, 'For any address of your shop'), h('input', { id: 'preview-query', readonly: true, value: query }));
      announce('The preview link is ready.');
    } catch (error) {
      show(place, failure(error, 'No link'));
    }
  }
  return h('form', { class: 'card', onsubmit: make, 'aria-labelledby': 'preview', key: `preview-${page.version}` },
    h('h2', { id: 'preview' }, 'Look at it as a shopper'),
    h('p', { class: 'meta' }, 'The saved page, with the variants that you choose. Whoever has the link sees it for a day; nobody is counted.'),
    found.map((feature) => h('div', { class: 'setting', key: feature.key },
      h('label', { for: `preview-${feature.key}` }, feature.name || feature.key),
      h('select', { id: `preview-${feature.key}`, name: feature.key }, h('option', { value: '' }, 'As it is decided'), Object.keys(feature.variants).map((variant) => h('option', { value: variant }, variant))))),
    found.length === 0 && h('p', {}, 'Put a section on the page first.'),
    h('div', { class: 'actions' }, h('button', { type: 'submit', disabled: found.length === 0 }, 'Make a link')),
    h('div', { id: 'preview-link' }));
}
