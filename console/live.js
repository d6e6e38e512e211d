// Keeps one page on the screen up to date: load, draw, wait, again; not while the tab is hidden. A page is
// {title, every (ms; none: once), load(), view() → nodes, leave()? when another page takes its place}. A failed refresh keeps the last figures and says how old they are.

import { show, h } from './dom.js';
import { failure } from './parts.js';
import { clockOf } from './format.js';

const RETRY = 5000;

export class Live {
  #page; #root; #timer; #stopped = false; #trouble = null; #loadedAt = null; #onProblem;

  /** `onProblem(error)` may take a failure over (a token that is no longer valid) by returning true. */
  constructor(page, root, onProblem) {
    this.#page = page;
    this.#root = root;
    this.#onProblem = onProblem;
    page.redraw = () => this.draw();
    page.refresh = () => this.refresh();
  }

  async start() {
    show(this.#root, h('p', { class: 'loading', key: 'loading' }, 'Loading…'));
    await this.refresh();
    if (!this.#stopped) this.#root.querySelector('h1')?.focus({ preventScroll: true });
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#page.leave?.();
  }

  async refresh() {
    clearTimeout(this.#timer);
    try {
      await this.#page.load();
      this.#trouble = null;
      this.#loadedAt = new Date();
    } catch (error) {
      if (this.#onProblem(error)) return;
      this.#trouble = error;
    }
    if (this.#stopped) return;
    this.draw();
    clearTimeout(this.#timer);
    // A page without `every` is read once; where that failed, it is tried again.
    if (this.#page.every || this.#trouble) this.#timer = setTimeout(() => this.#tick(), this.#page.every ?? RETRY);
  }

  #tick() {
    if (document.hidden) document.addEventListener('visibilitychange', () => !this.#stopped && this.refresh(), { once: true });
    else this.refresh();
  }

  draw() {
    if (this.#stopped) return;
    show(this.#root,
      this.#trouble && failure(this.#trouble, this.#loadedAt ? `Not refreshed since ${clockOf(this.#loadedAt)}` : 'This page could not be loaded'),
      this.#loadedAt ? this.#page.view() : h('header', { class: 'heading', key: 'heading' }, h('h1', { tabindex: '-1' }, this.#page.title)));
  }
}
