// <parley-qa>: questions about one product and their answers, to read, ask, answer and thank for. The page hands it
// `call(method, path, body) → answer`. Before a question is sent, what others asked is shown. Who was asked because she bought
// the product sees those questions first, and may skip them. Texts of shoppers only ever become text.
//
// Colours and type follow the page; --parley-accent and --parley-accent-ink set the rest.

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host([hidden]) { display: none; }
  :host { display: block; --accent: var(--parley-accent, #0f6a62); --accent-ink: var(--parley-accent-ink, #fff);
    --faint: color-mix(in srgb, currentColor 14%, transparent); --soft: color-mix(in srgb, currentColor 76%, transparent); }
  section { padding: 1.25rem 1.375rem 1.375rem; border: 1px solid var(--faint); border-radius: 12px; }
  h2 { margin: 0 0 .75rem; font-size: 1.25rem; line-height: 1.3; font-weight: 620; }
  h3 { margin: 0; font-size: 1.0625rem; line-height: 1.4; font-weight: 620; overflow-wrap: anywhere; white-space: pre-line; }
  p { margin: 0; overflow-wrap: anywhere; }
  .body { white-space: pre-line; }
  .meta { font-size: .875rem; color: var(--soft); }
  .badge { display: inline-block; padding: 0 .5rem; border: 1px solid currentColor; border-radius: 1rem; font-size: .8125rem; font-weight: 560; color: inherit; margin-inline-end: .375rem; }
  .shop { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
  h3:focus { outline: none; }
  ol { list-style: none; margin: 0; padding: 0; }
  .row:empty { display: none; }
  form ~ .questions { margin-top: 1.25rem; }
  form ~ [role=status] { margin-top: 1rem; }
  .questions > li { padding: 1rem 0; border-top: 1px solid var(--faint); display: grid; gap: .5rem; }
  .answers { display: grid; gap: .875rem; margin-block: .25rem; }
  .answers > li { padding-inline-start: .875rem; border-inline-start: 3px solid var(--faint); display: grid; gap: .25rem; }
  .answers > .best { border-color: var(--accent); }
  .row { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; }
  form { display: grid; gap: .625rem; margin-top: .5rem; }
  label { font-weight: 560; font-size: .9375rem; display: grid; gap: .25rem; }
  textarea, input { font: inherit; font-weight: 400; color: inherit; background: transparent; border: 1px solid color-mix(in srgb, currentColor 55%, transparent); border-radius: 8px; padding: .5rem .75rem; min-height: 2.75rem; width: 100%; box-sizing: border-box; }
  textarea { min-height: 4.5rem; resize: vertical; }
  button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .375rem 1.375rem; border: 0; border-radius: 8px; background: var(--accent); color: var(--accent-ink); cursor: pointer; }
  .plain { min-height: 1.75rem; padding: 0; background: none; color: inherit; font-weight: 400; font-size: .9375rem; text-decoration: underline; text-underline-offset: .2em; }
  .plain[aria-pressed=true] { font-weight: 620; text-decoration-thickness: 2px; }
  .alike:not(:empty) ~ .row { display: none; }
  .asked, .alike > div { margin-block: .75rem; padding: .875rem 1rem; border-radius: 8px; background: color-mix(in srgb, var(--accent) 9%, transparent); }
  [role=alert] { font-weight: 560; }
  [role=status]:empty { display: none; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
`);

const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' });
const number = new Intl.NumberFormat(language);

// Another language is another table here.
const words = spoken({
  en: {
    people: (n) => (n === 1 ? '1 person' : `${number.format(n)} people`),
    // Why something is not shown, as its author reads it; and why somebody reports it.
    hidden: { spam: 'it looks like advertising', 'personal-data': 'it says something private about somebody', abuse: 'it insults or threatens somebody', 'off-topic': 'it is not about this product', illegal: 'it may be against the law', duplicate: 'the same was asked or answered before' },
    reasons: { spam: 'Advertising', 'personal-data': 'Something private', abuse: 'Insult or threat', 'off-topic': 'Not about this product', illegal: 'Against the law', duplicate: 'A repeat' },
    title: 'Questions and answers', talk: 'Talk with the shop', more: 'More questions', yours: 'Your question to people who have it', ask: 'Ask',
    already: 'Has it been answered already?', askMine: 'No, ask mine', found: 'Yes, thank you', good: 'Good to hear.',
    joined: 'Somebody asked the same: you will hear of the answers too.', asked: 'Asked. People who bought it are asked to help, and you will hear of their answers.', later: 'Thank you. We look at it before it is shown.',
    help: 'You have it. Can you help?', tell: 'Thank you. We tell you when it helps somebody.', skip: 'Skip', skipped: 'Skipped. Somebody else is asked.',
    cancel: 'Cancel', edit: 'Edit my answer', answer: 'Answer', all: (n) => `All ${number.format(n)} answers`, takeBack: 'Take back', stays: 'Your name is off it; the answers stay.', takenBack: 'Taken back.',
    follow: 'Follow', solved: 'Solved it', shop: 'The shop', bought: 'Bought it', edited: ', edited', helped: (n) => ` · helped ${words.people(n)}`, helpful: 'Helpful', solves: 'This solved it', answerBack: 'Your answer is taken back.',
    yourAnswer: 'Your answer', name: 'Shown with the name (you may leave it empty)', thanks: 'Thank you for your answer.',
    first: 'Only you see this: we look at it first.', notShown: (why) => `This is not shown: ${why}. `, wasAsked: 'You asked for another look.', again: 'Ask for another look', why: 'Why should it be shown?', send: 'Send', looked: 'Thank you. Somebody looks at it again.',
    report: 'Report', whyReport: 'Why do you report it?', reported: 'Thank you, somebody will look at it.',
    who: (mine, name) => (mine ? 'You asked' : name ? `${name} asked` : 'Asked'), on: (who, date) => `${who} on ${date}`, want: (n) => `${words.people(n)} want to know`, open: 'no answer yet',
  },
  de: {
    people: (n) => (n === 1 ? '1 Person' : `${number.format(n)} Personen`),
    hidden: { spam: 'es sieht nach Werbung aus', 'personal-data': 'es sagt etwas Privates über jemanden', abuse: 'es beleidigt oder bedroht jemanden', 'off-topic': 'es geht nicht um diesen Artikel', illegal: 'es könnte gegen das Gesetz sein', duplicate: 'das wurde schon gefragt oder beantwortet' },
    reasons: { spam: 'Werbung', 'personal-data': 'Etwas Privates', abuse: 'Beleidigung oder Drohung', 'off-topic': 'Nicht zu diesem Artikel', illegal: 'Gegen das Gesetz', duplicate: 'Eine Wiederholung' },
    title: 'Fragen und Antworten', talk: 'Mit dem Laden sprechen', more: 'Weitere Fragen', yours: 'Ihre Frage an Menschen, die es haben', ask: 'Fragen',
    already: 'Ist das schon beantwortet?', askMine: 'Nein, meine Frage stellen', found: 'Ja, danke', good: 'Das freut uns.',
    joined: 'Das hat schon jemand gefragt: Auch Sie erfahren von den Antworten.', asked: 'Gefragt. Wer es gekauft hat, wird um Hilfe gebeten, und Sie erfahren von den Antworten.', later: 'Danke. Wir sehen es uns an, bevor es erscheint.',
    help: 'Sie haben es. Können Sie helfen?', tell: 'Danke. Wir sagen Ihnen, wenn es jemandem hilft.', skip: 'Überspringen', skipped: 'Übersprungen. Jemand anders wird gefragt.',
    cancel: 'Abbrechen', edit: 'Meine Antwort ändern', answer: 'Antworten', all: (n) => `Alle ${number.format(n)} Antworten`, takeBack: 'Zurücknehmen', stays: 'Ihr Name steht nicht mehr dabei; die Antworten bleiben.', takenBack: 'Zurückgenommen.',
    follow: 'Folgen', solved: 'Hat geholfen', shop: 'Der Laden', bought: 'Hat es gekauft', edited: ', geändert', helped: (n) => ` · hat ${words.people(n)} geholfen`, helpful: 'Hilfreich', solves: 'Das war die Lösung', answerBack: 'Ihre Antwort ist zurückgenommen.',
    yourAnswer: 'Ihre Antwort', name: 'Erscheint mit dem Namen (kann leer bleiben)', thanks: 'Danke für Ihre Antwort.',
    first: 'Nur Sie sehen das: Wir sehen es uns erst an.', notShown: (why) => `Das wird nicht gezeigt: ${why}. `, wasAsked: 'Sie haben um einen zweiten Blick gebeten.', again: 'Um einen zweiten Blick bitten', why: 'Warum sollte es gezeigt werden?', send: 'Senden', looked: 'Danke. Jemand sieht es sich noch einmal an.',
    report: 'Melden', whyReport: 'Warum melden Sie das?', reported: 'Danke, jemand sieht es sich an.',
    who: (mine, name) => (mine ? 'Von Ihnen gefragt' : name ? `Von ${name} gefragt` : 'Gefragt'), on: (who, date) => `${who} am ${date}`, want: (n) => `${words.people(n)} möchten es wissen`, open: 'noch keine Antwort',
    sentences: { // what the plugin refuses
      'this was asked before and is not shown ({})': 'Das wurde schon gefragt und wird nicht gezeigt.', '"body" has no word in it': 'Bitte schreiben Sie ein paar Worte.',
      '"{}" is a text of 1 to {} bytes, not all blanks': 'Ein Text ist leer oder zu lang.', 'body has {} bytes at most': 'Die Frage ist zu lang.',
      'there is no question "{}"': 'Diese Frage gibt es nicht mehr.', 'there is no answer "{}"': 'Diese Antwort gibt es nicht mehr.', 'its question is gone': 'Die Frage dazu gibt es nicht mehr.',
      'only who asked a question may do that': 'Das kann nur, wer gefragt hat.', 'only its author may take an answer back': 'Nur wer geantwortet hat, kann die Antwort zurücknehmen.',
      'this question is not shown, so it takes no answers': 'Diese Frage wird nicht gezeigt und nimmt keine Antworten an.', 'here only people who bought the product answer': 'Hier antworten nur Menschen, die den Artikel gekauft haben.',
      'one does not vote for one\'s own answer': 'Für die eigene Antwort stimmt man nicht ab.', 'this answer is not shown': 'Diese Antwort wird nicht gezeigt.',
      'this question was not put to you, or is not any more': 'Diese Frage ist inzwischen beantwortet oder an andere gegangen.', 'what is your own you can take back yourself': 'Was von Ihnen ist, können Sie selbst zurücknehmen.',
      'only its author may ask for another look': 'Um einen zweiten Blick bittet nur, wer es geschrieben hat.', 'this is not hidden': 'Das wird schon wieder gezeigt.', 'another look was asked for already': 'Um einen zweiten Blick ist schon gebeten.',
      '{} {} within a day are the most; come back tomorrow': 'Das war für heute oft genug. Bitte kommen Sie morgen wieder.',
    },
  },
});

const plain = (label, onclick, more = {}) => make('button', { type: 'button', className: 'plain', onclick, ...more }, label);
/** What a shopper wrote: in its own direction, and nothing but text. */
const written = (name, text, className = '') => make(name, { dir: 'auto', className }, text);

/** Opens the conversation on the page with this as its context; null where there is none. */
function talk(kind, ref, text) {
  if (!document.querySelector('parley-conversation, parley-slot[talk]')) return null;
  const detail = { about: { kind, ref }, words: text.length > 120 ? `${text.slice(0, 119)}…` : text };
  return plain(words.talk, () => dispatchEvent(new CustomEvent('parley-talk', { detail })));
}

class Questions extends HTMLElement {
  static sentences = words.sentences;
  #root = this.attachShadow({ mode: 'open' });
  #list = make('ol', { className: 'questions' });
  #asks = make('div', {});
  #more = make('div', { className: 'row' });
  #said = make('p', { role: 'status' });
  #next = null;

  async connectedCallback() {
    this.#root.adoptedStyleSheets = [sheet];
    const [page, asks] = await Promise.all([this.call('GET', `products/${this.#sku}/questions`), this.call('GET', 'asks')]).catch((error) => [null, error]);
    this.hidden = !page; // errors are for the console of the browser
    if (!page) return console.warn('parley-qa:', asks.message);
    const mine = asks.items.filter(({ sku }) => sku === this.#product);
    this.#asks.replaceChildren(...mine.map((question) => this.#asked(question)));
    this.#list.replaceChildren(...page.items.map((question) => this.#question(question)));
    this.#next = page.next;
    this.#showMore();
    this.#root.replaceChildren(make('section', { ariaLabel: words.title },
      make('h2', {}, words.title), this.#asks, this.#askForm(), this.#said, this.#list, this.#more));
  }

  get #product() { return this.getAttribute('about').replace(/^sku:/, ''); }
  get #sku() { return encodeURIComponent(this.#product); }

  /** Does something and says so, or says why not, beside `place`. */
  async #try(place, act) {
    place.querySelector(':scope > [role=alert]')?.remove();
    try {
      return await act();
    } catch (error) {
      place.append(make('p', { role: 'alert' }, error.message));
      return undefined;
    }
  }

  #showMore() {
    const load = () => this.#try(this.#more, async () => {
      const page = await this.call('GET', `products/${this.#sku}/questions?cursor=${this.#next}`);
      const items = page.items.map((question) => this.#question(question));
      this.#list.append(...items);
      this.#next = page.next;
      this.#showMore();
      items[0]?.querySelector('h3')?.focus();
    });
    this.#more.replaceChildren(...(this.#next ? [plain(words.more, load)] : []));
  }

  // Asking: what is alike first.

  #askForm() {
    const body = make('textarea', { name: 'body', required: true, maxLength: 500, rows: 2 });
    const alike = make('div', { className: 'alike' });
    const form = make('form', {},
      make('label', {}, words.yours, body), alike,
      make('div', { className: 'row' }, make('button', {}, words.ask)));
    form.onsubmit = (event) => {
      event.preventDefault();
      this.#try(form, async () => {
        const found = await this.call('GET', `products/${this.#sku}/similar?body=${encodeURIComponent(body.value)}`);
        if (found.items.length > 0 && alike.childElementCount === 0) this.#offer(alike, form, body, found.items);
        else await this.#ask(form, body, alike);
      });
    };
    body.oninput = () => alike.replaceChildren();
    return form;
  }

  #offer(alike, form, body, items) {
    const heading = make('h3', { tabIndex: -1 }, words.already);
    alike.replaceChildren(make('div', {}, heading,
      make('ol', { className: 'questions' }, items.map(({ question }) => this.#question(question))),
      make('div', { className: 'row' },
        make('button', { type: 'button', onclick: () => this.#try(form, () => this.#ask(form, body, alike)) }, words.askMine),
        plain(words.found, () => { body.value = ''; alike.replaceChildren(); this.#say(words.good); body.focus(); }))));
    heading.focus();
  }

  async #ask(form, body, alike) {
    const { joined, question, state } = await this.call('POST', 'questions', { sku: this.#product, body: body.value });
    body.value = '';
    alike.replaceChildren();
    if (question) {
      this.#list.querySelector(`[data-id="${question.id}"]`)?.remove();
      this.#list.prepend(this.#question(question));
    }
    this.#say(joined ? words.joined : state === 'public' ? words.asked : words.later);
    body.focus();
  }

  #say(sentence) { this.#said.textContent = sentence; }

  // A question, its answers, and what one may do with them.

  /** A question that this shopper was asked, because she bought the product. */
  #asked(question) {
    const box = make('div', { className: 'asked' },
      make('p', { className: 'meta' }, words.help), written('h3', question.body));
    const done = (sentence) => { box.remove(); this.#say(sentence); };
    box.append(this.#answerForm(question, (answer) => {
      done(words.tell);
      this.#refresh(question.id, answer);
    }, plain(words.skip, () => this.#try(box, async () => {
      await this.call('POST', `questions/${question.id}/skip`, {});
      done(words.skipped);
    }))));
    return box;
  }

  async #refresh(id) {
    const fresh = this.#question(await this.call('GET', `questions/${id}`));
    const old = this.#list.querySelector(`[data-id="${id}"]`);
    if (old) old.replaceWith(fresh);
    else this.#list.prepend(fresh);
    return fresh;
  }

  #question(question) {
    const item = make('li', {});
    item.dataset.id = question.id;
    const heading = written('h3', question.body);
    heading.tabIndex = -1;
    const answers = make('ol', { className: 'answers' }, question.answers.map((answer) => this.#answer(item, question, answer)));
    const own = question.answers.find(({ mine }) => mine);
    const reply = make('div', {});
    const open = () => {
      const form = this.#answerForm(question, () => this.#refresh(question.id).then((fresh) => fresh.querySelector('h3').focus()), plain(words.cancel, () => reply.replaceChildren(button)), own?.body);
      reply.replaceChildren(form);
      form.querySelector('textarea').focus();
    };
    const button = plain(own ? words.edit : words.answer, open);
    if (question.state !== 'hidden' && question.state !== 'pending') reply.append(button);
    item.append(...[heading, make('p', { className: 'meta' }, questionWords(question)), this.#standing(item, question, 'questions'),
      question.answers.length > 0 && answers,
      question.answerCount > question.answers.length && plain(words.all(question.answerCount), () => this.#all(item, question, answers)),
      make('div', { className: 'row' }, reply, ...this.#questionActions(item, question).filter(Boolean))].filter(Boolean));
    return item;
  }

  #questionActions(item, question) {
    const ask = talk('question', question.id, question.body);
    if (question.mine) return [ask, plain(words.takeBack, () => this.#try(item, async () => {
      await this.call('DELETE', `questions/${question.id}`);
      if (question.answerCount > 0) await this.#refresh(question.id);
      else item.remove();
      this.#say(question.answerCount > 0 ? words.stays : words.takenBack);
    }))];
    const follow = () => this.#try(item, async () => {
      await this.call(question.following ? 'DELETE' : 'PUT', `questions/${question.id}/follow`);
      (await this.#refresh(question.id)).querySelector('[aria-pressed]')?.focus();
    });
    return [plain(words.follow, follow, { ariaPressed: question.following }), ask, this.#report(item, 'questions', question)];
  }

  async #all(item, question, list) {
    let cursor = '';
    const found = [];
    await this.#try(item, async () => {
      do {
        const page = await this.call('GET', `questions/${question.id}/answers?limit=50${cursor && `&cursor=${cursor}`}`);
        found.push(...page.items);
        cursor = page.next;
      } while (cursor);
      list.replaceChildren(...found.map((answer) => this.#answer(item, question, answer)));
      [...item.children].find((child) => child.matches('button.plain'))?.remove();
    });
  }

  #answer(item, question, answer) {
    const row = make('li', { className: answer.accepted ? 'best' : '' },
      written('p', answer.body, 'body'),
      make('p', { className: 'meta' },
        answer.accepted && make('span', { className: 'badge' }, words.solved),
        answer.retailer && make('span', { className: 'badge shop' }, words.shop),
        answer.verified && make('span', { className: 'badge' }, words.bought),
        answer.name && [written('bdi', answer.name), ' · '], day.format(new Date(answer.at)), answer.editedAt && words.edited,
        answer.helpful > 0 && words.helped(answer.helpful)),
      this.#standing(item, answer, 'answers'));
    const again = () => this.#refresh(question.id);
    const vote = () => this.#try(row, async () => {
      const { helpful, voted } = await this.call(answer.voted ? 'DELETE' : 'PUT', `answers/${answer.id}/helpful`);
      const fresh = this.#answer(item, question, { ...answer, helpful, voted });
      row.replaceWith(fresh);
      fresh.querySelector('[aria-pressed]').focus();
    });
    const accept = () => this.#try(row, async () => {
      await this.call('PUT', `questions/${question.id}/accepted`, { answer: answer.accepted ? null : answer.id });
      (await again()).querySelector('h3').focus();
    });
    const takeBack = () => this.#try(row, async () => {
      await this.call('DELETE', `answers/${answer.id}`);
      (await again()).querySelector('h3').focus();
      this.#say(words.answerBack);
    });
    row.append(make('div', { className: 'row' },
      !answer.mine && plain(words.helpful, vote, { ariaPressed: answer.voted }),
      question.mine && !answer.mine && plain(words.solves, accept, { ariaPressed: answer.accepted }),
      talk('answer', answer.id, answer.body),
      answer.mine ? plain(words.takeBack, takeBack) : this.#report(row, 'answers', answer)));
    return row;
  }

  #answerForm(question, then, beside, before = '') {
    const body = make('textarea', { name: 'body', required: true, maxLength: 2000, rows: 3, value: before });
    const name = make('input', { name: 'name', maxLength: 60, autocomplete: 'off' });
    const form = make('form', {}, make('label', {}, words.yourAnswer, body), make('label', {}, words.name, name),
      make('div', { className: 'row' }, make('button', {}, words.answer), beside));
    form.onsubmit = (event) => {
      event.preventDefault();
      this.#try(form, async () => {
        const answer = await this.call('POST', `questions/${question.id}/answers`, { body: body.value, ...(name.value.trim() && { name: name.value }) });
        await then(answer);
        this.#say(answer.state === 'public' ? words.thanks : words.later);
      });
    };
    return form;
  }

  // What the shop's staff has to do with it.

  /** For its author: that it waits, or why it is not shown, and the way to another look. */
  #standing(item, post, kind) {
    if (post.state === 'pending') return make('p', { className: 'meta' }, words.first);
    if (post.state !== 'hidden') return null;
    const box = make('div', {}, make('p', {}, words.notShown(words.hidden[post.reason] ?? post.reason), post.appealed && words.wasAsked));
    if (!post.appealed) box.append(plain(words.again, () => {
      const body = make('textarea', { required: true, maxLength: 500, rows: 2 });
      const form = make('form', {}, make('label', {}, words.why, body), make('div', { className: 'row' }, make('button', {}, words.send)));
      form.onsubmit = (event) => {
        event.preventDefault();
        this.#try(form, async () => {
          await this.call('POST', `${kind}/${post.id}/appeal`, { body: body.value });
          box.replaceChildren(make('p', {}, words.looked));
        });
      };
      box.lastChild.replaceWith(form);
      body.focus();
    }));
    return box;
  }

  #report(place, kind, post) {
    const button = plain(words.report, () => {
      const group = make('div', { className: 'row', role: 'group', ariaLabel: words.whyReport },
        Object.entries(words.reasons).map(([reason, label]) => plain(label, () => this.#try(place, async () => {
          await this.call('POST', `${kind}/${post.id}/report`, { reason });
          group.replaceWith(make('p', { className: 'meta', role: 'status' }, words.reported));
        }))), plain(words.cancel, () => { group.replaceWith(button); button.focus(); }));
      button.replaceWith(group);
      group.querySelector('button').focus();
    });
    return button;
  }
}

function questionWords({ mine, at, followers, answerCount, name }) {
  return [words.on(words.who(mine, name), day.format(new Date(at))), followers > 1 && words.want(followers), answerCount === 0 && words.open].filter(Boolean).join(' · ');
}

if (!customElements.get('parley-qa')) customElements.define('parley-qa', Questions);
