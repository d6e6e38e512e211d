// The console's frame: who is signed in, which page the address names, and the navigation around it.

import { h, show } from './dom.js';
import { get, takeTokenFromAddress, dropToken, hasToken, keepToken, Problem } from './api.js';
import { Live } from './live.js';
import { button } from './parts.js';
import { signIn } from './pages/sign-in.js';
import { feature } from './pages/feature.js';
import { features } from './pages/features.js';
import { trials } from './pages/trials.js';
import { trial } from './pages/trial.js';
import { plugins } from './pages/plugins.js';
import { pluginConfig } from './pages/plugin-config.js';
import { pages } from './pages/pages.js';
import { page as onePage } from './pages/page.js';
import { upkeep } from './pages/upkeep.js';
import { customers } from './pages/customers.js';
import { customer } from './pages/customer.js';
import { trends } from './pages/trends.js';
import { questions } from './pages/questions.js';
import { boards } from './pages/boards.js';
import { inbox } from './pages/inbox.js';
import { inboxThread } from './pages/inbox-thread.js';
import { audit } from './pages/audit.js';
import { webhooks } from './pages/webhooks.js';

const SECTIONS = [
  ['features', 'Features', features],
  ['trials', 'Trials', trials],
  ['pages', 'Pages', pages],
  ['inbox', 'Inbox', inbox],
  ['customers', 'Customers', customers],
  ['questions', 'Questions', questions],
  ['boards', 'Boards', boards],
  ['trends', 'Trends', trends],
  ['plugins', 'Plugins', plugins],
  ['audit', 'Audit', audit],
  ['webhooks', 'Webhooks', webhooks],
];
const app = document.getElementById('app');
let who = null;
let warnings = []; // settings of the server that a shop should not run with
let live = null;

// What the roles of the contract may change, and which of them do not read everything.
const CHANGES = {
  admin: ['features', 'trials', 'pages', 'plugins', 'inbox', 'customers', 'questions', 'boards', 'erasure'],
  manager: ['features', 'trials', 'pages', 'plugins', 'inbox', 'customers', 'questions', 'boards', 'erasure'],
  agent: ['inbox', 'customers', 'questions', 'boards'],
  publisher: ['plugins'] };
const READS = {
  manager: SECTIONS.map(([name]) => name).filter((name) => name !== 'webhooks'),
  analyst: ['features', 'trials', 'pages', 'trends', 'plugins', 'audit'],
  agent: ['inbox', 'customers', 'questions', 'boards', 'features', 'trials'],
  publisher: ['plugins'] };
const may = (what) => (CHANGES[who.role] ?? []).includes(what);
const sections = () => SECTIONS.filter(([name]) => (READS[who.role] ?? [name]).includes(name));

function pageFor(address) {
  const [section, key] = address.replace(/^#\//, '').split('/').map(decodeURIComponent);
  if (section === 'features' && key) return { section, page: feature(key, may('features')) };
  if (section === 'upkeep' && sections().some(([name]) => name === 'pages')) return { section: 'features', page: upkeep() };
  if (section === 'pages' && key && sections().some(([name]) => name === section)) return { section, page: onePage(key, may('pages')) };
  if (section === 'plugins' && key && sections().some(([name]) => name === section)) return { section, page: pluginConfig(key, may('plugins')) };
  if (section === 'trials' && key) return { section, page: trial(key, may('trials')) };
  if (section === 'inbox' && key && may('inbox')) return { section, page: inboxThread(key) };
  if (section === 'customers' && key && sections().some(([name]) => name === section))
    return { section, page: customer(key, may('customers'), may('erasure')) };
  const [name, , make] = sections().find(([candidate]) => candidate === section) ?? sections()[0];
  return { section: name, page: make(may(name)) };
}

function frame(section, main) {
  const links = sections().map(([name, label]) => h('li', {},
    h('a', { href: `#/${name}`, 'aria-current': name === section && 'page' }, label)));
  return [
    h('a', { class: 'skip', href: '#main', onclick: (event) => { event.preventDefault(); main.focus(); } }, 'Skip to content'),
    warnings.map((words) => h('p', { class: 'notice harm', role: 'alert' }, words)),
    h('div', { class: 'frame' },
      h('header', { class: 'bar' },
        h('p', { class: 'brand' }, h('img', { src: '/console/mark.svg', alt: '', width: 28, height: 28 }), 'Parley'),
        h('nav', { 'aria-label': 'Console' }, h('ul', {}, links)),
        h('p', { class: 'who' }, h('span', {}, `${who.name} `, h('span', { class: 'meta' }, `(${who.role})`)), button('Sign out', signOut, { class: 'quiet' }))),
      main)];
}

function openPage() {
  live?.stop();
  const { section, page } = pageFor(location.hash);
  document.title = `${page.title} · Parley console`;
  const main = h('main', { id: 'main', tabindex: '-1' });
  app.replaceChildren(...frame(section, main).flat());
  scrollTo(0, 0);
  live = new Live(page, main, takeOver);
  live.start();
}

function takeOver(error) {
  if (!(error instanceof Problem)) throw error;
  if (error.status !== 401) return false;
  signOut('Your token is no longer valid. Sign in again.');
  return true;
}

function signOut(reason) {
  live?.stop();
  live = null;
  who = null;
  dropToken();
  askForToken(typeof reason === 'string' ? reason : null);
}

function askForToken(reason) {
  document.title = 'Sign in · Parley console';
  show(app, signIn(reason, async (token) => {
    keepToken(token);
    await enter();
  }));
  document.getElementById('token').focus();
}

async function enter() {
  try {
    who = await get('/whoami');
    warnings = await fetch('/readyz?verbose').then((response) => response.json()).then((ready) => ready.warnings ?? [], () => []);
  } catch (error) {
    if (error.status === 401 || error.status === 403) dropToken();
    throw error;
  }
  openPage();
}

async function begin() {
  takeTokenFromAddress();
  if (!hasToken()) return askForToken(null);
  try {
    await enter();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    askForToken(`Not signed in: ${error.message}`);
  }
}

addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) begin();
  else if (who) openPage();
});
let drawing = 0;
addEventListener('resize', () => {
  cancelAnimationFrame(drawing);
  drawing = requestAnimationFrame(() => live?.draw());
});
begin();
