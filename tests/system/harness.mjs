// Starts a real parleyd on a free port with a data folder of its own, and speaks HTTP to it as its users do.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { once } from 'node:events';

export const build = resolve(process.env.PARLEY_BUILD ?? 'build');
export const shared = process.env.PARLEY_SHARED && existsSync(process.env.PARLEY_SHARED) ? process.env.PARLEY_SHARED : null;
export const ADMIN = 'test-admin-token-0123456789abcdef';

// On a machine that does other things too a worker may take its time to start and to answer; a test of these limits sets its own.
export const PATIENT = { PARLEY_PLUGINS_START: '60s', PARLEY_PLUGINS_DEADLINE: '30s' };

// A test that fails half-way leaves no server behind.
const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });

export class Server {
  constructor(options = {}) {
    this.data = options.data ?? mkdtempSync(join(tmpdir(), 'parley-'));
    this.args = options.args ?? [];
    this.env = options.env ?? {};
    this.log = '';
  }

  static async start(options) {
    const server = new Server(options);
    await server.up();
    return server;
  }

  // Resolves when the line msg=ready came; rejects with the log where the program ends before.
  async up(port = 0) {
    this.log = '';
    this.process = spawn(join(build, 'parleyd'), ['--data', this.data, '--listen', `127.0.0.1:${port}`, ...this.args],
      { env: { ...process.env, ...PATIENT, PARLEY_ADMIN_TOKEN: ADMIN, ...this.env }, stdio: ['ignore', 'ignore', 'pipe'] });
    this.exited = once(this.process, 'close').then(([code, signal]) => ({ code, signal }));
    running.add(this.process);
    this.exited.then(() => running.delete(this.process));
    this.process.stderr.setEncoding('utf8');
    await new Promise((ready, failed) => {
      this.process.stderr.on('data', (text) => {
        this.log += text;
        const found = /msg=ready url=(\S+)/.exec(this.log);
        if (found) { this.url = found[1]; ready(); }
      });
      this.exited.then(({ code }) => failed(new Error(`parleyd ended with ${code}\n${this.log}`)));
    });
    this.port = Number(new URL(this.url).port);
    return this;
  }

  async kill(signal = 'SIGKILL') {
    this.process.kill(signal);
    return this.exited;
  }

  async stop() {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.kill('SIGTERM');
    const ended = await this.exited;
    rmSync(this.data, { recursive: true, force: true });
    return ended;
  }

  // → { status, headers, body }: body parsed where it is JSON.
  async call(method, path, body, headers = {}) {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${ADMIN}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: json && text ? JSON.parse(text) : text };
  }

  get(path, headers) { return this.call('GET', path, undefined, headers); }
  put(path, body, headers) { return this.call('PUT', path, body, headers); }
  post(path, body, headers) { return this.call('POST', path, body, headers); }
  patch(path, body, headers) { return this.call('PATCH', path, body, headers); }
  delete(path, headers) { return this.call('DELETE', path, undefined, headers); }

  evaluate(key, targetingKey, context = {}, headers) {
    return this.post(`/ofrep/v1/evaluate/flags/${key}`, { context: { targetingKey, ...context } }, headers);
  }

  // A token of that role, made for the test.
  async token(role) {
    const made = await this.post('/admin/v1/tokens', { name: `test ${role}`, role });
    if (made.status !== 201) throw new Error(JSON.stringify(made.body));
    return made.body.token;
  }

  // Results, asked for until they are complete and `enough` says so, or a minute has passed.
  async results(key, enough = () => true) {
    const until = Date.now() + 60_000;
    for (;;) {
      const { status, body } = await this.get(`/admin/v1/experiments/${key}/results`);
      if (status === 200 && ((body.complete && enough(body)) || Date.now() > until)) return body;
      if (status !== 200 && Date.now() > until) throw new Error(`results: ${status} ${JSON.stringify(body)}`);
      await new Promise((r) => setTimeout(r, 20));
    }
  }
}

export const bearer = (token) => ({ authorization: `Bearer ${token}` });
export const asShopper = (customer) => ({ 'parley-act-as': customer });

export const poll = (over = {}) => ({
  key: 'product-poll', name: 'Poll beside the product', type: 'string', enabled: true, stage: 'trial',
  variants: { off: { value: 'off' }, top: { value: 'top', plugin: 'polls', settings: { maxOptions: 4 } } },
  off: 'off', default: { serve: 'off' }, ...over,
});

// The feature, its metrics and a running experiment.
export async function trial(server, over = {}, start = {}) {
  const made = [
    await server.put('/admin/v1/features/product-poll', poll()),
    await server.put('/admin/v1/metrics/bought', { key: 'bought', kind: 'conversion', event: 'Order Completed' }),
    await server.put('/admin/v1/metrics/again', { key: 'again', kind: 'conversion', event: 'Order Completed', atLeast: 2 }),
    await server.put('/admin/v1/metrics/spend', { key: 'spend', kind: 'mean', event: 'Order Completed', value: 'revenue' }),
    await server.put('/admin/v1/metrics/pins', { key: 'pins', kind: 'count', event: 'Product Added to Wishlist' }),
    await server.put('/admin/v1/experiments/poll-trial', {
      key: 'poll-trial', feature: 'product-poll', control: 'off', weights: { off: 50, top: 50 }, traffic: 100,
      metrics: { primary: 'bought', secondary: ['spend', 'again', 'pins'] }, mde: 0.02,
      analysis: { method: 'sequential', alpha: 0.05, nStar: 5000 }, ...over,
    }),
    await server.post('/admin/v1/experiments/poll-trial/start', start),
  ];
  for (const answer of made) if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
}
