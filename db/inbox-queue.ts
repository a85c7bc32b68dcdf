import { COLUMNS, toInboxRow, type InboxRow, type StoredRow } from './inbox-row.js';
import type { Pool } from './pool.js';
import { storable } from './text.js';

/** How long a claimed row is left to the process that claimed it, before another may take it. */
const LEASE_SECONDS = 30;

/** The inbox as a queue that several processes take from. A claim is a lease: a process that dies loses nothing. */
export function createInboxQueue(pool: Pool) {
  return {
    /** Up to `limit` rows that are due, oldest first, each claimed by one process only. */
    async claim(limit: number): Promise<InboxRow[]> {
      const { rows } = await pool.query<StoredRow>(
        `update inbox
            set attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => ${LEASE_SECONDS})
          where id in (select id from inbox
                        where state = 'received' and next_attempt_at <= now()
                        order by next_attempt_at, id limit $1
                        for update skip locked)
          returning ${COLUMNS}`,
        [limit],
      );
      return rows.map(toInboxRow);
    },

    /** Done. A row replayed or settled meanwhile stays as it is. */
    async markProcessed(id: string, note: string | null): Promise<void> {
      await pool.query(
        `update inbox set state = 'processed', processed_at = now(), reason = $2 where id = $1 and state = 'received'`,
        [id, note],
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
