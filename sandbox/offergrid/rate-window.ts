/** One limit of calls in any stretch of `ms` milliseconds. */
export interface RateLimit {
  calls: number;
  ms: number;
}

/** What the window says about the call in hand: the three headers, and seconds to wait when it is refused. */
export interface RateVerdict {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Unix seconds when the oldest counted call leaves the window. */
  reset: number;
  /** Whole seconds until a call would be let through; 0 when this one was. */
  retryAfter: number;
}

/** Strict sliding windows over one team's calls. Refused calls do not count. */
export class RateWindow {
  private counted: number[] = [];

  constructor(private readonly limits: readonly RateLimit[]) {}

  /** `now` in milliseconds since the epoch. */
  take(now: number): RateVerdict {
    const longest = Math.max(...this.limits.map((limit) => limit.ms));
    this.counted = this.counted.filter((at) => at > now - longest);
    const allowed = this.limits.every((limit) => this.within(limit, now).length < limit.calls);
    if (allowed) this.counted.push(now);
    const verdicts = this.limits.map((limit) => this.verdict(limit, now, allowed));
    return verdicts.reduce((tightest, next) => (isTighter(next, tightest) ? next : tightest));
  }

  private within(limit: RateLimit, now: number): number[] {
    return this.counted.filter((at) => at > now - limit.ms);
  }

  private verdict(limit: RateLimit, now: number, allowed: boolean): RateVerdict {
    const within = this.within(limit, now);
    const leaves = (within[0] ?? now) + limit.ms;
    const remaining = limit.calls - within.length;
    const wait = remaining > 0 ? 0 : Math.ceil((leaves - now) / 1000);
    const retryAfter = allowed ? 0 : wait;
    return { allowed, limit: limit.calls, remaining, reset: Math.ceil(leaves / 1000), retryAfter };
  }
}

const isTighter = (one: RateVerdict, other: RateVerdict): boolean =>
  one.retryAfter > other.retryAfter ||
  (one.retryAfter === other.retryAfter && one.remaining < other.remaining);
