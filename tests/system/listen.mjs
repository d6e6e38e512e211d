// Listens to server-sent events as a browser does, but shows every byte of them.

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

// What takes less than `ms`, as `act` tells or else as long as it lasts, does so at the first try on a machine that does nothing else, and soon on any.
export async function within(ms, act, tries = 20) {
  const took = [];
  do {
    const began = performance.now();
    took.push(await act() ?? performance.now() - began);
  } while (took.at(-1) >= ms && took.length < tries);
  if (took.at(-1) >= ms) throw new Error(`never within ${ms} ms: ${took.map(Math.round)}`);
}
