import { createServer, type AddressInfo } from 'node:net';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_KEY, eventually, SECRET, signed } from './harness.js';

const MAIN = fileURLToPath(new URL('../../dist/api/main.js', import.meta.url));
const children = new Set<ChildProcess>();
beforeAll(() => {
  if (!existsSync(MAIN)) throw new Error('run npm run build first: this tests the built process');
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

/** A port where nobody answers. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The settings of a process whose Postgres and Temporal are both away. */
async function settings(more: Record<string, string> = {}): Promise<Record<string, string>> {
  return {
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: `postgres://user:db-password@127.0.0.1:${await deadPort()}/offergrid`,
    TEMPORAL_ADDRESS: `127.0.0.1:${await deadPort()}`,
    OFFERGRID_WEBHOOK_SECRET: SECRET,
    ADMIN_API_KEY: ADMIN_KEY,
    PORT: '0',
    ...more,
  };
}

async function start(more: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN], { env: await settings(more), stdio: 'pipe' });
  children.add(child);
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  let port = 0;
  await eventually(() => {
    port = Number(/"port":(\d+)/.exec(output)?.[1]);
    expect(port).toBeGreaterThan(0);
    return Promise.resolve();
  });
  return { child, ended, output: () => output, url: `http://127.0.0.1:${port}` };
}

describe('the process', () => {
  test('starts and stays up while Postgres and Temporal are away, and logs JSON without secrets', async () => {
    const api = await start({ LOG_LEVEL: 'trace' });
    const ready = await fetch(`${api.url}/readyz`);
    expect(ready.status).toBe(503);
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
    await eventually(() => Promise.resolve(expect(api.output()).toContain('inbox cannot be drained')));

    api.child.kill('SIGTERM');
    expect(await api.ended).toBe(0);
    for (const line of api.output().trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ process: 'api' });
    }
    for (const secret of [SECRET, ADMIN_KEY, 'db-password']) expect(api.output()).not.toContain(secret);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: what is in hand is answered, then it ends with 0',
    async (signal) => {
      const api = await start();
      // Nobody answers at Temporal, so this takes its time.
      const raw = '{"event":"order.created","itemId":"item-1"}';
      const inHand = fetch(`${api.url}/webhooks/offergrid`, {
        method: 'POST',
        body: raw,
        headers: signed(raw),
      });
      await eventually(() => Promise.resolve(expect(api.output()).toContain('webhook not stored')));
      api.child.kill(signal);
      expect((await inHand).status).toBe(503);
      expect(await api.ended).toBe(0);
    },
  );

  test('a request that outlasts the grace is cut off, and it ends with 0 all the same', async () => {
    const api = await start({ SHUTDOWN_GRACE: '1s' });
    const raw = '{"event":"order.created","itemId":"item-1"}';
    const inHand = fetch(`${api.url}/webhooks/offergrid`, {
      method: 'POST',
      body: raw,
      headers: signed(raw),
    });
    const cut = expect(inHand).rejects.toThrow();
    await eventually(() => Promise.resolve(expect(api.output()).toContain('webhook not stored')));
    const began = Date.now();
    api.child.kill('SIGTERM');
    await cut;
    expect(await api.ended).toBe(0);
    expect(Date.now() - began).toBeLessThan(6_000);
  });

  test('a port that is taken ends it with 1', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = other.address() as AddressInfo;
      const { code, stdout } = await run(await settings({ PORT: `${port}` }));
      expect(code).toBe(1);
      expect(stdout).toContain('EADDRINUSE');
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  test('wrong settings end it with 1 and a line for each, without their values', async () => {
    const { code, stderr } = await run({
      ...(await settings({ ADMIN_API_KEY: 'too-short', PORT: 'eighty' })),
      OFFERGRID_WEBHOOK_SECRET: '',
    });
    expect(code).toBe(1);
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(3);
    for (const name of ['ADMIN_API_KEY', 'PORT', 'OFFERGRID_WEBHOOK_SECRET']) expect(stderr).toContain(name);
    expect(stderr).not.toContain('too-short');
  });
});

function run(env: Record<string, string>) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [MAIN], { env, timeout: 20_000 }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
