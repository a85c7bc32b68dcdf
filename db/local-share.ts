import type { CallLimit, Span } from './call-slots.js';

/** A call of this process, and until when it counts; times are those of the clock that was passed in. */
export interface CountedCall {
  /** Infinity while it is under way. */
  countsUntil: Record<Span, number>;
  /** Whether Postgres does not know of it. */
  unreported: boolean;
}

/**
 * What this process may send without asking: of each limit one part in `parts`, less what it has sent itself in that
 * span, through Postgres or not. Milliseconds of a clock that only goes forward.
 */
export class LocalShare {
  #calls: CountedCall[] = [];
  #closedUntil = -Infinity;

  constructor(
    private readonly limits: readonly CallLimit[],
    private readonly parts: number,
    private readonly now: () => number,
  ) {}

  /** Counts a call that is about to be sent. */
  count(unreported: boolean): CountedCall {
    const call = { countsUntil: { minute: Infinity, hour: Infinity }, unreported };
    this.#forgetPast();
    this.#calls.push(call);
    return call;
  }

  /** Nothing is granted for so many milliseconds. */
  closeFor(ms: number): void {
    this.#closedUntil = this.now() + ms;
  }

  /** Counts one more if the share has room, else says for how long it has none. */
  take(): CountedCall | { waitMs: number } {
    const now = this.now();
    const waits = this.limits.map(({ span, calls }) => {
      const share = Math.max(1, Math.floor(calls / this.parts));
      const counting = this.#calls
        .map(({ countsUntil }) => countsUntil[span])
        .filter((until) => until > now)
        .sort((one, other) => one - other);
      return counting.length < share ? 0 : (counting[counting.length - share] ?? now) - now;
    });
    const waitMs = Math.max(this.#closedUntil - now, ...waits);
    return waitMs > 0 ? { waitMs } : this.count(true);
  }

  /** The platform counted it no later than `lateMs` from now. */
  settle(call: CountedCall, lateMs: number): void {
    for (const { span, ms } of this.limits) call.countsUntil[span] = this.now() + ms + lateMs;
  }

  /** Nothing was sent. */
  drop(call: CountedCall): void {
    this.#calls = this.#calls.filter((one) => one !== call);
  }

  /**
   * Calls that Postgres does not know of; `rests` gives for how long each still counts, by span. One that is under way
   * is over within `holdMs`.
   */
  unreported(holdMs: number): { calls: CountedCall[]; rests: Record<Span, number[]> } {
    const calls = this.#calls.filter((call) => call.unreported);
    const now = this.now();
    const rests: Record<Span, number[]> = { minute: [], hour: [] };
    for (const { span, ms } of this.limits) {
      rests[span] = calls
        .map(({ countsUntil }) => Math.min(countsUntil[span] - now, ms + holdMs))
        .filter((rest) => rest > 0);
    }
    return { calls, rests };
  }

  #forgetPast(): void {
    const now = this.now();
    const isPast = ({ countsUntil }: CountedCall) =>
      this.limits.every(({ span }) => countsUntil[span] <= now);
    // Nearly in order of age: looking at the oldest is enough.
    while (this.#calls[0] !== undefined && isPast(this.#calls[0])) this.#calls.shift();
  }
}
