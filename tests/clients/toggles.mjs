// How long a toggle takes from the manager's request until listeners have it: an unmodified OpenFeature web client, whose
// flag value must have changed, and a raw listener to the same stream.
import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { EventSource } from 'eventsource';

const within = (promise, what) => Promise.race([promise, new Promise((_, fail) => setTimeout(() => fail(new Error(`not within 60 s: ${what}`)), 60_000).unref())]);
const p99 = (list) => [...list].sort((a, b) => a - b)[Math.ceil(list.length * 0.99) - 1];
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

// Calls `heard` at each event of the stream.
async function listen(url, heard, signal) {
  const response = await fetch(url, { signal });
  const decoder = new TextDecoder();
  (async () => {
    try {
      for await (const chunk of response.body) if (/^data:/m.test(decoder.decode(chunk))) heard();
    } catch (error) {
      if (error.name !== 'AbortError') throw error;
    }
  })();
}

// → { client: {p99, median}, raw: {p99, median} } in ms over `n` toggles of the boolean feature `key`, which is on.
export async function toggles(s, key, n) {
  globalThis.EventSource = EventSource;
  const headers = [['Authorization', `Bearer ${await s.token('server')}`]];
  await OpenFeature.setContext('toggles', { targetingKey: 'u1' });
  await OpenFeature.setProviderAndWait('toggles', new OFREPWebProvider({ baseUrl: s.url, headers, pollInterval: 0 }));
  const client = OpenFeature.getClient('toggles'), abort = new AbortController();
  const { eventStreams: [stream] } = (await s.post('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'raw' } })).body;
  let onRaw = () => {}, onClient = () => {};
  await listen(stream.url, () => onRaw(), abort.signal);
  client.addHandler(ProviderEvents.ConfigurationChanged, () => onClient());
  const listeners = async () => Number(/^parley_stream_listeners\{stream="refetch"\} (\d+)$/m.exec(await (await fetch(s.url + '/metrics')).text())[1]);
  while (await listeners() < 2) await new Promise((r) => setTimeout(r, 20));
  const times = { client: [], raw: [] };
  for (let i = 0; i < n; i++) {
    const on = client.getBooleanValue(key, false), began = performance.now();
    const raw = new Promise((done) => { onRaw = () => done(performance.now() - began); });
    const changed = new Promise((done) => { onClient = () => { if (client.getBooleanValue(key, on) !== on) done(performance.now() - began); }; });
    const answer = await s.post(`/admin/v1/features/${key}/${on ? 'kill' : 'unkill'}`);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    times.raw.push(await within(raw, 'the raw listener hears'));
    times.client.push(await within(changed, 'the client has the new value'));
  }
  abort.abort();
  await OpenFeature.clearProviders();
  return Object.fromEntries(Object.entries(times).map(([who, list]) => [who, { p99: p99(list), median: median(list) }]));
}
