// Shoppers' questions and answers: what somebody has to look at, who waits the longest first, and questions that nobody has answered,
// to answer as the shop. The plugin qa keeps them; a decision to hide says why, and its author is told.

import { h, announce } from '../dom.js';
import { get, post, Problem } from '../api.js';
import { heading, pill, button, empty, ask } from '../parts.js';
import { ago, timeOf } from '../format.js';

const API = '/plugins/qa/api';
const WHY = { new: ['new', 'calm'], pending: ['waits to be shown', 'warn'], edited: ['edited after it was hidden', 'warn'], reported: ['reported', 'harm'], appealed: ['asks for another look', 'warn'] };
// There is no code for "negative": that somebody is not pleased is no reason to hide what she wrote.
const REASONS = { spam: 'Advertising', 'personal-data': 'Something private about somebody', abuse: 'Insult or threat', 'off-topic': 'Not about this product', illegal: 'Against the law', duplicate: 'A repeat' };
const SHOWN = { queue: 'To look at', open: 'Without an answer' };

export function questions(mayChange) {
  let shown = 'queue';
  let items = [];
  let next = null;
  let limit = 25;
  let absent = null; // what the server says where the plugin is not there

  async function load() {
    const path = shown === 'queue' ? `queue?limit=${limit}` : `questions?order=unanswered&limit=${limit}`;
    try {
      ({ items, next } = await get(`${API}/${path}`));
      absent = null;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
      [items, next, absent] = [[], null, error.message];
    }
  }

  const at = ({ kind, id }) => `${API}/${kind === 'answer' ? 'answers' : 'questions'}/${id}`;

  async function publish(item) {
    await post(`${at(item)}/publish`);
    announce('It is shown.');
    await page.refresh();
  }

  async function hide(item) {
    const reason = h('select', { name: 'reason', required: true }, Object.entries(REASONS).map(([code, words]) => h('option', { value: code }, words)));
    const note = h('textarea', { name: 'note', rows: '2', maxlength: '500' });
    const done = await ask({
      title: `Hide this ${item.kind}?`, words: 'Its author is told the reason and may ask for another look.',
      fields: [h('label', {}, 'Reason', reason), h('label', {}, 'Note for the log (the author does not see it)', note)],
      confirm: 'Hide', tone: 'danger', act: () => post(`${at(item)}/hide`, { reason: reason.value, ...(note.value.trim() && { note: note.value }) }) });
    if (!done) return;
    announce('It is hidden, and its author is told why.');
    await page.refresh();
  }

  async function answer(item) {
    const body = h('textarea', { name: 'body', rows: '4', maxlength: '2000', required: true });
    const done = await ask({
      title: 'Answer as the shop', words: item.body, fields: [h('label', {}, 'Answer', body)],
      confirm: 'Answer', act: () => post(`${API}/questions/${item.id}/answers`, { body: body.value }) });
    if (!done) return;
    announce('Answered; who asked is told.');
    await page.refresh();
  }

  function row(item) {
    const [words, tone] = WHY[item.why] ?? [`${item.followers} want to know`, 'calm'];
    const since = item.waitingSince ?? item.at;
    const kind = item.kind ?? 'question';
    return h('li', { key: item.id },
      h('div', { class: 'grow' },
        h('p', { class: 'meta' }, pill(words, tone), ` ${kind === 'answer' ? 'Answer' : 'Question'} about `, item.product && [h('bdi', {}, item.product), ' '], h('code', {}, item.sku), item.state === 'hidden' && ' · hidden'),
        item.question && h('p', { class: 'meta said', dir: 'auto' }, `To “${item.question.body}”`),
        h('p', { class: 'said', dir: 'auto' }, item.body),
        item.name && h('p', { class: 'meta' }, 'Signed ', h('bdi', {}, item.name)),
        item.appeal && h('p', { class: 'said', dir: 'auto' }, `Its author says: “${item.appeal}”`),
        item.reports?.length > 0 && h('ul', { class: 'meta' }, item.reports.map((report) => h('li', { dir: 'auto' }, `Reported: ${REASONS[report.reason] ?? report.reason}${report.note ? `: “${report.note}”` : ''}`)))),
      h('div', { class: 'side' },
        h('p', { class: 'meta' }, h('time', { datetime: since, title: timeOf(since) }, ago(since))),
        mayChange && h('div', { class: 'actions' },
          item.why && button(item.state === 'public' ? 'Leave it' : 'Show it', () => publish(item)),
          item.why && item.state !== 'hidden' && button('Hide…', () => hide(item), { class: 'danger quiet' }),
          kind === 'question' && item.state !== 'hidden' && item.state !== 'pending' && button('Answer…', () => answer(item)))));
  }

  const nothing = () => (absent
    ? empty('Nobody can ask yet', `${absent} Shoppers ask where a feature names the plugin qa.`, 'build/parley plugins get qa')
    : shown === 'queue'
      ? empty('Nothing to look at', 'What shoppers write, report or appeal against comes here. The same list on the command line:', 'build/parley plugins call qa GET /queue')
      : empty('Every question has an answer', 'Questions without one come here. The same list on the command line:', 'build/parley plugins call qa GET "/questions?order=unanswered"'));

  const choose = ({ target }) => {
    shown = target.value;
    return page.refresh();
  };

  const page = {
    title: 'Questions',
    every: 5000,
    load,
    view: () => [
      heading('Questions', 'What shoppers ask each other and answer. Who waits the longest comes first.',
        h('label', {}, 'Show ', h('select', { name: 'shown', onchange: choose }, Object.entries(SHOWN).map(([value, words]) => h('option', { value }, words))))),
      items.length === 0 ? nothing()
        : [h('ol', { class: 'rows', key: 'rows', 'aria-label': SHOWN[shown] }, items.map(row)),
          next && h('p', { key: 'more' }, button('More', () => { limit = Math.min(50, limit + 25); return page.refresh(); }))]],
  };
  return page;
}
