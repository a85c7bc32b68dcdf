import type { ProviderEvent } from '../domain/provider-event.js';
import type { FulfillOrderItemInput } from '../domain/workflow-names.js';
import type { PoolClient } from './pool.js';
import { toJsonb } from './text.js';

/** Whether events of this item wait: those that come now queue behind them, to be delivered in order of acceptance. */
export async function othersWait(client: PoolClient, itemId: string): Promise<boolean> {
  const { rows } = await client.query<{ wait: boolean }>(
    `select exists (select from inbox
                     where source = 'provider' and state = 'received' and item_id = $1) as wait`,
    [itemId],
  );
  return rows[0]?.wait === true;
}

/** Puts the event in the inbox, with its content until it is delivered. */
export async function keepEvent(
  client: PoolClient,
  { itemId, orderId }: FulfillOrderItemInput,
  event: ProviderEvent,
): Promise<void> {
  await client.query(
    `insert into inbox (source, dedupe_key, event, item_id, order_id, occurred_at, body, state)
     values ('provider', $1, $2, $3, $4, $5, $6, 'received')`,
    [
      // The platform's own ids are in the same column, and look otherwise.
      `provider-event:${JSON.stringify([itemId, event.id])}`,
      event.type,
      itemId,
      orderId,
      event.time,
      toJsonb(event),
    ],
  );
}
