import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningProcess } from './guarded-process.js';

/** A process ended or stayed silent instead of becoming ready; the message ends with what it printed. */
export class NotReady extends Error {
  constructor(
    readonly process: string,
    readonly output: string,
    why: string,
    cause?: unknown,
  ) {
    super(`${process} ${why}; it printed:\n${output.slice(-4_000).trimEnd() || '(nothing)'}`, { cause });
    this.name = 'NotReady';
  }
}

const PROBE_EVERY_MS = 40;

/**
 * Probes until the probe resolves. @throws NotReady when the process ends first or `timeoutMs` pass; the process is
 * stopped then, so that a failed start leaves nothing.
 */
export async function waitUntilReady<T>(
  process: RunningProcess,
  probe: () => Promise<T>,
  timeoutMs: number,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let lastError: unknown; ; await sleep(PROBE_EVERY_MS)) {
    if (!process.running) {
      const { code, signal } = await process.exited;
      throw new NotReady(
        process.name,
        process.output(),
        `ended (${signal ?? `exit ${code}`}) before it was ready`,
      );
    }
    try {
      return await probe();
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) {
      await process.stop();
      throw new NotReady(process.name, process.output(), `was not ready after ${timeoutMs} ms`, lastError);
    }
  }
}
