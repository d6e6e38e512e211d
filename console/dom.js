// The one place of output: builds elements and brings them onto the page. Text only ever becomes text
// nodes, links only lead to http(s) or to this site, and no markup is parsed anywhere, so that nothing
// a shopper or a manager has written can run. `show` changes what differs and leaves the rest, so a page
// can be drawn anew every few seconds without losing focus, selection, scrolling or opened details.

const SVG = 'http://www.w3.org/2000/svg';
const keys = new WeakMap();
const handlers = new WeakMap();

/** h('a', {href, class, key, onclick}, 'text', node, [more], null): a new HTML element. */
export const h = (name, attributes, ...children) => build(document.createElement(name), attributes, children);

/** The same for SVG elements. */
export const svg = (name, attributes, ...children) => build(document.createElementNS(SVG, name), attributes, children);

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) set(node, name, value);
  node.append(...present(children));
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === 'key') keys.set(node, value);
  else if (typeof value === 'function') {
    handlers.set(node, { ...handlers.get(node), [name]: value });
    node[name] = value;
  } else if (name === 'style' || name.startsWith('on')) throw new TypeError(`${name} may not be set as text`);
  else if (name !== 'href' || /^(https?:\/\/|[/#])/i.test(value)) node.setAttribute(name, value === true ? '' : value);
}

const present = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

/** Makes `children` the content of `parent`, keeping every node that is already there. Siblings that come and go need a `key`. */
export function show(parent, ...children) {
  reconcile(parent, present(children).map((child) => (child instanceof Node ? child : document.createTextNode(child))));
}

function reconcile(parent, wanted) {
  const keep = new Set(wanted.map((node) => keys.get(node)));
  const keyed = new Map();
  for (const node of [...parent.childNodes]) {
    const key = keys.get(node);
    if (key === undefined) continue;
    if (keep.has(key)) keyed.set(key, node);
    else node.remove();
  }
  let here = parent.firstChild;
  for (const fresh of wanted) {
    const key = keys.get(fresh);
    const old = key === undefined ? here : keyed.get(key);
    if (old && keys.get(old) === key && old.nodeName === fresh.nodeName) {
      if (old === here) here = here.nextSibling;
      else parent.insertBefore(old, here);
      update(old, fresh);
    } else parent.insertBefore(fresh, here);
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}

function update(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  // Whether a <details> is open is the reader's business.
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const name of Object.keys(handlers.get(old) ?? {})) old[name] = null;
  Object.assign(old, handlers.get(fresh));
  handlers.set(old, handlers.get(fresh) ?? {});
  reconcile(old, [...fresh.childNodes]);
}

let silence = 0;

/** Says a sentence to screen readers, and shows it for a few seconds. */
export function announce(sentence) {
  const announcer = document.getElementById('announcer');
  show(announcer, h('p', {}, sentence));
  clearTimeout(silence);
  silence = setTimeout(() => show(announcer), 6000);
}
