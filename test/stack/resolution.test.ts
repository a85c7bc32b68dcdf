import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withFileLock } from '../../sandbox/stack/file-lock.js';
import type { Attempt } from '../../sandbox/stack/resolution.js';
import {
  resolveTemporalServer,
  TEMPORAL_CLI_VERSION,
  type TemporalSource,
} from '../../sandbox/stack/temporal-binary.js';
import { resolveTimeSkippingServer } from '../../sandbox/stack/time-skipping-server.js';
import { until } from './leftovers.js';

let folder: string;
const quiet = () => undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stack-resolution-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Attempts that succeed at `where` only, and a record of those that were made. */
function attemptsAt<S extends string>(order: readonly S[], where: S | null) {
  const made: S[] = [];
  const attempt = (source: S) => (): Promise<Attempt<string>> => {
    made.push(source);
    return Promise.resolve(source === where ? { found: `/${source}` } : { missing: `no ${source}` });
  };
  const attempts = Object.fromEntries(order.map((source) => [source, attempt(source)]));
  return { made, attempts: attempts as Record<S, () => Promise<Attempt<string>>> };
}

describe('where the Temporal server comes from', () => {
  const ORDER = ['path', 'cache', 'download', 'go'] as const;
  const cases: { where: TemporalSource; tried: TemporalSource[] }[] = [
    { where: 'path', tried: ['path'] },
    { where: 'cache', tried: ['path', 'cache'] },
    // The cache is asked again behind the lock: another process may have filled it meanwhile.
    { where: 'download', tried: ['path', 'cache', 'cache', 'download'] },
    { where: 'go', tried: ['path', 'cache', 'cache', 'download', 'go'] },
  ];

  test.each(cases)('$where, after $tried', async ({ where, tried }) => {
    const { made, attempts } = attemptsAt(ORDER, where);
    const binary = await resolveTemporalServer({ env: { XDG_CACHE_HOME: folder }, report: quiet, attempts });
    expect(binary).toEqual({ kind: 'executable', path: `/${where}`, source: where });
    expect(made).toEqual(tried);
  });

  test('TEMPORAL_ADDRESS goes before all, and nothing is tried', async () => {
    const { made, attempts } = attemptsAt(ORDER, 'path');
    const env = { XDG_CACHE_HOME: folder, TEMPORAL_ADDRESS: 'temporal.example:7233' };
    expect(await resolveTemporalServer({ env, report: quiet, attempts })).toEqual({
      kind: 'address',
      address: 'temporal.example:7233',
    });
    expect(made).toEqual([]);
  });

  test('a blank TEMPORAL_ADDRESS, as compose files pass it, is none', async () => {
    const { attempts } = attemptsAt(ORDER, 'path');
    const env = { XDG_CACHE_HOME: folder, TEMPORAL_ADDRESS: ' ' };
    expect(await resolveTemporalServer({ env, report: quiet, attempts })).toMatchObject({ source: 'path' });
  });

  test('nowhere: the error names every place in order, with why', async () => {
    const { attempts } = attemptsAt(ORDER, null);
    attempts.go = () => Promise.reject(new Error('go build ended with exit 1: no space left'));
    const failure = resolveTemporalServer({ env: { XDG_CACHE_HOME: folder }, report: quiet, attempts });
    await expect(failure).rejects.toThrow(
      /TEMPORAL_ADDRESS: not set[^]*on PATH: no path[^]*cache: no cache[^]*SDK's download: no download[^]*with Go [^]*no space left/,
    );
    expect(await readdir(join(folder, 'offergrid-fulfillment'))).toEqual([]);
  });

  test('two at once: one makes it, the other waits and finds it in the cache', async () => {
    const installed = join(folder, 'offergrid-fulfillment', `temporal-${TEMPORAL_CLI_VERSION}`, 'temporal');
    let builds = 0;
    let finishBuild: () => void = quiet;
    const buildMayEnd = new Promise<void>((resolve) => (finishBuild = resolve));
    const attempts = {
      path: () => Promise.resolve({ missing: 'no' }),
      download: () => Promise.resolve({ missing: 'no' }),
      go: async () => {
        builds += 1;
        await buildMayEnd;
        await mkdir(join(installed, '..'));
        await writeFile(installed, '', { mode: 0o755 });
        return { found: installed };
      },
    };
    const said: string[] = [];
    const resolve = () =>
      resolveTemporalServer({
        env: { XDG_CACHE_HOME: folder },
        report: (line) => said.push(line),
        attempts,
      });
    const first = resolve();
    const second = resolve();
    await until('one of them to wait', () => said.some((line) => line.includes('waiting')));
    finishBuild();
    const sources = (await Promise.all([first, second])).map((binary) => 'source' in binary && binary.source);
    expect(sources.sort()).toEqual(['cache', 'go']);
    expect(builds).toBe(1);
  });

  test.each([
    { what: 'that runs', script: 'echo "temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)"', source: 'path' },
    { what: 'that fails', script: 'echo broken >&2; exit 3', source: 'cache' },
    { what: 'that is something else', script: 'echo "temporal logic prover"', source: 'cache' },
  ])('a program `temporal` on PATH $what', async ({ script, source }) => {
    await writeFile(join(folder, 'temporal'), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, 'temporal'), 0o755);
    const env = { XDG_CACHE_HOME: folder, PATH: `${folder}:/usr/bin:/bin` };
    const attempts = { cache: () => Promise.resolve({ found: '/cached' }) };
    expect(await resolveTemporalServer({ env, report: quiet, attempts })).toMatchObject({ source });
  });
});

describe('where the time-skipping server comes from', () => {
  const ORDER = ['cache', 'download', 'maven'] as const;

  test.each([
    { where: 'cache', tried: ['cache'] },
    { where: 'download', tried: ['cache', 'cache', 'download'] },
    { where: 'maven', tried: ['cache', 'cache', 'download', 'maven'] },
  ] as const)('$where, after $tried', async ({ where, tried }) => {
    const { made, attempts } = attemptsAt(ORDER, where);
    const options = { env: { XDG_CACHE_HOME: folder }, report: quiet, attempts };
    expect(await resolveTimeSkippingServer(options)).toBe(`/${where}`);
    expect(made).toEqual(tried);
  });

  test('nowhere: the error names every place', async () => {
    const { attempts } = attemptsAt(ORDER, null);
    const failure = resolveTimeSkippingServer({ env: { XDG_CACHE_HOME: folder }, report: quiet, attempts });
    await expect(failure).rejects.toThrow(
      /cache: no cache[^]*SDK's download: no download[^]*Maven [^]*no maven/,
    );
  });
});

describe('the lock around making one', () => {
  test('a killed holder does not hold for ever; a living one does', async () => {
    const lock = join(folder, 'lock');
    await writeFile(lock, 'killed');
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(lock, longAgo, longAgo);
    const order: string[] = [];
    const hold = withFileLock(
      lock,
      async () => {
        order.push('first');
        const waiting = { seen: false };
        const next = withFileLock(lock, () => Promise.resolve(order.push('second')), {
          staleAfterMs: 400,
          onWait: () => (waiting.seen = true),
        });
        // Longer than the lock's age limit: only the heartbeat keeps it.
        const until400 = performance.now() + 1_000;
        await until('the age limit to pass', () => waiting.seen && performance.now() > until400);
        order.push('first done');
        return { next };
      },
      { staleAfterMs: 400 },
    );
    await (
      await hold
    ).next;
    expect(order).toEqual(['first', 'first done', 'second']);
    expect(await readdir(folder)).toEqual([]);
  });
});
