// The report: one file that says everything, and in which nothing that people wrote is markup.
import test from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, shared, trial } from './harness.mjs';
import { until } from './listen.mjs';
import { parley } from './parley.mjs';

const EVIL = '<img src=x onerror=alert(1)>"\'>`</style></title><script>alert(2)</script> [x](javascript:alert(3)) | **b** {{7*7}} &lt;';

async function told(s, over = {}) {
  await s.put('/admin/v1/metrics/complaints', { key: 'complaints', kind: 'conversion', event: 'Complained', better: 'lower' });
  await trial(s, { assignment: 'external', traffic: undefined, hypothesis: 'Who is asked, buys.', owner: 'merchandising', name: 'Poll beside the mug', mde: 0.1,
    metrics: { primary: 'bought', secondary: ['spend'], guardrails: [{ metric: 'complaints', harm: 'increase', margin: 0.2, action: 'rollback' }] }, ...over },
  { at: '2021-01-01T00:00:00Z' });
  for (let from = 0; from < 1200; from += 400) {
    const batch = [];
    for (let i = from; i < from + 400; i++) {
      const userId = `u${i}`, at = (h) => new Date(Date.parse('2021-01-02T00:00:00Z') + (i % 5) * 86400e3 + h * 3600e3).toISOString();
      batch.push({ type: 'track', event: 'Experiment Viewed', userId, messageId: `v${i}`, timestamp: at(1), properties: { experiment_id: 'poll-trial', variation_id: i % 2 ? 'top' : 'off' } });
      if (i % 10 < (i % 2 ? 6 : 2)) batch.push({ type: 'track', event: 'Order Completed', userId, messageId: `o${i}`, timestamp: at(2), properties: { order_id: `${i}`, revenue: 10 + (i % 7) } });
      if (i % 20 === 3 || i % 20 === 4) batch.push({ type: 'track', event: 'Complained', userId, messageId: `c${i}`, timestamp: at(3) });
    }
    await s.post('/v1/batch', { batch });
  }
  await s.results('poll-trial', (r) => r.variants[0].units + r.variants[1].units === 1200);
}

