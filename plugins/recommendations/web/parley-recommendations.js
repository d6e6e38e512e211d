// <parley-recommendations>: a row of products, each with the reason why it is there. The page hands it `request(method, path, body) →
// Response` and `track(event, properties)`, and says by `about` what the row is of:
//
//   about=""            what this shopper might like
//   about="sku:HT-101"  what is like that product
//   about="with:HT-101" what is bought with it
//
// An empty row takes no room. Texts of products only ever become text, and a link that is neither http(s) nor of this shop is none.
// Colours and type follow the page; --parley-accent sets the rest.

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; --accent: var(--parley-accent, #0f6a62);
    --faint: color-mix(in srgb, currentColor 14%, transparent); --soft: color-mix(in srgb, currentColor 76%, transparent); }
  :host([hidden]) { display: none; }
  .head { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; margin-bottom: .75rem; }
  h2 { flex: 1; margin: 0; font-size: 1.1875rem; font-weight: 620; line-height: 1.3; }
  .moves { display: flex; gap: .5rem; }
  button { font: inherit; width: 2.75rem; height: 2.75rem; padding: 0; border: 1px solid var(--faint); border-radius: 50%; background: none; color: inherit; cursor: pointer; }
  button:disabled { opacity: .35; cursor: default; }
  ul { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(9.5rem, 13rem); gap: 1rem; margin: 0; padding: .25rem; list-style: none;
    overflow-x: auto; overscroll-behavior-x: contain; scroll-snap-type: x proximity; scroll-padding: .25rem; scrollbar-width: thin; }
  li { scroll-snap-align: start; display: grid; min-width: 0; }
  .card { display: grid; grid-template-rows: auto 1fr auto; gap: .5rem; padding: .75rem; border: 1px solid var(--faint); border-radius: 12px; color: inherit; text-decoration: none; min-width: 0; }
  a.card:hover .title { text-decoration: underline; text-underline-offset: .2em; }
  .picture { aspect-ratio: 1; border-radius: 8px; background: var(--faint); overflow: hidden; display: grid; place-items: center; font-size: 2rem; font-weight: 620; color: var(--soft); }
  img { width: 100%; height: 100%; object-fit: cover; display: block; }
  .title { font-weight: 560; line-height: 1.3; overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
  .why { font-size: .875rem; line-height: 1.35; color: var(--soft); overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
  .price { font-variant-numeric: tabular-nums; font-weight: 560; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 12px; }
  @media (prefers-reduced-motion: no-preference) { ul { scroll-behavior: smooth; } }
`);


// Another language is another table here.
const words = spoken({
  en: {
    headings: { recommended: 'For you', similar: 'More like this', ensemble: 'Often bought together' }, back: 'Back', on: 'Further',
    why: {
      looked: (title) => `Because you looked at ${title}`, bought: (title) => `Because you bought ${title}`, alike: (title) => `Often looked at with ${title}`,
      together: (title) => `Often bought with ${title}`, popular: () => 'Popular with other customers',
    },
  },
  de: {
    headings: { recommended: 'Für Sie', similar: 'Ähnliches', ensemble: 'Oft zusammen gekauft' }, back: 'Zurück', on: 'Weiter',
    why: {
      looked: (title) => `Weil Sie „${title}“ angesehen haben`, bought: (title) => `Weil Sie „${title}“ gekauft haben`, alike: (title) => `Oft zusammen mit „${title}“ angesehen`,
      together: (title) => `Oft zusammen mit „${title}“ gekauft`, popular: () => 'Beliebt bei anderen Kunden',
    },
  },
});

/** Why an item is there: its code, and the item that speaks for it. */
const reason = ({ by, aboutTitle }) => words.why[aboutTitle ? by : 'popular'](aboutTitle);

/** The URL where it is of http(s); else nothing. */
function safe(link) {
  if (!link) return null;
  try {
    const url = new URL(link, location.href);
    return /^https?:$/.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function priced({ price, currency }) {
  if (price === null || price === undefined) return null;
  try {
    return new Intl.NumberFormat(language, currency ? { style: 'currency', currency } : { minimumFractionDigits: 2 }).format(price);
  } catch {
    return String(price); // a currency that there is none of
  }
}

class Recommendations extends HTMLElement {
  #root = this.attachShadow({ mode: 'open' });

  async connectedCallback() {
    this.#root.adoptedStyleSheets = [sheet];
    this.hidden = true;
    const response = await this.request('GET', `/v1/features/${encodeURIComponent(this.getAttribute('feature'))}/${this.#path()}`).catch(() => null);
    const answer = response?.ok ? await response.json().catch(() => null) : null;
    if (!answer?.items?.length) return;
    this.hidden = false;
    this.#draw(answer);
    this.track?.('Product List Viewed', { list_id: 'recommendations', category: answer.list,
      products: answer.items.map(({ sku }, i) => ({ product_id: sku, sku, position: i + 1 })) });
  }

  #path() {
    const [, kind, sku] = /^(sku|with):(.+)$/s.exec(this.getAttribute('about') ?? '') ?? [];
    if (!sku) return 'recommend';
    return `items/${encodeURIComponent(sku)}/${kind === 'with' ? 'ensemble' : 'similar'}`;
  }

  #draw({ list, items }) {
    const heading = make('h2', { id: 'heading' }, words.headings[list] ?? words.headings.recommended);
    const row = make('ul', { tabIndex: 0 }, ...items.map((item, i) => this.#card(list, item, i)));
    row.setAttribute('role', 'list');
    row.setAttribute('aria-labelledby', 'heading');
    const back = this.#mover(row, -1, '\u2190', words.back), on = this.#mover(row, 1, '\u2192', words.on);
    const moves = make('div', { className: 'moves' }, back, on);
    back.disabled = true;
    const settle = () => {
      const end = row.scrollWidth - row.clientWidth;
      moves.hidden = end < 2;
      back.disabled = row.scrollLeft < 2;
      on.disabled = row.scrollLeft > end - 2;
    };
    row.onscroll = settle;
    this.#root.replaceChildren(make('div', { className: 'head' }, heading, moves), row);
    new ResizeObserver(settle).observe(row);
  }

  #mover(row, direction, sign, label) {
    const button = make('button', { type: 'button', onclick: () => row.scrollBy({ left: direction * row.clientWidth * 0.8 }) }, sign);
    button.setAttribute('aria-label', label);
    return button;
  }

  #card(list, item, i) {
    const title = item.title ?? item.sku, link = safe(item.url), image = safe(item.image), price = priced(item);
    const picture = make('span', { className: 'picture', ariaHidden: 'true' }, image ? make('img', { src: image, alt: '', loading: 'lazy' }) : [...title][0]);
    const card = make(link ? 'a' : 'span', { className: 'card', ...(link ? { href: link } : {}) }, picture,
      make('span', {}, make('span', { className: 'title' }, title), make('span', { className: 'why' }, reason(item))),
      price && make('span', { className: 'price' }, price));
    card.onclick = () => this.track?.('Product Clicked', { list_id: 'recommendations', category: list, product_id: item.sku, sku: item.sku, name: title, position: i + 1, by: item.by });
    return make('li', {}, card);
  }
}

if (!customElements.get('parley-recommendations')) customElements.define('parley-recommendations', Recommendations);
