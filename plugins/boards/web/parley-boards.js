// <parley-boards>: boards of things from the shop and elsewhere. On a product's page (about="sku:…") a way to keep it on a board; anywhere
// else the shopper's boards, everybody's public ones, and one board opened (?board=ID, ?invite=TOKEN). The page hands it
// `request(method, path, body) → Response`. What may be seen is the server's decision; texts only ever become text, and
// addresses are checked again before they become a link or a picture.
//
// The slot may say what the product is: data-title, data-price, data-currency, data-image. "Add all to the basket" is told
// to the page by the event `parley:cart`, {items: [{sku, quantity}]}; "Talk about it" opens the conversation on the page with the pin as
// its context (event `parley-talk`). Colours and type follow the page.

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host([hidden]) { display: none; }
  :host { display: block; --accent: var(--parley-accent, #0f6a62); --accent-ink: var(--parley-accent-ink, #fff); --line: color-mix(in srgb, currentColor 16%, transparent);
    --wash: color-mix(in srgb, currentColor 5%, transparent); --soft: color-mix(in srgb, currentColor 76%, transparent); overflow-wrap: anywhere; line-height: 1.5; }
  h2, h3, p, ul, dl, dd { margin: 0; padding: 0; } ul { list-style: none; }
  h2 { font-size: 1.625rem; line-height: 1.2; text-wrap: balance; } h3 { font-size: 1.0625rem; line-height: 1.3; } h2:focus { outline: none; }
  h2, h3 { font-family: var(--parley-heading, inherit); }
  [role=status] { margin-bottom: 1.25rem; } [role=status]:empty { display: none; } .view { display: grid; gap: 1.25rem; } .view > *, .stack > *, .card > *, form > * { min-width: 0; }
  .bar { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; } .bar > form { flex: 1 1 16rem; } .between { justify-content: space-between; }
  .soft { color: var(--soft); font-size: .9375rem; } .text { white-space: pre-line; }
  .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(13.5rem, 100%), 1fr)); gap: 1.25rem 1rem; align-items: start; }
  .card { display: grid; gap: .5rem; padding: .875rem; border: 1px solid var(--line); border-radius: 12px; }
  .card.note { background: var(--wash); } .card .pictures { margin: -.875rem -.875rem .125rem; border-radius: 11px 11px 0 0; }
  .pictures { display: grid; grid-template-rows: 100%; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 2px; height: 8.5rem; overflow: hidden; background: var(--wash); }
  .pictures img { width: 100%; height: 100%; object-fit: cover; display: block; } .item .pictures { height: 11rem; }
  .chip { justify-self: start; padding: 0 .625rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .875rem; }
  .price { font-variant-numeric: tabular-nums; font-weight: 600; } .total { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center; justify-content: space-between; padding: .875rem 1rem; border-radius: 12px; background: var(--wash); }
  .stack { display: grid; gap: .75rem; } form { display: grid; gap: .625rem; } label { display: grid; gap: .125rem; font-size: .9375rem; } label.check { display: flex; gap: .625rem; align-items: center; min-height: 2.25rem; }
  input, select, textarea { font: inherit; color: inherit; background: transparent; border: 1px solid color-mix(in srgb, currentColor 55%, transparent); border-radius: 8px; padding: .5rem .625rem; min-height: 2.75rem; width: 100%; box-sizing: border-box; }
  select option { color: CanvasText; background: Canvas; } input[type=checkbox] { width: 1.25rem; min-height: 1.25rem; accent-color: var(--accent); } textarea { min-height: 4.5rem; resize: vertical; }
  .row { display: flex; flex-wrap: wrap; gap: .625rem; align-items: end; } .row > label { flex: 1 1 9rem; } .card .row > label { flex-basis: 4rem; }
  .view form, .view section { max-width: 44rem; } .unseen { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }
  button { font: inherit; font-weight: 600; color: inherit; min-height: 2.75rem; padding: .25rem 1rem; border: 1px solid color-mix(in srgb, currentColor 45%, transparent); border-radius: 8px; background: none; cursor: pointer; }
  button.main { border-color: var(--accent); background: var(--accent); color: var(--accent-ink); } button.small { min-height: 2rem; padding: 0 .625rem; font-weight: 400; font-size: .9375rem; }
  button.quiet { min-height: 1.75rem; padding: 0; border: 0; font-weight: 400; font-size: .875rem; color: var(--soft); text-decoration: underline; text-underline-offset: .2em; }
  button[aria-current] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
  .title { min-height: 1.75rem; padding: 0; border: 0; text-align: start; text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: .2em; } a { color: inherit; text-underline-offset: .2em; }
  details { border: 1px solid var(--line); border-radius: 12px; padding: 0 1rem; } details[open] { padding-bottom: 1rem; } summary { cursor: pointer; font-weight: 600; padding: .75rem 0; }
  .card details { border: 0; padding: 0; } .card summary { padding: .25rem 0; font-weight: 400; font-size: .9375rem; text-decoration: underline; text-underline-offset: .2em; }
  .said { padding: .625rem .875rem; border-radius: 8px; background: var(--wash); } [role=alert] { font-weight: 560; } .comment { padding-top: .75rem; border-top: 1px solid var(--line); }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
