// The page of webhooks: what a receiver did not take is seen there, and told again from there.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { startBrowser, startServer, visit, openConsole, accessibilityFindings, overflow, eventually, DESKTOP, PHONE } from './harness.mjs';

describe('the webhooks page', () => {
  let server, browser, receiver, refuses = true;
  const got = [];
  before(async () => {
    [server, browser] = await Promise.all([startServer({ PARLEY_WEBHOOKS_PRIVATE: 'yes', PARLEY_WEBHOOKS_RETRY: '20ms', PARLEY_WEBHOOKS_ATTEMPTS: '2' }), startBrowser()]);
    receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (text) => { body += text; });
      request.on('end', () => {
        if (!refuses) got.push(JSON.parse(body).type);
        response.writeHead(refuses ? 500 : 204).end();
      });
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
  });
  after(async () => { await browser?.close(); await server?.stop(); receiver?.close(); });

  it('says how to make one where there is none', async () => {
    const page = await visit(browser);
    await openConsole(page, server, 'webhooks');
    await page.getByText('Nobody outside is told').waitFor();
    await page.context().close();
  });

  it('shows what was given up, sends a test, and tells again', async () => {
    const url = `http://127.0.0.1:${receiver.address().port}/hook`;
    await server.admin('POST', '/webhooks', { url, events: ['metric.*'], note: 'the <b>warehouse</b>' });
    await server.admin('PUT', '/metrics/one', { kind: 'count', event: 'E' });
    await server.admin('PUT', '/metrics/two', { kind: 'count', event: 'E' });
    const page = await visit(browser, { viewport: DESKTOP });
    await openConsole(page, server, 'webhooks');
    const card = page.getByRole('region', { name: `Webhook ${url}` });
    await card.getByText('the <b>warehouse</b>').waitFor();
    await card.getByRole('button', { name: 'Tell 2 dead letters again' }).waitFor();
    assert.equal(await card.getByRole('row', { name: /metric\.create .*500/ }).count(), 2);
    await card.getByRole('button', { name: 'Send a test' }).click();
    await card.getByText('Not taken: ').waitFor();
    refuses = false;
    await card.getByRole('button', { name: 'Send a test' }).click();
    await card.getByText('Taken with 204').waitFor();
    await card.getByRole('button', { name: 'Tell 2 dead letters again' }).click();
    await card.getByText('They are being told again').waitFor();
    await eventually(() => assert.deepEqual(got, ['webhook.test', 'metric.create', 'metric.create']));
    await page.context().close();
    for (const look of [{ colorScheme: 'light', viewport: DESKTOP }, { colorScheme: 'dark', viewport: PHONE }]) {
      const shown = await visit(browser, look);
      await openConsole(shown, server, 'webhooks');
      await shown.getByText('the <b>warehouse</b>').waitFor();
      assert.deepEqual(await accessibilityFindings(shown), []);
      assert.equal(await overflow(shown), 0);
      await shown.context().close();
    }
  });
});
