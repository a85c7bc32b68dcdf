import type { Inbox } from '../db/inbox.js';
import type { OrderRecord, OrderRecords } from '../db/order-records.js';
import type { OrderPresenter } from './order-presenter.js';
import { Problem } from './problem.js';

export type FindKnownItem = (itemId: string) => Promise<OrderRecord>;

/** The item as recorded, or as first named by a stored webhook. @throws Problem 404 when nobody named it */
export function createFindKnownItem(parts: {
  records: OrderRecords;
  inbox: Inbox;
  presenter: OrderPresenter;
}): FindKnownItem {
  const { records, inbox, presenter } = parts;
  return async (itemId) => {
    const record = await records.find(itemId);
    if (record !== null) return record;
    const named = await inbox.firstNaming(itemId);
    if (named === null) throw new Problem(404, 'This order item is not known.');
    const view = presenter.unread(itemId, named.orderId ?? '', named.receivedAt);
    return { view, situation: null };
  };
}
