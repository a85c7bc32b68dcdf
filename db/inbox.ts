import type { OrderView } from '../domain/order-view.js';
import { createInboxQueue } from './inbox-queue.js';
import { COLUMNS, toInboxRow, type InboxRow, type InboxState, type StoredRow } from './inbox-row.js';
import type { Pool } from './pool.js';
import { storable } from './text.js';
import { insertUnread, unreadParameters } from './unread-item.js';

/** A webhook as it is kept before it is acknowledged. */
export interface ReceivedWebhook {
  /** The same for every delivery of one event. */
  dedupeKey: string;
  event: string;
  itemId: string | null;
  orderId: string | null;
  /** ISO 8601, where the body says. */
  occurredAt: string | null;
  /** The JSON text as received. */
  bodyText: string;
  /** Set when it can never be processed as it is. */
  quarantine: string | null;
  /** What is shown of its item until the item has been read; null when it makes no item known. */
  unread: OrderView | null;
}

export interface InboxPage {
  items: InboxRow[];
  nextCursor: string | null;
}

/**
 * Platform webhooks, and events of the provider's systems that could not be delivered at once: stored before they are
 * acknowledged, settled once the item's workflow has been told.
 */
export function createInbox(pool: Pool) {
  return {
    ...createInboxQueue(pool),

    /** Keeps the webhook and makes its item known, in one transaction. False: it was here already. */
    async store(webhook: ReceivedWebhook): Promise<boolean> {
      try {
        return await insert(pool, webhook, webhook.bodyText);
      } catch (error) {
        if (!isUnstorableContent(error)) throw error;
        return await insert(pool, webhook, null);
      }
    },

    /** The order of the first webhook that named this item, and when it came; null when none did. */
    async firstNaming(itemId: string): Promise<{ orderId: string | null; receivedAt: string } | null> {
      const { rows } = await pool.query<{ order_id: string | null; received_at: Date }>(
        `select order_id, received_at from inbox where item_id = $1 order by order_id is null, id limit 1`,
        [storable(itemId)],
      );
      const row = rows[0];
      return row === undefined ? null : { orderId: row.order_id, receivedAt: row.received_at.toISOString() };
    },

    /** Newest first. `before` is the id of the last row seen. */
    async list(query: { state?: InboxState; limit: number; before?: string }): Promise<InboxPage> {
      const { rows } = await pool.query<StoredRow>(
        `select ${COLUMNS} from inbox
          where ($1::text is null or state = $1) and ($2::bigint is null or id < $2)
          order by id desc limit $3`,
        [query.state ?? null, query.before ?? null, query.limit + 1],
      );
      const items = rows.slice(0, query.limit).map(toInboxRow);
      return { items, nextCursor: rows.length > query.limit ? (items.at(-1)?.id ?? null) : null };
    },
  };
}

export type Inbox = ReturnType<typeof createInbox>;

/** One statement, which is a transaction by itself: in a flood each way to the database and back counts. */
async function insert(pool: Pool, webhook: ReceivedWebhook, bodyText: string | null): Promise<boolean> {
  const { unread } = webhook;
  const { rows } = await pool.query<{ stored: boolean }>(
    `with stored as (
       insert into inbox (source, dedupe_key, event, item_id, order_id, occurred_at, body, state, reason)
       values ('offergrid', $1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (dedupe_key) do nothing returning id),
     known as (${insertUnread('stored', 9)})
     select exists (select from stored) as stored`,
    [
      storable(webhook.dedupeKey),
      storable(webhook.event),
      webhook.itemId,
      webhook.orderId,
      webhook.occurredAt,
      bodyText,
      webhook.quarantine === null ? 'received' : 'quarantined',
      webhook.quarantine,
      ...unreadParameters(unread),
    ],
  );
  return rows[0]?.stored === true;
}

/** Valid JSON that Postgres cannot hold: NUL, half a surrogate pair, a number or a nesting beyond its limits. */
function isUnstorableContent(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^(22|54)/.test(code);
}
