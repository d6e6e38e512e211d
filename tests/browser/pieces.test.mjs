// The console's small pieces, in the browser they are written for.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { startBrowser, startServer, visit } from './harness.mjs';

describe('pieces of the console', () => {
  let server, browser, page;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    page = await visit(browser);
    await page.goto(`${server.url}/console/`);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('show keeps the focused element while rows come and go around it', async () => {
    const kept = await page.evaluate(async () => {
      const { h, show } = await import('/console/dom.js');
      const list = document.body.appendChild(h('ul', {}));
      const draw = (...keys) => show(list, keys.map((key) => h('li', { key }, h('button', { onclick: () => { list.dataset.pressed = keys.join(); } }, key))));
      draw('a', 'b', 'c');
      const b = list.children[1].firstChild;
      b.focus();
      draw('new', 'b', 'c', 'd');
      b.click();
      const state = { focused: document.activeElement === b, order: list.innerText.split(/\s+/).join(), pressed: list.dataset.pressed };
      list.remove();
      return state;
    });
    assert.deepEqual(kept, { focused: true, order: 'new,b,c,d', pressed: 'new,b,c,d' });
  });

  it('h takes no style and no handler as text, and no link that could run', async () => {
    const refused = await page.evaluate(async () => {
      const { h } = await import('/console/dom.js');
      const thrown = (attributes) => { try { h('p', attributes); return false; } catch (error) { return error instanceof TypeError; } };
      return { style: thrown({ style: 'color: red' }), handler: thrown({ onclick: 'alert(1)' }), links: ['javascript:alert(1)', 'data:text/html,x', ' java\nscript:alert(1)', 'https://a.example', '/x', '#/y'].map((href) => h('a', { href }).getAttribute('href')) };
    });
    assert.deepEqual(refused, { style: true, handler: true, links: [null, null, null, 'https://a.example', '/x', '#/y'] });
  });

  it('ticks are round numbers within the span', async () => {
    const found = await page.evaluate(async () => {
      const { ticks } = await import('/console/plot.js');
      return [[-0.0031, 0.0098, 7], [-12, 230, 4], [-1, 1, 4]].map((span) => ticks(...span).map((x) => Number(x.toPrecision(6))));
    });
    assert.deepEqual(found, [[-0.002, 0, 0.002, 0.004, 0.006, 0.008], [0, 100, 200], [-1, -0.5, 0, 0.5, 1]]);
  });

  it('a difference names every place that changed, and no other', async () => {
    const found = await page.evaluate(async () => {
      const { diff } = await import('/console/diff.js');
      return [diff({ a: 1, list: ['x'], same: { b: [] } }, { a: 2, list: ['x', 'y'], same: { b: [] } }), diff(null, { on: true }), diff({ c: { d: 1 } }, { c: null })]
        .map((changes) => changes.map(({ place, before, after }) => `${place}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`));
    });
    assert.deepEqual(found, [['a: 1 → 2', 'list.1: undefined → "y"'], ['on: undefined → true'], ['c.d: 1 → undefined', 'c: undefined → null']]);
  });

  it('a review is overdue the day after its date, and places read as words', async () => {
    const found = await page.evaluate(async () => {
      const { isOverdue, placeOf, pValue, ago } = await import('/console/format.js');
      const now = new Date('2026-03-02T10:00:00Z');
      return [isOverdue('2026-03-02', now), isOverdue('2026-03-01', now), isOverdue(undefined, now), placeOf('/rules/0/if'), placeOf(''), pValue(0.00001), ago('2026-02-27T09:00:00Z', now.getTime())];
    });
    assert.deepEqual(found, [false, true, false, 'rules, item 1, if', 'the whole body', '< 0.0001', '3 days ago']);
  });
});
