import { ApplicationFailure } from '@temporalio/activity';
import type { CallBudget } from '../db/call-budget.js';

/** Share of the call budget that is kept for orders, which come at any time: an answer never waits for a price. */
export const KEPT_FOR_ORDERS = 0.1;
const ASK_AGAIN_MS = 2_000;

/**
 * `calls`: how many are to be sent that have no lease yet.
 * @throws ApplicationFailure, to be tried again, while what is left of the call budget is kept for orders.
 */
export async function leaveRoomForOrders(
  budget: Pick<CallBudget, 'hasFree'>,
  { calls }: { calls: number },
): Promise<void> {
  if (!(await budget.hasFree(KEPT_FOR_ORDERS, calls))) throw noRoomYet();
}

/** For a call that was not sent: to be tried again soon, however often it was tried before. */
export function noRoomYet(): ApplicationFailure {
  return ApplicationFailure.create({
    message: 'what is left of the call budget is kept for orders',
    type: 'Offergrid.kept_free',
    nextRetryDelay: ASK_AGAIN_MS * (1 + Math.random() / 2),
  });
}
