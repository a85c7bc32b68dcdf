import { setTimeout as wait } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { CallBudget, Lease } from '../db/call-budget.js';
import type { Standing } from '../db/call-slots.js';
import { UNAVAILABLE } from '../db/call-stops.js';
import type { Gate } from '../integrations/offergrid/client.js';
import { OffergridError } from '../integrations/offergrid/errors.js';
import type { CallSlots } from './call-slots.js';

/** A full window takes a minute to have room again. */
const LONGEST_WAIT_MS = 65_000;
/** After a wait in vain, and after a 429 that does not say how long. */
const COME_BACK_MS = 5_000;
/** A pause no longer than this is waited for in place: to be sent back would cost the attempt, and its growing delay. */
const SHORT_PAUSE_MS = 5_000;
/** So many calls in a row that the platform failed to answer: it is down, and more of them help nobody. */
const FAILURES_IN_A_ROW = 10;
/** How long a probe waits for room: less than the time to the next. */
const PROBE_WAIT_MS = 20_000;

/**
 * The client's gate within activities: each send has a lease. The first of an activity has it already; another one waits
 * a minute at most, and is refused as the platform would refuse it. After a 429 nothing is sent for as long as it says,
 * and after a 401 or 403, or when the platform is down, nothing until a probe was answered. `onStop` is told of the
 * failure that stopped all.
 *
 * `keptForOrders` is for the calls of the shop window: the share (0 to 1) of all calls that they leave free. It is looked
 * at with the lease in hand: however many look at once, the last of them sees what the others took.
 */
export function offergridGate(
  budget: CallBudget,
  slots: CallSlots,
  onStop: (error: unknown) => void,
  { keptForOrders = 0 }: { keptForOrders?: number } = {},
): Gate {
  const isForOrders = keptForOrders === 0;
  let failures = 0;
  /** The status to stop for, if that was it. */
  const reasonToStop = (error: unknown, operation: string): number | undefined => {
    if (isKeyTrouble(error)) return error.status ?? 401;
    // Trouble with the shop window, or with lists, says nothing of orders, which must not wait for it.
    if (!isForOrders || NO_ORDER.has(operation)) return undefined;
    failures = isOutage(error) ? failures + 1 : 0;
    if (failures < FAILURES_IN_A_ROW) return undefined;
    failures = 0;
    return UNAVAILABLE;
  };
  return async (operation, send) => {
    refuse(operation, budget.knownStanding(), SHORT_PAUSE_MS);
    const lease = await nextLease(operation, slots);
    try {
      refuse(operation, await afterShortPauses(budget, lease));
      if (!isForOrders && !(await budget.hasFree(keptForOrders))) throw keptFree(operation);
      // It may have been taken back since its first call, or while it waited for its lease.
      Context.current().cancellationSignal.throwIfAborted();
      // A process that was paused meanwhile sends nothing: its slot and its call may be others' by now.
      if (performance.now() >= lease.usableUntil)
        throw noRoom(operation, 'held up for too long', COME_BACK_MS);
    } catch (error) {
      lease.unused();
      throw error;
    }
    const sentAt = performance.now();
    try {
      const answer = await sendUnder(budget, lease, send);
      failures = 0;
      return answer;
    } catch (error) {
      const status = reasonToStop(error, operation);
      if (status !== undefined && (await budget.stop.raise(status, sentAt))) onStop(error);
      throw error;
    }
  };
}

/** The gate of the client that probes whether the key works again: let through the stop, not past the budget. */
export function probeGate(budget: CallBudget): Gate {
  return async (operation, send) => {
    const end = performance.now() + PROBE_WAIT_MS;
    for (;;) {
      const got = await budget.acquire({ probe: true });
      if (!('waitMs' in got)) return await sendUnder(budget, got, send);
      if (performance.now() > end) throw noRoom(operation, 'no room for a probe', COME_BACK_MS);
      await wait(got.waitMs);
    }
  };
}

async function sendUnder<T>(budget: CallBudget, lease: Lease, send: () => Promise<T>): Promise<T> {
  try {
    const answer = await send();
    lease.answered();
    return answer;
  } catch (error) {
    if (!(error instanceof OffergridError) || error.status === undefined) lease.unanswered();
    else lease.answered();
    if (error instanceof OffergridError && error.kind === 'rate_limited')
      await budget.pause(error.retryAfterMs ?? COME_BACK_MS);
    throw error;
  }
}

/** How it stands once no short pause is in force, or `lease` would not last through it. */
async function afterShortPauses(budget: CallBudget, lease: Lease): Promise<Standing> {
  const { cancellationSignal: signal } = Context.current();
  for (;;) {
    const standing = await budget.standing();
    const { stopped, pausedMs } = standing;
    // Those who wait for the same end do not all go at once.
    const restMs = pausedMs * (1 + Math.random() / 2);
    const isShort = pausedMs <= SHORT_PAUSE_MS && performance.now() + restMs < lease.usableUntil;
    if (stopped || pausedMs === 0 || !isShort) return standing;
    await wait(restMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function refuse(operation: string, { pausedMs, stopped }: Standing, bearableMs = 0): void {
  if (stopped) throw new OffergridError({ operation, kind: 'stopped', detail: 'until a probe is answered' });
  if (pausedMs > bearableMs) throw noRoom(operation, 'the platform asked for a pause', pausedMs);
}

async function nextLease(operation: string, slots: CallSlots): Promise<Lease> {
  const { cancellationSignal } = Context.current();
  const inVain = AbortSignal.timeout(LONGEST_WAIT_MS);
  try {
    return await slots.lease(AbortSignal.any([cancellationSignal, inVain]));
  } catch (error) {
    if (!inVain.aborted) throw error;
    throw noRoom(operation, 'the call budget is used up', COME_BACK_MS);
  }
}

const NO_ORDER: ReadonlySet<string> = new Set(['getOffer', 'listItems']);

const isKeyTrouble = (error: unknown): error is OffergridError =>
  error instanceof OffergridError && (error.kind === 'unauthorized' || error.kind === 'forbidden');

const OUTAGE: ReadonlySet<string> = new Set(['unavailable', 'timeout', 'network']);

const isOutage = (error: unknown): boolean => error instanceof OffergridError && OUTAGE.has(error.kind);

const keptFree = (operation: string) =>
  new OffergridError({
    operation,
    kind: 'kept_free',
    detail: 'what is left of the call budget is for orders',
  });

const noRoom = (operation: string, detail: string, retryAfterMs: number) =>
  new OffergridError({ operation, kind: 'rate_limited', detail, retryAfterMs });
