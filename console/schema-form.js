// A form made from a JSON Schema: a field for each property, with its words, limits and default, and what
// the server says of a value beside the field it is about. A field that is left empty is a setting that is not
// there, for which the schema's default holds. Knows nothing of features and plugins.

import { h } from './dom.js';

/**
 * Fields for `schema`, holding `value`. `id` begins the ids of its controls; `faults` (pointer → sentence) are shown at the
 * fields they are about. May be made anew at any time: what is typed stands in the page alone, and read() takes it from there.
 * → {node, read() → the settings, shows(pointer) → the pointer of the field that shows a fault there, or undefined}
 */
export function schemaForm(schema, value, id, faults = new Map()) {
  const root = objectField(schema, value, { id, pointer: '', root: schema, faults });
  return {
    node: root.node,
    read: () => root.read() ?? {},
    shows: (pointer) => root.pointers.filter((own) => pointer === own || pointer.startsWith(`${own}/`)).sort((a, b) => b.length - a.length)[0],
  };
}

/**
 * What of a refusal belongs to a field of `form` goes into `faults`, which are about pointers below `prefix`. → {detail, errors}: what is
 * to be said above the form, with what belongs to no field.
 */
export function takeFaults(form, faults, error, prefix = '') {
  const errors = error.errors.filter(({ pointer, detail }) => {
    const own = pointer.startsWith(prefix) ? form.shows(pointer.slice(prefix.length)) : undefined;
    if (own !== undefined) faults.set(own, detail);
    return own === undefined;
  });
  return { detail: faults.size && !errors.length ? 'some settings do not fit; they are marked below' : error.message, errors };
}

/** What stands in a control now. */
const typed = (at) => document.getElementById(at.id).value;
const escaped = (name) => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** The schema that `$ref` leads to, with what stands beside the reference laid over it. */
function resolved(schema, root) {
  if (!schema?.$ref?.startsWith('#/')) return schema === true ? {} : schema;
  const { $ref, ...beside } = schema;
  const steps = $ref.slice(2).split('/').map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
  return { ...steps.reduce((at, step) => at?.[step], root), ...beside };
}

const titleOf = (schema, name) => schema.title || name;
const isText = (schema) => schema?.type === 'string';
const ofTexts = (schema, root) => schema.type === 'array' && !schema.prefixItems && isText(resolved(schema.items ?? {}, root));

function fieldFor(schema, name, value, at) {
  const here = { ...at, id: `${at.id}-${name.replace(/\W/g, '_')}`, pointer: `${at.pointer}/${escaped(name)}` };
  if (schema.type === 'object' && schema.properties && at.id.length < 200) return objectField(schema, value, here, titleOf(schema, name));
  if (Array.isArray(schema.enum) && schema.enum.every((one) => typeof one !== 'object')) return choiceField(schema, name, value, here, schema.enum);
  if (schema.type === 'boolean') return choiceField(schema, name, value, here, [true, false]);
  if (schema.type === 'integer' || schema.type === 'number') return numberField(schema, name, value, here);
  if (isText(schema)) return textField(schema, name, value, here);
  if (ofTexts(schema, at.root)) return linesField(schema, name, value, here);
  return jsonField(schema, name, value, here);
}

/** What every single field has around its control: label, description, default, and what is wrong with it. */
function field(schema, name, at, control, hints, read) {
  const fault = at.faults.get(at.pointer);
  const words = [schema.description, at.required && schema.default === undefined && 'Required.', ...hints].filter(Boolean);
  const described = [words.length && `${at.id}-help`, fault && `${at.id}-fault`].filter(Boolean).join(' ');
  control.id = at.id;
  if (described) control.setAttribute('aria-describedby', described);
  if (fault) control.setAttribute('aria-invalid', 'true');
  if (at.required) control.setAttribute('aria-required', 'true');
  return {
    pointers: [at.pointer],
    node: h('div', { class: 'setting', key: at.id },
      h('label', { for: at.id }, titleOf(schema, name), schema.deprecated && ' (deprecated)'),
      words.length > 0 && h('p', { id: `${at.id}-help`, class: 'meta', key: 'help' }, words.join(' ')),
      control,
      fault && h('p', { id: `${at.id}-fault`, class: 'detail', key: 'fault' }, `This ${fault}.`)),
    read,
  };
}

