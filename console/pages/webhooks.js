// Who outside is told of what: whether each receiver takes its messages, what was given up, and telling it again.

import { h } from '../dom.js';
import { all, get, post, patch } from '../api.js';
import { heading, button, empty, failure, pill, table } from '../parts.js';
import { ago, count, plural, timeOf } from '../format.js';

const TONES = { ok: 'live', failing: 'warn', disabled: 'harm' };
const COLUMNS = [{ name: 'Message' }, { name: 'Type' }, { name: 'Given up' }, { name: 'Why' }];
const when = (at) => h('time', { datetime: at, title: timeOf(at) }, ago(at));

/** A dead letter's place: "audit-123" → what to replay from, so that it and what followed come again. */
function placeOf({ message }) {
  const [log, number] = [message.slice(0, message.indexOf('-')), Number(message.slice(message.indexOf('-') + 1))];
  return { [log === 'event' ? 'eventPosition' : 'auditPosition']: number - 1 };
}

/** The oldest of each log, so that nothing given up is left out. */
function fromTheOldest(letters) {
  const places = letters.map(placeOf), oldest = {};
  for (const place of places) for (const [log, n] of Object.entries(place)) oldest[log] = Math.min(n, oldest[log] ?? n);
  return oldest;
}

export function webhooks() {
  let hooks = [];
  let said = null; // what the last button did: { id, words } or { id, error }

  async function load() {
    hooks = await Promise.all((await all('/webhooks')).map(({ id }) => get(`/webhooks/${encodeURIComponent(id)}`)));
  }

  async function act(hook, what) {
    said = await what().then((words) => ({ id: hook.id, words }), (error) => ({ id: hook.id, error }));
    return self.refresh();
  }
  const path = (hook) => `/webhooks/${encodeURIComponent(hook.id)}`;
  const tried = ({ delivered, status, milliseconds, detail }) => (delivered ? `Taken with ${status} in ${milliseconds} ms.` : `Not taken: ${detail}`);
  const test = (hook) => act(hook, async () => tried(await post(`${path(hook)}/test`)));
  const replay = (hook) => act(hook, async () => { await post(`${path(hook)}/replay`, fromTheOldest(hook.deadLetters)); return 'They are being told again, and what followed them.'; });
  const enable = (hook) => act(hook, async () => { await patch(path(hook), { enabled: true }); return 'It is told again.'; });

  const card = (hook) => h('section', { class: 'card', key: hook.id, 'aria-label': `Webhook ${hook.url}` },
    h('div', { class: 'heading' },
      h('h2', {}, h('code', {}, hook.url), ' ', pill(hook.state, TONES[hook.state])),
      h('div', { class: 'actions' }, button('Send a test', () => test(hook)), !hook.enabled && button('Switch on', () => enable(hook)))),
    h('p', { class: 'meta' }, `${hook.events.join(', ')} · ${count(hook.delivered)} taken, ${count(hook.dead)} given up`, hook.lastAttemptAt && [' · last try ', when(hook.lastAttemptAt)]),
    hook.note && h('p', {}, hook.note),
    hook.lastError && h('p', { class: 'notice' }, hook.lastError),
    said?.id === hook.id && (said.error ? failure(said.error) : h('p', { role: 'status' }, said.words)),
    hook.deadLetters.length > 0 && [
      table(`Given up for ${hook.url}`, COLUMNS, hook.deadLetters.map((letter) => [h('code', {}, letter.message), letter.type, when(letter.at), letter.error])),
      h('p', {}, button(`Tell ${plural(hook.deadLetters.length, 'dead letter')} again`, () => replay(hook)))]);

  const self = {
    title: 'Webhooks', every: 5000, load,
    view: () => [
      heading('Webhooks', 'Who outside is told of what happens, in order, signed, until it is taken.'),
      hooks.length === 0
        ? empty('Nobody outside is told', 'Name an address and what to tell it; the secret for its signatures is shown once:', 'echo \'{"url":"https://shop.example/hook","events":["experiment.*"]}\' | build/parley webhooks create -')
        : hooks.map(card)],
  };
  return self;
}
