import type { CarriedRun } from './offer-sync-run.js';

/*
 * The names by which item workflows are reached in Temporal. Outside systems rely on them, so they change never.
 */

/** Workflows and everything but calls to Offergrid. */
export const FULFILLMENT_QUEUE = 'fulfillment';
/** Activities that call Offergrid, nothing else: their rate is the platform's call budget. */
export const OFFERGRID_QUEUE = 'offergrid-api';

export const FULFILL_ORDER_ITEM = 'fulfillOrderItem';
export const RECONCILE_ORDERS = 'reconcileOrders';
export const SEND_NOTIFICATION = 'sendNotification';
export const SYNC_OFFERS = 'syncOffers';

export const PROVIDER_EVENT = 'providerEvent';
export const PLATFORM_EVENT = 'platformEvent';
export const OPERATE = 'operate';
export const STATE = 'state';

export const SYNC_REQUESTED = 'syncRequested';
export const DECIDE_SYNC = 'decideSync';

export const RECONCILE_SCHEDULE = 'reconcile-orders';
export const SYNC_SCHEDULE = 'sync-offers';

export interface FulfillOrderItemInput {
  itemId: string;
  orderId: string;
}

/** One order item is one workflow, whoever hears of it first. */
export function fulfillmentWorkflowId(itemId: string): string {
  return `fulfillment-${itemId}`;
}

/** One notification is one run: starting it again changes nothing. */
export function notificationWorkflowId(notificationId: string): string {
  return `notification-${notificationId}`;
}

/** One workflow for all runs, one after the other; another for dry runs, which need not wait for real ones. */
export function offerSyncWorkflowId(dryRun: boolean): string {
  return dryRun ? 'offer-sync-dry-run' : 'offer-sync';
}

/** Without `dryRun` it only asks for a run, as the schedule does. */
export interface SyncOffersInput {
  dryRun?: boolean;
  /** What the execution before had in hand. */
  resumed?: CarriedRun;
}
