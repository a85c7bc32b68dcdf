import {
  ActivityFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { ChangesToSend, OpenRun } from '../domain/offer-sync-run.js';
import { applyOfferChange, giveUpChanges } from './sync-activities.js';
import type { syncOffers } from './sync-offers.js';
import { STOPPED, type EarlyEnd, type SyncState } from './sync-state.js';

/** Enough for the call budget, which is what limits it. */
const AT_ONCE = 4;

/** Six events each: an execution's history stays small whatever there is to be sent. */
const PER_EXECUTION = 200;

/** So many in a row that did not get through: it is the platform, and not one offer. */
const MOST_IN_VAIN = 4;

/**
 * Sends the changes of a plan, a few at a time, and goes on as a new execution when there are many. Each stands by
 * itself: what the platform refuses is reported, and the rest goes on. Null: all were sent.
 */
export async function sendChanges(
  sync: SyncState,
  run: OpenRun,
  sending: ChangesToSend,
): Promise<EarlyEnd | null> {
  const { runId } = run;
  const last = Math.min(sending.last, sending.first + PER_EXECUTION - 1);
  let next = sending.first;
  let settled = sending.first - 1;
  let inVain = 0;
  let trouble = '';

  const send = async (seq: number) => {
    try {
      await applyOfferChange({ runId, seq });
      inVain = 0;
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      inVain += 1;
      trouble = error.cause?.message ?? error.message;
      await giveUpChanges({ runId, first: seq, last: seq, reason: trouble });
    }
    settled += 1;
    setCurrentDetails(`Sending changes: ${settled} of ${sending.last} done.`);
  };
  const lane = async () => {
    while (next <= last && !sync.stopped && inVain < MOST_IN_VAIN) await send(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));

  if (inVain >= MOST_IN_VAIN) {
    await giveUpChanges({ runId, first: next, last: sending.last, reason: `not sent: ${trouble}` });
    return { status: 'failed', reason: trouble };
  }
  if (last < sending.last) await condition(() => allHandlersFinished() || sync.stopped);
  if (sync.stopped) return STOPPED;
  if (last === sending.last) return null;
  const rest = { first: last + 1, last: sending.last };
  return await continueAsNew<typeof syncOffers>({
    dryRun: sync.dryRun,
    resumed: { run, sending: rest },
  });
}
