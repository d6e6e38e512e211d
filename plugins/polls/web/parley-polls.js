// <parley-poll>: the polls about one thing of the shop, to vote in and to see the result of. The page hands it
// `call(method, path, body) → answer`, and a composed page also `data`, what `polls?about=…` answered. What may be
// seen is the server's decision: where an answer holds a tally it is shown, as bars where it holds percentages. Texts of a
// poll only ever become text. Where there is no poll it hides itself.
//
// From 1.2.0 on: "Tell us more" after a vote hands the conversation on the page what it is about (event `parley-talk`), and a poll
// among friends is made here and opened by a link, the page's own address with #parley=FEATURE/… behind it: what follows the # stays
// in the browser, and is in nobody's log.
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
  .friends { margin-top: 1rem; display: grid; gap: .5rem; }
  .friends[hidden] { display: none; }
  .invite { margin-top: .75rem; }
  input[type=text], .link { box-sizing: border-box; width: 100%; min-width: 0; height: auto; min-height: 2.5rem; padding: .25rem .625rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--soft); border-radius: 8px; }
  p { margin: 0; font-size: .9375rem; color: var(--soft); }
  [role=alert] { color: inherit; font-weight: 560; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
`);

const number = new Intl.NumberFormat(language);
const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 });

// Another language is another table here.
const words = spoken({
  en: {
    vote: 'Vote', change: 'Change my vote', takeBack: 'Take my vote back', more: 'Tell us more', thanks: 'Thank you, your vote counts.', takenBack: 'Your vote is taken back.',
    choose: 'Choose an answer first.', closed: 'This poll is closed.', onClose: 'The result is shown when the poll closes.', onVote: 'Vote to see what others think.',
    voters: (n) => (n === 0 ? 'Nobody has voted yet.' : n === 1 ? '1 person has voted.' : `${number.format(n)} people have voted.`),
    invite: 'Ask your friends', question: 'Your question', choices: ['First choice', 'Second choice', 'Third choice (if you like)'], make: 'Get a link',
    incomplete: 'Write a question and at least two choices.', link: 'The link for your friends', secret: 'Only friends who have the link see this poll.',
  },
  de: {
    vote: 'Abstimmen', change: 'Stimme ändern', takeBack: 'Stimme zurücknehmen', more: 'Mehr dazu sagen', thanks: 'Danke, Ihre Stimme zählt.', takenBack: 'Ihre Stimme ist zurückgenommen.',
    choose: 'Bitte wählen Sie zuerst eine Antwort.', closed: 'Diese Umfrage ist beendet.', onClose: 'Das Ergebnis erscheint, wenn die Umfrage beendet ist.', onVote: 'Stimmen Sie ab, dann sehen Sie, was andere denken.',
    voters: (n) => (n === 0 ? 'Noch hat niemand abgestimmt.' : n === 1 ? '1 Person hat abgestimmt.' : `${number.format(n)} Personen haben abgestimmt.`),
    invite: 'Freunde fragen', question: 'Ihre Frage', choices: ['Erste Möglichkeit', 'Zweite Möglichkeit', 'Dritte Möglichkeit (wenn Sie mögen)'], make: 'Link erhalten',
    incomplete: 'Schreiben Sie eine Frage und mindestens zwei Möglichkeiten.', link: 'Der Link für Ihre Freunde', secret: 'Nur Freunde, die den Link haben, sehen diese Umfrage.',
    sentences: { // what the plugin refuses
      'this poll is closed': 'Diese Umfrage ist beendet.', 'vote first, then tell us more': 'Bitte stimmen Sie zuerst ab.',
      '{} options were taken; this poll allows {}': 'In dieser Umfrage sind höchstens {2} Antworten möglich.', 'there is no poll "{}"': 'Diese Umfrage gibt es nicht mehr.',
      'this link leads to no poll: it was mistyped, or the poll was taken away': 'Dieser Link führt zu keiner Umfrage: Er ist falsch geschrieben, oder die Umfrage wurde zurückgezogen.',
      'the shop has no polls among friends': 'Umfragen unter Freunden gibt es in diesem Laden nicht.', 'only who asked can take a poll away': 'Nur wer gefragt hat, kann eine Umfrage zurückziehen.',
      '{} polls are open; take one away first': '{1} Umfragen von Ihnen sind offen, mehr geht nicht.', '{} friends have voted; no more can': '{1} haben schon abgestimmt, mehr geht nicht.',
      '"question" is a text of 1 to {} bytes': 'Die Frage ist zu lang.', 'an option is a text of 1 to {} bytes': 'Eine der Möglichkeiten ist zu lang.',
    },
  },
});

class Poll extends HTMLElement {
  static sentences = words.sentences;
  #root = this.attachShadow({ mode: 'open' });

  async connectedCallback() {
    this.#root.adoptedStyleSheets = [sheet];
    const { items } = this.data ?? await this.call('GET', `polls?about=${encodeURIComponent(this.getAttribute('about'))}`).catch(() => ({ items: [] }));
    const [, feature, id] = /^#parley=([^/]+)\/(.+)$/.exec(location.hash) ?? [], link = feature === this.getAttribute('feature') && id;
    this.hidden = items.length === 0 && !link;
    this.#root.replaceChildren(...items.map((poll) => this.#draw(poll, '')));
    if (link) this.#root.prepend(await this.call('GET', `friends/${encodeURIComponent(link)}`).then((poll) => this.#drawFriends(poll, ''), (error) => make('p', { role: 'alert' }, error.message)));
    if (items.some((poll) => poll.more)) this.#root.append(this.#invite());
  }

  // ---- among friends ----

  #invite() {
    const fields = words.choices.map((choice) => make('input', { type: 'text', ariaLabel: choice, placeholder: choice, maxLength: 100 }));
    const question = make('input', { type: 'text', ariaLabel: words.question, placeholder: words.question, maxLength: 200 });
    const form = make('form', { className: 'friends', hidden: true }, question, ...fields, make('div', { className: 'row' }, make('button', {}, words.make)));
    const open = make('button', { type: 'button', className: 'plain', onclick: () => { form.hidden = false; open.hidden = true; question.focus(); } }, words.invite);
    form.onsubmit = async (event) => {
      event.preventDefault();
      const options = fields.map((field) => field.value.trim()).filter(Boolean);
      if (!question.value.trim() || options.length < 2) { complain(form, words.incomplete); return; }
      try {
        const about = this.getAttribute('about');
        const poll = await this.call('POST', 'friends', { question: question.value.trim(), options, ...(about ? { about } : {}) });
        const drawn = this.#drawFriends(poll, '');
        form.replaceWith(drawn);
        drawn.querySelector('.link')?.focus();
      } catch (error) {
        complain(form, error.message);
      }
    };
    return make('div', { className: 'invite' }, open, form);
  }

  #drawFriends(poll, said) {
    const rows = poll.options.map((option) => make('label', { className: option.key === poll.voted ? 'mine' : '' },
      make('input', { type: 'radio', name: 'friends', value: option.key, checked: option.key === poll.voted }),
      make('span', {}, option.label), make('span', { className: 'figure' }, number.format(option.votes))));
    const link = poll.mine && make('input', { className: 'link', readOnly: true, ariaLabel: words.link, value: `${location.href.split('#')[0]}#parley=${this.getAttribute('feature')}/${poll.id}`, onfocus: (event) => event.target.select() });
    const form = make('form', { className: 'friends' }, make('fieldset', { disabled: poll.closed }, make('legend', {}, poll.question), ...rows), link,
      make('div', { className: 'row' }, !poll.closed && make('button', {}, poll.voted ? words.change : words.vote),
        make('p', { role: 'status' }, said || (poll.closed ? words.closed : words.secret))));
    form.onsubmit = async (event) => {
      event.preventDefault();
      const option = form.querySelector('input:checked')?.value;
      if (!option) { complain(form, words.choose); return; }
      try {
        const fresh = this.#drawFriends(await this.call('PUT', `friends/${poll.id}/vote`, { option }), words.thanks);
        form.replaceWith(fresh);
        fresh.querySelector('input:checked')?.focus();
      } catch (error) {
        complain(form, error.message);
      }
    };
    return form;
  }

  // ---- what she wants to say about it ----

  async #tellMore(form, poll) {
    try {
      const detail = await this.call('POST', `polls/${encodeURIComponent(poll.id)}/more`, {});
      dispatchEvent(new CustomEvent('parley-talk', { detail }));
    } catch (error) {
      complain(form, error.message);
    }
  }

  #draw(poll, said) {
    const voted = poll.voted.length > 0;
    const status = make('p', { role: 'status' }, said || hint(poll));
    const form = make('form', { id: `poll-${poll.id}` },
      make('fieldset', { disabled: poll.closed }, make('legend', {}, poll.question), ...poll.options.map((option) => row(poll, option))),
      make('div', { className: 'row' },
        !poll.closed && make('button', {}, voted ? words.change : words.vote),
        voted && !poll.closed && make('button', { type: 'button', className: 'plain', onclick: () => this.#send(form, 'DELETE', poll, undefined, words.takenBack) }, words.takeBack),
        voted && document.querySelector('parley-conversation, parley-slot[talk]') && make('button', { type: 'button', className: 'plain', onclick: () => (poll.more ? this.#tellMore(form, poll) : tellMore(poll)) }, words.more),
        status));
    form.onsubmit = (event) => {
      event.preventDefault();
      const options = [...form.querySelectorAll('input:checked')].map((input) => input.value);
      if (options.length > 0) this.#send(form, 'PUT', poll, { options }, words.thanks);
      else complain(form, words.choose);
    };
    return form;
  }

  async #send(form, method, poll, body, thanks) {
    const focused = this.#root.activeElement?.value;
    try {
      const fresh = this.#draw(await this.call(method, `polls/${encodeURIComponent(poll.id)}/vote`, body), thanks);
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

function tellMore({ id, question }) {
  dispatchEvent(new CustomEvent('parley-talk', { detail: { about: { kind: 'poll', ref: id }, words: question } }));
}

function hint(poll) {
  const voters = poll.tally && words.voters(poll.tally.voters);
  if (poll.closed) return `${words.closed} ${voters ?? ''}`;
  if (voters) return voters;
  if (poll.results === 'on_close') return words.onClose;
  if (poll.results === 'on_vote') return words.onVote;
  return '';
}

function complain(form, sentence) {
  form.querySelector('[role=alert]')?.remove();
  form.append(make('p', { role: 'alert' }, sentence));
}

if (!customElements.get('parley-poll')) customElements.define('parley-poll', Poll);
