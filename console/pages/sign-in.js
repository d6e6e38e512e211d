// Sign-in: paste a token. It stays in this tab only and is gone when the tab closes.

import { h, show } from '../dom.js';
import { failure } from '../parts.js';

/** `enter(token)` resolves once signed in, or throws a Problem. */
export function signIn(reason, enter) {
  const trouble = h('div', {}, reason && h('p', { class: 'notice warn', role: 'alert' }, reason));
  const input = h('input', { id: 'token', name: 'token', type: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false', 'aria-describedby': 'token-help' });
  const send = h('button', { type: 'submit', class: 'primary' }, 'Sign in');
  const onsubmit = async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      await enter(input.value.trim());
    } catch (error) {
      send.disabled = false;
      show(trouble, failure(error, 'Not signed in'));
      input.focus();
    }
  };
  return h('main', { id: 'main', class: 'sign-in' },
    h('p', { class: 'brand' }, h('img', { src: '/console/mark.svg', alt: '', width: 40, height: 40 }), 'Parley'),
    h('h1', {}, 'Sign in to the console'),
    h('form', { onsubmit }, trouble,
      h('label', { for: 'token' }, 'Access token'), input,
      h('p', { id: 'token-help', class: 'meta' }, 'Paste the token that ', h('code', {}, './dev run'), ' printed, or one that an administrator made for you. It is kept in this tab only.'),
      send));
}
