import { constants } from 'node:os';

/** Ctrl-C, or a polite request to end. */
export class Interrupted extends Error {
  constructor(readonly signalName: NodeJS.Signals) {
    super(`told to stop (${signalName})`);
    this.name = 'Interrupted';
  }

  /** As shells show a command that a signal ended: 130 for Ctrl-C. */
  get exitCode(): number {
    return 128 + constants.signals[this.signalName];
  }
}

/**
 * Aborts with `Interrupted` on the first SIGINT or SIGTERM. A second one ends the process at once: every process it
 * started is under a guard and ends with it.
 */
export function onInterruption(): AbortSignal {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      const interrupted = new Interrupted(name);
      if (stopping.signal.aborted) process.exit(interrupted.exitCode);
      console.log('\nStopping everything …');
      stopping.abort(interrupted);
    });
  }
  return stopping.signal;
}

const LINGER_MS = 5_000;

/** Ends the process once nothing is left to do, and in any case soon: all that matters is stopped by now. */
export function endWith(code: number): void {
  process.exitCode = code;
  setTimeout(() => process.exit(code), LINGER_MS).unref();
}
