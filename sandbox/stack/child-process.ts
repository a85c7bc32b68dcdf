import { spawnProcess, type ProcessOptions, type RunningProcess } from './guarded-process.js';
import { waitUntilReady } from './readiness.js';

export { spawnProcess };
export type { Exit, ProcessOptions, RunningProcess } from './guarded-process.js';

/** What `startProcess` takes on top of `spawnProcess`. */
export interface StartOptions extends ProcessOptions {
  /** Any 2xx means ready; without it the process counts as ready when it runs. */
  readyUrl?: string;
  /** Default 30 s. */
  readyTimeoutMs?: number;
}

/** Starts a process and waits for its readiness address. @throws NotReady */
export async function startProcess(options: StartOptions): Promise<RunningProcess> {
  const { readyUrl, readyTimeoutMs = 30_000 } = options;
  const process = await spawnProcess(options);
  if (readyUrl !== undefined) await waitUntilReady(process, () => expectOk(readyUrl), readyTimeoutMs);
  return process;
}

async function expectOk(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
}
