import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { createCallSlots, type CallLimit, type Standing } from './call-slots.js';
import { CallStop, PROBE_EVERY_MS } from './call-stop.js';
import { createCallStops } from './call-stops.js';
import { LocalShare, type CountedCall } from './local-share.js';
import type { Pool } from './pool.js';

/**
 * Leave to send one call. Exactly one of the three has to be called in the end; a lease whose holder dies frees itself.
 * What they say goes to Postgres in the background; a slot that could not be settled rests for longer than it has to.
 */
export interface Lease {
  /** A call must begin before this, by `performance.now()`. */
  usableUntil: number;
  /** The platform has answered, so it had counted the call by now. */
  answered(): void;
  /** It may still be on its way. */
  unanswered(): void;
  /** Nothing was sent. */
  unused(): void;
}

/** `waitMs`: when to ask again. */
export interface NoRoom extends Standing {
  waitMs: number;
}

/** What may be sent with one key, shared by all processes on one database. */
export interface CallBudget {
  /**
   * Never rejects: without Postgres this process has no leases at first, and then keeps to a share of its own. The read
   * that finds out whether the key works again is let through a stop.
   */
  acquire(options?: { probe: boolean }): Promise<Lease | NoRoom>;
  /**
   * Whether at least this share (0 to 1) of all that may be sent is free, and `beside` calls more; without Postgres nobody
   * knows, and it is not.
   */
  hasFree(share: number, beside?: number): Promise<boolean>;
  /** The platform said 429: nobody is given a lease for so many milliseconds. */
  pause(ms: number): Promise<void>;
  /** 401 and 403 stop all calls. */
  readonly stop: CallStop;
  /** What any process has been told by now; without Postgres, what this one has. */
  standing(): Promise<Standing>;
  /** As far as this process knows. */
  knownStanding(): Standing;
  /** Waits until Postgres has been told of every call that is over. */
  close(): Promise<void>;
}

export interface CallBudgetOptions {
  pool: Pool;
  /** Whose budget; see {@link budgetName}. */
  budget: string;
  callsPerMinute: number;
  callsPerHour: number;
  /** Milliseconds; tests use shorter ones. */
  spans?: { minute: number; hour: number };
  /** For how long a lease may be out, its call included. */
  holdMs?: number;
  /** Milliseconds between two probes of a key that is not taken. */
  probeEveryMs?: number;
  /** For how long all wait, at the end of an outage, for what others have to report. */
  reportsMs?: number;
  /** Postgres cannot be asked: no leases for a while, and then those of the local share. Once per outage. */
  onAway?: (error: unknown) => void;
  onBack?: () => void;
}

/** A lease that nothing comes for goes back after seconds; see `workers/call-slots.ts`. Its call takes 10 s at most. */
const HOLD_MS = 30_000;
/** The client gives up after 10 s. */
export const LONGEST_CALL_MS = 15_000;
/** How much later than we gave up a call may still reach the platform. */
const STRAY_MS = 30_000;
/** Two clocks, each corrected at the 500 ppm that NTP allows itself, differ by a thousandth of what they measure. */
const CLOCK_DRIFT = 1.001;
/** Four processes without Postgres stay within the budget; more would rely on the platform's 429. */
const SHARES = 4;
/** Slots also come free before they were due to. */
const ASK_AGAIN_MS = 1_000;
/** Somebody was faster by a moment. */
const LEAST_WAIT_MS = 2;
/** How soon an outage's end is noticed; an attempt waits two seconds for its connection. */
const PROBE_MS = 1_000;

/**
 * A strict limit: a slot is free again one span after the answer to its last call. The platform counted that call no
 * later than it answered, and counts the next one no earlier than it was granted. So no window of that length holds
 * more calls than there are slots, however long calls are under way.
 */
