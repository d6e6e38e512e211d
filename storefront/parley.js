// Parley in a shop's page: one script, no dependencies.
//
//   <meta name="parley-key" content="the shop's public browser key">
//   <script type="module" src="https://parley.example/parley.js" async></script>
//   <meta name="parley-context" content='{"country":"DE"}'>           (where rules look at attributes)
//   <parley-slot name="product-poll" about="sku:HT-101"></parley-slot>
//
// A slot asks which variant this shopper gets when it is about to be seen (that is the exposure, alike for
// every variant) and loads the plugin's component only where the variant has one. If Parley is down, slow or
// wrong, slots stay empty and nothing else happens.
//
// window.parley = {track(event, properties), identify(jwt, traits), ready}. A page need not wait for this
// script: before it has come, `(window.parley ??= {pending: []}).pending.push([event, properties])`.

const server = new URL('.', import.meta.url);
const key = document.querySelector('meta[name="parley-key"]')?.content;
const context = attributes();
let signedIn = null; // the shop's JWT for a shopper it knows

// A preview link (?parley_preview=TOKEN) shows the variant that it names while this tab is open; an empty one ends
// that. A preview is looked at, not measured: nothing is tracked.
const preview = previewed();

function previewed() {
  const PREVIEW = 'parley.preview';
  const given = new URLSearchParams(location.search).get('parley_preview');
  try {
    if (given !== null) sessionStorage.setItem(PREVIEW, given);
    return sessionStorage.getItem(PREVIEW);
  } catch {
    return given; // no storage: for this page
  }
}

/** What the page says of this visit, for rules that look at attributes; the same for the variant and for calls to its plugin. */
function attributes() {
  try {
    return JSON.parse(document.querySelector('meta[name="parley-context"]')?.content || '{}');
  } catch {
    console.warn('parley: the content of <meta name="parley-context"> is no JSON object');
    return {};
  }
}

/** Headers are ASCII: the rest is escaped. */
const ascii = (value) => JSON.stringify(value).replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A call to the server as this shopper: (method, path, body?) → Response. */
function request(method, path, body, options = {}) {
  const headers = { Authorization: `Bearer ${key}` };
  if (signedIn) headers['Parley-Customer'] = signedIn;
  if (preview) headers['Parley-Preview'] = preview;
  if (path.startsWith('/v1/features/') && Object.keys(context).length) headers['Parley-Context'] = ascii(context);
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  return fetch(new URL(path, server), { method, headers, credentials: 'include', body: body === undefined ? undefined : JSON.stringify(body), ...options });
}

/** Who this shopper is: {customer, known}. Sets the anonymous cookie on a first visit. */
let asked = null;

function whoami() {
  asked ??= request('GET', '/v1/me').then((response) => {
    if (!response.ok) throw new Error(`/v1/me answered ${response.status}`);
    return response.json();
  }).catch((error) => {
    asked = null; // so that the next caller asks again
    throw error;
  });
  return asked;
}

// Events. They wait in localStorage until the server has them, so that leaving the page loses none; one that
// is sent twice (two tabs, an answer that never came) carries the same messageId and counts once.

const STORED = 'parley.events';
const MOST = 500;
const BATCH_BYTES = 48 * 1024; // browsers let 64 KiB outlive a page
const RETRY_MS = [1000, 5000, 30000];
let memory = []; // where there is no localStorage
let timer = 0;
let sending = false;
let failures = 0;

function waiting() {
  try {
    return JSON.parse(localStorage.getItem(STORED)) ?? [];
  } catch {
    return memory;
  }
}

function keep(events) {
  if (events.length > MOST) console.warn(`parley: ${events.length - MOST} events dropped, the server has been away for too long`);
  memory = events.slice(-MOST);
  try {
    localStorage.setItem(STORED, JSON.stringify(memory));
  } catch {
    // Storage is full or forbidden: the events live as long as this page.
  }
}

const newId = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join('-');

