import type { ClaimedRow } from '../db/inbox-queue.js';
import type { Inbox } from '../db/inbox.js';
import type { OrderRecords } from '../db/order-records.js';
import type { Notification } from '../domain/notification.js';
import type { Logger } from './logger.js';
import { isBadCall } from './temporal-client.js';

/** Leaves a webhook for a person, who hears of it once. Throws when people cannot be told now. */
export type PutAside = (row: ClaimedRow, reason: string) => Promise<void>;

/**
 * Where the webhook names an item its order needs attention. The contract has no notification about something without
 * an item that is not an integration's end either: the log has to do, with the inbox that lists it.
 */
export function createPutAside(parts: {
  inbox: Inbox;
  records: OrderRecords;
  notify: (notification: Notification) => Promise<void>;
  logger: Logger;
}): PutAside {
  const { inbox, records, notify, logger } = parts;
  return async (row, reason) => {
    const { id, event, itemId, orderId, receivedAt } = row;
    logger.error({ inboxId: id, event, reason }, 'a webhook was put aside for a person');
    if (itemId !== null) {
      const view = (await records.find(itemId))?.view;
      const notification: Notification = {
        // The same however often it is put aside, and told before it is: a process may die in between.
        id: `${itemId}-order.attention-webhook-${id}`,
        timestamp: receivedAt,
        type: 'order.attention',
        data: {
          ...{ itemId, orderId: orderId ?? '', stage: view?.stage ?? 'intake' },
          message: `The webhook ${id} (${event}) could not be processed and waits in the inbox to be replayed.`,
          url: view?.workflow.url ?? null,
          ...(view?.testOrder === true ? { testOrder: true } : {}),
        },
      };
      await notify(notification).catch((error: unknown) => {
        // What Temporal does not take now it will not take later.
        if (!isBadCall(error)) throw error;
        logger.error({ inboxId: id, err: error }, 'people could not be told of it');
      });
    }
    await inbox.quarantine(id, reason);
  };
}
