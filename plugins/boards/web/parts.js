// What boards are drawn with: their look, the parts that views are made of, and how an address becomes a link or a picture.

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

const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' });
const money = (amount, currency) => new Intl.NumberFormat(language, { style: 'currency', currency }).format(amount);

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