test('the report', async (t) => {
  const s = await Server.start({ args: ['--steer.checkpoint', '100ms'] });
  const folder = mkdtempSync(join(tmpdir(), 'parley-report-'));
  t.after(() => { rmSync(folder, { recursive: true, force: true }); return s.stop(); });
  await told(s);
  const all = (look) => look?.units.off + look?.units.top === 1200;
  await until(async () => all((await s.get('/admin/v1/experiments/poll-trial/looks?limit=1')).body.items[0]), 'a look at all of them');
  await s.post('/admin/v1/experiments/poll-trial/conclude', { outcome: 'ship', variant: 'top', note: 'It sells.' });
  const html = await s.get('/admin/v1/experiments/poll-trial/report');
  const results = await s.results('poll-trial');

  await t.test('tells question, design, exposure, results, health, decision and what was done', () => {
    assert.equal(html.status, 200);
    assert.equal(html.headers.get('content-type'), 'text/html; charset=utf-8');
    for (const chapter of ['Question', 'Design', 'Exposure', 'Results', 'Over time', 'Health', 'Decision', 'What was done'])
      assert.match(html.body, new RegExp(`<h2>${chapter}</h2>`));
    for (const words of ['Poll beside the mug', 'Who is asked, buys.', 'merchandising', 'It sells.', '>ship<', 'conclude', 'sure enough to ship'])
      assert.ok(html.body.includes(words), words);
    const { difference } = results.metrics[0].variants[1];
    assert.ok(html.body.includes(Number(difference.estimate.toPrecision(4)).toString()), 'the figures are those of the results');
    assert.ok(html.body.includes('>600<'));
    const { fixed, sequential } = results.metrics[0].variants[1];
    assert.ok(html.body.includes(`>z = ${Number(fixed.z.toPrecision(5))}, p = `), 'the test statistic');
    for (const { low, high } of [fixed, sequential])
      assert.ok(html.body.includes(`>${Number(low.toPrecision(4))} to ${Number(high.toPrecision(4))}<`), 'both intervals, whichever decides');
  });

  await t.test('stands alone: nothing is fetched, nothing can run', () => {
    assert.doesNotMatch(html.body, /<script|<link|<img|<iframe|src=|url\(|@import|https?:/i);
    assert.match(html.body, /content="default-src 'none'; style-src 'unsafe-inline'"/);
    assert.match(html.headers.get('content-security-policy'), /default-src 'none'.*sandbox/);
  });

  await t.test('has pictures that say in words what they show', () => {
    const pictures = html.body.match(/<svg [^]*?<\/svg>/g);
    assert.equal(pictures.length, 6, 'exposure, an interval plot for each metric, the effect by day and by week since entry');
    for (const svg of pictures) assert.match(svg, /role="img" aria-label="[^"]+"><title>[^<]+<\/title><desc>[^<]+<\/desc>/);
    assert.match(pictures[1], /<desc>top: \+\d/);
    assert.equal(pictures[0].match(/<polyline/g).length, 2);
  });

  await t.test('tells how the effect went: by day, by week since entry, and as the looks had it', async () => {
    const md = (await s.get('/admin/v1/experiments/poll-trial/report?format=md')).body;
    const rows = (heading) => md.split(`\n### ${heading}\n`)[1].split('\n#')[0].split('\n').filter((l) => l.startsWith('| ')).slice(2).map((l) => l.split(' | ').map((c) => c.replace(/^\| | \|$/g, '').replaceAll('\\', '')));
    const { body: days } = await s.get('/admin/v1/experiments/poll-trial/results?series=day');
    const { body: weeks } = await s.get('/admin/v1/experiments/poll-trial/results?series=week');
    const { body: looks } = await s.get('/admin/v1/experiments/poll-trial/looks?limit=1');
    const percent = (share) => (share == null ? '–' : `${share < 0 ? '' : '+'}${(100 * share).toFixed(2)} %`);
    const top = (of) => of.metrics[0].variants[1];
    assert.deepEqual(rows('By day').map((r) => [r[0], r[1], r[2], r[3]]), days.series.map((d) => [d.day, 'top', String(d.variants[0].units + d.variants[1].units), percent(top(d).relative?.estimate)]));
    assert.equal(rows('By day').length, 6, 'from the start on');
    assert.deepEqual(rows('By week since entry').map((r) => [r[0], r[3]]), weeks.series.map((w) => [`week ${w.week}`, percent(top(w).relative?.estimate)]));
    assert.equal(rows('By week since entry')[0][3], percent(2));
    const [look] = rows('Looks');
    assert.deepEqual([look[1], look[2], look[3], look[7]], ['top', '1200', percent(looks.items[0].metrics[0].relative.estimate), looks.items[0].verdict.call]);
    const [course] = html.body.match(/<svg [^>]*aria-label="Effect on the primary metric, by day"[^]*?<\/svg>/);
    assert.match(course, /<desc>top: \+200\.0 %, interval \+\d+\.\d % to \+\d+\.\d %, at 2021-01-06\. <\/desc>/);
  });

  await t.test('is the same in Markdown, by query and by what the client accepts', async () => {
    const md = await s.get('/admin/v1/experiments/poll-trial/report?format=md');
    assert.equal(md.headers.get('content-type'), 'text/markdown; charset=utf-8');
    assert.equal((await s.get('/admin/v1/experiments/poll-trial/report', { accept: 'text/markdown' })).headers.get('content-type'), 'text/markdown; charset=utf-8');
    assert.match(md.body, /^# Poll beside the mug\n/);
    for (const chapter of ['Question', 'Design', 'Exposure', 'Results', 'Over time', 'Health', 'Decision', 'What was done']) assert.match(md.body, new RegExp(`\n## ${chapter}\n`));
    assert.match(md.body, /\n> Verdict: ship\. `top`: /);
    for (const line of md.body.split('\n').filter((l) => l.startsWith('|'))) assert.match(line, /^\|.*\|$/);
    assert.equal((await s.get('/admin/v1/experiments/poll-trial/report?format=pdf')).status, 400);
    assert.equal((await s.get('/admin/v1/experiments/nowhere/report')).status, 404);
  });

  await t.test('is written by the command line, to a file or to stdout', async () => {
    const file = join(folder, 'report.html');
    const written = await parley(s.url, ['experiments', 'report', 'poll-trial', '-o', file]);
    assert.deepEqual([written.code, written.out], [0, '']);
    const chapters = (text) => text.match(/<h[23]>[^<]*/g);
    assert.deepEqual(chapters(readFileSync(file, 'utf8')), chapters(html.body));
    assert.match((await parley(s.url, ['experiments', 'report', 'poll-trial', '--format', 'md'])).out, /^# Poll beside the mug/);
    const nowhere = await parley(s.url, ['experiments', 'report', 'poll-trial', '-o', join(folder, 'no', 'such')]);
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.err, /cannot be written/);
    assert.ok(!existsSync(join(folder, 'no')));
    assert.equal((await parley(s.url, ['experiments', 'report', 'nowhere'])).code, 4);
  });
});

test('what people wrote is text in a report, whatever it is', async (t) => {
  const s = await Server.start();
  t.after(() => s.stop());
  const hostile = [EVIL];
  if (shared && existsSync(join(shared, 'data/xss/dompurify_expect.mjs'))) {
    const list = (await import(join(shared, 'data/xss/dompurify_expect.mjs'))).default;
    for (const { payload } of list) if (typeof payload === 'string' && payload.length < 3000 && !/[\0\ud800-\udfff]/.test(payload)) hostile.push(payload);
  } else t.diagnostic('the XSS data is not there (PARLEY_SHARED): one payload of our own is tried');
  await told(s, { name: EVIL.slice(0, 150), owner: '"><b>x</b>', hypothesis: EVIL });
  await s.patch('/admin/v1/metrics/bought', { name: '`<script>alert(4)</script>` ](x)' });
  for (const [i, payload] of hostile.entries()) {
    if (i) assert.equal((await s.patch('/admin/v1/experiments/poll-trial', { hypothesis: payload.slice(0, 1500) || 'x' })).status, 200);
    const html = (await s.get('/admin/v1/experiments/poll-trial/report')).body;
    const markup = html.replace(/<style>[^]*?<\/style>/, '').match(/<[^>]*>/g);
    const known = /^<(!doctype html|\/?(html|head|title|body|main|h[123]|p|code|div|table|caption|thead|tbody|tr|th|td|svg|title|desc|line|text|circle|rect|polyline|meta|style)\b[^<>]*)>$/i;
    for (const tag of markup) {
      assert.match(tag, known, `${tag} of ${payload}`);
      assert.doesNotMatch(tag.replace(/"[^"]*"/g, '""'), /\son\w+\s*=|\b(src|href|style)\s*=/i, `${tag} of ${payload}`);
    }
    const md = (await s.get('/admin/v1/experiments/poll-trial/report?format=md')).body;
    assert.doesNotMatch(md, /<[a-z!/]/i, payload);
    assert.doesNotMatch(md, /(^|[^\\])\]\(/m, payload);
  }
  t.diagnostic(`${hostile.length} payloads`);
});
