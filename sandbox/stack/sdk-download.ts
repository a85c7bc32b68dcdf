import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from './project-root.js';
import { runCommand } from './run-command.js';

/**
 * The SDK downloads only on the way to starting a server, inside native code that cannot be cancelled, and through the
 * process's one Runtime. A process of its own can be killed and leaves our Runtime alone.
 */
const DOWNLOADER_SOURCE = String.raw`/* offergrid-fulfillment SDK download */
const { TestWorkflowEnvironment } = require('@temporalio/testing');
const { server: which, downloadDir, version } = JSON.parse(process.argv[1]);
const server = { executable: { type: 'cached-download', downloadDir, version } };
const create = which === 'dev-server' ? 'createLocal' : 'createTimeSkipping';
TestWorkflowEnvironment[create]({ server })
  .then((environment) => environment.teardown())
  .then(() => process.exit(0), (error) => { console.error(error.message); process.exit(1); });
`;

const DOWNLOAD_TIMEOUT_MS = 5 * 60_000;
/** A host that swallows packets would keep us for minutes: no new byte for so long is a failure. */
const STALLED_AFTER_MS = 20_000;

/**
 * Lets the Temporal SDK download one of its servers into the empty folder `into`.
 * @returns the path of the executable. @throws Error when the download fails, stalls or takes over five minutes
 */
export async function downloadThroughSdk(
  server: 'dev-server' | 'time-skipping',
  version: string,
  into: string,
): Promise<string> {
  const stalled = new AbortController();
  const watch = watchGrowth(into, () => stalled.abort('stalled: nothing arrived for 20 s'));
  try {
    await runCommand({
      name: "the SDK's download",
      args: [
        '--input-type=commonjs',
        '-e',
        DOWNLOADER_SOURCE,
        JSON.stringify({ server, downloadDir: into, version }),
      ],
      cwd: projectRoot(),
      // Proxy settings are in there.
      env: process.env,
      timeoutMs: DOWNLOAD_TIMEOUT_MS,
      signal: stalled.signal,
    });
  } finally {
    clearInterval(watch);
  }
  const [file] = await readdir(into);
  if (file === undefined) throw new Error("the SDK's download left no file");
  await chmod(join(into, file), 0o755);
  return join(into, file);
}

function watchGrowth(folder: string, onStall: () => void): NodeJS.Timeout {
  let size = 0;
  let grewAt = performance.now();
  return setInterval(() => {
    void sizeOf(folder).then((now) => {
      if (now !== size) grewAt = performance.now();
      size = now;
      if (performance.now() - grewAt > STALLED_AFTER_MS) onStall();
    });
  }, 1_000);
}

async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(files.map((file) => stat(join(folder, file)).catch(() => ({ size: 0 }))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}
