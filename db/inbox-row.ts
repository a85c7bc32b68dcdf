export const INBOX_STATES = ['received', 'processed', 'quarantined'] as const;
export type InboxState = (typeof INBOX_STATES)[number];

/** `offergrid`: a webhook; `provider`: an event of the provider's systems that could not be delivered at once. */
export type InboxSource = 'offergrid' | 'provider';

export interface InboxRow {
  id: string;
  source: InboxSource;
  receivedAt: string;
  event: string;
  itemId: string | null;
  orderId: string | null;
  occurredAt: string | null;
  state: InboxState;
  reason: string | null;
  attempts: number;
  dedupeKey: string;
}

export const COLUMNS =
  'id, source, received_at, event, item_id, order_id, occurred_at, state, reason, attempts, dedupe_key';

export interface StoredRow {
  id: string;
  source: InboxSource;
  received_at: Date;
  event: string;
  item_id: string | null;
  order_id: string | null;
  occurred_at: Date | null;
  state: InboxState;
  reason: string | null;
  attempts: number;
  dedupe_key: string;
}

export function toInboxRow(row: StoredRow): InboxRow {
  return {
    id: row.id,
    source: row.source,
    receivedAt: row.received_at.toISOString(),
    event: row.event,
    itemId: row.item_id,
    orderId: row.order_id,
    occurredAt: row.occurred_at?.toISOString() ?? null,
    state: row.state,
    reason: row.reason,
    attempts: row.attempts,
    dedupeKey: row.dedupe_key,
  };
}