`);

const language = document.documentElement.lang || undefined;
const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' });
const money = (amount, currency) => new Intl.NumberFormat(language, { style: 'currency', currency }).format(amount);
const things = (n) => n === 1 ? '1 thing' : `${n} things`;
const VISIBILITY = { private: 'Private: you and friends you invite', unlisted: 'Unlisted: whoever has the link', public: 'Public: everybody can find it' };
// There is no reason "negative": that somebody is not pleased is none.
const REASONS = { spam: 'Advertising', abuse: 'Insult or threat', 'personal-data': 'Something private', illegal: 'Against the law', copyright: 'Somebody else’s work', 'off-topic': 'Has nothing to do with the shop', 'unsafe-link': 'A dangerous link' };
const ROLES = { viewer: 'may look', commenter: 'may comment', editor: 'may edit' };

/** An element from its name, properties (not attributes) and children; text stays text. */
function make(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children.flat().filter(Boolean));
  return node;
}
const button = (text, onclick, className = '', more = {}) => make('button', { type: 'button', className, onclick, ...more }, text);
const field = (text, control) => make('label', {}, make('span', {}, text), control);
const choice = (name, options, value) => make('select', { name }, Object.entries(options).map(([key, text]) => make('option', { value: key, selected: key === value }, text)));
const fold = (title, ...children) => make('details', {}, make('summary', {}, title), make('div', { className: 'stack' }, ...children));

/** A form; `send(values)` gets what was filled in. */
function form(send, ...children) {
  const node = make('form', {}, ...children);
  node.onsubmit = (event) => {
    event.preventDefault();
    send(Object.fromEntries(new FormData(node)), node);
  };
  return node;
}

/** The address where it is one of http or https, or a path of this shop; else null. */
function safe(address, protocols = ['https:', 'http:']) {
  if (!address) return null;
  const url = URL.canParse(address, location.href) && new URL(address, location.href);
  return url && (protocols.includes(url.protocol) || (address.startsWith('/') && url.origin === location.origin)) ? url.href : null;
}
function link(address, text) {
  const href = safe(address);
  return href ? make('a', { href, rel: 'ugc nofollow noopener noreferrer', target: href.startsWith(`${location.origin}/`) ? '' : '_blank' }, text) : make('span', {}, text);
}
function pictures(addresses) {
  const sources = addresses.map((address) => safe(address, ['https:'])).filter(Boolean);
  return sources.length > 0 && make('div', { className: 'pictures' }, sources.map((src) => make('img', { src, alt: '', loading: 'lazy', referrerPolicy: 'no-referrer' })));
}

/** What a control is known by when its view is drawn again. */
const CONTROLS = 'button, input, select, textarea, summary';
const signOf = (control) => [control.localName, control.name, control.ariaLabel, control.localName === 'select' ? '' : control.textContent, control.closest('li')?.querySelector('h3, .text')?.textContent].join('\n');

class Boards extends HTMLElement {
  #root = this.attachShadow({ mode: 'open' });
  #said = make('p', { role: 'status', className: 'said' });
  #view = make('div', { className: 'view' });

  async connectedCallback() {
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.replaceChildren(this.#said, this.#view);
    const about = this.getAttribute('about') ?? '';
    if (about.startsWith('sku:')) return this.#try(() => this.#keep(about.slice(4)));
    addEventListener('popstate', this.#onPop);
    const asked = new URLSearchParams(location.search);
    return this.#try(() => asked.has('invite') ? this.#join(asked.get('invite')) : this.#route(asked));
  }

  disconnectedCallback() { removeEventListener('popstate', this.#onPop); }
  #onPop = () => this.#try(() => this.#route(new URLSearchParams(location.search)));

  #route(asked) {
    return asked.has('board') ? this.#board(asked.get('board')) : asked.has('discover') ? this.#discover() : this.#mine();
  }

  #go(query) {
    history.pushState(null, '', `${location.pathname}${query}`);
    return this.#try(() => this.#route(new URLSearchParams(query)), true);
  }

  /** The parsed answer of the plugin, or an Error whose message is a sentence for the shopper. */
  async #call(method, path, body) {
    const response = await this.request(method, `/v1/features/${encodeURIComponent(this.getAttribute('feature'))}/${path}`, body).catch(() => null);
    const answer = response?.status === 204 ? {} : await response?.json().catch(() => null);
    if (response?.ok && answer) return answer;
    const error = new Error(response?.status < 500 && answer?.detail ? `That did not work: ${answer.detail}.` : 'That did not work just now. Please try again.');
    throw Object.assign(error, { status: response?.status });
  }

  /** Does something and says how it went: the sentence it gives, or the error's. */
  async #try(act, focus = false) {
    try {
      this.#say((await act()) ?? '');
      if (focus) this.#view.querySelector('h2')?.focus();
    } catch (error) {
      this.#say(error.message);
    }
  }

  /** (act, sentence): does something, draws the view anew, and says what came of it. */
  #again(draw) {
    return (act, sentence) => this.#try(async () => {
      const said = await act();
      await draw();
      return said ?? sentence;
    });
  }

  #say(sentence) { this.#said.textContent = typeof sentence === 'string' ? sentence : ''; }

  /** Another view. Where it is the same one drawn again, what was open stays open and the focus stays where it was. */
  #show(...children) {
    const focused = this.#root.activeElement, was = focused && signOf(focused);
    const opened = new Set([...this.#view.querySelectorAll('details[open] > summary')].map(signOf));
    this.#view.replaceChildren(...children.flat().filter(Boolean));
    for (const summary of this.#view.querySelectorAll('summary')) summary.parentNode.open = opened.has(signOf(summary));
    if (focused) ([...this.#view.querySelectorAll(CONTROLS)].find((control) => signOf(control) === was) ?? this.#view.querySelector('h2, summary'))?.focus();
  }

  #heading(text, className = '') { return make('h2', { tabIndex: -1, className }, text); }

  #tabs(current) {
    const tab = (text, query, name) => button(text, () => this.#go(query), '', name === current ? { ariaCurrent: 'page' } : {});
    return make('nav', { className: 'bar', ariaLabel: 'Boards' }, tab('My boards', '', 'mine'), tab('Discover', '?discover=1', 'discover'));
  }

  #card(board) {
    return make('li', { className: 'card' }, pictures(board.covers),
      make('h3', {}, button(board.title, () => this.#go(`?board=${encodeURIComponent(board.id)}`), 'title')),
      make('p', { className: 'soft' }, [board.kind === 'ensemble' ? 'Ensemble' : '', things(board.pins), board.access === 'owner' ? board.visibility : `by ${board.by ?? 'a shopper'}`].filter(Boolean).join(' · ')));
  }

  // The shopper's boards.
  async #mine() {
    const [{ items, next }, notices, { name }] = await Promise.all([this.#call('GET', 'boards?limit=50'), this.#call('GET', 'notices?limit=50'), this.#call('GET', 'me')]);
    this.#show(this.#tabs('mine'), this.#heading('My boards', 'unseen'), this.#notices(notices.items),
      items.length > 0 ? this.#grid(items, next, 'boards?limit=50') : make('p', {}, 'No boards yet. Make one below, or copy one that you like.'),
      fold('New board', form(async (values) => this.#try(async () => {
        const { board } = await this.#call('POST', 'boards', values);
        await this.#go(`?board=${encodeURIComponent(board.id)}`);
      }), field('Title', make('input', { name: 'title', required: true, maxLength: 200 })),
      make('div', { className: 'row' }, field('Kind', choice('kind', { board: 'Board: things in any mix', ensemble: 'Ensemble: pieces that go together' })), field('Who sees it', choice('visibility', VISIBILITY))),
      make('div', {}, make('button', { className: 'main' }, 'Make the board')))),
      fold('The name that others see', form((values) => this.#try(async () => {
        await this.#call('PUT', 'me', { name: values.name.trim() || null });
        return values.name.trim() ? 'That is your name on boards now.' : 'Others see no name of yours.';
      }), field('Name; empty: none', make('input', { name: 'name', value: name ?? '', maxLength: 50, autocomplete: 'nickname' })), make('div', {}, make('button', {}, 'Save')))));
  }

  #notices(items) {
    const node = items.length > 0 && make('section', { className: 'said stack', ariaLabel: 'News' },
      make('ul', { className: 'stack' }, items.map(({ sentence, by, board }) => make('li', {}, `${sentence}${by ? ` (${by})` : ''}. `, button('Open', () => this.#go(`?board=${encodeURIComponent(board)}`), 'small')))),
      make('div', {}, button('Got it', () => this.#try(async () => {
        await this.#call('PUT', 'notices/seen', { upto: items[0].id });
        node.remove();
      }), 'small')));
    return node;
  }

  #grid(items, next, path) {
    const list = make('ul', { className: 'grid' }, items.map((board) => this.#card(board)));
    return [list, this.#more(next, path, (more) => list.append(...more.map((board) => this.#card(board))))];
  }

  /** A button for the pages after the first, while there are any. */
  #more(next, path, draw) {
    const node = next && make('div', {}, button('More', () => this.#try(async () => {
      const page = await this.#call('GET', `${path}&cursor=${encodeURIComponent(next)}`);
      draw(page.items);
      next = page.next;
      node.hidden = !next;
    })));
    return node;
  }

  // Everybody's.
  async #discover() {
    const found = make('div', { className: 'stack' });
    const search = async ({ q = '', sort = 'newest' }) => {
      const path = `boards?public=1&limit=24&sort=${sort}&q=${encodeURIComponent(q)}`;
      const { items, next } = await this.#call('GET', path);
      found.replaceChildren(...(items.length > 0 ? this.#grid(items, next, path).filter(Boolean) : [make('p', {}, q ? 'Nothing found. Try fewer words.' : 'Nobody has made a public board yet.')]));
    };
    await search({});
    const asked = form((values) => this.#try(() => search(values)),
      make('div', { className: 'row' }, field('Search boards', make('input', { type: 'search', name: 'q', maxLength: 60 })), field('Order', choice('sort', { newest: 'Newest', pinned: 'Most pinned' })), make('button', { className: 'main' }, 'Search')));
    this.#show(this.#tabs('discover'), this.#heading('Discover', 'unseen'), asked, found);
  }

  async #join(token) {
    const { board } = await this.#call('POST', 'join', { token });
    history.replaceState(null, '', `${location.pathname}?board=${encodeURIComponent(board.id)}`);
    await this.#board(board.id);
    return `You are on the board “${board.title}” now.`;
  }

  // One board.
  async #board(id) {
    const path = `boards/${encodeURIComponent(id)}`;
    const [whole, comments] = await Promise.all([this.#call('GET', path), this.#call('GET', `${path}/comments?limit=50`)]);
    const { board, items, totals, lineage } = whole;
    const edits = ['owner', 'editor'].includes(board.access);
    const again = this.#again(() => this.#board(id));
    const c = { board, path, edits, again, last: items.items.length - 1 };
    const list = make('ul', { className: 'grid' }, items.items.map((item) => this.#item(c, item)));
    this.#show(make('div', {}, button('‹ My boards', () => this.#go(''), 'small')), this.#heading(board.title), this.#facts(board, lineage),
      reviewNote('boards', board.id, board, board.access === 'owner', this.#appeal(again)),
      this.#actions(c), totals.pieces > 0 && this.#totals(c, totals),
      items.items.length > 0 ? list : make('p', {}, edits ? 'Nothing here yet. Add a link, a picture or a note below, or keep products from their pages.' : 'Nothing here yet.'),
      this.#more(items.next, `${path}/items?limit=100`, (more) => list.append(...more.map((item) => this.#item(c, item)))),
      edits && this.#add(c), this.#comments(c, comments, whole.comments), board.access === 'owner' ? this.#manage(c) : board.member && make('div', {}, button('Leave this board', () => this.#try(async () => {
        await this.#call('DELETE', `${path}/members/me`);
        await this.#go('');
      }))));
  }

  #facts(board, lineage) {
    const from = lineage.map(({ by, board: origin, title }, i) => [i === 0 ? 'After ' : ', after ', origin ? button(title, () => this.#go(`?board=${encodeURIComponent(origin)}`), 'title small') : 'a board', ` by ${by ?? 'a shopper'}`]);
    return make('div', { className: 'stack' }, board.description && make('p', { className: 'text' }, board.description),
      make('p', { className: 'soft' }, [`by ${board.by ?? 'a shopper'}`, things(board.pins), board.visibility].join(' · ')),
      from.length > 0 && make('p', { className: 'soft' }, from.flat()));
  }

  #actions({ board, path }) {
    const copies = board.visibility !== 'private' || board.access === 'owner';
    const place = make('div', { className: 'stack' });
    return make('div', { className: 'stack' }, make('div', { className: 'bar' },
      board.visibility !== 'private' && button('Share', () => this.#try(async () => {
        const { link: page } = await this.#call('POST', `${path}/share`, {});
        place.replaceChildren(this.#linkTo(new URL(page, this.getAttribute('base') || location.origin).href, 'Link to this board'));
      })),
      copies && button('Make a copy', () => this.#try(async () => {
        const copy = await this.#call('POST', `${path}/clone`, {});
        await this.#go(`?board=${encodeURIComponent(copy.board.id)}`);
      })),
      board.access !== 'owner' && this.#report('boards', board.id, 'this board')), place);
  }

  /** "Report", and then why. */
  #report(kind, id, what) {
    const node = make('div', { className: 'bar' });
    const send = (reason) => this.#try(async () => {
      await this.#call('POST', `${kind}/${encodeURIComponent(id)}/report`, { reason });
      node.replaceChildren(make('p', { className: 'soft' }, 'Reported.'));
      return 'Thank you, somebody will look at it.';
    });
    const closed = () => node.replaceChildren(button('Report', () => {
      node.replaceChildren(...Object.entries(REASONS).map(([reason, words]) => button(words, () => send(reason), 'small')), button('Cancel', closed, 'small'));
      node.querySelector('button').focus();
    }, 'quiet', { ariaLabel: `Report ${what}` }));
    closed();
    return node;
  }

  #linkTo(address, text) {
    const input = make('input', { readOnly: true, value: address, onfocus: () => input.select() });
    return make('div', { className: 'row' }, field(text, input), button('Copy', () => navigator.clipboard.writeText(address).then(() => this.#say('The link is copied.'), () => input.focus())));
  }

  #totals({ path }, totals) {
    const sum = totals.sums.map(({ amount, currency }) => money(amount, currency)).join(' + ') || 'no prices';
    return make('div', { className: 'total' }, make('p', {}, `${totals.pieces === 1 ? '1 piece' : `${totals.pieces} pieces`}: `, make('span', { className: 'price' }, sum), totals.unpriced > 0 && totals.sums.length > 0 && ` and ${totals.unpriced} without a price`),
      button('Add all to the basket', () => this.#try(async () => {
        const { items } = await this.#call('POST', `${path}/cart`, {});
        this.dispatchEvent(new CustomEvent('parley:cart', { bubbles: true, composed: true, detail: { items: items.map(({ sku, quantity }) => ({ sku, quantity })) } }));
        return 'All of it is in your basket.';
      }), 'main'));
  }

  #item(c, item) {
    const title = item.title || (item.kind === 'image' ? 'Picture' : '');
    return make('li', { className: `card item ${item.kind}` }, item.image && pictures([item.image]),
      item.role && make('p', { className: 'chip' }, item.role),
      title && make('h3', {}, item.url ? link(item.url, title) : title),
      item.price !== null && make('p', { className: 'price' }, `${item.quantity > 1 ? `${item.quantity} × ` : ''}${money(item.price, item.currency)}`),
      item.note && make('p', { className: 'text' }, item.note),
      item.by && !item.mine && make('p', { className: 'soft' }, `pinned by ${item.by}`),
      reviewNote('items', item.id, item, item.mine, this.#appeal(c.again)), this.#aboutPin(c, item, title || item.note.slice(0, 60)), c.edits && this.#edit(c, item, title || 'note'));
  }

  #aboutPin({ board }, item, title) {
    const detail = { about: { kind: 'pin', ref: item.sku ?? `${board.id}/${item.id}` }, words: `${title} on “${board.title}”` };
    return make('div', { className: 'bar' },
      document.querySelector('parley-conversation, parley-slot[talk]') && button('Talk about it', () => dispatchEvent(new CustomEvent('parley-talk', { detail })), 'quiet', { ariaLabel: `Talk about it: ${title}` }),
      !item.mine && this.#report('items', item.id, title));
  }

  #edit({ path, again, last }, item, title) {
    const own = `${path}/items/${item.id}`;
    const move = (text, position, words) => button(text, () => again(() => this.#call('PATCH', own, { position }), words), 'small', { ariaLabel: `Move ${title.slice(0, 60)} ${text === '↑' ? 'forward' : 'back'}` });
    return make('details', {}, make('summary', {}, 'Change'),
      make('div', { className: 'stack' },
        form((values) => again(() => this.#call('PATCH', own, { note: values.note, ...(values.role ? { role: values.role } : {}), ...(values.quantity ? { quantity: Number(values.quantity) } : {}) }), 'Saved.'),
          field('Note', make('textarea', { name: 'note', maxLength: 1000, value: item.note })),
          item.kind === 'product' && make('div', { className: 'row' }, field('Role', make('input', { name: 'role', value: item.role ?? '', maxLength: 30 })), field('Pieces', make('input', { name: 'quantity', type: 'number', min: 1, max: 99, value: item.quantity }))),
          make('div', {}, make('button', { className: 'small' }, 'Save'))),
        make('div', { className: 'bar' }, item.position > 0 && move('↑', item.position - 1, 'Moved forward.'), item.position < last && move('↓', item.position + 1, 'Moved back.'),
          button('Remove', () => again(() => this.#call('DELETE', own).then(() => `“${title.slice(0, 60)}” is off the board.`)), 'small', { ariaLabel: `Remove ${title.slice(0, 60)}` }))));
  }

  #add({ path, again }) {
    const send = (kind) => (values) => again(() => this.#call('POST', `${path}/items`, { kind, ...Object.fromEntries(Object.entries(values).filter(([, value]) => value)) }).then(() => {}), 'It is on the board.');
    const done = () => make('div', {}, make('button', {}, 'Add'));
    return fold('Add something',
      form(send('note'), field('A note', make('textarea', { name: 'note', required: true, maxLength: 1000 })), done()),
      form(send('link'), make('div', { className: 'row' }, field('A link’s title', make('input', { name: 'title', required: true, maxLength: 200 })), field('Address (https://…)', make('input', { name: 'url', type: 'url', required: true, maxLength: 1000 }))), done()),
      form(send('image'), make('div', { className: 'row' }, field('A picture’s title', make('input', { name: 'title', maxLength: 200 })), field('Address of the picture (https://…)', make('input', { name: 'image', type: 'url', required: true, maxLength: 1000 }))), done()));
  }

  #appeal(again) {
    return (kind, id) => form((values) => again(() => this.#call('POST', `${kind}/${encodeURIComponent(id)}/appeal`, values).then(() => 'The shop will look at it again.')),
      field('Why should it be shown?', make('textarea', { name: 'body', required: true, maxLength: 1000 })), make('div', {}, make('button', { className: 'small' }, 'Appeal')));
  }

  #comments({ board, path, again }, { items }, { open, count }) {
    return (open || count > 0) && make('section', { className: 'stack', ariaLabel: 'Comments' }, make('h3', {}, count === 1 ? '1 comment' : `${count} comments`),
      items.map((comment) => make('article', { className: 'comment stack' }, make('p', { className: 'text' }, comment.body),
        make('div', { className: 'bar between' }, make('p', { className: 'soft' }, `${comment.mine ? 'you' : comment.by ?? 'a shopper'} · ${day.format(new Date(comment.at))}`),
          (comment.mine || board.access === 'owner') && button('Delete', () => again(() => this.#call('DELETE', `${path}/comments/${comment.id}`), 'The comment is gone.'), 'small'),
          !comment.mine && this.#report('comments', comment.id, 'this comment')),
        reviewNote('comments', comment.id, comment, comment.mine, this.#appeal(again)))),
      open && form((values) => again(() => this.#call('POST', `${path}/comments`, values).then(() => {}), 'Your comment is there.'),
        field('Say something about it', make('textarea', { name: 'body', required: true, maxLength: 1000 })), make('div', {}, make('button', {}, 'Comment'))));
  }

  #manage(c) {
    const { board, path, again } = c;
    const friends = make('div', { className: 'stack' }), invited = make('div', {});
    const drawFriends = async () => {
      const { items } = await this.#call('GET', `${path}/members`);
      friends.replaceChildren(...items.map(({ member, name, role }) => make('div', { className: 'bar between' }, make('p', {}, `${name ?? 'A friend without a name'} ${ROLES[role]}`),
        button('Remove', () => this.#try(async () => { await this.#call('DELETE', `${path}/members/${member}`); await drawFriends(); }), 'small'))));
    };
    const node = fold('Manage this board',
      form((values) => again(() => this.#call('PATCH', path, values), 'Saved.'), field('Title', make('input', { name: 'title', required: true, maxLength: 200, value: board.title })),
        field('Description', make('textarea', { name: 'description', maxLength: 1000, value: board.description })), field('Who sees it', choice('visibility', VISIBILITY, board.visibility)), make('div', {}, make('button', { className: 'main' }, 'Save'))),
      make('h3', {}, 'Friends'), friends,
      form((values) => this.#try(async () => {
        const { token } = await this.#call('POST', `${path}/invitations`, values);
        invited.replaceChildren(this.#linkTo(new URL(`${location.pathname}?invite=${token}`, location.href).href, 'Whoever opens this link within 14 days is on the board'));
      }), make('div', { className: 'row' }, field('Somebody who', choice('role', ROLES, 'editor')), make('button', {}, 'Make an invitation'))), invited,
      make('div', {}, button('Delete this board', () => confirm('Delete this board and everything on it?') && this.#try(async () => {
        await this.#call('DELETE', path);
        await this.#go('');
      }))));
    node.addEventListener('toggle', () => node.open && this.#try(drawFriends), { once: true });
    return node;
  }

  // On a product's page.
  async #keep(sku) {
    const { items } = await this.#call('GET', `boards?limit=50&sku=${encodeURIComponent(sku)}`);
    const about = this.closest('parley-slot')?.dataset ?? {};
    const product = { kind: 'product', sku, title: about.title || sku, ...(about.price ? { price: about.price, currency: about.currency ?? 'EUR' } : {}), ...(about.image ? { image: about.image } : {}) };
    const again = this.#again(() => this.#keep(sku));
    this.#show(fold('Keep it on a board', make('div', {}, items.filter(({ access }) => access === 'owner' || access === 'editor').map((board) => this.#keepOn(board, product, again))),
      form(({ title }) => again(async () => {
        const { board } = await this.#call('POST', 'boards', { title });
        await this.#call('POST', `boards/${board.id}/items`, product);
        return `It is on “${title}” now.`;
      }), make('div', { className: 'row' }, field('A new board', make('input', { name: 'title', required: true, maxLength: 200 })), make('button', {}, 'Make it')))));
  }

  #keepOn(board, product, again) {
    const items = `boards/${encodeURIComponent(board.id)}/items`;
    if (board.kind === 'ensemble' && !board.pin) return form(({ role }) => again(() => this.#put(board, role.trim(), product)),
      make('div', { className: 'row' }, field(`As a piece of “${board.title}”: which one?`, make('input', { name: 'role', required: true, maxLength: 30, placeholder: 'top, shoes, lamp …' })), make('button', {}, 'Put it there')));
    const box = make('input', { type: 'checkbox', checked: Boolean(board.pin), onchange: () => again(() => box.checked ? this.#call('POST', items, product).then(() => {}) : this.#call('DELETE', `${items}/${board.pin}`).then(() => {}),
      box.checked ? `It is on “${board.title}” now.` : `It is off “${board.title}”.`) });
    return make('label', { className: 'check' }, box, make('span', {}, board.title));
  }

  /** Into an ensemble, in place of the piece that has the role. */
  async #put(board, role, product) {
    const path = `boards/${encodeURIComponent(board.id)}`;
    const { items } = await this.#call('GET', path);
    const there = items.items.find((item) => item.kind === 'product' && item.role === role);
    await (there ? this.#call('PUT', `${path}/items/${there.id}`, product) : this.#call('POST', `${path}/items`, { ...product, role }));
    return there ? `It takes the place of “${there.title}” on “${board.title}”.` : `It is on “${board.title}” now.`;
  }
}

/** What the author reads where staff hid something of hers, or have yet to look at it. */
function reviewNote(kind, id, { review }, mine, appeal) {
  if (mine && review.state === 'waiting') return make('p', { className: 'soft', role: 'note' }, 'Others see this once the shop has looked at it.');
  if (!mine || review.state !== 'hidden') return null;
  return make('div', { className: 'stack' }, make('p', { role: 'note' }, `The shop hides this (${REASONS[review.reason].toLowerCase()}).`),
    review.appealed ? make('p', { className: 'soft' }, 'Your appeal is with the shop.') : appeal(kind, id));
}

if (!customElements.get('parley-boards')) customElements.define('parley-boards', Boards);
