import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from './cache-directory.js';
import { findInstalled, installFolder } from './cached-install.js';
import { withFileLock } from './file-lock.js';
import { buildTemporalWithGo } from './go-build.js';
import { reportOnStderr, withProgress, type Report } from './progress.js';
import { firstFound, ServerNotFound, type Attempt, type Step } from './resolution.js';
import { runCommand } from './run-command.js';
import { downloadThroughSdk } from './sdk-download.js';

/** The pinned CLI; its server is 1.31.2. tools/temporal/go.mod names the same version. */
export const TEMPORAL_CLI_VERSION = '1.8.2';

/** Where a Temporal server is to be had: one that runs, or a program to start one with. */
export type TemporalBinary =
  { kind: 'address'; address: string } | { kind: 'executable'; path: string; source: TemporalSource };

export type TemporalSource = 'path' | 'cache' | 'download' | 'go';

export interface ResolveOptions {
  /** Default: this process's. `TEMPORAL_ADDRESS` and `XDG_CACHE_HOME` are read. */
  env?: NodeJS.ProcessEnv;
  report?: Report;
  /** Replaces places to look in; for tests. */
  attempts?: Partial<Record<TemporalSource, () => Promise<Attempt<string>>>>;
}

const VERSION_CHECK_MS = 10_000;

/**
 * Finds a Temporal server: `TEMPORAL_ADDRESS`, `temporal` on PATH, this project's cache, the SDK's download, a build
 * with Go. The last two fill the cache; of several processes that need them one works and the others wait.
 * @throws ServerNotFound naming all of them
 */
export async function resolveTemporalServer(options: ResolveOptions = {}): Promise<TemporalBinary> {
  const { env = process.env, report = reportOnStderr, attempts = {} } = options;
  const address = env['TEMPORAL_ADDRESS']?.trim();
  if (address !== undefined && address !== '') return { kind: 'address', address };

  const folder = join(cacheDirectory(env), `temporal-${TEMPORAL_CLI_VERSION}`);
  const installed = join(folder, 'temporal');
  const step = (source: TemporalSource, name: string, attempt: () => Promise<Attempt<string>>) => ({
    name,
    attempt: () => found(source, attempts[source] ?? attempt),
  });
  const cache = step('cache', "this project's cache", () => findInstalled(installed));
  const onPath = step('path', '`temporal` on PATH', () => findOnPath(env));
  const slow: Step<TemporalBinary>[] = [
    step('download', "the Temporal SDK's download", () => download(folder, report)),
    step('go', 'building it with Go (tools/temporal)', () => build(folder, report)),
  ];

  const quick = await firstFound([onPath, cache]);
  if ('found' in quick) return quick.found;
  const onWait = () => report('Another process fetches the Temporal server; waiting for it …');
  const made = await withFileLock(`${folder}.lock`, () => firstFound([cache, ...slow]), { onWait });
  if ('found' in made) return made.found;
  throw new ServerNotFound('A Temporal server', [
    { step: 'TEMPORAL_ADDRESS', why: 'not set' },
    ...quick.misses,
    ...made.misses.slice(1),
  ]);
}

async function found(
  source: TemporalSource,
  attempt: () => Promise<Attempt<string>>,
): Promise<Attempt<TemporalBinary>> {
  const result = await attempt();
  return 'found' in result ? { found: { kind: 'executable', path: result.found, source } } : result;
}

async function findOnPath(env: NodeJS.ProcessEnv): Promise<Attempt<string>> {
  const version = await runCommand({
    name: 'temporal --version',
    command: 'temporal',
    args: ['--version'],
    env: { PATH: env['PATH'] },
    timeoutMs: VERSION_CHECK_MS,
  });
  if (!/Server \d/.test(version)) return { missing: `it printed no server version: ${version}` };
  return { found: 'temporal' };
}

async function download(folder: string, report: Report): Promise<Attempt<string>> {
  const version = `v${TEMPORAL_CLI_VERSION}`;
  await installFolder(folder, async (staging) => {
    const work = downloadThroughSdk('dev-server', version, staging);
    const file = await withProgress(report, `Downloading Temporal CLI ${version}`, work);
    await rename(file, join(staging, 'temporal'));
  });
  return await findInstalled(join(folder, 'temporal'));
}

async function build(folder: string, report: Report): Promise<Attempt<string>> {
  await installFolder(folder, (staging) =>
    buildTemporalWithGo(TEMPORAL_CLI_VERSION, join(staging, 'temporal'), report),
  );
  return await findInstalled(join(folder, 'temporal'));
}
