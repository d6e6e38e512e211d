// One conversation: what was said, and beside it what she bought, what is known of her, and her timeline. Both sides see each other live.

import { h, announce } from '../dom.js';
import { get, post, put, patch, remove, Problem } from '../api.js';
import { heading, button, pill, ask, failure } from '../parts.js';
import { ago, timeOf, plural } from '../format.js';
import { follow } from '../stream.js';
import { CONVERSATIONS, statusPill, nameOf, since } from './inbox.js';

const PAGE = 50;
const ENTRIES = 20;
const MODES = { reply: ['Answer', 'Send the answer'], note: ['Note for colleagues', 'Keep the note'], push: ['Write first', 'Send'] };
const written = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
const DELIVERY = { waiting: ['goes out', 'calm'], sent: ['sent', 'calm'], delivered: ['arrived', 'live'], failed: ['could not be sent', 'harm'], bounced: ['came back', 'harm'] };

export function inboxThread(customer) {
  const path = `${CONVERSATIONS}/threads/${encodeURIComponent(customer)}`;
  let all = null; // the answer of GET /threads/{customer}
  let messages = []; // oldest first
  let next = null;
  let orders = [];
  let timeline = [];
  let quiet = false; // she does not want to be written to first
  let pages = 1;
  let asked = 0;
  let shown = 0; // of the askings: an older answer never replaces a newer one
  let answering = null; // the id of the message that the next answer is to
  let mode = 'reply';
  let trouble = null;
  let stop = null;
  let unsent = null; // {id, body}: the same answer sent again is the same message
  let sending = false;

  const concerns = (name, data) => name === 'plugin-note' && data.plugin === 'conversations' && (!all || all.ids.includes(data.customer));

  async function load() {
    stop ??= follow({ onOpen: () => self.refresh(), onEvent: (name, data) => { if (concerns(name, data)) self.refresh(); } });
    const mine = ++asked;
    const her = `/customers/${encodeURIComponent(customer)}`;
    const [found, who, bought, lived] = await Promise.all([thread(), ...['', '/timeline?kinds=order,refund&limit=10', `/timeline?limit=${ENTRIES}`].map((what) => get(her + what).catch(nothing))]);
    if (mine < shown) return;
    shown = mine;
    ({ all, messages, next } = found);
    [orders, timeline, quiet] = [bought.items, lived.items, who.preferences?.pushes === false];
    if (!messages.some(({ id }) => id === answering)) answering = null;
    const last = messages.at(-1)?.id;
    if (all.thread.unread > 0 && !document.hidden) await put(`${path}/seen`, { upto: last });
  }

  /** An address that the shop does not know yet has no wishes and no timeline. */
  function nothing(error) {
    if (error instanceof Problem && error.status === 404) return { items: [] };
    throw error;
  }

  async function thread() {
    let found = [];
    let cursor = '';
    let first = null;
    for (let i = 0; i < pages && cursor !== null; i++) {
      const page = await get(`${path}?limit=${PAGE}${cursor && `&cursor=${cursor}`}`);
      first ??= page;
      found = found.concat(page.items);
      cursor = page.next;
    }
    return { all: first, messages: found.reverse(), next: cursor };
  }

  const hers = () => messages.filter(({ author }) => author === 'customer');
  const answered = () => hers().find(({ id }) => id === answering) ?? hers().findLast(({ progress }) => progress.state !== 'answered') ?? hers().at(-1);

  async function act(what, done) {
    try {
      await what();
      trouble = null;
      if (done) announce(done);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      trouble = error;
    }
    return self.refresh();
  }

  async function send(event) {
    event.preventDefault();
    const field = event.target.querySelector('textarea');
    const body = field.value.trim();
    if (!body) return field.focus();
    if (sending) return;
    sending = true;
    if (unsent?.body !== body) unsent = { id: crypto.getRandomValues(new Uint32Array(4)).join('-'), body };
    const target = answered();
    const calls = {
      reply: () => post(`${path}/reply`, { inReplyTo: target?.id, ...unsent }),
      note: () => post(`${path}/notes`, { body }),
      push: () => post(`${path}/push`, { body }) };
    await act(async () => {
      const { delivery } = await calls[mode]();
      field.value = '';
      unsent = answering = null;
      mode = 'reply';
      if (delivery && delivery !== 'allowed') announce(`She reads it on the web only (${delivery}).`);
    });
    sending = false;
    field.focus();
  }

  const stand = (status, done) => act(() => put(`${path}/status`, { status }), done);
  const assign = (name) => act(() => put(`${path}/assignee`, { assignee: name }), name ? 'She sees that you are answering.' : 'Anybody may take it.');

  async function snooze() {
    const until = h('input', { id: 'until', type: 'datetime-local' });
    const done = await ask({
      title: 'Put this aside', words: 'It comes back by itself then, or as soon as she writes again. Without a time, after the hours that the feature says.',
      fields: [h('p', {}, h('label', { for: 'until' }, 'Until'), until)], confirm: 'Put aside',
      act: () => put(`${path}/status`, { status: 'snoozed', ...(until.value && { until: new Date(until.value).toISOString() }) }) });
    if (done) self.refresh();
  }

  async function tell(name, value, save) {
    const called = h('input', { id: 'called', required: true, maxlength: 64, value: name });
    const field = h('textarea', { id: 'value', rows: 2 });
    field.value = value;
    const done = await ask({
      title: name ? `Correct ${name}` : 'Add a fact', words: 'She has a right to read it. An empty field takes the fact away.',
      fields: [!name && h('p', {}, h('label', { for: 'called' }, 'Fact'), called), h('p', {}, h('label', { for: 'value' }, 'Value'), field)],
      confirm: 'Save', act: () => save((name || called.value).trim(), field.value.trim()) });
    if (done) self.refresh();
  }
  const keepFact = (name, value) => (value ? put(`${path}/facts/${encodeURIComponent(name)}`, { value }) : remove(`${path}/facts/${encodeURIComponent(name)}`));
  const keepTrait = (name, value) => patch(`/customers/${encodeURIComponent(all.thread.customer)}/traits`, { traits: { [name]: value || null } });

  // ---- what is shown ----

  function tail(m) {
    if (m.author === 'customer') {
      const { state, by, at } = m.progress;
      return [state === 'answered' ? ['answered by ', by, ' ', since(at, '')] : state === 'answering' ? `${by} is answering` : 'received', m.complaint && [' · ', pill('complaint', 'harm')]];
    }
    return [m.delivery && [`by ${m.channel} `, pill(...DELIVERY[m.delivery]), m.deliveryDetail && ` ${m.deliveryDetail}`], m.canned && [' ', pill('canned', 'warn')], m.thanked && [' ', pill('said thank you', 'live')]];
  }

  const WHO = { customer: (m) => (m.channel === 'web' ? 'She' : `She, by ${m.channel}`), agent: (m) => m.by, note: (m) => `${m.by}, for colleagues` };
  const message = (m) => h('li', { key: m.id, class: `said ${m.author}` },
    h('p', { class: 'meta' }, WHO[m.author](m), ' · ', h('time', { datetime: m.at, title: timeOf(m.at) }, ago(m.at)), m.about && [' · about ', m.about.kind, ' ', h('code', {}, m.about.ref)]),
    h('div', { class: 'bubble' }, m.inReplyTo && h('p', { class: 'quote' }, messages.find(({ id }) => id === m.inReplyTo)?.body ?? 'an earlier message'), m.body),
    h('p', { class: 'meta' }, tail(m),
      m.author === 'customer' && [' ', button('Answer this', () => { answering = m.id; mode = 'reply'; self.redraw(); document.getElementById('words').focus(); }, { class: 'text', 'aria-label': `Answer this: ${m.body.slice(0, 60)}` }),
        ' ', button(m.complaint ? 'No complaint' : 'Is a complaint', () => act(() => put(`${path}/complaint`, { message: m.id, complaint: !m.complaint })), { class: 'text', 'aria-label': `${m.complaint ? 'No complaint' : 'Is a complaint'}: ${m.body.slice(0, 60)}` })]));

  function composer() {
    const target = answered();
    const modes = Object.entries(MODES).filter(([name]) => name !== 'reply' || target);
    if (!target && mode === 'reply') mode = 'push';
    return h('form', { class: 'card composer', key: 'composer', onsubmit: send },
      trouble && failure(trouble),
      h('div', { class: 'actions' }, h('label', { for: 'mode', class: 'meta' }, 'Write'),
        h('select', { id: 'mode', key: mode, onchange: (event) => { mode = event.target.value; self.redraw(); document.getElementById('mode').focus(); } }, modes.map(([name, [words]]) => h('option', { value: name, selected: name === mode }, words)))),
      h('p', {}, h('label', { for: 'words' }, mode === 'reply' ? ['To: ', h('span', { class: 'meta' }, target.body.slice(0, 140))] : mode === 'note' ? 'She never sees it here' : 'Counts towards what she may be sent'),
        h('textarea', { id: 'words', rows: 3, maxlength: 4000, onkeydown: (event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit(); } })),
      h('p', {}, h('button', { type: 'submit', class: 'primary' }, MODES[mode][1])));
  }

  const known = (rows) => h('dl', { class: 'known' }, rows.map(([name, value, note, change]) => h('div', { key: name },
    h('dt', {}, name), h('dd', {}, written(value), note && h('span', { class: 'meta' }, ` · ${note}`)),
    h('dd', { class: 'side' }, button('Correct', change, { class: 'quiet', 'aria-label': `Correct ${name}` })))));

  const facts = () => h('section', { class: 'card', 'aria-labelledby': 'facts', key: 'facts' },
    h('div', { class: 'heading' }, h('h2', { id: 'facts' }, 'What we know'), h('div', { class: 'actions' }, button('Add', () => tell('', '', keepFact), { class: 'quiet', 'aria-label': 'Add a fact' }))),
    all.facts.length + Object.keys(all.traits ?? {}).length === 0 ? h('p', { class: 'meta' }, 'Nothing yet.') : known([
      ...all.facts.map(({ name, value, by, at }) => [name, value, `${by}, ${ago(at)}`, () => tell(name, value, keepFact)]),
      ...Object.entries(all.traits ?? {}).map(([name, value]) => [name, value, null, () => tell(name, written(value), keepTrait)])]));

  const entries = (id, title, items, none) => h('section', { class: 'card', 'aria-labelledby': id, key: id },
    h('h2', { id }, title),
    items.length === 0 ? h('p', { class: 'meta' }, none) : h('ol', { class: 'short', 'aria-labelledby': id }, items.map((e) => h('li', { key: e.id },
      h('p', {}, e.body), h('p', { class: 'meta' }, h('time', { datetime: e.at, title: timeOf(e.at) }, ago(e.at)), e.refs.order_id !== undefined && [' · ', h('code', {}, written(e.refs.order_id))])))));

  const self = {
    title: customer,
    every: 10000,
    load,
    leave: () => stop?.(),
    view: () => {
      const t = all.thread;
      const mine = t.assignee === all.agent;
      return [
        h('p', { class: 'crumbs', key: 'crumbs' }, h('a', { href: '#/inbox' }, 'Inbox')),
        heading([nameOf(t), ' ', statusPill(t)],
          [h('a', { href: `#/customers/${encodeURIComponent(t.customer)}` }, t.customer), all.ids.length > 1 && ` · ${plural(all.ids.length - 1, 'more id')}`,
            t.waitingSince && [' · ', since(t.waitingSince, 'asked')], t.assignee ? ` · ${mine ? 'you have it' : `${t.assignee} has it`}` : ' · nobody has it yet', quiet && ' · does not want to be written to first'],
          mine ? button('Give back', () => assign(null)) : button('I answer', () => assign('me'), { class: 'primary' }),
          button('Put aside…', snooze), t.status === 'closed' ? button('Open again', () => stand('open')) : button('Close', () => stand('closed', 'Closed. It opens again when she writes.'))),
        h('div', { class: 'beside', key: 'beside' },
          h('div', { class: 'story' },
            next && h('p', {}, button('Earlier messages', () => { pages += 1; return self.refresh(); }, { class: 'quiet' })),
            h('ol', { class: 'talk', 'aria-label': 'Conversation' }, messages.map(message)), composer()),
          h('div', { class: 'aside' }, entries('orders', 'Orders', orders, 'None yet.'), facts(), entries('timeline', 'Timeline', timeline, 'Nothing yet.')))];
    },
  };
  return self;
}
