import { copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { cacheDirectory } from './cache-directory.js';
import { findInstalled, installFolder } from './cached-install.js';
import { withFileLock } from './file-lock.js';
import { reportOnStderr, withProgress, type Report } from './progress.js';
import { projectRoot } from './project-root.js';
import { firstFound, ServerNotFound, type Attempt, type Step } from './resolution.js';
import { runCommand } from './run-command.js';
import { downloadThroughSdk } from './sdk-download.js';
import { indexedValueTypes } from './search-attributes.js';

/** The pinned server; tools/temporal-test-server/pom.xml names the same version. */
export const TEST_SERVER_VERSION = '1.38.0';

export interface ResolveTestServerOptions {
  /** Default: this process's. `XDG_CACHE_HOME` is read. */
  env?: NodeJS.ProcessEnv;
  report?: Report;
  /** Replaces places to look in; for tests. */
  attempts?: Partial<Record<'cache' | 'download' | 'maven', () => Promise<Attempt<string>>>>;
}

/** Maven's first run fetches 38 MB: ten seconds here, and a slow network gets the rest. */
const MAVEN_TIMEOUT_MS = 10 * 60_000;
const RUN_SCRIPT = 'run.sh';
const START_ATTEMPTS = 3;

/**
 * Finds Temporal's time-skipping test server: this project's cache, the SDK's download, Maven (needs Java to run).
 * @returns the executable for `TestWorkflowEnvironment.createTimeSkipping`. @throws ServerNotFound naming all of them
 */
export async function resolveTimeSkippingServer(options: ResolveTestServerOptions = {}): Promise<string> {
  const { env = process.env, report = reportOnStderr, attempts = {} } = options;
  const folder = join(cacheDirectory(env), `temporal-test-server-${TEST_SERVER_VERSION}`);
  const cache: Step<string> = {
    name: "this project's cache",
    attempt: attempts.cache ?? (() => findInstalled(join(folder, RUN_SCRIPT))),
  };
  const quick = await firstFound([cache]);
  if ('found' in quick) return quick.found;
  const slow: Step<string>[] = [
    { name: "the Temporal SDK's download", attempt: attempts.download ?? (() => download(folder, report)) },
    {
      name: 'Maven (tools/temporal-test-server)',
      attempt: attempts.maven ?? (() => copyWithMaven(folder, report)),
    },
  ];
  const onWait = () => report('Another process fetches the time-skipping server; waiting for it …');
  const made = await withFileLock(`${folder}.lock`, () => firstFound([cache, ...slow]), { onWait });
  if ('found' in made) return made.found;
  throw new ServerNotFound("Temporal's time-skipping test server", made.misses);
}

/**
 * A test environment whose time is skipped, with the project's search attributes. `teardown()` ends it. One clock for
 * all its workflows: a test file takes one of its own.
 * @throws ServerNotFound
 */
export async function startTimeSkippingServer(
  options: ResolveTestServerOptions = {},
): Promise<TestWorkflowEnvironment> {
  const path = await resolveTimeSkippingServer(options);
  const environment = await createEnvironment(path);
  try {
    await environment.connection.operatorService.addSearchAttributes({
      namespace: environment.namespace ?? 'default',
      searchAttributes: indexedValueTypes(),
    });
  } catch (error) {
    await environment.teardown();
    throw error;
  }
  return environment;
}

async function createEnvironment(path: string): Promise<TestWorkflowEnvironment> {
  // A development dependency, and slow to load: not for everybody who imports the stack.
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  for (let attempt = 1; ; attempt += 1) {
    try {
      const executable = { type: 'existing-path', path } as const;
      return await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
    } catch (error) {
      // The SDK waits for five seconds, and on a busy machine Java wants more than that to begin with.
      const slow = error instanceof Error && error.message.includes('did not start within');
      if (!slow || attempt === START_ATTEMPTS) throw error;
    }
  }
}

const tools = () => join(projectRoot(), 'tools', 'temporal-test-server');

async function download(folder: string, report: Report): Promise<Attempt<string>> {
  const version = `v${TEST_SERVER_VERSION}`;
  await installFolder(folder, async (staging) => {
    const work = downloadThroughSdk('time-skipping', version, staging);
    const file = await withProgress(report, `Downloading Temporal test server ${version}`, work);
    await rename(file, join(staging, 'server'));
    await copyFile(join(tools(), RUN_SCRIPT), join(staging, RUN_SCRIPT));
  });
  return await findInstalled(join(folder, RUN_SCRIPT));
}

async function copyWithMaven(folder: string, report: Report): Promise<Attempt<string>> {
  await installFolder(folder, async (staging) => {
    await withProgress(
      report,
      `Fetching Temporal test server ${TEST_SERVER_VERSION} with Maven (once)`,
      mvn(staging),
    );
    await copyFile(join(tools(), RUN_SCRIPT), join(staging, RUN_SCRIPT));
  });
  return await findInstalled(join(folder, RUN_SCRIPT));
}

async function mvn(staging: string): Promise<void> {
  // A server that cannot be run must not get into the cache.
  await runCommand({
    name: 'java -version',
    command: 'java',
    args: ['-version'],
    env: process.env,
    timeoutMs: 20_000,
  });
  await runCommand({
    name: 'mvn',
    command: 'mvn',
    args: [
      ...['-B', '-q', '-ntp', 'dependency:copy-dependencies', '-DincludeScope=runtime'],
      `-DoutputDirectory=${join(staging, 'lib')}`,
    ],
    cwd: tools(),
    env: process.env,
    timeoutMs: MAVEN_TIMEOUT_MS,
  });
}
