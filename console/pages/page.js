// One page: what it is called, its sections in order, each with its feature, time and settings. What is edited is a draft
// until it is saved; the server's errors stand at the fields they are about. Beside it: page-beside.js.

import { h, announce } from '../dom.js';
import { all, get, patch, remove, Problem } from '../api.js';
import { heading, button, failure, ask } from '../parts.js';
import { schemaForm, mergePatch } from '../schema-form.js';
import { draftOf, bodyOf, moved } from '../page-draft.js';
import { novelty, versions, preview } from './page-beside.js';

const ANYTHING = { properties: { settings: { title: 'Settings', description: 'Members that go over those of the variant.' } } };

export function page(key, mayChange) {
  const path = `/pages/${encodeURIComponent(key)}`;
  let item = null, draft = null, features = [], news = [], history = [];
  let reading = 0; // the fields are new ones after each
  let trouble = null;
  const faults = new Map(); // pointer → sentence
  const schemas = new Map(); // "plugin@release" → what may be set
  let dragged = null;

  async function load() {
    [item, features, { items: news }, { items: history }] = await Promise.all([get(path), all('/features'), get(`${path}/novelty`), get(`${path}/versions?limit=20`)]);
    draft = draftOf(item);
    await loadSchemas();
    faults.clear();
    trouble = null;
    reading += 1;
  }

  // ---- what may be set ----

  const servedBy = (feature) => Object.values(features.find((one) => one.key === feature)?.variants ?? {}).find((variant) => variant.plugin);
  const nameOf = ({ plugin, release }) => `${plugin}@${release ?? ''}`;

  async function loadSchemas() {
    const wanted = Object.values(draft.sections).map(({ feature }) => servedBy(feature)).filter((served) => served && !schemas.has(nameOf(served)));
    await Promise.all(wanted.map(async (served) => {
      const schema = await get(`/plugins/${encodeURIComponent(served.plugin)}/settings${served.release ? `?release=${encodeURIComponent(served.release)}` : ''}`)
        .catch((error) => { if (error instanceof Problem && error.status !== 401) return {}; throw error; });
      schemas.set(nameOf(served), schema);
    }));
  }

  /** The form of a section's settings: of the plugin's fields, none of them required here, or as JSON where it has not said any. */
  function settingsForm(id) {
    const section = draft.sections[id], served = servedBy(section.feature);
    const schema = served && schemas.get(nameOf(served));
    const at = `settings-${reading}-${id}`;
    const place = schema?.properties ? `/sections/${id}/settings` : `/sections/${id}`;
    const form = schema?.properties ? schemaForm({ ...schema, required: [] }, section.settings, at, faultsBelow(place)) : schemaForm(ANYTHING, section, at, faultsBelow(place));
    const shows = (pointer) => {
      const own = form.shows(pointer.slice(place.length));
      return own === undefined ? own : place + own;
    };
    return { node: form.node, shows, read: schema?.properties ? form.read : () => form.read().settings };
  }

  const faultsBelow = (place) => new Map([...faults].filter(([pointer]) => pointer.startsWith(place)).map(([pointer, words]) => [pointer.slice(place.length), words]));

  /** What is typed into settings stands on the page alone: into the draft with it, before something is drawn elsewhere. */
  function collect() {
    for (const id of Object.keys(draft.sections)) {
      if (!document.getElementById(`section-${reading}-${id}`)) continue;
      const settings = settingsForm(id).read();
      if (settings && typeof settings === 'object' && Object.keys(settings).length === 0) delete draft.sections[id].settings;
      else draft.sections[id].settings = settings;
    }
  }

  // ---- changing the draft ----

  function change(what, words) {
    collect();
    what();
    page.redraw();
    if (words) announce(words);
  }

  const namedIn = ({ sections }, id) => sections[id]?.title || features.find((one) => one.key === sections[id]?.feature)?.name || id;
  const nameIn = (id) => namedIn(draft, id);

  function move(id, to, control) {
    if (to < 0 || to >= draft.order.length) return announce(`${nameIn(id)} is already ${to < 0 ? 'first' : 'last'}.`);
    change(() => { draft.order = moved(draft.order, id, to); }, `${nameIn(id)} is number ${to + 1} of ${draft.order.length}.`);
    document.getElementById(`${control}-${id}`)?.focus();
  }

  const rest = (id) => change(() => { draft.order = draft.order.filter((one) => one !== id); }, `${nameIn(id)} rests: it is kept, and shown to nobody.`);
  const place = (id) => change(() => draft.order.push(id), `${nameIn(id)} is on the page, at its end.`);
  const takeAway = (id) => change(() => {
    draft.order = draft.order.filter((one) => one !== id);
    delete draft.sections[id];
  }, 'The section is taken away.');

  async function add(event) {
    event.preventDefault();
    const { id, feature } = event.target.elements;
    if (draft.sections[id.value]) return announce(`There is a section ${id.value} already.`);
    change(() => {
      draft.sections[id.value] = { feature: feature.value };
      draft.order.push(id.value);
    }, `${id.value} is on the page, at its end.`);
    event.target.reset();
    await loadSchemas();
    page.redraw();
  }

  async function setFeature(id, feature) {
    change(() => { draft.sections[id].feature = feature; });
    await loadSchemas();
    page.redraw();
  }

  // ---- saving ----

  /** Faults go to the controls that are there for them; the rest is listed above. */
  function sort(error) {
    const elsewhere = error.errors.filter(({ pointer, detail }) => {
      const own = shown(pointer);
      if (own) faults.set(own, detail);
      return !own;
    });
    const detail = faults.size && !elsewhere.length ? 'some fields do not fit; they are marked below' : error.message;
    trouble = new Problem({ status: error.status, detail, errors: elsewhere });
  }

  const OWN = ['/name', '/owner', '/layout', '/deadline'];
  const IN_SECTION = ['feature', 'title', 'about', 'path', 'from', 'until'];

  function shown(pointer) {
    const [, sections, id, member] = pointer.split('/');
    if (sections !== 'sections') return OWN.find((own) => own === pointer);
    if (!draft.sections[id]) return undefined;
    return IN_SECTION.includes(member) ? pointer : member === 'settings' ? settingsForm(id).shows(pointer) : undefined;
  }

  async function save(event) {
    event.preventDefault();
    collect();
    faults.clear();
    trouble = null;
    try {
      await patch(path, mergePatch(bodyOf(draftOf(item)), bodyOf(draft)), { version: item.version });
      await page.refresh();
      announce('The page is saved and in force.');
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      sort(error);
      page.redraw();
      document.querySelector('[aria-invalid=true]')?.focus();
    }
  }

  async function removePage() {
    const done = await ask({
      title: `Delete the page ${key}?`, words: 'Shoppers who ask for it get nothing from then on. Its history stays.',
      confirm: 'Delete', tone: 'danger', act: () => remove(path) });
    if (done) location.hash = '#/pages';
  }

  // ---- drawing ----

  /** A control with its label, its words and what is wrong with it. */
  function field(pointer, label, control, help) {
    const id = `field-${reading}${pointer.replace(/\W/g, '-')}`, fault = faults.get(pointer);
    const described = [help && `${id}-help`, fault && `${id}-fault`].filter(Boolean).join(' ');
    control.id = id;
    if (described) control.setAttribute('aria-describedby', described);
    if (fault) control.setAttribute('aria-invalid', 'true');
    return h('div', { class: 'setting', key: id },
      h('label', { for: id }, label), help && h('p', { id: `${id}-help`, class: 'meta', key: 'help' }, help), control,
      fault && h('p', { id: `${id}-fault`, class: 'detail', key: 'fault' }, `This ${fault}.`));
  }

  /** An input whose text is a member of `of`; left empty, the member goes. */
  const text = (of, member, attributes = {}) => h('input', {
    type: 'text', autocomplete: 'off', value: of[member] ?? '', ...attributes,
    oninput: ({ target }) => { if (target.value === '') delete of[member]; else of[member] = target.value; } });

  /** When, as the reader's clock has it. */
  function moment(of, member) {
    const at = of[member] && new Date(of[member]);
    const local = at && new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    return h('input', { type: 'datetime-local', value: local ?? '', oninput: ({ target }) => {
      if (target.value === '') delete of[member];
      else of[member] = new Date(target.value).toISOString();
    } });
  }

  const choice = (list, chosen, attributes) => h('select', attributes, list.map(([value, label]) => h('option', { value, selected: value === chosen }, label)));
  const featureList = () => features.map((one) => [one.key, one.name ? `${one.name} (${one.key})` : one.key]);

  function fieldsOf(id) {
    const section = draft.sections[id], at = `/sections/${id}`;
    return h('div', { class: 'settings' },
      field(`${at}/feature`, 'Feature', choice(featureList(), section.feature, { onchange: ({ target }) => setFeature(id, target.value) })),
      field(`${at}/title`, 'Heading', text(section, 'title', { maxlength: 200 }), 'What stands over it in the shop. Left empty: nothing.'),
      field(`${at}/about`, 'About', text(section, 'about', { maxlength: 200 }), 'What its component is about, such as home or sku:HT-101.'),
      field(`${at}/path`, 'Asked of the plugin', text(section, 'path', { maxlength: 512 }), 'From “/” on, such as /polls?about=home; answered with the page, so that it is painted at once.'),
      h('div', { class: 'pair' }, field(`${at}/from`, 'From', moment(section, 'from')), field(`${at}/until`, 'Until', moment(section, 'until'))),
      settingsForm(id).node);
  }

  const timeWords = ({ from, until }) => (until && new Date(until) < new Date() ? 'over' : from && new Date(from) > new Date() ? 'not yet' : null);

  function row(id, n) {
    const section = draft.sections[id], label = `section-${reading}-${id}`, placed = n !== undefined;
    const faulty = [...faults.keys()].some((pointer) => pointer.startsWith(`/sections/${id}/`));
    return h('li', { key: `${reading}-${id}`, class: 'section', 'aria-labelledby': label,
      ondragover: (event) => { if (dragged && placed) event.preventDefault(); },
      ondrop: (event) => { event.preventDefault(); if (dragged && placed) change(() => { draft.order = moved(draft.order, dragged, n); }); dragged = null; } },
    h('div', { class: 'section-head', draggable: placed && mayChange && 'true',
      ondragstart: (event) => { dragged = id; event.dataTransfer.setData('text/plain', id); event.dataTransfer.effectAllowed = 'move'; },
      ondragend: () => { dragged = null; } },
    h('div', { class: 'grow' },
      h('h3', { id: label }, placed && h('span', { class: 'meta' }, `${n + 1} `), nameIn(id)),
      h('p', { class: 'meta' }, h('code', {}, id), ` · ${section.feature}`, timeWords(section) && h('strong', {}, ` · ${timeWords(section)}`))),
    mayChange && h('div', { class: 'side' },
      placed && button('↑', () => move(id, n - 1, 'up'), { id: `up-${id}`, 'aria-label': `Move ${nameIn(id)} up`, class: 'quiet' }),
      placed && button('↓', () => move(id, n + 1, 'down'), { id: `down-${id}`, 'aria-label': `Move ${nameIn(id)} down`, class: 'quiet' }),
      placed ? button('Rest', () => rest(id), { 'aria-label': `Put ${nameIn(id)} to rest` }) : button('Put on the page', () => place(id), { 'aria-label': `Put ${nameIn(id)} on the page` }),
      button('Remove', () => takeAway(id), { class: 'danger quiet', 'aria-label': `Remove ${nameIn(id)}` }))),
    h('details', { open: faulty }, h('summary', {}, `What is in it`, h('span', { class: 'unseen' }, `: ${nameIn(id)}`)), fieldsOf(id)));
  }

  function form() {
    const resting = Object.keys(draft.sections).filter((id) => !draft.order.includes(id));
    const layouts = features.filter(({ type }) => type === 'object').map((one) => [one.key, one.name || one.key]);
    return h('form', { class: 'editor', novalidate: true, onsubmit: save, key: `form-${reading}` },
      h('fieldset', { disabled: !mayChange, 'aria-label': 'The page' },
        h('section', { class: 'card', 'aria-labelledby': 'sections-head', key: 'sections' },
          h('h2', { id: 'sections-head' }, 'Sections, in order'),
          draft.order.length === 0 && h('p', { key: 'none' }, 'Nothing is on the page.'),
          h('ol', { class: 'sections', key: 'order', 'aria-labelledby': 'sections-head' }, draft.order.map(row)),
          resting.length > 0 && [h('h2', { id: 'rest-head', key: 'rest-head' }, 'At rest'),
            h('ul', { class: 'sections', key: 'rest', 'aria-labelledby': 'rest-head' }, resting.map((id) => row(id)))],
          mayChange && features.length > 0 && adder()),
        h('section', { class: 'card', 'aria-labelledby': 'whole-head', key: 'whole' },
          h('h2', { id: 'whole-head' }, 'The page as a whole'),
          h('div', { class: 'settings' },
            field('/name', 'Name', text(draft, 'name', { maxlength: 200 })),
            field('/owner', 'Owner', text(draft, 'owner', { maxlength: 200 })),
            field('/layout', 'Layout', choice([['', 'The order above, for everybody'], ...layouts], draft.layout ?? '', { onchange: ({ target }) => { draft.layout = target.value; } }),
              'A feature whose variants may say another order and other settings, so that the arrangement can be on trial.'),
            field('/deadline', 'Deadline, in milliseconds', text(draft, 'deadline', { inputmode: 'numeric' }), 'A section that takes longer is left out for that shopper. From 5 to 5000.')))),
      mayChange && h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Save'), button('Delete the page', removePage, { class: 'danger quiet' })));
  }

  /** Its controls belong to a form of their own, so that Enter adds and does not save. */
  const adder = () => h('div', { class: 'adder', key: 'adder', role: 'group', 'aria-labelledby': 'add-head' },
    h('h2', { id: 'add-head' }, 'Add a section'),
    h('div', { class: 'pair' },
      h('div', { class: 'setting' }, h('label', { for: 'add-id' }, 'Key of the section'), h('input', { id: 'add-id', name: 'id', form: 'adder', required: true, maxlength: 64, pattern: '[A-Za-z0-9][A-Za-z0-9._\\-]*', autocomplete: 'off' })),
      h('div', { class: 'setting' }, h('label', { for: 'add-feature' }, 'Its feature'), choice(featureList(), '', { id: 'add-feature', name: 'feature', form: 'adder', required: true }))),
    h('div', { class: 'actions' }, h('button', { type: 'submit', form: 'adder' }, 'Add')));

  const stale = () => trouble?.status === 412;

  const page = {
    title: key,
    load,
    view: () => [
      h('p', { class: 'crumbs', key: 'crumbs' }, h('a', { href: '#/pages' }, 'Pages')),
      heading(item.name || item.key, `Version ${item.version}. Shoppers get it as /v1/pages/${item.key}, composed for each of them.`),
      trouble && failure(trouble, stale() ? 'Somebody else changed this page meanwhile' : 'Not saved'),
      stale() && button('Show what is there now', () => page.refresh(), { key: 'again' }),
      h('div', { class: 'beside', key: 'beside' },
        h('div', { class: 'story' }, form(), h('form', { id: 'adder', onsubmit: add, key: 'adder-form' })),
        h('div', { class: 'aside' }, mayChange && preview(item, features), novelty(news, (id) => namedIn(item, id)), versions(item, history, mayChange, () => page.refresh())))],
  };
  return page;
}
