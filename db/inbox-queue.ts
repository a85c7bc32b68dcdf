import { COLUMNS, toInboxRow, type InboxRow, type StoredRow } from './inbox-row.js';
import type { Pool } from './pool.js';
import { storable } from './text.js';

/**
 * How long a claimed row is left to the process that claimed it, before another may take it. So long a row waits for one
 * that was killed; a delivery that takes longer happens twice, which changes nothing.
 */
const LEASE_SECONDS = 5;

/**
 * After so many claims in a row of which nothing was heard, a row may be what ends the processes that have it in hand: it
 * is then taken alone, so that no other row is blamed for it.
 */
const SUSPECT_AFTER = 2;

/**
 * A suspect is left twice as long each time, up to this. Processes that something else ends every second would have it in
 * hand at ten ends within a minute, and it would be taken for their cause.
 */
const MOST_LEASE_SECONDS = 300;

/** A row in hand. */
export interface ClaimedRow extends InboxRow {
  /** How often it could not be done, before this time. What kept it otherwise, an outage or a kill, is no failure. */
  failures: number;
  /** Claims before this one that nothing was heard of since its last word. */
  unheard: number;
  /** Of provider events: what is to be delivered, null when it is kept no more. */
  content: unknown;
}

/** A webhook's body stays as it came: it is the proof of what we were told. */
const WITHOUT_CONTENT = `case when source = 'provider' then null else body end`;

/** Seconds that the row is left to who claims it. */
const LEASE = `least(${MOST_LEASE_SECONDS},
  ${LEASE_SECONDS} * 2 ^ greatest(0, attempts - failures - ${SUSPECT_AFTER - 1}))`;

/** Rows of `inbox` whose turn it is: a provider event waits for those of its item that were accepted before it. */
const DUE = `inbox.state = 'received' and inbox.next_attempt_at <= now()
  and not (inbox.source = 'provider' and exists (
        select from inbox as earlier
         where earlier.source = 'provider' and earlier.state = 'received'
           and earlier.item_id = inbox.item_id and earlier.id < inbox.id))`;

/**
 * The inbox as a queue that several processes take from. A claim is a lease: a process that dies loses nothing, and what
 * it had in hand is none the worse for it. `attempts` are the failures and the claims since the row's last word.
 */
export function createInboxQueue(pool: Pool) {
  const claim = async (which: string, limit: number): Promise<ClaimedRow[]> => {
    const { rows } = await pool.query<StoredRow & { content: unknown; failures: number }>(
      `with due as materialized (
         select id from inbox
          where ${DUE} and ${which}
          order by next_attempt_at, id limit $1
          for update skip locked)
       update inbox
          set attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => ${LEASE})
        where id in (select id from due)
        returning ${COLUMNS}, failures, case when source = 'provider' then body end as content`,
      [limit],
    );
    return rows.map((row) => {
      const { content, failures, attempts } = row;
      return { ...toInboxRow(row), content, failures, unheard: attempts - failures - 1 };
    });
  };

  return {
    /** Up to `limit` rows whose turn it is, oldest first, each claimed by one process only. */
    claim: (limit: number): Promise<ClaimedRow[]> => claim(`attempts - failures < ${SUSPECT_AFTER}`, limit),

    /** Whether there is one that may end the process. */
    async hasSuspect(): Promise<boolean> {
      const { rows } = await pool.query<{ found: boolean }>(
        `select exists (select from inbox where ${DUE} and attempts - failures >= ${SUSPECT_AFTER}) as found`,
      );
      return rows[0]?.found === true;
    },

    /** One that may end the process: for a process that has nothing else in hand. */
    async claimSuspect(): Promise<ClaimedRow | null> {
      const [row] = await claim(`attempts - failures >= ${SUSPECT_AFTER}`, 1);
      return row ?? null;
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

    /** It failed, and is to be tried again after `delayMs`; `reason` says what went wrong this time. */
    async postpone(id: string, reason: string, delayMs: number): Promise<void> {
      await pool.query(
        `update inbox set reason = $2, next_attempt_at = now() + make_interval(secs => $3::float8 / 1000),
                          failures = failures + 1, attempts = failures + 1
          where id = $1 and state = 'received'`,
        [id, storable(reason), delayMs],
      );
    },

    /** The same, where an outage was in the way: however long it lasts, its attempts count for nothing. */
    async keepForLater(id: string, reason: string, delayMs: number): Promise<void> {
      await pool.query(
        `update inbox set reason = $2, next_attempt_at = now() + make_interval(secs => $3::float8 / 1000),
                          attempts = failures
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
           update inbox set state = 'received', attempts = 0, failures = 0, next_attempt_at = now()
            where id = $1 and state <> 'processed' returning id)
         select exists (select from queued) as queued from inbox where id = $1`,
        [id],
      );
      if (rows[0] === undefined) return 'unknown';
      return rows[0].queued ? 'queued' : 'processed';
    },
  };
}
