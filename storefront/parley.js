// Parley in a shop's page: one script, no dependencies.
//
//   <meta name="parley-key" content="the shop's public browser key">
//   <script type="module" src="https://parley.example/parley.js" async></script>
//   <meta name="parley-context" content='{"country":"DE"}'>           (where rules look at attributes)
//   <parley-slot name="product-poll" about="sku:HT-101"></parley-slot>
//   <parley-page name="home"></parley-page>
//   <parley-slot name="talk" talk></parley-slot>                     (where "talk about this", said anywhere on the page, leads)
//
// A slot asks which variant this shopper gets when it is about to be seen (that is the exposure, alike for
// every variant) and loads the plugin's component only where the variant has one. If Parley is down, slow or
// wrong, slots stay empty and nothing else happens.
//
// A page brings its sections in the order that the shop's team gave it, composed by one call, which is the exposure for
// all of them. It is aria-busy until then. A section without a component is the shop's own: the event "parley-section"
// asks for it at its element, which stays if the shop puts something in. A component with nothing to show hides itself,
// and its section with it.
//
// window.parley = {track(event, properties), identify(jwt, traits), request(method, path, body), ready}. A page need not wait for this
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

/** What the page says of this visit, for rules that look at attributes; the same for the variant and for calls to its plugin. The
 * page's language is one of them. */
function attributes() {
  const { lang } = document.documentElement;
  const language = lang ? { language: lang } : {};
  try {
    return { ...language, ...JSON.parse(document.querySelector('meta[name="parley-context"]')?.content || '{}') };
  } catch {
    console.warn('parley: the content of <meta name="parley-context"> is no JSON object');
    return language;
  }
}

/** Headers are ASCII: the rest is escaped. */
const ascii = (value) => JSON.stringify(value).replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A call to the server as this shopper: (method, path, body?) → Response. */
function request(method, path, body, options = {}) {
  const headers = { Authorization: `Bearer ${key}` };
  if (signedIn) headers['Parley-Customer'] = signedIn;
  if (preview) headers['Parley-Preview'] = preview;
  if (/^\/v1\/(features|pages)\//.test(path) && Object.keys(context).length) headers['Parley-Context'] = ascii(context);
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
  const element = await component(metadata, feature, slot.getAttribute('about'));
  if (element) slot.replaceChildren(element);
}

/** Runs a component's module, once; only what the server said of its bytes is run (Subresource Integrity). */
const modules = new Map();
function load(module, integrity = '') {
  if (!modules.has(module.href)) modules.set(module.href, new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement('script'), { type: 'module', src: module, integrity, crossOrigin: 'anonymous', onload: resolve });
    script.onerror = () => {
      modules.delete(module.href); // the next slot tries again
      script.remove();
      reject(new Error(`${module} did not come, or is not what it should be`));
    };
    document.head.append(script);
  }));
  return modules.get(module.href);
}

// A link to something of a feature's, as its component made it: #parley=FEATURE/WHAT. It leads to where the feature is on the page. Where
// this shopper's variant has no component, a sentence stands there instead, and leads to Parley's own page of it.
const [, linkedFeature, linked] = /^#parley=([\w.-]+)\/([\w.-]+)$/.exec(location.hash) ?? [];

function signpost() {
  const sentence = document.createElement('p');
  sentence.append(`${words.elsewhere} `, Object.assign(document.createElement('a'), { href: new URL(`share/${linkedFeature}/${linked}`, server), textContent: words.look }));
  return sentence;
}

/** The element of the release behind a variant, or null where it has none; `given` are properties that it gets beside the usual ones. */
async function component(metadata, feature, about, given = {}) {
  if (!metadata.component) return feature === linkedFeature ? signpost() : null;
  const module = new URL(metadata.component, server);
  if (module.origin !== server.origin) throw new Error(`parley: component from another origin: ${module}`);
  await load(module, metadata.integrity);
  const element = document.createElement(metadata.element);
  element.setAttribute('feature', feature);
  element.setAttribute('base', server.origin === location.origin ? '' : server.origin);
  element.setAttribute('about', about ?? '');
  const ask = async (method, path, body) => {
    const response = await request(method, path, body);
    if (response.status === 403 && (await response.clone().json().catch(() => null))?.type === 'urn:parley:problem:muted') element.hidden = true; // she does not want it
    return response;
  };
  const inPageLanguage = translator(element.constructor.sentences);
  const call = (method, path, body) => answerOf(ask(method, path.startsWith('/') ? path : `/v1/features/${encodeURIComponent(feature)}/${path}`, body), inPageLanguage);
  return Object.assign(element, { request: ask, call, inPageLanguage, track, ...given });
}

// What shoppers read of the server's. A plugin's sentences are English; its component says by `static sentences` what they are in the
// page's language: {'{} polls are open; take one away first': '{1} Umfragen sind offen …'}. A refusal that is none of them is told by its kind.

const WORDS = {
  en: {
    refused: (why) => `That did not work: ${why}.`, failed: 'That did not work just now. Please try again.', kinds: {},
    elsewhere: 'You were sent a link to something that is not on this page for you.', look: 'Look at it here',
  },
  de: {
    refused: (why) => `Das ging nicht: ${why}.`, failed: 'Das hat gerade nicht geklappt. Bitte versuchen Sie es noch einmal.',
    elsewhere: 'Man hat Ihnen einen Link zu etwas geschickt, das es auf dieser Seite für Sie nicht gibt.', look: 'Hier ansehen',
    kinds: {
      400: 'Das ging so nicht. Bitte prüfen Sie, was Sie eingegeben haben.', 401: 'Dazu müssen wir Sie wiedererkennen. Bitte laden Sie die Seite neu.',
      403: 'Das ist hier nicht erlaubt.', 404: 'Das gibt es hier nicht mehr.', 409: 'Das geht gerade nicht. Bitte laden Sie die Seite neu.',
      413: 'Das ist zu viel auf einmal.', 429: 'Das war oft genug. Bitte warten Sie ein wenig.',
    },
  },
};
const words = WORDS[document.documentElement.lang.split(/[-_]/)[0].toLowerCase()] ?? WORDS.en;

