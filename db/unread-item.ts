import type { OrderView } from '../domain/order-view.js';
import { storable, toJsonb } from './text.js';

/** Below every revision a workflow writes, so that its first write replaces this one. */
export const UNREAD_REVISION = -1;

/**
 * The part of a statement that makes an item known which was only heard of, where the rows of `source` say so; one that
 * is known already stays as it is. Its parameters begin with number `first`.
 */
export function insertUnread(source: string, first: number): string {
  const [itemId, orderId, stage, createdAt, updatedAt, view] = [0, 1, 2, 3, 4, 5].map((n) => `$${first + n}`);
  return `insert into order_items (item_id, order_id, revision, stage, created_at, updated_at, view)
          select ${itemId}::text, ${orderId}::text, ${UNREAD_REVISION}, ${stage}::text, ${createdAt}::timestamptz,
                 ${updatedAt}::timestamptz, ${view}::jsonb
            from ${source} where ${itemId}::text is not null
          on conflict (item_id) do nothing`;
}

/** Null: there is no item to make known. */
export function unreadParameters(view: OrderView | null): (string | null)[] {
  if (view === null) return [null, null, null, null, null, null];
  return [
    storable(view.itemId),
    storable(view.orderId),
    view.stage,
    view.createdAt,
    view.updatedAt,
    toJsonb(view),
  ];
}
