// Listens to server-sent events as a browser does, but shows every byte of them. And how tests wait, and hold against the clock.
import { Worker } from 'node:worker_threads';

export class Listener {
  // Resolves once the server has answered with its headers.
  static async open(url, headers = {}) {
    const listener = new Listener();
    listener.abort = new AbortController();
    const response = await fetch(url, { headers, signal: listener.abort.signal });
    Object.assign(listener, { status: response.status, headers: response.headers, text: '', events: [], comments: 0, ended: false });
    if (response.status === 200) listener.done = listener.#read(response.body);
    else listener.body = await response.text();
    return listener;
  }

  async #read(body) {
    let rest = '';
    try {
      for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
        this.text += chunk;
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop();
        for (const block of blocks) this.#take(block);
      }
      this.ended = true;
    } catch (error) {
      if (error.name !== 'AbortError') this.failed = error;
    }
  }

  #take(block) {
    const event = { name: 'message' };
    for (const line of block.split('\n')) {
      if (line.startsWith(':')) this.comments++;
      if (line.startsWith('id: ')) this.last = line.slice(4);
      if (line.startsWith('event: ')) event.name = line.slice(7);
      if (line.startsWith('data: ')) event.data = JSON.parse(line.slice(6));
    }
    if (event.data) this.events.push({ ...event, id: this.last });
  }

  close() { this.abort.abort(); }
}

// Waits until `holds` says so, at most half a minute.
export async function until(holds, what) {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    if (await holds()) return;
    await new Promise((r) => setTimeout(r, 10));
  }
  throw new Error(`not within 30 s: ${what ?? holds}`);
}

// Whether the machine let a test have what it needs: a thread that sleeps for 10 ms and keeps a byte on the disk, again and again, and how long that
// took it at worst since somebody looked.
class Pulse {
  static #only;
  static start() { return this.#only ??= new Pulse(); }

  constructor() {
    this.beat = new Float64Array(new SharedArrayBuffer(16)); // when the one under way began, and the worst; ms
    this.beat[0] = Pulse.now();
    new Worker(`const { workerData: beat } = require('node:worker_threads'), fs = require('node:fs'), path = require('node:os').tmpdir() + '/parley-pulse-' + process.pid;
      const file = fs.openSync(path, 'w'), sleep = new Int32Array(new SharedArrayBuffer(4)), now = () => Number(process.hrtime.bigint()) / 1e6;
      fs.unlinkSync(path);
      for (;;) {
        beat[0] = now();
        Atomics.wait(sleep, 0, 0, 10);
        fs.writeSync(file, '!', 0);
        fs.fdatasyncSync(file);
        beat[1] = Math.max(beat[1], now() - beat[0]);
      }`, { eval: true, workerData: this.beat }).unref();
  }

  static now() { return Number(process.hrtime.bigint()) / 1e6; }

  look() {
    const worst = Math.max(this.beat[1], Pulse.now() - this.beat[0]);
    this.beat[1] = 0;
    return worst;
  }
}

// `act` takes less than `ms`, as it tells or else as long as it lasts. It is tried again only where something else kept the machine busy meanwhile, or where
// it tells Infinity: it came too late to see.
export async function within(ms, act, tries = 20) {
  const pulse = Pulse.start(), took = [];
  while (took.length < tries) {
    pulse.look();
    const began = performance.now(), told = await act() ?? performance.now() - began;
    if (told < ms) return;
    took.push(told);
    if (told !== Infinity && pulse.look() < ms / 8) break;
  }
  throw new Error(`not within ${ms} ms: ${took.map(Math.round)}`);
}
