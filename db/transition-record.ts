import type { TimelineEntry } from '../domain/order-view.js';
import type { Transition } from '../domain/transition.js';
import type { Pool, PoolClient } from './pool.js';
import { storable, toJsonb } from './text.js';

/**
 * Replaces the item's row unless it holds a later revision, or this one. A worker that died before its task was done
 * leaves a revision that is made again, with the same number and a later time: then the later one is the true one.
 */
export async function writeView(client: PoolClient, transition: Transition): Promise<void> {
  const { view, milestones } = transition;
  await client.query(
    `insert into order_items (item_id, order_id, revision, stage, outcome, category, offergrid_status, sla_state,
                              deadline, attention_code, test_order, created_at, view, situation,
                              accepted_at, responded_at, finished_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
     on conflict (item_id) do update set
       order_id = excluded.order_id, revision = excluded.revision, stage = excluded.stage,
       outcome = excluded.outcome, category = excluded.category, offergrid_status = excluded.offergrid_status,
       sla_state = excluded.sla_state, deadline = excluded.deadline, attention_code = excluded.attention_code,
       test_order = excluded.test_order, created_at = excluded.created_at, view = excluded.view,
       situation = excluded.situation, accepted_at = excluded.accepted_at, responded_at = excluded.responded_at,
       finished_at = excluded.finished_at, updated_at = excluded.updated_at
     where order_items.revision < excluded.revision
        or (order_items.revision = excluded.revision and order_items.updated_at < excluded.updated_at)`,
    [
      storable(transition.itemId),
      storable(view.orderId),
      transition.revision,
      view.stage,
      view.outcome,
      view.category === null ? null : storable(view.category),
      view.offergridStatus,
      view.sla?.state ?? null,
      view.sla?.deadline ?? null,
      view.attention?.code ?? null,
      view.testOrder,
      view.createdAt,
      toJsonb(view),
      toJsonb(transition.situation),
      milestones.acceptedAt,
      milestones.respondedAt,
      milestones.finishedAt,
      view.updatedAt,
    ],
  );
}

/** Adds the story's new lines, each once by its number; one that is made again later replaces the first. */
export async function writeLines(client: PoolClient, { itemId, entries }: Transition): Promise<void> {
  if (entries.length === 0) return;
  await client.query(
    `insert into timeline (item_id, sequence, at, type, from_state, to_state, actor, note)
     select $1, sequence, at, type, "from", "to", actor, note
       from jsonb_to_recordset($2::jsonb)
            as line (sequence integer, at timestamptz, type text, "from" text, "to" text, actor text, note text)
     on conflict (item_id, sequence) do update set
       at = excluded.at, type = excluded.type, from_state = excluded.from_state, to_state = excluded.to_state,
       actor = excluded.actor, note = excluded.note
     where timeline.at < excluded.at`,
    [storable(itemId), toJsonb(entries)],
  );
}

/** Beyond every number that a workflow gives its lines: what comes when it has ended stands after them. */
const AFTER_THE_STORY = 1_000_000_000;

/** Adds a line to the story of an item that has ended, once by its number (from 0), whoever writes it again. */
export async function writeLateLine(
  pool: Pool,
  itemId: string,
  number: number,
  { at, type, from, to, actor, note }: TimelineEntry,
): Promise<void> {
  await pool.query(
    `insert into timeline (item_id, sequence, at, type, from_state, to_state, actor, note)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (item_id, sequence) do nothing`,
    [storable(itemId), AFTER_THE_STORY + number, at, type, from, to, storable(actor), note && storable(note)],
  );
}
