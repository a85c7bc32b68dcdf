import type { ClaimedRow } from '../db/inbox-queue.js';
import type { OrderRecords } from '../db/order-records.js';
import type { Notification } from '../domain/notification.js';
import type { OrderView } from '../domain/order-view.js';
import type { ProviderEvent } from '../domain/provider-event.js';
import type { FulfillmentStarter } from '../integrations/temporal/fulfillment-starter.js';

/** `too_late`: the item had ended before it heard of the event; that is on record, and people are told. */
export type EventDelivery = 'delivered' | 'too_late';

export type DeliverEvent = (row: ClaimedRow, event: ProviderEvent) => Promise<EventDelivery>;

/** Brings accepted events that had to wait to their items. May be repeated; throws when Temporal cannot be reached. */
export function createDeliverEvent(parts: {
  starter: FulfillmentStarter;
  records: OrderRecords;
  notify: (notification: Notification) => Promise<void>;
}): DeliverEvent {
  const { starter, records, notify } = parts;
  return async ({ id, itemId, orderId, receivedAt }, event) => {
    const item = { itemId: itemId ?? '', orderId: orderId ?? '' };
    const view = (await records.find(item.itemId))?.view;
    // Temporal forgets finished workflows after its retention period, and would start the item anew.
    const told = view?.stage === 'done' ? 'finished' : await starter.providerEvent(item, event);
    if (told === 'told') return 'delivered';
    // The item may have ended by this very event, delivered before by a process that died.
    if (await starter.heard(item.itemId, event.id)) return 'delivered';
    const note = `${event.type} was accepted, and the order had ended before it could be delivered.`;
    const actor = event.source ?? 'provider';
    const line = { at: receivedAt, type: 'note' as const, from: null, to: null, actor, note };
    await records.recordLate(item.itemId, Number(id), line);
    await notify({
      id: `${item.itemId}-order.attention-late-event-${id}`,
      timestamp: receivedAt,
      type: 'order.attention',
      data: { ...item, stage: 'done', message: note, url: view?.workflow.url ?? null, ...testOrder(view) },
    });
    return 'too_late';
  };
}

function testOrder(view: OrderView | undefined): { testOrder?: true } {
  return view?.testOrder === true ? { testOrder: true } : {};
}
