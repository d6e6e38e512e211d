// <parley-boards>: boards of things from the shop and elsewhere. On a product's page (about="sku:…") a way to keep it on a board; anywhere
// else the shopper's boards, everybody's public ones, and one board opened (?board=ID, ?invite=TOKEN). The page hands it
// `call(method, path, body) → answer`. What may be seen is the server's decision; texts only ever become text, and
// addresses are checked again before they become a link or a picture.
//
// The slot may say what the product is: data-title, data-price, data-currency, data-image. "Add all to the basket" is told
// to the page by the event `parley:cart`, {items: [{sku, quantity}]}; "Talk about it" opens the conversation on the page with the pin as
// its context (event `parley-talk`). Colours and type follow the page.

class Boards extends HTMLElement {
  static sentences = words.sentences;
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
      return typeof said === 'string' ? said : sentence;
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
    return make('nav', { className: 'bar', ariaLabel: words.boards }, tab(words.mine, '', 'mine'), tab(words.discover, '?discover=1', 'discover'));
  }

  #card(board) {
    return make('li', { className: 'card' }, pictures(board.covers),
      make('h3', {}, button(board.title, () => this.#go(`?board=${encodeURIComponent(board.id)}`), 'title')),
      make('p', { className: 'soft' }, [board.kind === 'ensemble' ? words.ensemble : '', words.things(board.pins), board.access === 'owner' ? words.seen[board.visibility] : words.by(board.by)].filter(Boolean).join(' · ')));
  }

  // The shopper's boards.
  async #mine() {
    const [{ items, next }, notices, { name }] = await Promise.all([this.call('GET', 'boards?limit=50'), this.call('GET', 'notices?limit=50'), this.call('GET', 'me')]);
    this.#show(this.#tabs('mine'), this.#heading(words.mine, 'unseen'), this.#notices(notices.items),
      items.length > 0 ? this.#grid(items, next, 'boards?limit=50') : make('p', {}, words.none),
      fold(words.fresh, form(async (values) => this.#try(async () => {
        const { board } = await this.call('POST', 'boards', values);
        await this.#go(`?board=${encodeURIComponent(board.id)}`);
      }), field(words.title, make('input', { name: 'title', required: true, maxLength: 200 })),
      make('div', { className: 'row' }, field(words.kind, choice('kind', words.kinds)), field(words.whoSees, choice('visibility', words.visibility))),
      make('div', {}, make('button', { className: 'main' }, words.make)))),
      fold(words.nameTitle, form((values) => this.#try(async () => {
        await this.call('PUT', 'me', { name: values.name.trim() || null });
        return values.name.trim() ? words.named : words.unnamed;
      }), field(words.name, make('input', { name: 'name', value: name ?? '', maxLength: 50, autocomplete: 'nickname' })), make('div', {}, make('button', {}, words.save)))));
  }

  #notices(items) {
    const node = items.length > 0 && make('section', { className: 'said stack', ariaLabel: words.news },
      make('ul', { className: 'stack' }, items.map(({ sentence, by, board }) => make('li', {}, `${this.inPageLanguage(sentence) ?? sentence}${by ? ` (${by})` : ''}. `, button(words.open, () => this.#go(`?board=${encodeURIComponent(board)}`), 'small')))),
      make('div', {}, button(words.gotIt, () => this.#try(async () => {
        await this.call('PUT', 'notices/seen', { upto: items[0].id });
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
    const node = next && make('div', {}, button(words.more, () => this.#try(async () => {
      const page = await this.call('GET', `${path}&cursor=${encodeURIComponent(next)}`);
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
      const { items, next } = await this.call('GET', path);
      found.replaceChildren(...(items.length > 0 ? this.#grid(items, next, path).filter(Boolean) : [make('p', {}, q ? words.notFound : words.noPublic)]));
    };
    await search({});
    const asked = form((values) => this.#try(() => search(values)),
      make('div', { className: 'row' }, field(words.search, make('input', { type: 'search', name: 'q', maxLength: 60 })), field(words.order, choice('sort', words.orders)), make('button', { className: 'main' }, words.find)));
    this.#show(this.#tabs('discover'), this.#heading(words.discover, 'unseen'), asked, found);
  }

  async #join(token) {
    const { board } = await this.call('POST', 'join', { token });
    history.replaceState(null, '', `${location.pathname}?board=${encodeURIComponent(board.id)}`);
    await this.#board(board.id);
    return words.joined(board.title);
  }

  // One board.
  async #board(id) {
    const path = `boards/${encodeURIComponent(id)}`;
    const [whole, comments] = await Promise.all([this.call('GET', path), this.call('GET', `${path}/comments?limit=50`)]);
    const { board, items, totals, lineage } = whole;
    const edits = ['owner', 'editor'].includes(board.access);
    const again = this.#again(() => this.#board(id));
    const c = { board, path, edits, again, last: items.items.length - 1 };
    const list = make('ul', { className: 'grid' }, items.items.map((item) => this.#item(c, item)));
    this.#show(make('div', {}, button(`‹ ${words.mine}`, () => this.#go(''), 'small')), this.#heading(board.title), this.#facts(board, lineage),
      reviewNote('boards', board.id, board, board.access === 'owner', this.#appeal(again)),
      this.#actions(c), totals.pieces > 0 && this.#totals(c, totals),
      items.items.length > 0 ? list : make('p', {}, edits ? words.emptyMine : words.empty),
      this.#more(items.next, `${path}/items?limit=100`, (more) => list.append(...more.map((item) => this.#item(c, item)))),
      edits && this.#add(c), this.#comments(c, comments, whole.comments), board.access === 'owner' ? this.#manage(c) : board.member && make('div', {}, button(words.leave, () => this.#try(async () => {
        await this.call('DELETE', `${path}/members/me`);
        await this.#go('');
      }))));
  }

  #facts(board, lineage) {
    const from = lineage.map(({ by, board: origin, title }, i) => [i === 0 ? words.after : words.thenAfter, origin ? button(title, () => this.#go(`?board=${encodeURIComponent(origin)}`), 'title small') : words.aBoard, ` ${words.by(by)}`]);
    return make('div', { className: 'stack' }, board.description && make('p', { className: 'text' }, board.description),
      make('p', { className: 'soft' }, [words.by(board.by), words.things(board.pins), words.seen[board.visibility]].join(' · ')),
      from.length > 0 && make('p', { className: 'soft' }, from.flat()));
  }

  #actions({ board, path }) {
    const copies = board.visibility !== 'private' || board.access === 'owner';
    const place = make('div', { className: 'stack' });
    return make('div', { className: 'stack' }, make('div', { className: 'bar' },
      board.visibility !== 'private' && button(words.share, () => this.#try(async () => {
        const { link: page } = await this.call('POST', `${path}/share`, {});
        place.replaceChildren(this.#linkTo(new URL(page, this.getAttribute('base') || location.origin).href, words.link));
      })),
      copies && button(words.copy, () => this.#try(async () => {
        const copy = await this.call('POST', `${path}/clone`, {});
        await this.#go(`?board=${encodeURIComponent(copy.board.id)}`);
      })),
      board.access !== 'owner' && this.#report('boards', board.id, words.thisBoard)), place);
  }

  /** "Report", and then why. */
  #report(kind, id, what) {
    const node = make('div', { className: 'bar' });
    const send = (reason) => this.#try(async () => {
      await this.call('POST', `${kind}/${encodeURIComponent(id)}/report`, { reason });
      node.replaceChildren(make('p', { className: 'soft' }, words.reported));
      return words.willLook;
    });
    const closed = () => node.replaceChildren(button(words.report, () => {
      node.replaceChildren(...Object.entries(words.reasons).map(([reason, label]) => button(label, () => send(reason), 'small')), button(words.cancel, closed, 'small'));
      node.querySelector('button').focus();
    }, 'quiet', { ariaLabel: words.reportWhat(what) }));
    closed();
    return node;
  }

  #linkTo(address, text) {
    const input = make('input', { readOnly: true, value: address, onfocus: () => input.select() });
    return make('div', { className: 'row' }, field(text, input), button(words.copyLink, () => navigator.clipboard.writeText(address).then(() => this.#say(words.copied), () => input.focus())));
  }

  #totals({ path }, totals) {
    const sum = totals.sums.map(({ amount, currency }) => money(amount, currency)).join(' + ') || words.noPrices;
    return make('div', { className: 'total' }, make('p', {}, words.pieces(totals.pieces), make('span', { className: 'price' }, sum), totals.unpriced > 0 && totals.sums.length > 0 && words.unpriced(totals.unpriced)),
      button(words.addAll, () => this.#try(async () => {
        const { items } = await this.call('POST', `${path}/cart`, {});
        this.dispatchEvent(new CustomEvent('parley:cart', { bubbles: true, composed: true, detail: { items: items.map(({ sku, quantity }) => ({ sku, quantity })) } }));
        return words.added;
      }), 'main'));
  }

  #item(c, item) {
    const title = item.title || (item.kind === 'image' ? words.picture : '');
    return make('li', { className: `card item ${item.kind}` }, item.image && pictures([item.image]),
      item.role && make('p', { className: 'chip' }, item.role),
      title && make('h3', {}, item.url ? link(item.url, title) : title),
      item.price !== null && make('p', { className: 'price' }, `${item.quantity > 1 ? `${item.quantity} × ` : ''}${money(item.price, item.currency)}`),
      item.note && make('p', { className: 'text' }, item.note),
      item.by && !item.mine && make('p', { className: 'soft' }, words.pinnedBy(item.by)),
      reviewNote('items', item.id, item, item.mine, this.#appeal(c.again)), this.#aboutPin(c, item, title || item.note.slice(0, 60)), c.edits && this.#edit(c, item, title || 'note'));
  }

  #aboutPin({ board }, item, title) {
    const detail = { about: { kind: 'pin', ref: item.sku ?? `${board.id}/${item.id}` }, words: words.pinOn(title, board.title) };
    return make('div', { className: 'bar' },
      document.querySelector('parley-conversation, parley-slot[talk]') && button(words.talk, () => dispatchEvent(new CustomEvent('parley-talk', { detail })), 'quiet', { ariaLabel: `${words.talk}: ${title}` }),
      !item.mine && this.#report('items', item.id, title));
  }

  #edit({ path, again, last }, item, title) {
    const own = `${path}/items/${item.id}`;
    const move = (text, position) => button(text, () => again(() => this.call('PATCH', own, { position }), text === '↑' ? words.forward : words.back), 'small', { ariaLabel: words.move(title.slice(0, 60), text === '↑') });
    return make('details', {}, make('summary', {}, words.change),
      make('div', { className: 'stack' },
        form((values) => again(() => this.call('PATCH', own, { note: values.note, ...(values.role ? { role: values.role } : {}), ...(values.quantity ? { quantity: Number(values.quantity) } : {}) }), words.saved),
          field(words.note, make('textarea', { name: 'note', maxLength: 1000, value: item.note })),
          item.kind === 'product' && make('div', { className: 'row' }, field(words.role, make('input', { name: 'role', value: item.role ?? '', maxLength: 30 })), field(words.quantity, make('input', { name: 'quantity', type: 'number', min: 1, max: 99, value: item.quantity }))),
          make('div', {}, make('button', { className: 'small' }, words.save))),
        make('div', { className: 'bar' }, item.position > 0 && move('↑', item.position - 1), item.position < last && move('↓', item.position + 1),
          button(words.remove, () => again(() => this.call('DELETE', own).then(() => words.off(title.slice(0, 60)))), 'small', { ariaLabel: `${words.remove} ${title.slice(0, 60)}` }))));
  }

  #add({ path, again }) {
    const send = (kind) => (values) => again(() => this.call('POST', `${path}/items`, { kind, ...Object.fromEntries(Object.entries(values).filter(([, value]) => value)) }).then(() => {}), words.on);
    const done = () => make('div', {}, make('button', {}, words.add));
    return fold(words.addSomething,
      form(send('note'), field(words.aNote, make('textarea', { name: 'note', required: true, maxLength: 1000 })), done()),
      form(send('link'), make('div', { className: 'row' }, field(words.linkTitle, make('input', { name: 'title', required: true, maxLength: 200 })), field(words.address, make('input', { name: 'url', type: 'url', required: true, maxLength: 1000 }))), done()),
      form(send('image'), make('div', { className: 'row' }, field(words.pictureTitle, make('input', { name: 'title', maxLength: 200 })), field(words.pictureAddress, make('input', { name: 'image', type: 'url', required: true, maxLength: 1000 }))), done()));
  }

  #appeal(again) {
    return (kind, id) => form((values) => again(() => this.call('POST', `${kind}/${encodeURIComponent(id)}/appeal`, values).then(() => words.lookAgain)),
      field(words.why, make('textarea', { name: 'body', required: true, maxLength: 1000 })), make('div', {}, make('button', { className: 'small' }, words.appeal)));
  }

  #comments({ board, path, again }, { items }, { open, count }) {
    return (open || count > 0) && make('section', { className: 'stack', ariaLabel: words.comments }, make('h3', {}, words.counted(count)),
      items.map((comment) => make('article', { className: 'comment stack' }, make('p', { className: 'text' }, comment.body),
        make('div', { className: 'bar between' }, make('p', { className: 'soft' }, `${comment.mine ? words.you : comment.by ?? words.somebody} · ${day.format(new Date(comment.at))}`),
          (comment.mine || board.access === 'owner') && button(words.delete, () => again(() => this.call('DELETE', `${path}/comments/${comment.id}`), words.commentGone), 'small'),
          !comment.mine && this.#report('comments', comment.id, words.thisComment)),
        reviewNote('comments', comment.id, comment, comment.mine, this.#appeal(again)))),
      open && form((values) => again(() => this.call('POST', `${path}/comments`, values).then(() => {}), words.commented),
        field(words.say, make('textarea', { name: 'body', required: true, maxLength: 1000 })), make('div', {}, make('button', {}, words.comment))));
  }

  #manage(c) {
    const { board, path, again } = c;
    const friends = make('div', { className: 'stack' }), invited = make('div', {});
    const drawFriends = async () => {
      const { items } = await this.call('GET', `${path}/members`);
      friends.replaceChildren(...items.map(({ member, name, role }) => make('div', { className: 'bar between' }, make('p', {}, `${name ?? words.friend} ${words.roles[role]}`),
        button(words.remove, () => this.#try(async () => { await this.call('DELETE', `${path}/members/${member}`); await drawFriends(); }), 'small'))));
    };
    const node = fold(words.manage,
      form((values) => again(() => this.call('PATCH', path, values), words.saved), field(words.title, make('input', { name: 'title', required: true, maxLength: 200, value: board.title })),
        field(words.description, make('textarea', { name: 'description', maxLength: 1000, value: board.description })), field(words.whoSees, choice('visibility', words.visibility, board.visibility)), make('div', {}, make('button', { className: 'main' }, words.save))),
      make('h3', {}, words.friends), friends,
      form((values) => this.#try(async () => {
        const { token } = await this.call('POST', `${path}/invitations`, values);
        invited.replaceChildren(this.#linkTo(new URL(`${location.pathname}?invite=${token}`, location.href).href, words.invited));
      }), make('div', { className: 'row' }, field(words.whoever, choice('role', words.roles, 'editor')), make('button', {}, words.invite))), invited,
      make('div', {}, button(words.deleteBoard, () => confirm(words.sure) && this.#try(async () => {
        await this.call('DELETE', path);
        await this.#go('');
      }))));
    node.addEventListener('toggle', () => node.open && this.#try(drawFriends), { once: true });
    return node;
  }

  // On a product's page.
  async #keep(sku) {
    const { items } = await this.call('GET', `boards?limit=50&sku=${encodeURIComponent(sku)}`);
    const about = this.closest('parley-slot')?.dataset ?? {};
    const product = { kind: 'product', sku, title: about.title || sku, ...(about.price ? { price: about.price, currency: about.currency ?? 'EUR' } : {}), ...(about.image ? { image: about.image } : {}) };
    const again = this.#again(() => this.#keep(sku));
    this.#show(fold(words.keep, make('div', {}, items.filter(({ access }) => access === 'owner' || access === 'editor').map((board) => this.#keepOn(board, product, again))),
      form(({ title }) => again(async () => {
        const { board } = await this.call('POST', 'boards', { title });
        await this.call('POST', `boards/${board.id}/items`, product);
        return words.onBoard(title);
      }), make('div', { className: 'row' }, field(words.aNewBoard, make('input', { name: 'title', required: true, maxLength: 200 })), make('button', {}, words.makeIt)))));
  }

  #keepOn(board, product, again) {
    const items = `boards/${encodeURIComponent(board.id)}/items`;
    if (board.kind === 'ensemble' && !board.pin) return form(({ role }) => again(() => this.#put(board, role.trim(), product)),
      make('div', { className: 'row' }, field(words.asPiece(board.title), make('input', { name: 'role', required: true, maxLength: 30, placeholder: words.pieceExample })), make('button', {}, words.putThere)));
    const box = make('input', { type: 'checkbox', checked: Boolean(board.pin), onchange: () => again(() => box.checked ? this.call('POST', items, product).then(() => {}) : this.call('DELETE', `${items}/${board.pin}`).then(() => {}),
      box.checked ? words.onBoard(board.title) : words.offBoard(board.title)) });
    return make('label', { className: 'check' }, box, make('span', {}, board.title));
  }

  /** Into an ensemble, in place of the piece that has the role. */
  async #put(board, role, product) {
    const path = `boards/${encodeURIComponent(board.id)}`;
    const { items } = await this.call('GET', path);
    const there = items.items.find((item) => item.kind === 'product' && item.role === role);
    await (there ? this.call('PUT', `${path}/items/${there.id}`, product) : this.call('POST', `${path}/items`, { ...product, role }));
    return there ? words.replaced(there.title, board.title) : words.onBoard(board.title);
  }
}

/** What the author reads where staff hid something of hers, or have yet to look at it. */
function reviewNote(kind, id, { review }, mine, appeal) {
  if (mine && review.state === 'waiting') return make('p', { className: 'soft', role: 'note' }, words.waits);
  if (!mine || review.state !== 'hidden') return null;
  return make('div', { className: 'stack' }, make('p', { role: 'note' }, words.hides(words.reasons[review.reason])),
    review.appealed ? make('p', { className: 'soft' }, words.appealed) : appeal(kind, id));
}

if (!customElements.get('parley-boards')) customElements.define('parley-boards', Boards);
