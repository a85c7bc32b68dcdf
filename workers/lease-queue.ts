import { setTimeout as wait } from 'node:timers/promises';
import type { CallBudget, Lease } from '../db/call-budget.js';

interface Waiter {
  take(lease: Lease): void;
}

/**
 * Those in this process who wait for a lease: one of them asks for all. A send within an activity comes before a task
 * that has not begun.
 */
export class LeaseQueue {
  readonly #waiting: Record<'send' | 'task', Waiter[]> = { send: [], task: [] };
  #asking = false;
  #wake = new AbortController();

  constructor(private readonly budget: CallBudget) {}

  /** @throws what `signal` was aborted with */
  next(kind: 'send' | 'task', signal: AbortSignal): Promise<Lease> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting[kind];
      const waiter: Waiter = {
        take: (lease) => {
          signal.removeEventListener('abort', abort);
          resolve(lease);
        },
      };
      const abort = () => {
        const at = waiting.indexOf(waiter);
        if (at >= 0) waiting.splice(at, 1);
        reject(signal.reason as Error);
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      waiting.push(waiter);
      void this.#ask();
    });
  }

  /** Hands a lease that somebody does not need to whoever waits for one; false when nobody does. */
  offer(lease: Lease): boolean {
    const waiter = this.#waiting.send.shift() ?? this.#waiting.task.shift();
    waiter?.take(lease);
    if (this.#isEmpty()) this.#wake.abort();
    return waiter !== undefined;
  }

  /** Whoever still waits is left waiting. */
  close(): void {
    for (const waiting of Object.values(this.#waiting)) waiting.length = 0;
    this.#wake.abort();
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    while (!this.#isEmpty()) {
      const got = await this.budget.acquire();
      if (!('waitMs' in got)) {
        if (!this.offer(got)) got.unused();
        continue;
      }
      this.#wake = new AbortController();
      await wait(got.waitMs, undefined, { signal: this.#wake.signal }).catch(() => undefined);
    }
    this.#asking = false;
  }

  #isEmpty(): boolean {
    return this.#waiting.send.length === 0 && this.#waiting.task.length === 0;
  }
}
