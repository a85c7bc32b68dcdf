export const INBOX_STATES = ['received', 'processed', 'quarantined'] as const;
export type InboxState = (typeof INBOX_STATES)[number];

export interface InboxRow {
  id: string;
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
  'id, received_at, event, item_id, order_id, occurred_at, state, reason, attempts, dedupe_key';

export interface StoredRow {
  id: string;
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