function enqueue(event) {
  if (preview) return;
  keep([...waiting(), { messageId: newId(), timestamp: new Date().toISOString(), context: { page: { path: location.pathname } }, ...event }]);
  flushIn(150);
}

function flushIn(ms) {
  clearTimeout(timer);
  timer = setTimeout(flush, ms);
}

/** As many of the waiting events as may outlive the page. */
function nextBatch() {
  const batch = [];
  let bytes = 0;
  for (const event of waiting()) {
    bytes += new Blob([JSON.stringify(event)]).size + 64;
    if (bytes > BATCH_BYTES && batch.length > 0) break;
    batch.push(event);
  }
  return batch;
}

async function flush() {
  const batch = nextBatch();
  if (sending || batch.length === 0) return;
  sending = true;
  const settled = await deliver(batch);
  sending = false;
  if (settled) {
    const done = new Set(batch.map((event) => event.messageId));
    keep(waiting().filter((event) => !done.has(event.messageId)));
    failures = 0;
    if (waiting().length > 0) flushIn(0);
  } else flushIn(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
}

/** Sends a batch; true when the server has taken or refused it for good, false when to try again. */
async function deliver(batch) {
  try {
    const { customer, known } = await whoami();
    const as = known ? { userId: customer } : { anonymousId: customer };
    const response = await request('POST', '/v1/batch', { batch: batch.map((event) => ({ ...as, ...event })), sentAt: new Date().toISOString() }, { keepalive: true });
    if (response.status >= 500 || response.status === 429 || response.status === 408) return false;
    const { rejected = [], detail } = await response.json();
    if (!response.ok) console.warn(`parley: events refused: ${detail}`);
    for (const { index, detail: why } of rejected) console.warn(`parley: event "${batch[index]?.event}" refused: ${why}`);
    return true;
  } catch {
    return false;
  }
}

const track = (event, properties = {}) => enqueue({ type: 'track', event, properties });

/** The shop has signed the shopper in: `jwt` is signed with the shop's secret. Joins the visit so far to the customer. */
async function identify(jwt, traits = {}) {
  const before = await whoami();
  signedIn = jwt;
  asked = null;
  const { customer } = await whoami();
  enqueue({ type: 'identify', userId: customer, ...(before.known ? {} : { anonymousId: before.customer }), traits });
}

// Slots.

async function fill(slot) {
  const feature = slot.getAttribute('name');
  const { customer } = await whoami();
  const response = await request('POST', `/ofrep/v1/evaluate/flags/${encodeURIComponent(feature)}`, { context: { ...context, targetingKey: customer } });
  if (!response.ok) return;
  const { metadata = {} } = await response.json();
  if (!metadata.component) return;
  const module = new URL(metadata.component, server);
  if (module.origin !== server.origin) throw new Error(`parley: component from another origin: ${module}`);
  await import(module);
  const element = document.createElement(metadata.element);
  element.setAttribute('feature', feature);
  element.setAttribute('base', server.origin === location.origin ? '' : server.origin);
  element.setAttribute('about', slot.getAttribute('about') ?? '');
  Object.assign(element, { request: (method, path, body) => request(method, path, body), track });
  slot.replaceChildren(element);
}

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    fill(target).catch((error) => console.warn(`parley: slot ${target.getAttribute('name')} stays empty`, error));
  }
}, { rootMargin: '80px' });

class Slot extends HTMLElement {
  connectedCallback() { seen.observe(this); }
  disconnectedCallback() { seen.unobserve(this); }
}

const ready = whoami();
ready.catch((error) => console.warn('parley: not available', error));
const { pending = [] } = window.parley ?? {};
window.parley = { track, identify, ready };
for (const [event, properties] of pending) track(event, properties);
customElements.define('parley-slot', Slot);
addEventListener('pagehide', () => {
  sending = false; // what is under way goes on by itself; what came since must not stay behind
  flush();
});
if (waiting().length > 0) flushIn(0);
