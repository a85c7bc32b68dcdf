import type { ProviderEvent } from '../domain/provider-event.js';
import { keepEvent, othersWait } from './kept-events.js';
import { inTransaction, type Pool, type PoolClient } from './pool.js';

/** `taken`: the item took this very event before; `conflict`: it took the id with other content. */
export type Earlier = 'new' | 'taken' | 'conflict';

export interface ProviderEventKey {
  itemId: string;
  eventId: string;
  /** Of what the sender said; the same for a repeat. */
  contentHash: string;
}

/** Which events of the provider's systems each item took, so that each is taken once. */
export function createProviderEvents(pool: Pool) {
  return {
    /** Whether the item took this id before, without taking it. */
    seen: (key: ProviderEventKey): Promise<Earlier> => seenBy(pool, key),

    /**
     * Takes the event, which `deliver` may bring to the item's workflow at once: false says that it could not. Then, and
     * behind others that wait, it is `kept` for the drain in the transaction that uses its id up. What `deliver` throws
     * is thrown on, and the id stays free. Of several at once with one id, one delivers and the others wait for its end.
     */
    async accept(
      key: ProviderEventKey,
      { orderId, event }: { orderId: string; event: ProviderEvent },
      deliver: () => Promise<boolean>,
    ): Promise<Earlier | 'kept'> {
      return inTransaction(pool, async (client) => {
        const { rowCount } = await client.query(
          `insert into provider_events (item_id, event_id, content_hash) values ($1, $2, $3)
           on conflict (item_id, event_id) do nothing`,
          [key.itemId, key.eventId, key.contentHash],
        );
        if (rowCount === 0) return seenBy(client, key);
        if (!(await othersWait(client, key.itemId)) && (await deliver())) return 'new';
        await keepEvent(client, { itemId: key.itemId, orderId }, event);
        return 'kept';
      });
    },
  };
}

export type ProviderEvents = ReturnType<typeof createProviderEvents>;

async function seenBy(
  database: Pool | PoolClient,
  { itemId, eventId, contentHash }: ProviderEventKey,
): Promise<Earlier> {
  const { rows } = await database.query<{ same: boolean }>(
    'select content_hash = $3 as same from provider_events where item_id = $1 and event_id = $2',
    [itemId, eventId, contentHash],
  );
  return rows[0] === undefined ? 'new' : rows[0].same ? 'taken' : 'conflict';
}
