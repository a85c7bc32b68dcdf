import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LockOptions {
  /** A lock not touched for so long belongs to nobody; its holder was killed. */
  staleAfterMs?: number;
  /** Called once when the lock is not to be had at once. */
  onWait?: () => void;
}

const DEFAULT_STALE_MS = 10_000;
const RETRY_EVERY_MS = 100;

/**
 * Runs `work` while no other process runs work under the same file. The holder touches the file, so that a killed one
 * is noticed across containers too, where process ids mean nothing. When two take over a stale lock in the same moment
 * both may work: callers put results into place by a rename, so that this costs time and nothing else.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const { staleAfterMs = DEFAULT_STALE_MS, onWait } = options;
  const owner = randomUUID();
  await mkdir(dirname(path), { recursive: true });
  for (let waited = false; !(await take(path, owner)); await sleep(RETRY_EVERY_MS)) {
    if (!waited) onWait?.();
    waited = true;
    if (await isStale(path, staleAfterMs)) await rm(path, { force: true });
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, staleAfterMs / 5);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    const holder = await readFile(path, 'utf8').catch(() => '');
    if (holder === owner) await rm(path, { force: true });
  }
}

async function take(path: string, owner: string): Promise<boolean> {
  try {
    await writeFile(path, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(path: string, staleAfterMs: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > staleAfterMs;
}
