// The settings of a plugin as a whole, in a form drawn from the schema that its active release brings.

import { h, announce } from '../dom.js';
import { get, put, Problem } from '../api.js';
import { heading, failure, button } from '../parts.js';
import { schemaForm, takeFaults } from '../schema-form.js';

export function pluginConfig(name, mayChange) {
  const path = `/plugins/${encodeURIComponent(name)}`;
  const faults = new Map();
  let plugin = null;
  let value = {};
  let trouble = null;
  let reading = 0; // the fields are new ones after each

  async function load() {
    plugin = await get(path); // its version first: what is read next is no older
    value = await get(`${path}/config`);
    trouble = null;
    faults.clear();
    reading += 1;
  }

  const form = () => schemaForm(plugin.configuration, value, 'config', faults);

  async function save(event) {
    event.preventDefault();
    const entered = form().read();
    faults.clear();
    trouble = null;
    try {
      await put(`${path}/config`, entered, { version: plugin.configurationVersion || undefined });
      announce(`The configuration of ${plugin.title} is saved and in force.`);
      await load();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      value = entered;
      trouble = new Problem({ status: error.status, ...takeFaults(form(), faults, error) });
    }
    page.redraw();
    document.querySelector('[aria-invalid=true]')?.focus();
  }

  const page = {
    title: name,
    load,
    view: () => [
      h('p', { class: 'crumbs', key: 'crumbs' }, h('a', { href: '#/plugins' }, 'Plugins')),
      heading(plugin.title, 'Settings of the plugin as a whole: all its releases are told at once, without a restart.'),
      trouble && failure(trouble, trouble.status === 412 ? 'Somebody else changed this configuration meanwhile' : 'Not saved'),
      trouble?.status === 412 && button('Show what is there now', () => page.refresh(), { key: 'again' }),
      plugin.configuration
        ? h('section', { class: 'card', 'aria-labelledby': 'config-title', key: 'card' },
          h('h2', { id: 'config-title' }, 'Configuration'),
          h('form', { novalidate: true, onsubmit: save, key: `form-${reading}` },
            h('fieldset', { disabled: !mayChange, 'aria-labelledby': 'config-title' }, form().node),
            mayChange && h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Save'))))
        : h('p', { key: 'none' }, 'This plugin has nothing to set.')],
  };
  return page;
}
