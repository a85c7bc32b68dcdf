import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { OperatorCommand } from '../domain/command.js';
import type { OrderView } from '../domain/order-view.js';
import type { PlatformEvent, ProviderEvent } from '../domain/provider-event.js';

/** Workflows and everything but calls to Offergrid. */
export const FULFILLMENT_QUEUE = 'fulfillment';
/** Activities that call Offergrid, nothing else: their rate is the platform's call budget. */
export const OFFERGRID_QUEUE = 'offergrid-api';

export const FULFILL_ORDER_ITEM = 'fulfillOrderItem';
export const SEND_NOTIFICATION = 'sendNotification';

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

/** Stored by the server even while no worker runs; repeats are told by the event's id. */
export const providerEvent = defineSignal<[ProviderEvent]>('providerEvent');
export const platformEvent = defineSignal<[PlatformEvent]>('platformEvent');
/** Refused with an ApplicationFailure of type `CommandRefused` where the command cannot apply. */
export const operate = defineUpdate<OrderView, [OperatorCommand]>('operate');
export const state = defineQuery<OrderView>('state');

export const COMMAND_REFUSED = 'CommandRefused';
