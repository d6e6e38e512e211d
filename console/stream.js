// The staff's stream of server-sent events, read with the tab's token (an EventSource sends no header). Calls back on each event with its
// name and data, and each time that listening begins (`onOpen`), since what happened in between was not heard. Comes back by itself.
import { stream } from './api.js';

const RETRY_MS = 2000;

export function follow({ onOpen, onEvent }) {
  const abort = new AbortController();
  const pause = () => new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  (async () => {
    while (!abort.signal.aborted) {
      try {
        const body = await stream('/stream', abort.signal);
        onOpen();
        await read(body, onEvent);
      } catch (error) {
        if (abort.signal.aborted) return;
        if (!(error instanceof Error)) throw error; // the server is away: asked again
      }
      await pause();
    }
  })();
  return () => abort.abort();
}

async function read(body, onEvent) {
  let rest = '';
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const blocks = (rest + part.value).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const name = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data) onEvent(name ?? 'message', JSON.parse(data));
    }
  }
}
