import { COLUMNS, toInboxRow, type InboxRow, type StoredRow } from './inbox-row.js';
import type { Pool } from './pool.js';
import { storable } from './text.js';

/**
 * How long a claimed row is left to the process that claimed it, before another may take it. So long a row waits for one
 * that was killed; a delivery that takes longer happens twice, which changes nothing.
 */
const LEASE_SECONDS = 5;

/** A row in hand. */
export interface ClaimedRow extends InboxRow {
  /** Of provider events: what is to be delivered, null when it is kept no more. */
  content: unknown;
}

/** A webhook's body stays as it came: it is the proof of what we were told. */
const WITHOUT_CONTENT = `case when source = 'provider' then null else body end`;

/** The inbox as a queue that several processes take from. A claim is a lease: a process that dies loses nothing. */
export function createInboxQueue(pool: Pool) {
  return {
    /**
     * Up to `limit` rows that are due, oldest first, each claimed by one process only. A provider event waits until
     * those of its item that were accepted before it are settled.
     */
    async claim(limit: number): Promise<ClaimedRow[]> {
      const { rows } = await pool.query<StoredRow & { content: unknown }>(
        `with due as materialized (
           select id from inbox
            where state = 'received' and next_attempt_at <= now()
              and not (source = 'provider' and exists (
                    select from inbox as earlier
                     where earlier.source = 'provider' and earlier.state = 'received'
                       and earlier.item_id = inbox.item_id and earlier.id < inbox.id))
            order by next_attempt_at, id limit $1
            for update skip locked)
         update inbox
            set attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => ${LEASE_SECONDS})
          where id in (select id from due)
          returning ${COLUMNS}, case when source = 'provider' then body end as content`,
        [limit],
      );
      return rows.map((row) => ({ ...toInboxRow(row), content: row.content }));
    },

    /** Done. A row settled meanwhile stays as it is. What a provider event told of people is not kept any longer. */
    async markProcessed(id: string, note: string | null): Promise<void> {
      await pool.query(
        `update inbox set state = 'processed', processed_at = now(), reason = $2, body = ${WITHOUT_CONTENT}
          where id = $1 and state = 'received'`,
        [id, note],
      );
    },

    /** Left for a person though nothing can be done any more; its content is not kept either. */
    async giveUp(id: string, reason: string): Promise<void> {
      await pool.query(
        `update inbox set state = 'quarantined', reason = $2, body = ${WITHOUT_CONTENT}
          where id = $1 and state = 'received'`,
        [id, storable(reason)],
      );
    },

    /** To be tried again after `delayMs`; `reason` says what went wrong this time. */
    async postpone(id: string, reason: string, delayMs: number): Promise<void> {
      await pool.query(
        `update inbox set reason = $2, next_attempt_at = now() + make_interval(secs => $3::float8 / 1000)
          where id = $1 and state = 'received'`,
        [id, storable(reason), delayMs],
      );
    },

    /** The same, where an outage was in the way: however long it lasts, its attempts count for nothing. */
    async keepForLater(id: string, reason: string, delayMs: number): Promise<void> {
      await pool.query(
        `update inbox set reason = $2, next_attempt_at = now() + make_interval(secs => $3::float8 / 1000),
                          attempts = greatest(0, attempts - 1)
          where id = $1 and state = 'received'`,
        [id, storable(reason), delayMs],
      );
    },

    /** Left for a person. */
    async quarantine(id: string, reason: string): Promise<void> {
      await pool.query(
        `update inbox set state = 'quarantined', reason = $2 where id = $1 and state = 'received'`,
        [id, storable(reason)],
      );
    },

    /** Puts a row back in the queue, to be tried at once. */
    async replay(id: string): Promise<'queued' | 'processed' | 'unknown'> {
      const { rows } = await pool.query<{ queued: boolean }>(
        `with queued as (
           update inbox set state = 'received', attempts = 0, next_attempt_at = now()
            where id = $1 and state <> 'processed' returning id)
         select exists (select from queued) as queued from inbox where id = $1`,
        [id],
      );
      if (rows[0] === undefined) return 'unknown';
      return rows[0].queued ? 'queued' : 'processed';
    },
  };
}
