// Pages: sections in an order, each a feature; composed for one shopper, a late or dead section left out.
import assert from 'node:assert/strict';
import test from 'node:test';
import { asShopper, poll, Server, trial } from './harness.mjs';
import { until } from './listen.mjs';

const question = { id: 'p1', question: 'Which?', kind: 'single', results: 'always', about: 'home', options: [{ key: 'a', label: 'A' }, { key: 'b', label: 'B' }] };
const flag = (key, over = {}) => ({ key, type: 'string', variants: { off: { value: 'off' }, on: { value: `${key} is on` } }, off: 'off', default: { serve: 'on' }, ...over });
const ids = (answer) => answer.body.sections.map((s) => s.section);
const page = (s, customer = 'anna', headers = {}) => s.get('/v1/pages/home', { ...asShopper(customer), ...headers });

async function shop(t, over = {}) {
  const s = await Server.start();
  t.after(() => s.stop());
  await trial(s);
  await s.post('/admin/v1/plugins/polls/api/polls', question);
  await s.put('/admin/v1/features/home-poll', poll({ key: 'home-poll', default: { serve: 'top' } }));
  await s.put('/admin/v1/features/banner', flag('banner'));
  await s.put('/admin/v1/features/gone', flag('gone', { default: { serve: 'off' } }));
  const made = await s.put('/admin/v1/pages/home', {
    key: 'home', name: 'Home',
    sections: {
      hero: { feature: 'banner' }, question: { feature: 'home-poll', path: '/polls?about=home', settings: { maxOptions: 3 } },
      never: { feature: 'gone' }, trial: { feature: 'product-poll' },
    },
    order: ['question', 'hero', 'never', 'trial'], deadline: 5000, ...over,
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return s;
}

test('a page has the sections whose variant is not off, in their order, each with what its plugin answers', async (t) => {
  const s = await shop(t);
  const answer = await page(s);
  assert.equal(answer.status, 200);
  assert.deepEqual(ids(answer).filter((id) => id !== 'trial'), ['question', 'hero']);
  const [question_, hero] = answer.body.sections;
  assert.equal(question_.data.items[0].id, 'p1');
  assert.equal(question_.settings.maxOptions, 3, 'the section says it over the variant');
  assert.equal(question_.flag.metadata.element, 'parley-poll');
  assert.equal(hero.flag.value, 'banner is on');
  assert.equal(hero.data, undefined);
  assert.match(answer.headers.get('cache-control'), /private, no-store/);
});

test('an order leaves sections at rest; a change of it needs no deployment', async (t) => {
  const s = await shop(t);
  await s.patch('/admin/v1/pages/home', { order: ['hero'] });
  assert.deepEqual(ids(await page(s)), ['hero']);
  await s.post('/admin/v1/pages/home/restore', { version: 1 });
  assert.equal(ids(await page(s))[0], 'question');
});

test('a section is there only between its from and its until', async (t) => {
  const s = await shop(t);
  await s.patch('/admin/v1/pages/home', { sections: { hero: { from: '2999-01-01T00:00:00Z' }, question: { until: '2001-01-01' } }, order: ['hero', 'question'] });
  assert.deepEqual(ids(await page(s)), []);
});

test('a layout, itself a feature, reorders the page and gives settings for some', async (t) => {
  const s = await shop(t);
  await s.put('/admin/v1/features/home-layout', {
    key: 'home-layout', type: 'object', off: 'usual',
    variants: { usual: { value: {} }, turned: { value: { order: ['hero', 'question', 'unknown'], settings: { question: { maxOptions: 2 } } } } },
    default: { serve: 'turned' },
  });
  await s.patch('/admin/v1/pages/home', { layout: 'home-layout' });
  const answer = await page(s);
  assert.equal(answer.body.layout, 'turned');
  assert.deepEqual(ids(answer), ['hero', 'question']);
  assert.equal(answer.body.sections[1].settings.maxOptions, 2);
});

test('every experiment that decided on the page is exposed once, its control alike', async (t) => {
  const s = await shop(t);
  for (let i = 0; i < 40; i++) { await page(s, `c${i}`); await page(s, `c${i}`); }
  const results = await s.results('poll-trial', (r) => r.variants.reduce((n, v) => n + v.units, 0) === 40);
  assert.equal(results.variants.reduce((n, v) => n + v.units, 0), 40);
  assert.ok(results.variants.every((v) => v.units > 5), 'off and top');
});

test('a preview shows the page as it would be and exposes nobody', async (t) => {
  const s = await shop(t);
  const { body } = await s.post('/admin/v1/previews', { feature: 'gone', variant: 'on' });
  assert.ok(ids(await page(s, 'anna', { 'parley-preview': body.token })).includes('never'));
  assert.ok(!ids(await page(s)).includes('never'));
});

test('a section whose release is down is left out with a reason, counted, and a fallback in the results', async (t) => {
  const s = await shop(t, { deadline: 1000 });
  await s.patch('/admin/v1/pages/home', { sections: { trial: { path: '/polls?about=home' } } });
  await s.patch('/admin/v1/features/product-poll', { variants: { off: { value: 'off' }, top: { value: 'top', plugin: 'polls', release: '1.1.0', settings: { maxOptions: 4 } } } });
  await s.patch('/admin/v1/experiments/poll-trial', { weights: { off: 1, top: 9999 } });
  const pid = async () => (await s.get('/admin/v1/plugins/polls')).body.releases.find((r) => r.version === '1.1.0' && r.state === 'running')?.pid;
  await until(pid, 'it runs');
  process.kill(await pid(), 'SIGSTOP');
  const started = performance.now();
  const answer = await page(s);
  const took = [performance.now() - started];
  for (let i = 1; i < 5; i++) {
    const began = performance.now();
    assert.deepEqual(ids(await page(s)), ['question', 'hero']);
    took.push(performance.now() - began);
  }
  process.kill(await pid(), 'SIGCONT');
  assert.deepEqual(answer.body.leftOut, [{ section: 'trial', why: 'late' }]);
  assert.deepEqual(ids(answer), ['question', 'hero'], 'the page is complete but for it');
  assert.ok(Math.min(...took) > 995 && Math.min(...took) < 1100, `its deadline is a second: ${took}`);
  assert.match((await s.get('/metrics')).body, /parley_page_sections_left_out_total 5/);
  const results = await s.results('poll-trial', (r) => r.excluded.fallback === 1);
  assert.equal(results.excluded.fallback, 1);
});

test('what is wrong with a page is said in its place', async (t) => {
  const s = await shop(t);
  for (const [body, pointer] of [
    [{ sections: { a: { feature: 'nowhere' } } }, '/sections/a/feature'],
    [{ sections: { a: { feature: 'banner', path: 'polls' } } }, '/sections/a/path'],
    [{ sections: { a: { feature: 'banner', settings: 3 } } }, '/sections/a/settings'],
    [{ sections: { a: { feature: 'home-poll', settings: { maxOptions: 'many' } } } }, '/sections/a/settings/maxOptions'],
    [{ sections: { a: { feature: 'home-poll', settings: { color: 'red' } } } }, '/sections/a/settings/color'],
    [{ sections: { a: { feature: 'banner', color: 'red' } } }, '/sections/a/color'],
    [{ sections: { a: { feature: 'banner', from: '2027-01-02', until: '2027-01-01' } } }, '/sections/a/until'],
    [{ sections: { a: { feature: 'banner' } }, order: ['b'] }, '/order/0'],
    [{ sections: { a: { feature: 'banner' } }, layout: 'banner' }, '/layout'],
    [{ sections: [] }, '/sections'],
    [{}, '/sections'],
  ]) {
    const answer = await s.put('/admin/v1/pages/other', body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.equal(answer.body.errors[0].pointer, pointer, JSON.stringify(answer.body));
  }
  assert.equal((await s.get('/v1/pages/nowhere', asShopper('anna'))).status, 404);
  const used = await s.delete('/admin/v1/features/banner');
  assert.equal(used.status, 409);
  assert.match(used.body.detail, /page "home"/);
});

test('managers see how long a section has been as it is', async (t) => {
  const s = await shop(t);
  const before = (await s.get('/admin/v1/pages/home/novelty')).body.items;
  assert.deepEqual(before.map((i) => i.section).sort(), ['hero', 'never', 'question', 'trial']);
  await s.patch('/admin/v1/pages/home', { sections: { hero: { settings: { color: 'red' } } } });
  await s.patch('/admin/v1/features/gone', { name: 'Gone' });
  const after = Object.fromEntries((await s.get('/admin/v1/pages/home/novelty')).body.items.map((i) => [i.section, i]));
  const was = Object.fromEntries(before.map((i) => [i.section, i]));
  assert.ok(after.hero.changedAt > was.hero.changedAt && after.hero.changed === 'section');
  assert.ok(after.never.changedAt > was.never.changedAt && after.never.changed === 'feature');
  assert.equal(after.question.changedAt, was.question.changedAt);
  assert.ok(after.hero.days >= 0);
});

test('attributes of the shopper decide about sections as they do about one feature', async (t) => {
  const s = await shop(t);
  await s.patch('/admin/v1/features/gone', { rules: [{ id: 'germany', if: { '==': [{ var: 'country' }, 'DE'] }, serve: 'on' }] });
  assert.ok(!ids(await page(s)).includes('never'));
  assert.ok(ids(await page(s, 'anna', { 'parley-context': '{"country":"DE"}' })).includes('never'));
  const refused = await page(s, 'anna', { 'parley-context': 'DE' });
  assert.equal(refused.status, 400);
  assert.match(refused.body.detail, /Parley-Context is no JSON object/);
  assert.equal((await page(s, 'anna', { 'parley-context': JSON.stringify({ x: 'y'.repeat(5000) }) })).status, 413);
});

test('a crawler gets what is off everywhere and is nobody in the trials', async (t) => {
  const s = await shop(t);
  const bot = { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' };
  for (let i = 0; i < 10; i++) assert.deepEqual(ids(await page(s, `bot${i}`, bot)), []);
  await page(s);
  const results = await s.results('poll-trial', (r) => r.variants.some((v) => v.units > 0));
  assert.equal(results.variants.reduce((n, v) => n + v.units, 0), 1, 'the shopper alone');
});

test('a feature that only pages ask for is in use', async (t) => {
  const s = await shop(t);
  await s.put('/admin/v1/features/home-layout', { key: 'home-layout', type: 'object', off: 'usual', variants: { usual: { value: {} } }, default: { serve: 'usual' } });
  await s.patch('/admin/v1/pages/home', { layout: 'home-layout' });
  await page(s);
  await page(s);
  const used = Object.fromEntries((await s.get('/admin/v1/usage')).body.items.map((i) => [i.feature, i]));
  for (const key of ['home-poll', 'banner', 'gone', 'product-poll', 'home-layout']) {
    assert.equal(used[key].evaluations, 2, key);
    assert.ok(Date.parse(used[key].lastEvaluatedAt) >= Date.parse(used[key].since), key);
  }
});

test('a section says what it is headed and what it is about', async (t) => {
  const s = await shop(t);
  await s.patch('/admin/v1/pages/home', { sections: { question: { title: 'Tell us', about: 'home' } } });
  const [question_, hero] = (await page(s)).body.sections;
  assert.deepEqual([question_.title, question_.about, hero.title, hero.about], ['Tell us', 'home', undefined, undefined]);
});

test('features are listed with their use page by page', async (t) => {
  const s = await shop(t);
  const first = (await s.get('/admin/v1/usage?limit=2')).body;
  assert.deepEqual(first.items.map((i) => i.feature), ['banner', 'gone']);
  assert.deepEqual((await s.get(`/admin/v1/usage?limit=9&cursor=${first.next}`)).body.items.map((i) => i.feature), ['home-poll', 'product-poll']);
  assert.equal(first.items[0].evaluations, 0);
  assert.equal(first.items[0].lastEvaluatedAt, undefined);
});
