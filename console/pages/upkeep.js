// What each feature costs to keep and how much it is used: age, evaluations, and what the releases behind it take.

import { h } from '../dom.js';
import { all, get } from '../api.js';
import { heading, empty, table } from '../parts.js';
import { count, milliseconds, megabytes, ago, timeOf, NOTHING, plural } from '../format.js';

const DAY = 86_400_000;
const COLUMNS = [{ name: 'Feature' }, { name: 'Stage' }, { name: 'Age', number: true }, { name: 'Asked for, 7 days', number: true }, { name: 'Last asked for' }, { name: 'Plugin' }, { name: 'p99', number: true }, { name: 'Memory', number: true }];

/** The releases that the feature's variants are served by, and what they take. */
function releasesOf(feature, plugins) {
  const served = Object.values(feature.variants).filter((variant) => variant.plugin);
  const names = new Map(served.map(({ plugin, release }) => {
    const version = release ?? plugins.get(plugin)?.active;
    return [`${plugin} ${version ?? ''}`.trim(), plugins.get(plugin)?.releases.find((one) => one.version === version)];
  }));
  const running = [...names.values()].filter((release) => release?.pid);
  const slowest = Math.max(...running.filter((release) => release.latency.count > 0).map((release) => release.latency.p99Ms));
  return { names: [...names.keys()].join(', '), p99: slowest, memory: running.length ? running.reduce((sum, release) => sum + release.memory, 0) : undefined };
}

export function upkeep() {
  let features = [];
  let used = new Map();
  let plugins = new Map();

  async function load() {
    const [items, usage, installed] = await Promise.all([all('/features'), all('/usage'), all('/plugins')]);
    const full = await Promise.all(installed.map(({ name }) => get(`/plugins/${encodeURIComponent(name)}`)));
    features = items;
    used = new Map(usage.map((one) => [one.feature, one]));
    plugins = new Map(full.map((one) => [one.name, one]));
  }

  function row(feature) {
    const { since, lastEvaluatedAt, evaluations } = used.get(feature.key) ?? {};
    const { names, p99, memory } = releasesOf(feature, plugins);
    return [h('a', { href: `#/features/${encodeURIComponent(feature.key)}` }, feature.name || feature.key), feature.stage ?? 'draft',
      since ? plural(Math.floor((Date.now() - new Date(since)) / DAY), 'day') : NOTHING, count(evaluations),
      lastEvaluatedAt ? h('time', { datetime: lastEvaluatedAt, title: timeOf(lastEvaluatedAt) }, ago(lastEvaluatedAt)) : 'never',
      names || NOTHING, milliseconds(p99), megabytes(memory)];
  }

  return {
    title: 'Cost, age and use', every: 10_000, load,
    view: () => [
      h('p', { class: 'crumbs', key: 'crumbs' }, h('a', { href: '#/features' }, 'Features')),
      heading('Cost, age and use', 'What a feature takes to keep, and whether anybody asks for it. Features that share a release share its memory.'),
      features.length === 0
        ? empty('No feature yet', 'Each feature is listed here with its age, its use and its cost. Create one from a JSON file:', 'build/parley features put product-poll.json')
        : h('section', { class: 'card', key: 'card' }, table('Cost, age and use of each feature', COLUMNS, features.map(row)),
          h('p', { class: 'meta' }, 'Evaluations are counted by day (UTC) since the server’s last start. p99 and memory are those of the releases that serve the feature now.'))],
  };
}
