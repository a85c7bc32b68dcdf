import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** How often a fault strikes; without either field it strikes every matching call. */
export const strikes = {
  times: z.int().positive().optional(),
  probability: z.number().min(0).max(1).optional(),
};

const match = {
  ...strikes,
  method: z.string().optional(),
  /** Without query. `*` or `{name}` stands for one segment, `**` for any number of them. */
  path: z.string().optional(),
  /** Parameters the query must have, e.g. `{status: 'pending'}`. */
  whenQuery: z.record(z.string(), z.string()).optional(),
  /** Top-level fields the JSON body must have, e.g. `{status: 'accepted'}`. */
  whenBody: z.record(z.string(), z.unknown()).optional(),
};

/**
 * A misbehaviour of a simulated system.
 * - `error`: answered with `status` instead of being handled.
 * - `delay`: handled `ms` later, even when the caller has gone; adds to whatever fault comes next.
 * - `drop-reply`: handled, and then the socket is destroyed instead of an answer.
 * - `reset`: the socket is destroyed before anything is handled or counted.
 * - `hang`: neither handled nor answered.
 */
export const httpFault = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('error'),
    status: z.int().min(200).max(599),
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    ...match,
  }),
  z.strictObject({ kind: z.literal('delay'), ms: z.int().nonnegative(), ...match }),
  z.strictObject({ kind: z.literal('drop-reply'), ...match }),
  z.strictObject({ kind: z.literal('reset'), ...match }),
  z.strictObject({ kind: z.literal('hang'), ...match }),
]);
export type HttpFault = z.infer<typeof httpFault>;

interface Strikes {
  times?: number | undefined;
  probability?: number | undefined;
}

/** The faults now in force, with their own seeded chance so that a run can be repeated. */
export class FaultPlan<F extends Strikes> {
  private entries: { fault: F; left: number }[] = [];
  private chance = seededChance(1);

  /** Replaces all faults. Earlier entries win over later ones. */
  set(faults: readonly F[], seed = 1): void {
    this.entries = faults.map((fault) => ({ fault, left: fault.times ?? Infinity }));
    this.chance = seededChance(seed);
  }

  /** Yields the faults that strike, in order; one is used up when it is yielded, so break when done. */
  *striking(applies: (fault: F) => boolean): Generator<F> {
    for (const entry of this.entries) {
      if (entry.left <= 0 || !applies(entry.fault)) continue;
      if (entry.fault.probability !== undefined && this.chance() >= entry.fault.probability) continue;
      entry.left -= 1;
      yield entry.fault;
    }
  }

  /** A number in [0, 1) from the plan's seed. */
  random(): number {
    return this.chance();
  }
}

/** Whether an HTTP fault is meant for this call. */
export function faultMatches(
  fault: HttpFault,
  call: { method: string; path: string; query: Record<string, string>; body: unknown },
): boolean {
  if (fault.method !== undefined && fault.method.toUpperCase() !== call.method) return false;
  if (fault.path !== undefined && !pathPattern(fault.path).test(call.path)) return false;
  const { whenQuery = {} } = fault;
  if (Object.entries(whenQuery).some(([name, value]) => call.query[name] !== value)) return false;
  if (fault.whenBody === undefined) return true;
  const { body } = call;
  if (typeof body !== 'object' || body === null) return false;
  return Object.entries(fault.whenBody).every(([key, value]) =>
    isDeepStrictEqual((body as Record<string, unknown>)[key], value),
  );
}

function pathPattern(pattern: string): RegExp {
  const source = pattern.replace(/\*\*|\*|\{[^}]*\}|[.+?^$()|[\]\\{}]/g, (found) => {
    if (found === '**') return '.*';
    if (found === '*' || found.length > 1) return '[^/]+';
    return `\\${found}`;
  });
  return new RegExp(`^${source}$`);
}

/** mulberry32: small, seedable, good enough to scatter faults. */
export function seededChance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
