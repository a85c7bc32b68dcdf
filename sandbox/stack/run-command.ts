import { spawnProcess, type ProcessOptions } from './guarded-process.js';

/** A command that is to end by itself. */
export interface CommandOptions extends ProcessOptions {
  /** It is killed, with its children, after so long. */
  timeoutMs: number;
  /** Ends it early, for a reason the signal carries. */
  signal?: AbortSignal;
}

/** Runs a command to its end. @returns what it printed. @throws Error saying how it failed, with the end of its output */
export async function runCommand(options: CommandOptions): Promise<string> {
  const process = await spawnProcess(options);
  const limit = AbortSignal.timeout(options.timeoutMs);
  const stop = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  const onStop = () => void process.stop(STOP_GRACE_MS);
  if (stop.aborted) onStop();
  else stop.addEventListener('abort', onStop, { once: true });
  const { code, signal } = await process.exited;
  stop.removeEventListener('abort', onStop);
  if (code === 0) return process.output();
  const how = stop.aborted
    ? limit.aborted
      ? `took longer than ${options.timeoutMs / 1_000} s`
      : String(stop.reason)
    : `ended with ${signal ?? `exit ${code}`}`;
  const output = process.output().trim().slice(-1_500);
  throw new Error(`${options.name} ${how}${output === '' ? '' : `: ${output}`}`);
}

const STOP_GRACE_MS = 1_000;
