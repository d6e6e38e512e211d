// Who is told by webhooks: a real HTTP server that keeps what it got, and what its signature must be.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';

// answers: what to answer next; empty: 204.
export async function receiver(t) {
  const got = [], answers = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (text) => { body += text; });
    request.on('end', () => {
      const status = answers.shift() ?? 204;
      got.push({ headers: request.headers, body, message: JSON.parse(body), status });
      response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { got, answers, url: `http://127.0.0.1:${server.address().port}/hook`, taken: () => got.filter((m) => m.status === 204) };
}

// Whether a message was signed just now under that secret, as Standard Webhooks says.
export function signed(secret, { headers, body }) {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const expected = createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64');
  return headers['webhook-signature'] === `v1,${expected}` && Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp'])) < 60;
}
