import { randomBytes } from 'node:crypto';
import type { ItemStatus, OrderItem, StatusUpdate } from './order-item.js';

/** `flat` is envelope A of the documentation, `nested` envelope B. */
export type Envelope = 'flat' | 'nested';

/** Something the simulated platform tells, before it is put in an envelope. */
export interface PlatformEvent {
  event: string;
  orderId: string;
  itemId: string;
  /** Fields beside the ids of the flat form. */
  flat: Record<string, unknown>;
  /** Fields beside the ids of the nested form. */
  nested: Record<string, unknown>;
  timestamp: string;
}

/** `order.created` for a provider. No envelope carries the customer. */
export function orderCreated(item: OrderItem): PlatformEvent {
  const { street, city, state, zipCode } = item.serviceAddress;
  return {
    ...base('order.created', item),
    flat: { offerId: item.offerId },
    nested: {
      offerId: item.offerId,
      offerName: item.offerName,
      resellerTeamId: 'team-sandbox-reseller',
      serviceAddress: { street, city, state, zipCode },
    },
  };
}

/** `order.cancelled` for a provider. The flat form is not documented and carries the ids only. */
export function orderCancelled(item: OrderItem, reason: string | undefined): PlatformEvent {
  return {
    ...base('order.cancelled', item),
    flat: { offerId: item.offerId },
    nested: { reason: reason ?? null, cancelledBy: 'reseller' },
  };
}

/** What a reseller is told of a provider's move: the change itself, then the event of its own where there is one. */
export function resellerEvents(item: OrderItem, from: ItemStatus, update: StatusUpdate): PlatformEvent[] {
  const event = (name: string, more: Record<string, unknown>): PlatformEvent => {
    const fields = { ...more, providerNotes: item.providerNotes };
    return { ...base(name, item), flat: fields, nested: fields };
  };
  const changed = event('order.status_changed', { previousStatus: from, newStatus: item.status });
  switch (item.status) {
    case 'scheduled':
      return [changed, event('order.scheduled', { scheduledFor: item.scheduledFor })];
    case 'completed':
    case 'active':
      return [
        changed,
        event('order.completed', { accountNumber: update.metadata?.['accountNumber'] ?? null }),
      ];
    case 'rejected':
      return [changed, event('order.rejected', { reason: item.providerNotes })];
    default:
      return [changed];
  }
}

/** The body that is sent, in the chosen envelope; only the nested one has an event id. */
export function envelop(told: PlatformEvent, envelope: Envelope): Record<string, unknown> {
  const { event, orderId, itemId, timestamp } = told;
  if (envelope === 'flat') return { event, orderId, itemId, ...told.flat, timestamp };
  const id = `evt_${randomBytes(6).toString('hex')}`;
  return { id, event, timestamp, data: { orderId, itemId, ...told.nested } };
}

function base(event: string, item: OrderItem) {
  return { event, orderId: item.orderId, itemId: item.id, timestamp: new Date().toISOString() };
}
