import { Context } from '@temporalio/activity';
import type { CallBudget, Lease } from '../db/call-budget.js';
import type { Gate } from '../integrations/offergrid/client.js';
import { OffergridError } from '../integrations/offergrid/errors.js';
import type { CallSlots } from './call-slots.js';

/** A full window takes a minute to have room again. */
const LONGEST_WAIT_MS = 65_000;
const HEARTBEAT_MS = 5_000;
/** After a wait in vain, and after a 429 that does not say how long. */
const COME_BACK_MS = 5_000;

/**
 * The client's gate within activities: each send has a lease. The first of an activity has it already; another one waits
 * a minute at most, and is refused as the platform would refuse it. After a 429 nothing is sent for as long as it says.
 */
export function offergridGate(budget: CallBudget, slots: CallSlots): Gate {
  return async (operation, send) => {
    const pausedMs = budget.pausedMs();
    if (pausedMs > 0) throw noRoom(operation, 'the platform asked for a pause', pausedMs);
    const lease = await nextLease(operation, slots);
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
  };
}

async function nextLease(operation: string, slots: CallSlots): Promise<Lease> {
  const context = Context.current();
  context.heartbeat();
  const beating = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
  const inVain = AbortSignal.timeout(LONGEST_WAIT_MS);
  try {
    return await slots.lease(AbortSignal.any([context.cancellationSignal, inVain]));
  } catch (error) {
    if (!inVain.aborted) throw error;
    throw noRoom(operation, 'the call budget is used up', COME_BACK_MS);
  } finally {
    clearInterval(beating);
  }
}

const noRoom = (operation: string, detail: string, retryAfterMs: number) =>
  new OffergridError({ operation, kind: 'rate_limited', detail, retryAfterMs });
