// <parley-conversation>: the shopper's conversation with the shop, live. The page hands it `call(method, path, body) → answer` and
// `request(method, path, body) → Response`.
// What people wrote only ever becomes text.
//
// Anything in the page opens it with its context in one tap:
//   dispatchEvent(new CustomEvent('parley-talk', { detail: { about: { kind: 'poll', ref: 'next-mug' }, words: 'Which mug comes next?' } }))
//
// Colours and type follow the page; --parley-accent and --parley-accent-ink set the rest.

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; --accent: var(--parley-accent, #0f6a62); --accent-ink: var(--parley-accent-ink, #fff);
    --faint: color-mix(in srgb, currentColor 14%, transparent); --soft: color-mix(in srgb, currentColor 76%, transparent); }
  section { border: 1px solid var(--faint); border-radius: 12px; display: grid; grid-template-rows: auto minmax(0, 1fr) auto; max-height: min(40rem, 85vh); overflow: hidden; }
  header { padding: 1rem 1.25rem .75rem; border-bottom: 1px solid var(--faint); }
  h2 { margin: 0; font-size: 1.0625rem; font-weight: 620; line-height: 1.35; }
  p { margin: 0; }
  .meta, .state { font-size: .875rem; color: var(--soft); overflow-wrap: anywhere; }
  .me .state, .me .meta { text-align: end; }
  .scroll { overflow-y: auto; padding: 1rem 1.25rem; min-height: 6rem; overscroll-behavior: contain; }
  ol { list-style: none; margin: 0; padding: 0; display: grid; gap: .875rem; }
  li { display: grid; gap: .25rem; justify-items: start; max-width: 85%; }
  li.me { margin-inline-start: auto; justify-items: end; }
  .bubble { padding: .625rem .875rem; border-radius: 14px 14px 14px 4px; border: 1px solid var(--faint); white-space: pre-wrap; overflow-wrap: anywhere; }
  .me .bubble { border-radius: 14px 14px 4px 14px; border-color: transparent; background: color-mix(in srgb, var(--accent) 16%, transparent); }
  .quote { font-size: .875rem; color: var(--soft); border-inline-start: 3px solid var(--faint); padding-inline-start: .5rem; margin-bottom: .375rem; overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; white-space: normal; }
  .about { display: flex; gap: .5rem; align-items: center; font-size: .875rem; padding: .25rem .25rem .25rem .75rem; border-radius: 1rem; background: var(--faint); width: fit-content; max-width: 100%; overflow-wrap: anywhere; }
  form { padding: .75rem 1.25rem 1rem; border-top: 1px solid var(--faint); display: grid; gap: .625rem; }
  label { font-size: .875rem; color: var(--soft); }
  textarea { box-sizing: border-box; width: 100%; font: inherit; font-size: 1rem; color: inherit; background: transparent; border: 1px solid color-mix(in srgb, currentColor 55%, transparent); border-radius: 8px; padding: .5rem .75rem; min-height: 3.25rem; max-height: 12rem; resize: vertical; field-sizing: content; }
  .row { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .5rem 1rem; }
  .choice { display: flex; gap: .5rem; align-items: center; min-height: 1.75rem; cursor: pointer; }
  .choice input { width: 1.125rem; height: 1.125rem; margin: 0; accent-color: var(--accent); }
  button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .375rem 1.375rem; border: 0; border-radius: 8px; background: var(--accent); color: var(--accent-ink); cursor: pointer; }
  button[aria-disabled=true] { opacity: .6; cursor: progress; }
  .plain { min-height: 1.75rem; padding: 0 .25rem; background: none; color: inherit; font-weight: 400; font-size: .875rem; text-decoration: underline; text-underline-offset: .2em; }
  .older { justify-self: center; margin-bottom: .75rem; }
  [role=alert] { font-weight: 560; font-size: .9375rem; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
  [hidden] { display: none !important; }
`);


// Another language is another table here.
const words = spoken({
  en: {
    title: 'Talk with us', greeting: 'Ask us anything; a person answers.', hours: (when) => `We answer ${when}`,
    message: 'Your message', messages: 'Messages', send: 'Send', older: 'Earlier messages', quiet: 'Only answer, never write first',
    received: (at) => `Received ${at}`, answering: (who, at) => `${who} is answering · sent ${at}`, answered: (who) => `Answered by ${who}`,
    thank: 'That helped, thank you', thanked: 'You said thank you', about: (what) => `About: ${what}`, notAbout: 'Not about this', remove: 'Remove',
    kinds: { poll: 'About the poll', product: 'About the product', question: 'About the question', answer: 'About the answer', pin: 'About what is on the board', board: 'About the board', order: 'About the order', complaint: 'Complaint' },
    empty: 'Write something first.', long: 'This is too long for one message. Please send it in two.',
  },
  de: {
    title: 'Schreiben Sie uns', greeting: 'Fragen Sie uns, was Sie möchten; es antwortet ein Mensch.', hours: (when) => `Wir antworten ${when}`,
    message: 'Ihre Nachricht', messages: 'Nachrichten', send: 'Senden', older: 'Frühere Nachrichten', quiet: 'Nur antworten, nie von sich aus schreiben',
    received: (at) => `Angekommen ${at}`, answering: (who, at) => `${who} antwortet gerade · gesendet ${at}`, answered: (who) => `Beantwortet von ${who}`,
    thank: 'Das hat geholfen, danke', thanked: 'Sie haben sich bedankt', about: (what) => `Dazu: ${what}`, notAbout: 'Nicht dazu', remove: 'Entfernen',
    kinds: { poll: 'Zur Umfrage', product: 'Zum Produkt', question: 'Zur Frage', answer: 'Zur Antwort', pin: 'Zum Eintrag auf der Pinnwand', board: 'Zur Pinnwand', order: 'Zur Bestellung', complaint: 'Beschwerde' },
    empty: 'Bitte schreiben Sie zuerst etwas.', long: 'Das ist zu lang für eine Nachricht. Bitte senden Sie es in zweien.',
    sentences: { // what the plugin refuses
      '{} messages in a minute are enough; please wait a little': '{1} Nachrichten in einer Minute sind genug. Bitte warten Sie ein wenig.', 'there is no answer {} in this conversation': 'Diese Antwort gibt es nicht mehr.',
    },
  },
});

const clock = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
const moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
const BODY_BYTES = 4000;
const PREFERENCES = '/v1/me/preferences';
const RETRY_MS = [1000, 3000, 10000, 30000];
const PAGES_MOST = 20;

const when = (iso) => {
  const at = new Date(iso);
  return (Date.now() - at < 86400000 ? clock : moment).format(at);
};
const newId = () => Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join('-');

function stateOf({ progress, at }) {
  if (progress?.state === 'answered') return words.answered(progress.by);
  if (progress?.state === 'answering') return words.answering(progress.by, when(at));
  return words.received(when(at));
}

class Conversation extends HTMLElement {
  static sentences = words.sentences;
  #root = this.attachShadow({ mode: 'open' });
  #messages = new Map(); // id → message
  #drawn = new Map(); // id → {node, as}
  #about = null; // {about, words} of the message to come
  #next = null; // cursor of older messages
  #pages = 1;
  #unsent = null; // {id, body}: the same text sent again is the same message
  #asked = null;
  #again = false;
  #listening = null;
  #failures = 0;
  #live = false;
  #parts = {};

  connectedCallback() {
    this.#live = true;
    this.#root.adoptedStyleSheets = [sheet];
    if (!this.#parts.list) this.#frame();
    addEventListener('parley-talk', this.#talk);
    document.addEventListener('visibilitychange', this.#visible);
    this.#visible();
    this.call('GET', PREFERENCES).then(({ pushes }) => { this.#parts.quiet.checked = !pushes; }, () => {}); // unknown is unchecked
  }

  disconnectedCallback() {
    this.#live = false;
    removeEventListener('parley-talk', this.#talk);
    document.removeEventListener('visibilitychange', this.#visible);
    this.#hangUp();
  }

  #frame() {
    const p = this.#parts;
    p.greeting = make('p', { className: 'meta' });
    p.hours = make('p', { className: 'meta' });
    p.list = make('ol', {});
    p.older = make('button', { type: 'button', className: 'plain older', hidden: true, onclick: () => this.#older() }, words.older);
    p.scroll = make('div', { className: 'scroll', tabIndex: 0, role: 'log', ariaLabel: words.messages }, p.older, p.list);
    p.about = make('div', { className: 'about', hidden: true });
    p.body = make('textarea', { id: 'body', rows: 2, maxLength: BODY_BYTES });
    p.body.onkeydown = (event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      p.form.requestSubmit();
    };
    p.send = make('button', {}, words.send);
    p.alert = make('p', { role: 'alert', hidden: true });
    p.quiet = make('input', { type: 'checkbox', onchange: () => this.#wish() });
    p.form = make('form', {}, p.about, make('label', { htmlFor: 'body' }, words.message), p.body, p.alert,
      make('div', { className: 'row' }, make('label', { className: 'choice' }, p.quiet, words.quiet), p.send));
    p.form.onsubmit = (event) => {
      event.preventDefault();
      this.#send();
    };
    const title = make('h2', { id: 'title' }, words.title);
    const section = make('section', {}, make('header', {}, title, p.greeting, p.hours), p.scroll, p.form);
    section.setAttribute('aria-labelledby', 'title');
    this.#root.replaceChildren(section);
  }

  // ---- reading ----

  /** Asks anew; what is asked for meanwhile is asked once more afterwards. */
  #refresh() {
    if (this.#asked) this.#again = true;
    else {
      this.#asked = this.#read().catch((error) => this.#complain(error.message)).finally(() => {
        this.#asked = null;
        if (!this.#again) return;
        this.#again = false;
        this.#refresh();
      });
    }
    return this.#asked;
  }

  async #read() {
    const near = this.#isAtEnd();
    const first = await this.call('GET', 'messages');
    const found = [...first.items];
    let next = first.next;
    for (let i = 1; i < this.#pages && next; i++) {
      const page = await this.call('GET', `messages?cursor=${next}`);
      found.push(...page.items);
      next = page.next;
    }
    const before = this.#messages.size;
    this.#messages = new Map(found.reverse().map((message) => [message.id, message]));
    this.#next = next;
    this.#draw(first);
    if (near && this.#messages.size > before) this.#parts.scroll.scrollTop = this.#parts.scroll.scrollHeight;
    if (first.thread.unread > 0 && !document.hidden) this.call('PUT', 'seen', { upto: found.at(-1).id }).catch(() => {}); // it is unread until the next time
  }

  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#parts.scroll;
    return scrollHeight - scrollTop - clientHeight < 48;
  }

  async #older() {
    const { scroll } = this.#parts;
    const below = scroll.scrollHeight - scroll.scrollTop;
    this.#pages = Math.min(this.#pages + 1, PAGES_MOST);
    await this.#refresh();
    scroll.scrollTop = scroll.scrollHeight - below;
  }

  #draw({ thread, greeting, hours }) {
    const p = this.#parts;
    p.greeting.textContent = this.#messages.size ? '' : greeting ?? words.greeting;
    p.hours.textContent = hours ? words.hours(hours) : '';
    p.older.hidden = !this.#next || this.#pages >= PAGES_MOST;
    const nodes = [...this.#messages.values()].map((message) => this.#node(message));
    for (const [id, { node }] of this.#drawn) if (!this.#messages.has(id)) node.remove();
    nodes.forEach((node, i) => { if (p.list.children[i] !== node) p.list.insertBefore(node, p.list.children[i] ?? null); });
  }

  /** Drawn again only where it changed, so that neither the focus nor a screen reader is disturbed. */
  #node(message) {
    const answered = this.#messages.get(message.inReplyTo);
    const as = JSON.stringify([message, answered?.body]);
    const old = this.#drawn.get(message.id);
    if (old?.as === as) return old.node;
    const node = old?.node ?? make('li', { className: message.author });
    const focused = node.contains(this.#root.activeElement);
    node.replaceChildren(...this.#pieces(message, answered));
    if (focused) node.querySelector('button')?.focus();
    this.#drawn.set(message.id, { node, as });
    return node;
  }

  #pieces(message, answered) {
    const mine = message.author === 'me';
    const thanks = !mine && !message.thanked && make('button', { type: 'button', className: 'plain', onclick: () => this.#thank(message.id) }, words.thank);
    return [
      !mine && make('p', { className: 'meta' }, `${message.by} · ${when(message.at)}`),
      message.about && message.about.kind !== 'page' && make('p', { className: 'meta' }, `${words.kinds[message.about.kind] ?? message.about.kind}: ${message.about.ref}`),
      make('div', { className: 'bubble' }, answered && !mine && make('div', { className: 'quote' }, answered.body), message.body),
      mine ? make('p', { className: 'state' }, stateOf(message)) : thanks || make('p', { className: 'state' }, words.thanked),
    ].filter(Boolean);
  }

  // ---- writing ----

  #talk = ({ detail }) => {
    this.#about = detail?.about ? detail : null;
    this.#drawAbout();
    this.scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
    this.#parts.body.focus({ preventScroll: true });
  };

  #drawAbout() {
    const { about } = this.#parts;
    about.hidden = !this.#about;
    if (!this.#about) return;
    about.replaceChildren(make('span', {}, words.about(this.#about.words ?? this.#about.about.ref)),
      make('button', { type: 'button', className: 'plain', ariaLabel: words.notAbout, onclick: () => { this.#about = null; this.#drawAbout(); this.#parts.body.focus(); } }, words.remove));
  }

  #context() {
    if (this.#about) return { about: this.#about.about };
    const page = this.getAttribute('about');
    return page ? { about: { kind: 'page', ref: page.slice(0, 180) } } : {};
  }

  async #send() {
    const { body, send } = this.#parts;
    const text = body.value.trim();
    this.#complain('');
    if (send.ariaDisabled === 'true') return;
    if (!text) return this.#complain(words.empty);
    if (new Blob([text]).size > BODY_BYTES) return this.#complain(words.long);
    if (this.#unsent?.body !== text) this.#unsent = { id: newId(), body: text };
    send.ariaDisabled = 'true';
    try {
      await this.call('POST', 'messages', { ...this.#unsent, ...this.#context() });
      this.#unsent = this.#about = null;
      body.value = '';
      this.#drawAbout();
      await this.#refresh();
      this.#parts.scroll.scrollTop = this.#parts.scroll.scrollHeight;
    } catch (error) {
      this.#complain(error.message);
    } finally {
      send.ariaDisabled = 'false';
    }
  }

  async #thank(id) {
    await this.call('PUT', `messages/${id}/thanks`).catch((error) => this.#complain(error.message));
    this.#refresh();
  }

  /** Whether she wants to be told things by nobody of the shop: Parley holds it against every plugin. */
  async #wish() {
    const { quiet } = this.#parts;
    await this.call('PUT', PREFERENCES, { pushes: !quiet.checked }).catch((error) => {
      quiet.checked = !quiet.checked;
      this.#complain(error.message);
    });
  }

  #complain(sentence) {
    const { alert } = this.#parts;
    alert.hidden = !sentence;
    alert.textContent = sentence;
  }

  // ---- live: while the page is looked at, so that pages in the background hold no connection ----

  #visible = () => {
    if (document.hidden) this.#hangUp();
    else if (!this.#listening) this.#listen();
  };

  #hangUp() {
    this.#listening?.cancel().catch(() => {});
    this.#listening = null;
  }

  /** Listens until it is hung up. Each time that it begins it reads everything: what was said in between is not missed. */
  async #listen() {
    const mine = this.#listening = { cancel: async () => {} };
    while (this.#live && this.#listening === mine) {
      try {
        const response = await this.request('GET', '/v1/me/stream');
        await this.#refresh();
        if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`);
        if (this.#listening !== mine) return void response.body.cancel();
        await this.#hear(response.body.getReader(), mine);
      } catch {
        // Parley is away, or has room for no more listeners: asked again below.
        if (this.#listening === mine && this.#failures > 0) await this.#refresh();
      }
      const pause = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async #hear(reader, mine) {
    const decoder = new TextDecoder();
    mine.cancel = () => reader.cancel();
    let rest = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done || this.#listening !== mine) return;
      this.#failures = 0;
      const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n');
      rest = blocks.pop();
      if (blocks.some((block) => /^event: (note|reset)$/m.test(block))) this.#refresh();
    }
  }
}

if (!customElements.get('parley-conversation')) customElements.define('parley-conversation', Conversation);
