import type { OrderRecords } from '../db/order-records.js';
import type { PlatformEvent } from '../domain/provider-event.js';
import type { FulfillOrderItemInput } from '../domain/workflow-names.js';
import type { FulfillmentStarter } from '../integrations/temporal/fulfillment-starter.js';
import type { WebhookTask } from './webhook-task.js';

/** `nobody`: a cancelled order none of whose items is known. `unattended`: an open item's workflow had ended before it. */
export type Delivery = 'delivered' | 'nobody' | 'unattended';

/** Which items an order has, and which are done: from Postgres, or what stands in for it. */
export interface ItemDirectory {
  itemsOfOrder(orderId: string): Promise<string[]>;
  isDone(itemId: string): Promise<boolean>;
}

/** Does what a webhook asks. May be repeated; throws when Temporal cannot be reached. */
export async function deliver(
  task: WebhookTask,
  occurrence: { id: string; occurredAt: string },
  { starter, directory }: { starter: FulfillmentStarter; directory: ItemDirectory },
): Promise<Delivery> {
  const cancelled: PlatformEvent = { ...occurrence, type: 'order.cancelled', status: 'cancelled' };
  const cancel = async (item: FulfillOrderItemInput): Promise<Delivery> => {
    if (await directory.isDone(item.itemId)) return 'delivered';
    if ((await starter.platformEvent(item, cancelled)) === 'told') return 'delivered';
    // It may have come to its end in between.
    return (await directory.isDone(item.itemId)) ? 'delivered' : 'unattended';
  };
  switch (task.kind) {
    case 'start':
      // Temporal forgets finished workflows after its retention period, and would start the item anew.
      if (!(await directory.isDone(task.item.itemId))) await starter.start(task.item);
      return 'delivered';
    case 'cancel_item':
      return await cancel(task.item);
    case 'cancel_order': {
      const itemIds = await directory.itemsOfOrder(task.orderId);
      if (itemIds.length === 0) return 'nobody';
      const all: Delivery[] = [];
      for (const itemId of itemIds) all.push(await cancel({ itemId, orderId: task.orderId }));
      return all.includes('unattended') ? 'unattended' : 'delivered';
    }
    case 'nothing':
    case 'impossible':
      return 'delivered';
    default:
      return task satisfies never;
  }
}

/** What our own records know. */
export function recordedItems(records: OrderRecords): ItemDirectory {
  return {
    itemsOfOrder: (orderId) => records.itemsOfOrder(orderId),
    isDone: async (itemId) => (await records.find(itemId))?.view.stage === 'done',
  };
}

/** What is left to go by while Postgres is away. */
export function runningItems(starter: FulfillmentStarter): ItemDirectory {
  return {
    itemsOfOrder: (orderId) => starter.openItemsOfOrder(orderId),
    isDone: () => Promise.resolve(false),
  };
}
