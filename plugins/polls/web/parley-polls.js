// <parley-poll>: the polls about one thing of the shop, to vote in and to see the result of. The page hands it
// `request(method, path, body) → Response`, and a composed page also `data`, what `polls?about=…` answered. What may be
// seen is the server's decision: where an answer holds a tally it is shown, as bars where it holds percentages. Texts of a
// poll only ever become text. Where there is no poll it hides itself.
//
// Colours and type follow the page; --parley-accent and --parley-accent-ink set the rest.

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host([hidden]) { display: none; }
  :host { display: block; --accent: var(--parley-accent, #0f6a62); --accent-ink: var(--parley-accent-ink, #fff);
    --faint: color-mix(in srgb, currentColor 14%, transparent); --soft: color-mix(in srgb, currentColor 76%, transparent); }
  form { padding: 1.25rem 1.375rem 1.375rem; border: 1px solid var(--faint); border-radius: 12px; }
  form + form { margin-top: 1rem; }
  fieldset { border: 0; margin: 0; padding: 0; min-width: 0; display: grid; gap: .25rem; }
  legend { padding: 0; margin-bottom: .625rem; font-weight: 620; font-size: 1.0625rem; line-height: 1.35; overflow-wrap: anywhere; }
  label { display: grid; grid-template-columns: auto 1fr auto; gap: 0 .75rem; align-items: baseline; padding: .375rem 0; cursor: pointer; overflow-wrap: anywhere; }
  input { width: 1.125rem; height: 1.125rem; margin: 0; accent-color: var(--accent); align-self: center; }
  .figure { font-variant-numeric: tabular-nums; font-weight: 560; }
  .mine { font-weight: 620; }
  .bar { grid-column: 2 / -1; height: .375rem; margin-top: .25rem; border-radius: 1rem; background: var(--faint); overflow: hidden; }
  .bar i { display: block; height: 100%; border-radius: 1rem; background: var(--accent); opacity: .55; }
  .mine .bar i { opacity: 1; }
  .row { display: flex; flex-wrap: wrap; align-items: center; gap: .625rem 1rem; margin-top: .875rem; }
  button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .375rem 1.375rem; border: 0; border-radius: 8px; background: var(--accent); color: var(--accent-ink); cursor: pointer; }
  .plain { min-height: 1.75rem; padding: 0; background: none; color: inherit; font-weight: 400; font-size: .9375rem; text-decoration: underline; text-underline-offset: .2em; }
  p { margin: 0; font-size: .9375rem; color: var(--soft); }
  [role=alert] { color: inherit; font-weight: 560; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
`);

const number = new Intl.NumberFormat(document.documentElement.lang || undefined);
const percent = new Intl.NumberFormat(document.documentElement.lang || undefined, { style: 'percent', maximumFractionDigits: 1 });

/** An element from its name, properties (not attributes) and children; text stays text. */
function make(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children.filter(Boolean));
  return node;
}

class Poll extends HTMLElement {
  #root = this.attachShadow({ mode: 'open' });

  async connectedCallback() {
    this.#root.adoptedStyleSheets = [sheet];
    const { items } = this.data ?? await this.#call('GET', `polls?about=${encodeURIComponent(this.getAttribute('about'))}`);
    this.hidden = items.length === 0;
    this.#root.replaceChildren(...items.map((poll) => this.#draw(poll, '')));
  }

  /** The parsed answer of the plugin, or an Error whose message is a sentence for the shopper. */
  async #call(method, path, body) {
    const response = await this.request(method, `/v1/features/${encodeURIComponent(this.getAttribute('feature'))}/${path}`, body).catch(() => null);
    const answer = await response?.json().catch(() => null);
    if (response?.ok && answer) return answer;
    throw new Error(response?.status < 500 && answer?.detail ? `That did not work: ${answer.detail}.` : 'That did not work just now. Please try again.');
  }

  #draw(poll, said) {
    const voted = poll.voted.length > 0;
    const status = make('p', { role: 'status' }, said || hint(poll));
    const form = make('form', { id: `poll-${poll.id}` },
      make('fieldset', { disabled: poll.closed }, make('legend', {}, poll.question), ...poll.options.map((option) => row(poll, option))),
      make('div', { className: 'row' },
        !poll.closed && make('button', {}, voted ? 'Change my vote' : 'Vote'),
        voted && !poll.closed && make('button', { type: 'button', className: 'plain', onclick: () => this.#send(form, 'DELETE', poll, undefined, 'Your vote is taken back.') }, 'Take my vote back'),
        status));
    form.onsubmit = (event) => {
      event.preventDefault();
      const options = [...form.querySelectorAll('input:checked')].map((input) => input.value);
      if (options.length > 0) this.#send(form, 'PUT', poll, { options }, 'Thank you, your vote counts.');
      else complain(form, 'Choose an answer first.');
    };
    return form;
  }

  async #send(form, method, poll, body, thanks) {
    const focused = this.#root.activeElement?.value;
    try {
      const fresh = this.#draw(await this.#call(method, `polls/${encodeURIComponent(poll.id)}/vote`, body), thanks);
      form.replaceWith(fresh);
      ([...fresh.querySelectorAll('input')].find((input) => input.value === focused) ?? fresh.querySelector('button'))?.focus();
    } catch (error) {
      complain(form, error.message);
    }
  }
}

function row(poll, { key, label }) {
  const mine = poll.voted.includes(key);
  const found = poll.tally?.options.find((option) => option.key === key);
  return make('label', { className: mine ? 'mine' : '' },
    make('input', { type: poll.kind === 'multiple' ? 'checkbox' : 'radio', name: 'option', value: key, checked: mine }),
    make('span', {}, label),
    found && make('span', { className: 'figure' }, found.percent === undefined ? number.format(found.votes) : percent.format(found.percent / 100)),
    found?.percent !== undefined && bar(found.percent));
}

function bar(share) {
  const filled = make('i');
  filled.style.inlineSize = `${share}%`;
  return make('span', { className: 'bar', ariaHidden: 'true' }, filled);
}

function hint(poll) {
  const voters = poll.tally && turnout(poll.tally.voters);
  if (poll.closed) return `This poll is closed. ${voters ?? ''}`;
  if (voters) return voters;
  if (poll.results === 'on_close') return 'The result is shown when the poll closes.';
  if (poll.results === 'on_vote') return 'Vote to see what others think.';
  return '';
}

function turnout(voters) {
  if (voters === 0) return 'Nobody has voted yet.';
  return voters === 1 ? '1 person has voted.' : `${number.format(voters)} people have voted.`;
}

function complain(form, sentence) {
  form.querySelector('[role=alert]')?.remove();
  form.append(make('p', { role: 'alert' }, sentence));
}

if (!customElements.get('parley-poll')) customElements.define('parley-poll', Poll);
