import type { FulfillOrderItemInput } from '../domain/workflow-names.js';

/** What a platform webhook asks for. It is a hint only: the item's workflow reads the item for the facts. */
export type WebhookTask =
  | { kind: 'start'; item: FulfillOrderItemInput }
  | { kind: 'cancel_item'; item: FulfillOrderItemInput }
  | { kind: 'cancel_order'; orderId: string }
  | { kind: 'nothing'; why: string }
  | { kind: 'impossible'; why: string };

export interface WebhookFacts {
  event: string;
  itemId: string | null;
  orderId: string | null;
}

/** Temporal takes workflow ids of 1,000 bytes, and a character may need four. */
const LONGEST_ID = 200;

/** An order id may be missing: the item's own answer has it. An item id, or for a cancellation an order id, may not. */
export function taskOf({ event, itemId, orderId }: WebhookFacts): WebhookTask {
  const item = isUsable(itemId) ? { itemId, orderId: isUsable(orderId) ? orderId : '' } : null;
  if (item === null && event === 'order.cancelled' && isUsable(orderId))
    return { kind: 'cancel_order', orderId };
  if (item === null) return { kind: 'impossible', why: 'names no order item' };
  switch (event) {
    case 'order.created':
      return { kind: 'start', item };
    case 'order.cancelled':
      return { kind: 'cancel_item', item };
    default:
      return { kind: 'nothing', why: 'an event we do not handle' };
  }
}

/** The id, or null where it can name nothing: too long, or with characters that neither Temporal nor Postgres takes. */
export function usableId(id: string | undefined): string | null {
  return id !== undefined && isUsable(id) ? id : null;
}

function isUsable(id: string | null): id is string {
  return id !== null && id.length <= LONGEST_ID && !/[\p{Cc}\p{Surrogate}]/u.test(id);
}