const shown = (value) => (value === true ? 'Yes' : value === false ? 'No' : value === '' ? 'nothing' : Array.isArray(value) ? value.join(', ') : String(value));
const defaultHint = (schema) => schema.default !== undefined && `Left empty: ${shown(schema.default)}.`;
const rangeHint = ({ minimum, maximum }) => (minimum !== undefined && maximum !== undefined ? `From ${minimum} to ${maximum}.` : minimum !== undefined ? `At least ${minimum}.` : maximum !== undefined ? `At most ${maximum}.` : '');
const lengthHint = ({ minLength, maxLength }) => [minLength > 0 && `At least ${minLength} characters.`, maxLength !== undefined && `At most ${maxLength} characters.`].filter(Boolean).join(' ');

function textField(schema, name, value, at) {
  const long = (schema.maxLength ?? 0) > 120 && !schema.writeOnly;
  const kind = schema.writeOnly ? 'password' : ({ email: 'email', uri: 'url', date: 'date' }[schema.format] ?? 'text');
  const control = long ? h('textarea', { rows: 4 }, value ?? '') : h('input', { type: kind, value: value ?? '', autocomplete: schema.writeOnly ? 'new-password' : 'off' });
  return field(schema, name, at, control, [schema.writeOnly && 'Secret: it is not shown again.', lengthHint(schema), defaultHint(schema)], () => typed(at) || undefined);
}

/** What is no number goes to the server as it was typed: its sentence is better than a field that empties itself. */
function numberField(schema, name, value, at) {
  const control = h('input', { type: 'text', inputmode: schema.type === 'integer' ? 'numeric' : 'decimal', value: value ?? '', autocomplete: 'off' });
  const read = () => {
    const text = typed(at).trim();
    return text === '' ? undefined : Number.isFinite(Number(text)) ? Number(text) : text;
  };
  return field(schema, name, at, control, [rangeHint(schema), defaultHint(schema)], read);
}

function choiceField(schema, name, value, at, values) {
  const chosen = values.indexOf(value);
  const otherwise = schema.default === undefined ? 'Not set' : `Default: ${shown(schema.default)}`;
  const control = h('select', {}, h('option', { value: '' }, otherwise), values.map((one, i) => h('option', { value: i, selected: i === chosen }, shown(one))));
  return field(schema, name, at, control, [], () => (typed(at) === '' ? undefined : values[Number(typed(at))]));
}

function linesField(schema, name, value, at) {
  const control = h('textarea', { rows: Math.min(8, Math.max(3, (value ?? []).length + 1)) }, (value ?? []).join('\n'));
  const read = () => {
    const lines = typed(at).split('\n').map((line) => line.trim()).filter(Boolean);
    return lines.length ? lines : undefined;
  };
  return field(schema, name, at, control, ['One on each line.', defaultHint(schema)], read);
}

/** Whatever has no field of its own kind is written as JSON. */
function jsonField(schema, name, value, at) {
  const control = h('textarea', { rows: 5, spellcheck: 'false', class: 'code' }, value === undefined ? '' : JSON.stringify(value, null, 2));
  const read = () => {
    const text = typed(at);
    if (text.trim() === '') return undefined;
    try { return JSON.parse(text); } catch { return text; }
  };
  return field(schema, name, at, control, ['Written as JSON.'], read);
}

/** An object is a group of fields; members that the schema does not name are kept as they are. */
function objectField(schema, value, at, title) {
  const properties = Object.entries(schema.properties ?? {}).map(([name, own]) => [name, resolved(own, at.root)]);
  const fields = properties.map(([name, own]) => [name, fieldFor(own, name, value?.[name], { ...at, required: (schema.required ?? []).includes(name) })]);
  const fault = at.faults.get(at.pointer);
  const nodes = [fields.map(([, one]) => one.node), fault && h('p', { class: 'detail', key: 'fault' }, `This ${fault}.`)];
  return {
    pointers: [at.pointer, ...fields.flatMap(([, one]) => one.pointers)],
    node: title === undefined ? h('div', { class: 'settings' }, nodes)
      : h('fieldset', { class: 'settings group', key: at.id }, h('legend', {}, title), schema.description && h('p', { class: 'meta' }, schema.description), nodes),
    read() {
      const result = { ...value };
      for (const [name, one] of fields) {
        const read = one.read();
        if (read === undefined) delete result[name];
        else result[name] = read;
      }
      return Object.keys(result).length || value !== undefined ? result : undefined;
    },
  };
}

/** The RFC 7396 merge patch that makes `before` into `after`. */
export function mergePatch(before, after) {
  if (!isObject(before) || !isObject(after)) return after;
  const patch = {};
  for (const name of Object.keys(before)) if (!(name in after)) patch[name] = null;
  for (const [name, value] of Object.entries(after))
    if (JSON.stringify(before[name]) !== JSON.stringify(value)) patch[name] = mergePatch(before[name], value);
  return patch;
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
