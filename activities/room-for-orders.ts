import { ApplicationFailure } from '@temporalio/activity';
import type { CallBudget } from '../db/call-budget.js';

/** Share of the call budget that is kept for orders, which come at any time: an answer never waits for a price. */
const KEPT_FOR_ORDERS = 0.1;
const ASK_AGAIN_MS = 2_000;

/** @throws ApplicationFailure, to be tried again, while what is left of the call budget is kept for orders. */
export async function leaveRoomForOrders(budget: Pick<CallBudget, 'hasFree'>): Promise<void> {
  if (await budget.hasFree(KEPT_FOR_ORDERS)) return;
  throw ApplicationFailure.create({
    message: 'what is left of the call budget is kept for orders',
    type: 'Offergrid.rate_limited',
    nextRetryDelay: ASK_AGAIN_MS * (1 + Math.random() / 2),
  });
}
