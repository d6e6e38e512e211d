// Calls the admin API with the token of this browser tab and turns what goes wrong into a Problem:
// RFC 9457 members as they came, or a sentence of our own where nothing came. Knows nothing of pages.

const STORED = 'parley.token';

export class Problem extends Error {
  /** `errors`: [{pointer, detail}]; `status` 0 means that the server was not reached. */
  constructor({ status, title, detail, errors }) {
    super(detail || title);
    Object.assign(this, { status, title, errors: errors ?? [] });
  }
}

/** Takes `#token=…` out of the address, so that it is neither kept in the history nor passed on. */
export function takeTokenFromAddress() {
  const found = /^#token=(.+)$/.exec(location.hash);
  if (!found) return;
  keepToken(decodeURIComponent(found[1]));
  history.replaceState(null, '', location.pathname + location.search);
}

export const keepToken = (token) => sessionStorage.setItem(STORED, token);
export const dropToken = () => sessionStorage.removeItem(STORED);
export const hasToken = () => sessionStorage.getItem(STORED) !== null;

async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  return new Problem({ title: `the server answered ${response.status}`, ...body, status: response.status });
}

/** method, path below /admin/v1 → the answer. `version` sends If-Match, `body` is sent as JSON. */
async function ask(method, path, { body, version } = {}) {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem(STORED)}` };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (version !== undefined) headers['If-Match'] = `"${version}"`;
  let response;
  try {
    response = await fetch(`/admin/v1${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Problem({ status: 0, title: 'the server cannot be reached; is parleyd running?' });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** The same → the parsed answer. */
async function call(method, path, options) {
  const response = await ask(method, path, options);
  return response.status === 204 ? null : response.json();
}

/** What a path answers, as a file. */
export const file = async (path) => (await ask('GET', path)).blob();

export const get = (path) => call('GET', path);
export const post = (path, body = {}, options = {}) => call('POST', path, { body, ...options });
export const put = (path, body, options = {}) => call('PUT', path, { body, ...options });
export const remove = (path) => call('DELETE', path);
export const patch = (path, body, options = {}) => call('PATCH', path, { body, ...options });

/** The bytes of an endless answer below /admin/v1, until `signal` aborts it. */
export async function stream(path, signal) {
  const response = await fetch(`/admin/v1${path}`, { signal, headers: { Authorization: `Bearer ${sessionStorage.getItem(STORED)}` } });
  if (!response.ok) throw await problemOf(response);
  return response.body;
}

/** Every item of a paginated list, page after page. */
export async function all(path) {
  const items = [];
  let cursor = '';
  do {
    const page = await get(`${path}?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return items;
}
