import type { OrderView } from '../domain/order-view.js';
import type { PoolClient } from './pool.js';
import { storable, toJsonb } from './text.js';

/** Below every revision a workflow writes, so that its first write replaces this one. */
export const UNREAD_REVISION = -1;

/** Makes an item known that was only heard of; one that is known already stays as it is. */
export async function rememberUnread(client: PoolClient, view: OrderView): Promise<void> {
  await client.query(
    `insert into order_items (item_id, order_id, revision, stage, created_at, updated_at, view)
     values ($1, $2, ${UNREAD_REVISION}, $3, $4, $5, $6)
     on conflict (item_id) do nothing`,
    [
      storable(view.itemId),
      storable(view.orderId),
      view.stage,
      view.createdAt,
      view.updatedAt,
      toJsonb(view),
    ],
  );
}
