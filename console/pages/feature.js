// One feature: what it is, and the settings of each variant that a plugin serves, in a form drawn from the
// schema that the release brings.

import { h, announce } from '../dom.js';
import { get, patch, Problem } from '../api.js';
import { heading, pill, failure, review, button } from '../parts.js';
import { schemaForm, takeFaults, mergePatch } from '../schema-form.js';

export function feature(key, mayChange) {
  const path = `/features/${encodeURIComponent(key)}`;
  let item = null;
  let parts = []; // one for each variant with a plugin: {id, name, variant, schema, faults, trouble} or {…, error}
  let reading = 0; // the fields are new ones after each

  const schemaOf = ({ plugin, release }) => get(`/plugins/${encodeURIComponent(plugin)}/settings${release ? `?release=${encodeURIComponent(release)}` : ''}`);

  async function readSchema([name, variant]) {
    const id = `settings-${name}`;
    try {
      return { id, name, variant, schema: await schemaOf(variant), faults: new Map() };
    } catch (error) {
      if (!(error instanceof Problem) || error.status === 401) throw error;
      return { id, name, variant, error };
    }
  }

  async function load() {
    item = await get(path);
    parts = await Promise.all(Object.entries(item.variants).filter(([, variant]) => variant.plugin).map(readSchema));
    reading += 1;
  }

  const formOf = (part) => schemaForm(part.schema, part.variant.settings, part.id, part.faults);

  async function save(part, event) {
    event.preventDefault();
    const settings = mergePatch(part.variant.settings ?? {}, formOf(part).read());
    part.faults.clear();
    part.trouble = null;
    try {
      item = await patch(path, { variants: { [part.name]: { settings } } }, { version: item.version });
      part.variant = item.variants[part.name];
      announce(`The settings of ${part.name} are saved and in force.`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      part.trouble = new Problem({ status: error.status, ...takeFaults(formOf(part), part.faults, error, `/variants/${part.name}/settings`) });
    }
    page.redraw();
    document.querySelector('[aria-invalid=true]')?.focus();
  }

  function card(part) {
    const { id, name, variant, schema, error, trouble } = part;
    const stale = trouble?.status === 412;
    const settable = schema && Object.keys(schema.properties ?? {}).length > 0;
    return h('section', { class: 'card', 'aria-labelledby': `variant-${name}`, key: id },
      h('div', {},
        h('h2', { id: `variant-${name}` }, `Settings of ${name}`),
        h('p', { class: 'meta' }, `Served by ${variant.plugin}, ${variant.release ? `release ${variant.release}` : 'whichever release is active'}`)),
      error && failure(error, 'What may be set is not known'),
      trouble && failure(trouble, stale ? 'Somebody else changed this feature meanwhile' : 'Not saved'),
      stale && button('Show what is there now', () => page.refresh(), { key: 'again' }),
      schema && !settable && h('p', {}, 'This release has nothing to set.'),
      settable && h('form', { novalidate: true, onsubmit: (event) => save(part, event), key: `form-${reading}` },
        h('fieldset', { disabled: !mayChange, 'aria-labelledby': `variant-${name}` }, formOf(part).node),
        mayChange && h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Save'))));
  }

  const page = {
    title: key,
    load,
    view: () => [
      h('p', { class: 'crumbs', key: 'crumbs' }, h('a', { href: '#/features' }, 'Features')),
      heading([item.name || item.key, ' ', pill(item.stage ?? 'draft', item.stage === 'trial' && 'live'), item.killed && pill('killed', 'harm')],
        item.enabled ? 'Switched on.' : 'Switched off: every shopper gets the off variant.'),
      h('div', { class: 'facts', key: 'facts' }, h('p', { class: 'meta' }, h('code', {}, item.key)), review(item)),
      parts.length === 0 ? h('p', { key: 'none' }, 'No variant of this feature is served by a plugin: there is nothing to set here.') : parts.map(card)],
  };
  return page;
}
