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

export const PROVIDER_EVENT = 'providerEvent';
export const PLATFORM_EVENT = 'platformEvent';
export const OPERATE = 'operate';
export const STATE = 'state';

export const RECONCILE_SCHEDULE = 'reconcile-orders';

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
