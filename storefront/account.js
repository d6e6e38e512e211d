// "My data": who the shopper is here, what the shop remembers of her, what may speak to her, and the two doors out: take all of it
// along, or have it erased.

import { h } from './dom.js';
import './basket.js';

const place = document.getElementById('account');
const said = h('p', { role: 'status', class: 'said' });
const day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' });
const FEATURES = { boards: 'Boards', 'product-poll': 'Polls beside products', 'home-poll': 'Polls on the first page', 'product-questions': 'Questions and answers', 'home-recommended': 'Recommendations', 'home-talk': 'Conversation' };

/** parley.js comes when it comes; where it never does, the page says so. */
async function parley() {
  for (let waited = 0; !window.parley?.request && waited < 5000; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
  if (!window.parley?.request) throw new Error('Your data cannot be reached just now. Please try again later.');
  await window.parley.ready;
  return window.parley;
}

/** The parsed answer, or an Error whose message is a sentence. */
async function call(method, path, body) {
  const response = await (await parley()).request(method, path, body);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(`That did not work: ${answer.detail ?? 'please try again'}.`);
  return answer;
}

/** Does something and says how it went. */
async function attempt(act) {
  try {
    said.textContent = (await act()) ?? '';
  } catch (error) {
    said.textContent = error.message;
  }
}

// ---- what is remembered ----

function entry({ at, body, actor, channel }) {
  return h('li', {}, h('p', {}, body), h('p', { class: 'soft' }, `${day.format(new Date(at))}${channel ? `, ${channel}` : ''}${actor === 'agent' ? ', the shop wrote' : ''}`));
}

function timeline({ items, next }) {
  const list = h('ol', { class: 'entries' }, items.map(entry));
  const more = h('button', { type: 'button', class: 'plain', hidden: next === null, onclick: () => attempt(async () => {
    const page = await call('GET', `/v1/me/timeline?limit=20&before=${encodeURIComponent(next)}`);
    list.append(...page.items.map(entry));
    next = page.next;
    more.hidden = next === null;
  }) }, 'Earlier');
  return items.length === 0 ? h('p', {}, 'Nothing yet: look at a product, vote, pin something.') : [list, more];
}

// ---- what may speak to her ----

function wishes(preferences) {
  let muted = new Set(preferences.muted);
  const box = (label, checked, change) => {
    const input = h('input', { type: 'checkbox', checked, onchange: () => attempt(async () => {
      await change(input.checked);
      return 'Saved.';
    }) });
    return h('label', { class: 'wish' }, input, h('span', {}, label));
  };
  const mute = (key) => (shown) => {
    muted = new Set(muted);
    if (shown) muted.delete(key);
    else muted.add(key);
    return call('PUT', '/v1/me/preferences', { muted: [...muted] });
  };
  return h('fieldset', {}, h('legend', {}, 'What this shop may show me'),
    Object.entries(FEATURES).map(([key, name]) => box(name, !muted.has(key), mute(key))),
    box('Write to me first, such as a question about something I bought', preferences.pushes, (pushes) => call('PUT', '/v1/me/preferences', { pushes })));
}

// ---- the doors out ----

async function take() {
  const all = await call('GET', '/v1/me/export');
  const address = URL.createObjectURL(new Blob([JSON.stringify(all, null, 2)], { type: 'application/json' }));
  h('a', { href: address, download: 'my-data.json' }).click();
  URL.revokeObjectURL(address);
  return 'All that this shop has of you is in the file my-data.json.';
}

function erase() {
  const dialog = h('dialog', { 'aria-labelledby': 'erase-title' },
    h('h2', { id: 'erase-title' }, 'Erase everything?'),
    h('p', {}, 'Votes, boards, questions, answers, the conversation and what was looked at and bought are erased. It cannot be undone.'),
    h('div', { class: 'row' },
      h('button', { type: 'button', class: 'primary', onclick: () => {
        dialog.close();
        attempt(async () => {
          await call('DELETE', '/v1/me');
          localStorage.clear();
          place.replaceChildren(said);
          return 'It is erased. Whoever comes next is somebody new to this shop.';
        });
      } }, 'Erase it'),
      h('button', { type: 'button', class: 'plain', onclick: () => dialog.close() }, 'Keep it')));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

async function show() {
  const { customer, known } = await call('GET', '/v1/me');
  const [entries, preferences] = await Promise.all([call('GET', '/v1/me/timeline?limit=20'), call('GET', '/v1/me/preferences')]);
  place.replaceChildren(
    h('p', {}, known ? 'You are signed in as ' : 'You are known by a cookie of this browser, and by no name: ', h('code', {}, customer), '.'), said,
    h('section', { 'aria-labelledby': 'remembered' }, h('h2', { id: 'remembered' }, 'What this shop remembers'), timeline(entries)),
    h('section', { 'aria-labelledby': 'wishes' }, h('h2', { id: 'wishes' }, 'My wishes'), wishes(preferences)),
    h('section', { 'aria-labelledby': 'doors' }, h('h2', { id: 'doors' }, 'It is mine'),
      h('div', { class: 'row' }, h('button', { type: 'button', class: 'primary', onclick: () => attempt(take) }, 'Take all of it along'),
        h('button', { type: 'button', class: 'plain', onclick: erase }, 'Erase everything'))));
}

place.append(said);
await attempt(show);
place.removeAttribute('aria-busy');
