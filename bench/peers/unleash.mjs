// unleash-server from npm with a PostgreSQL of its own, both in a temporary folder and on free ports, rate limits lifted:
// started with `n` experiments, ended by their process ids. → { port, token, stop }
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

function programs() {
  const root = '/usr/lib/postgresql';
  const version = existsSync(root) ? readdirSync(root).sort((a, b) => b - a)[0] : null;
  if (!version) throw new Error('PostgreSQL is not installed (apt-get install postgresql)');
  return join(root, version, 'bin');
}

// PostgreSQL refuses to run as root: then it runs as the user that Debian's package made.
async function postgres(port) {
  const bin = programs(), dir = mkdtempSync(join(tmpdir(), 'parley-postgres-')), data = join(dir, 'data'), root = process.getuid() === 0;
  const as = root ? ['uid', 'gid'].reduce((o, k, i) => ({ ...o, [k]: Number(execFileSync('id', [['-u', '-g'][i], 'postgres'], { encoding: 'utf8' })) }), {}) : {};
  if (root) { chownSync(dir, as.uid, as.gid); chmodSync(dir, 0o700); }
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'bench', '-A', 'trust', '--no-sync'], { ...as, cwd: dir, stdio: 'ignore' });
  const child = spawn(join(bin, 'postgres'), ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', dir], { ...as, cwd: dir, stdio: 'ignore' });
  for (let i = 0; ; i++) {
    try { execFileSync(join(bin, 'createdb'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'bench', 'unleash'], { stdio: 'ignore', cwd: dir }); break; } catch (error) {
      if (i > 100) throw error;
      await sleep(100);
    }
  }
  return { stop: async () => { const ended = new Promise((r) => child.on('exit', r)); child.kill('SIGINT'); await ended; rmSync(dir, { recursive: true, force: true }); } };
}

export async function unleash(n, freePort) {
  const dbPort = await freePort(), port = await freePort(), db = await postgres(dbPort);
  const child = spawn(process.execPath, [join(here, 'unleash-server.mjs'), String(port), String(dbPort)], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, NODE_ENV: 'production' } });
  let log = '';
  child.stderr.on('data', (text) => { log = (log + text).slice(-4000); });
  const stop = async () => {
    if (child.exitCode === null) { const ended = new Promise((r) => child.on('exit', r)); child.kill('SIGKILL'); await ended; }
    await db.stop();
  };
  const call = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method, headers: { Authorization: '*:*.bench-admin-secret', 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  try {
    for (let i = 0; ; i++) {
      try { await fetch(`http://127.0.0.1:${port}/health`); break; } catch { if (i > 600 || child.exitCode !== null) throw new Error(`unleash-server did not start: ${log}`); await sleep(100); }
    }
    await call('POST', '/api/admin/context', { name: 'country', stickiness: false });
    for (let i = 0; i < n; i++) {
      const name = `feature-${i}`, at = `/api/admin/projects/default/features/${name}/environments/development`;
      await call('POST', '/api/admin/projects/default/features', { name, type: 'experiment' });
      await call('POST', `${at}/strategies`, {
        name: 'flexibleRollout', parameters: { rollout: '100', stickiness: 'userId', groupId: name },
        constraints: [{ contextName: 'country', operator: 'IN', values: ['DE'], inverted: false, caseInsensitive: false }],
        variants: ['off', 'top'].map((v) => ({ name: v, weight: 500, weightType: 'variable', stickiness: 'userId', payload: { type: 'string', value: v } })),
      });
      await call('POST', `${at}/on`);
    }
    const token = '*:development.bench-frontend-secret';
    for (let i = 0; ; i++) {
      const response = await fetch(`http://127.0.0.1:${port}/api/frontend?userId=u&properties[country]=DE`, { headers: { Authorization: token } });
      if (response.ok && (await response.json()).toggles.length === n) break;
      if (i > 100) throw new Error(`the frontend API does not give ${n} toggles`);
      await sleep(200);
    }
    return { port, token, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