/** (sentence of the plugin's) → the same in the page's language, or undefined where the table does not have it. */
function translator(sentences = {}) {
  const known = Object.entries(sentences).map(([sentence, translation]) => [new RegExp(`^${sentence.split('{}').map((part) => part.replace(/[^\w ]/g, '\\$&')).join('(.*)')}$`, 's'), translation]);
  return (sentence) => {
    for (const [pattern, translation] of known) {
      const found = pattern.exec(sentence);
      if (found) return translation.replace(/\{(\d)\}/g, (_, i) => found[i]);
    }
    return undefined;
  };
}

/** The parsed answer (null: there is none), or an Error with the `status` (undefined: none came) whose message is a sentence for the shopper. */
async function answerOf(asked, inPageLanguage) {
  const response = await asked.catch(() => null);
  if (response?.status === 204) return null;
  const answer = await response?.json().catch(() => null);
  if (response?.ok && answer) return answer;
  const { status } = response ?? {}, why = status < 500 && answer?.detail;
  throw Object.assign(new Error(why ? inPageLanguage(why) ?? words.kinds[status] ?? words.refused(why) : words.failed), { status });
}

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    fill(target).catch((error) => console.warn(`parley: slot ${target.getAttribute('name')} stays empty`, error));
  }
}, { rootMargin: '80px' });

class Slot extends HTMLElement {
  connectedCallback() {
    seen.observe(this);
    if (this.getAttribute('name') === linkedFeature) this.scrollIntoView({ block: 'center' });
  }

  disconnectedCallback() { seen.unobserve(this); }
}

/** Somebody wants to talk about something before she has come to where that is done: it is brought, and hears of it. */
addEventListener('parley-talk', async ({ detail }) => {
  const slot = document.querySelector('parley-slot[talk]');
  if (!slot || slot.childElementCount > 0) return;
  seen.unobserve(slot);
  await fill(slot).catch((error) => console.warn('parley: nobody to talk to', error));
  if (slot.childElementCount > 0) dispatchEvent(new CustomEvent('parley-talk', { detail }));
});

// Pages.

const PATIENCE_MS = 5000; // a page that takes longer is not waited for

/** Scripts of the page have run, so that its listeners are there. */
const listening = document.readyState === 'complete' ? Promise.resolve() : new Promise((resolve) => {
  for (const sign of ['DOMContentLoaded', 'load']) addEventListener(sign, resolve, { once: true });
});

/** The section's element with its heading and content, or null where nothing came of it. */
async function section({ section: id, title, about, flag, settings, data }, page) {
  const box = document.createElement(title ? 'section' : 'div');
  box.className = 'parley-section';
  box.dataset.section = id;
  const content = await component(flag.metadata ?? {}, flag.key, about, { settings, data });
  if (content) box.append(content);
  else {
    await listening;
    page.dispatchEvent(new CustomEvent('parley-section', { detail: { section: id, value: flag.value, variant: flag.variant, settings, data, element: box } }));
  }
  if (!box.hasChildNodes()) return null;
  if (title) {
    const heading = Object.assign(document.createElement('h2'), { id: `parley-${id}`, textContent: title });
    box.setAttribute('aria-labelledby', heading.id);
    box.prepend(heading);
  }
  if (content) {
    const follow = () => { box.hidden = content.hidden; };
    new MutationObserver(follow).observe(content, { attributeFilter: ['hidden'] });
    follow();
  }
  return box;
}

async function compose(page) {
  await whoami(); // so that a first visit gets one cookie, not two
  const response = await request('GET', `/v1/pages/${encodeURIComponent(page.getAttribute('name'))}`, undefined, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const { sections } = await response.json();
  const boxes = await Promise.all(sections.map((one) => section(one, page).catch((error) => {
    console.warn(`parley: section ${one.section} is left out`, error);
    return null;
  })));
  page.replaceChildren(...boxes.filter(Boolean));
  boxes[sections.findIndex(({ flag }) => flag.key === linkedFeature)]?.scrollIntoView({ block: 'center' });
}

class Page extends HTMLElement {
  #begun = false;

  connectedCallback() {
    if (this.#begun) return; // moved within the document: what is there stays
    this.#begun = true;
    this.setAttribute('aria-busy', 'true');
    compose(this)
      .catch((error) => console.warn(`parley: page ${this.getAttribute('name')} stays empty`, error))
      .finally(() => this.removeAttribute('aria-busy'));
  }
}

const ready = whoami();
ready.catch((error) => console.warn('parley: not available', error));
const { pending = [] } = window.parley ?? {};
window.parley = { track, identify, ready, request: (method, path, body) => request(method, path, body) };
for (const [event, properties] of pending) track(event, properties);
customElements.define('parley-slot', Slot);
customElements.define('parley-page', Page);
addEventListener('pagehide', () => {
  sending = false; // what is under way goes on by itself; what came since must not stay behind
  flush();
});
if (waiting().length > 0) flushIn(0);
