// Plugins and their releases: which one serves, how each is doing, what it waits for, and the swap.

import { h, announce } from '../dom.js';
import { all, get, post, remove, Problem } from '../api.js';
import { heading, pill, button, empty, failure, ask } from '../parts.js';
import { count, plural, timeOf, milliseconds, megabytes } from '../format.js';

const TONES = { running: 'live', starting: 'warn', draining: 'warn', stopped: 'calm', failed: 'harm' };
const CALM = 4000;
const WATCHING = 400;

export function plugins(mayChange) {
  let items = [];
  let brought = new Map(); // plugin name → the metrics that it brings
  const opened = new Map(); // plugin name → lines of its log, while the reader has it open
  const swaps = new Map(); // plugin name → {to} while it goes on, {error, to} when it failed

  /** Calls for a swap and watches closely until the server has answered. */
  async function swap(plugin, to, call) {
    swaps.set(plugin.name, { to });
    page.every = WATCHING;
    page.refresh();
    try {
      await call();
      swaps.delete(plugin.name);
      announce(`${titleOf(plugin)} ${to} serves now.`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      swaps.set(plugin.name, { to, error });
    }
    page.every = CALM;
    await page.refresh();
  }

  const activate = (plugin, version) => swap(plugin, version, () => post(`/plugins/${plugin.name}/activate`, { version }));

  async function rollBack(plugin) {
    const to = plugin.previous;
    const sure = await ask({
      title: `Roll ${titleOf(plugin)} back to ${to}?`,
      words: `Release ${to} is started and proved first, then takes over; ${plugin.active} finishes what it holds.`,
      confirm: `Roll back to ${to}`, act: () => Promise.resolve(),
    });
    if (sure) await swap(plugin, to, () => post(`/plugins/${plugin.name}/rollback`));
  }

  async function retire(plugin) {
    const force = h('input', { type: 'checkbox' });
    const done = await ask({
      title: `Retire ${titleOf(plugin)}?`,
      words: 'Its worker finishes what it holds and stops. Its data stays, can be exported and erased, and is there again when a release is activated.',
      fields: [h('label', { class: 'choice' }, force, 'Even if features still name it')],
      confirm: 'Retire', tone: 'danger', act: () => remove(`/plugins/${plugin.name}${force.checked ? '?force=yes' : ''}`),
    });
    if (!done) return;
    announce(`${titleOf(plugin)} is retired.`);
    await page.refresh();
  }

  function card(plugin) {
    const going = swaps.get(plugin.name);
    const id = `plugin-${plugin.name}`;
    return h('section', { class: 'card', 'aria-labelledby': id, key: plugin.name },
      h('div', { class: 'heading' },
        h('div', {}, h('h2', { id }, titleOf(plugin), plugin.retired && [' ', pill('retired')]),
          plugin.description && h('p', {}, plugin.description),
          h('p', { class: 'meta' }, h('code', {}, plugin.name), plugin.retired ? ' · retired' : plugin.active ? ` · release ${plugin.active} serves` : ' · no release serves'),
          plugin.writerLock?.heldSeconds >= 0.1 && h('p', { class: 'detail' }, `Release ${plugin.writerLock.release} (process ${plugin.writerLock.pid}) has had the turn to write for ${plugin.writerLock.heldSeconds.toFixed(1)} s.`),
          brought.has(plugin.name) && h('p', { class: 'meta' }, `Brings the metrics ${brought.get(plugin.name).join(', ')}`)),
        h('div', { class: 'actions' }, plugin.configuration && h('a', { href: `#/plugins/${plugin.name}`, 'aria-label': `Configure ${titleOf(plugin)}` }, 'Configure'), mayChange && plugin.previous && plugin.previous !== plugin.active &&
          button(`Roll back to ${plugin.previous}`, () => rollBack(plugin), { disabled: Boolean(going && !going.error) }),
          mayChange && plugin.active && !plugin.retired && button('Retire', () => retire(plugin), { class: 'danger quiet', 'aria-label': `Retire ${titleOf(plugin)}` }))),
      going && (going.error ? failure(going.error, `${going.to} was not activated; ${plugin.active ?? 'nothing'} still serves`) : progress(plugin, going.to)),
      h('ul', { class: 'releases', 'aria-label': `Releases of ${titleOf(plugin)}` }, plugin.releases.map((release) => releaseRow(plugin, release, going))),
      log(plugin));
  }

  function releaseRow(plugin, release, going) {
    const serves = release.version === plugin.active && !plugin.retired;
    return h('li', { key: release.version },
      h('div', { class: 'grow' },
        h('h3', {}, release.version, ' ', pill(release.state, TONES[release.state]), serves && ' serves'),
        h('p', { class: 'meta' }, runningWords(release)),
        release.sandbox && h('p', { class: 'meta' }, sandboxWords(release.sandbox)),
        release.breaker.state !== 'closed' && h('p', { class: 'detail' }, breakerWords(release.breaker)),
        plugin.probation?.release === release.version && h('p', { class: 'meta' }, probationWords(plugin.probation)),
        h('p', { class: release.signature.origin === 'unsigned' || !release.signature.trusted ? 'detail' : 'meta' }, signatureWords(release.signature)),
        release.why && h('p', { class: 'detail' }, release.why)),
      mayChange && !serves && h('div', { class: 'side' },
        button('Activate', () => activate(plugin, release.version), { 'aria-label': `Activate ${titleOf(plugin)} ${release.version}`, disabled: Boolean(going && !going.error) })));
  }

  function log(plugin) {
    const ontoggle = ({ target }) => {
      if (target.open) opened.set(plugin.name, []);
      else opened.delete(plugin.name);
      page.refresh();
    };
    const lines = opened.get(plugin.name) ?? [];
    return h('details', { key: 'log', ontoggle }, h('summary', {}, 'Log'),
      h('pre', { class: 'log', tabindex: '0', role: 'log', 'aria-label': `Log of ${titleOf(plugin)}` },
        lines.length ? lines.map((line) => `${timeOf(line.at)}  ${line.level}  ${line.version}  ${line.line}\n`) : 'Nothing logged.'));
  }

  /** Who may not read metrics (a publisher) sees plugins without them. */
  async function loadMetrics() {
    brought = new Map();
    const metrics = await all('/metrics').catch((error) => { if (error.status !== 403) throw error; return []; });
    for (const { key, origin } of metrics) {
      const plugin = origin?.replace('plugin:', '');
      if (plugin) brought.set(plugin, [...(brought.get(plugin) ?? []), key]);
    }
  }

  async function load() {
    await loadMetrics();
    const list = await all('/plugins');
    items = await Promise.all(list.map(({ name }) => get(`/plugins/${name}`)));
    for (const name of opened.keys()) opened.set(name, (await get(`/plugins/${name}/logs`)).items);
  }

  const page = {
    title: 'Plugins',
    every: CALM,
    load,
    view: () => [
      heading('Plugins', 'Native code behind the features, one process per release. A swap starts and proves the new release before the old one lets go.'),
      items.length === 0
        ? empty('No plugin installed', 'A plugin comes as one signed bundle. Install one with:', 'build/parley plugin push my-plugin-1.0.0.parley')
        : items.map(card)],
  };
  return page;
}

function signatureWords({ origin, key, sequence, trusted }) {
  if (origin === 'bundled') return 'Came with Parley.';
  if (origin === 'unsigned') return 'Unsigned: anybody may have made it.';
  return `Signed by key ${key}${trusted ? '' : ', which is not trusted'}, sequence ${sequence}.`;
}

/** What a release is doing, as far as it has a process. */
function runningWords({ pid, waitingFor, inFlight, restarts, latency, memory }) {
  if (!pid) return 'No process.';
  return [
    `Process ${pid}`, `${count(inFlight)} in flight`, plural(restarts, 'restart'),
    latency.count > 0 && `answers in ${milliseconds(latency.p50Ms)}, 99 of 100 within ${milliseconds(latency.p99Ms)}`,
    `${megabytes(memory)} of memory`,
    waitingFor.length > 0 && `waits for ${waitingFor.join(', ')}`,
  ].filter(Boolean).join(' · ');
}

function sandboxWords({ landlock, seccomp, why, limits }) {
  const files = { off: 'Files are open to it', 'not in this kernel': 'Files are open to it: this kernel has no Landlock' }[landlock] ?? `Its own folder alone (Landlock ${landlock})`;
  return [files, seccomp === 'on' ? 'no network, no other programs (seccomp)' : `no sandbox: ${why}`,
    `at most ${megabytes(limits.memory)}, ${plural(limits.files, 'file')}, ${limits.cpu} s of processor time between heartbeats`].join(' · ');
}

function breakerWords({ state, why, secondsLeft }) {
  return state === 'open' ? `Gets no calls: ${why}. ${secondsLeft > 0 ? `One is let through in ${Math.ceil(secondsLeft)} s.` : 'The next one decides.'}`
    : 'One call was let through; it decides.';
}

function probationWords({ previous, secondsLeft, calls, failed, slow }) {
  return `On probation for ${Math.ceil(secondsLeft)} s: goes back to ${previous} if it fails. ${plural(calls, 'call')} so far, ${count(failed)} failed, ${count(slow)} slow.`;
}

const titleOf = (plugin) => plugin.title || plugin.name;

function progress(plugin, to) {
  const state = plugin.releases.find((release) => release.version === to)?.state;
  const held = plugin.releases.filter((release) => release.state === 'draining').reduce((sum, release) => sum + release.inFlight, 0);
  const words = {
    starting: `Starting ${to} and proving that it is well. ${plugin.active ?? 'Nothing'} goes on serving.`,
    running: held ? `${to} is up; the old release finishes ${plural(held, 'request')}.` : `${to} is up and takes over.` };
  return h('div', { class: 'notice live', role: 'status', key: 'progress' },
    h('progress', { 'aria-label': `Swapping to ${to}` }), h('p', {}, words[state] ?? `Preparing ${to}…`));
}
