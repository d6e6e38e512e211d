// Pieces that several pages show: headings, pills, empty states, problems, dialogs and definition rows.

import { h, show } from './dom.js';
import { Problem } from './api.js';
import { placeOf, isOverdue, dateOf } from './format.js';

/** The head of a page: a heading that takes the focus when the page opens, a lead and buttons beside it. */
export function heading(title, lead, ...beside) {
  return h('header', { class: 'heading', key: 'heading' },
    h('div', {}, h('h1', { tabindex: '-1' }, title), lead && h('p', { class: 'lead' }, lead)),
    h('div', { class: 'actions' }, beside));
}

/** A sentence of the server, in which `names` stand in backticks. */
export const withCode = (sentence) => sentence.split('`').map((part, i) => (i % 2 ? h('code', {}, part) : part));

/** A state in a word; `tone` is calm, live, warn or harm and never the only carrier of the meaning. */
export const pill = (word, tone = 'calm') => h('span', { class: `pill ${tone}` }, word);

export const button = (label, onclick, attributes = {}) => h('button', { type: 'button', onclick, ...attributes }, label);

/** Nothing here yet: says what this page is for and what to do next. */
export function empty(sentence, next, command) {
  return h('section', { class: 'empty', key: 'empty' },
    h('p', { class: 'empty-title' }, sentence), h('p', {}, next),
    h('pre', { tabindex: '0', 'aria-label': 'Command' }, h('code', {}, command)));
}

/** A failure as a sentence, with the places of a body that were wrong. */
export function failure(error, what = 'That did not work') {
  if (!(error instanceof Problem)) throw error;
  return h('div', { class: 'notice harm', role: 'alert', key: 'failure' },
    h('p', {}, h('strong', {}, `${what}: `), error.message),
    error.errors.length > 0 && h('ul', {}, error.errors.map(({ pointer, detail }) => h('li', {}, `At ${placeOf(pointer)}: ${detail}`))));
}

/** Owner and review date, with "overdue" in words. */
export function review(item) {
  return h('p', { class: 'meta' },
    item.owner ? `Owner ${item.owner}` : 'No owner',
    item.reviewBy && [' · ', isOverdue(item.reviewBy)
      ? h('strong', { class: 'overdue' }, `Review overdue since ${dateOf(item.reviewBy)}`)
      : `Review by ${dateOf(item.reviewBy)}`]);
}

/** A table that may be wider than a phone: it scrolls within itself, by keyboard too. */
export function table(caption, columns, rows) {
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h('table', {}, h('caption', {}, caption),
      h('thead', {}, h('tr', {}, columns.map(({ name, number }) => h('th', { scope: 'col', class: number && 'number' }, name)))),
      h('tbody', {}, rows.map((cells) => h('tr', {}, cells.map((cell, i) => (i === 0
        ? h('th', { scope: 'row' }, cell)
        : h('td', { class: columns[i].number && 'number' }, cell))))))));
}

/**
 * Asks before something happens. `fields` are shown above the buttons; `act(form)` does it, and when that
 * fails the dialog stays and says why. Resolves to whether it was done.
 */
export function ask({ title, words, fields = [], confirm, tone, act }) {
  const trouble = h('div', {});
  const yes = h('button', { type: 'submit', class: tone ?? 'primary' }, confirm);
  const form = h('form', { method: 'dialog' },
    h('h2', { id: 'ask-title' }, title), h('p', {}, words), fields, trouble,
    h('div', { class: 'actions' }, button('Cancel', () => dialog.close()), yes));
  const dialog = h('dialog', { 'aria-labelledby': 'ask-title' }, form);
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      yes.disabled = true;
      try {
        await act(form);
        dialog.returnValue = 'done';
        dialog.close('done');
      } catch (error) {
        show(trouble, failure(error));
        yes.disabled = false;
      }
    };
    dialog.onclose = () => {
      dialog.remove();
      resolve(dialog.returnValue === 'done');
    };
    document.body.append(dialog);
    dialog.showModal();
  });
}