export function createCallBudget(options: CallBudgetOptions): CallBudget {
  const {
    pool,
    budget,
    callsPerHour,
    spans = { minute: 60_000, hour: 3_600_000 },
    holdMs = HOLD_MS,
    // Others notice the end as well by then, and what those sent that died meanwhile counts no more.
    reportsMs = spans.minute * CLOCK_DRIFT,
  } = options;
  const limits: CallLimit[] = [
    { span: 'minute', calls: Math.min(options.callsPerMinute, callsPerHour), ms: spans.minute * CLOCK_DRIFT },
    { span: 'hour', calls: callsPerHour, ms: spans.hour * CLOCK_DRIFT },
  ];
  /*
   * A process that cannot ask does not know what others were given before the outage, or it was itself before it started.
   * After so long none of that counts any more: the slots of those who died are free again then. Where the minute's calls
   * for a whole hour are no more than the hour's, whoever keeps to the minute keeps to the hour.
   */
  const hourBinds = callsPerHour < options.callsPerMinute * Math.ceil(spans.hour / spans.minute);
  const quietMs = (hourBinds ? spans.hour : spans.minute) * CLOCK_DRIFT + holdMs;
  const now = () => performance.now();
  const slots = createCallSlots(pool, budget, limits);
  const stop = new CallStop(createCallStops(pool, budget), options.probeEveryMs ?? PROBE_EVERY_MS);
  const share = new LocalShare(limits, SHARES, now);
  const askAgainMs = Math.min(ASK_AGAIN_MS, spans.minute / 20);
  const closing = new AbortController();
  const telling = new Set<Promise<void>>();
  let fitting = false;
  let pausedUntil = 0;
  let away: Promise<void> | null = null;
  /** When Postgres last answered. */
  let answeredAt = -Infinity;

  const knownStanding = (): Standing => ({ pausedMs: Math.max(0, pausedUntil - now()), stopped: stop.isUp });
  const heard = ({ pausedMs, stopped }: Standing) => {
    pausedUntil = Math.max(pausedUntil, now() + pausedMs);
    stop.heard(stopped);
  };

  const lease = (call: CountedCall, usableUntil: number, tell: (end: End) => Promise<void>): Lease => {
    const settle = (end: End) => {
      if (end === 'unused') share.drop(call);
      else share.settle(call, lateMs(end));
      const told = tell(end)
        .catch(() => undefined)
        .finally(() => telling.delete(told));
      telling.add(told);
    };
    return {
      usableUntil,
      answered: () => settle('answered'),
      unanswered: () => settle('unanswered'),
      unused: () => settle('unused'),
    };
  };

  const takeShared = async (probe: boolean): Promise<Lease | NoRoom> => {
    fitting ||= await slots.fit();
    if (!fitting) return { waitMs: askAgainMs, pausedMs: 0, stopped: false };
    const holder = randomUUID();
    const usableUntil = now() + holdMs - Math.min(LONGEST_CALL_MS, holdMs / 2);
    const taking = await slots.take(holder, holdMs, probe);
    answeredAt = now();
    if (taking.slots === null) {
      heard(taking);
      const { pausedMs, stopped } = taking;
      const waitMs = stopped ? askAgainMs : Math.max(LEAST_WAIT_MS, Math.min(taking.waitMs, askAgainMs));
      return { waitMs, pausedMs, stopped };
    }
    return lease(share.count(false), usableUntil, (end) =>
      end === 'unused'
        ? slots.giveBack(holder, taking.slots)
        : slots.settle(holder, taking.slots, lateMs(end)),
    );
  };

  const takeLocal = (probe: boolean): Lease | NoRoom => {
    const standing = knownStanding();
    if (standing.stopped && !probe) return { ...standing, waitMs: askAgainMs };
    if (standing.pausedMs > 0) return { ...standing, waitMs: Math.min(standing.pausedMs, askAgainMs) };
    const taken = share.take();
    if ('waitMs' in taken) return { ...standing, waitMs: Math.min(taken.waitMs, askAgainMs) };
    return lease(taken, now() + holdMs, () => Promise.resolve());
  };

  /** Every call would wait for a connection that does not come: one probe finds out for all of them. */
  const untilBack = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await wait(PROBE_MS, undefined, { signal: closing.signal }).catch(() => undefined);
      if (closing.signal.aborted) return;
      try {
        fitting = await slots.fit();
        // In a shorter outage nobody can have sent anything: nobody's report has to be waited for.
        let allHeard = now() - answeredAt < quietMs;
        for (;;) {
          const { calls, rests } = share.unreported(holdMs);
          if (calls.length === 0 && allHeard) break;
          await slots.report(rests, reportsMs);
          for (const call of calls) call.unreported = false;
          allHeard = true;
        }
        away = null;
        answeredAt = now();
        options.onBack?.();
        return;
      } catch {
        // Still away.
      }
    }
  };

  return {
    async acquire({ probe: isProbe } = { probe: false }) {
      if (away !== null) return takeLocal(isProbe);
      try {
        // One lost connection is no outage.
        return await takeShared(isProbe).catch(() => takeShared(isProbe));
      } catch (error) {
        if (away === null) {
          share.closeFor(quietMs);
          away = untilBack();
          options.onAway?.(error);
        }
        return takeLocal(isProbe);
      }
    },
    async hasFree(of, beside) {
      return away === null && (await slots.hasFree(of, beside).catch(() => false));
    },
    async pause(ms) {
      pausedUntil = Math.max(pausedUntil, now() + ms);
      await slots.pause(ms).catch(() => undefined);
    },
    stop,
    async standing() {
      if (away === null) await slots.standing().then(heard, () => undefined);
      return knownStanding();
    },
    knownStanding,
    async close() {
      closing.abort();
      await away;
      await Promise.all(telling);
    },
  };
}

type End = 'answered' | 'unanswered' | 'unused';

const lateMs = (end: End): number => (end === 'unanswered' ? STRAY_MS : 0);

/** Names the budget of one key at one address without giving the key away. */
export function budgetName(baseUrl: string, apiKey: string): string {
  return createHash('sha256').update(`${baseUrl}\n${apiKey}`).digest('hex').slice(0, 32);
}
