import type { FieldChanges } from '../domain/offer-difference.js';
import type { OfferChange, OfferSyncPlan } from '../domain/offer-sync.js';
import type { SyncPlan } from '../domain/offer-sync-activities.js';
import { inChunks } from './chunks.js';
import { inTransaction, type Pool, type PoolClient } from './pool.js';
import { storable, toJsonb } from './text.js';

/** A change that is to be sent now. */
export interface ClaimedChange {
  sku: string;
  action: 'create' | 'update' | 'deactivate';
  /** Null when it is to be created. */
  offerId: string | null;
  body: Record<string, unknown>;
  /** An earlier attempt may have got through. */
  repeated: boolean;
  /** From 1. */
  attempt: number;
}

/** The changes that runs of the offer sync come to. */
export function createOfferChanges(pool: Pool) {
  return {
    /**
     * Keeps the plan of a pass and says what is to be sent. A pass has one plan: once that is kept, another attempt gets
     * the same. Whatever the run knew of the SKUs in hand (`only`; null: all) gives way to it, save what was sent.
     */
    async keepPlan(
      runId: string,
      pass: number,
      { changes, unchanged, brake, only }: OfferSyncPlan & { only: readonly string[] | null },
    ): Promise<SyncPlan> {
      return await inTransaction(pool, async (client) => {
        const run = await lockRun(client, runId);
        if (run.planned >= pass) return run.plan;
        await giveWay(client, runId, only, unchanged);
        const toSend = changes.filter(isSent);
        const inOrder = [...toSend, ...changes.filter((change) => !isSent(change))];
        const first = run.numbered + 1;
        await inChunks(inOrder, (chunk, from) => insertChanges(client, runId, first + from, chunk));
        const last = run.numbered + toSend.length;
        await client.query(
          `update offer_sync_runs set planned_pass = $2, first_seq = $3, last_seq = $4, numbered = $5, brake = $6
            where run_id = $1`,
          [runId, pass, first, last, run.numbered + changes.length, brake],
        );
        await countUnchanged(client, runId, only, unchanged);
        return { first, last, brake };
      });
    },

    /** What a person saw of the run and let go on, by SKU. */
    async approved(runId: string): Promise<Map<string, FieldChanges>> {
      const { rows } = await pool.query<{ sku: string; fields: FieldChanges }>(
        'select sku, fields from offer_sync_approved where run_id = $1',
        [runId],
      );
      return new Map(rows.map(({ sku, fields }) => [sku, fields]));
    },

    /** By SKU: what an offer cost before the run first changed that, or the last price of it that a person let go on. */
    async pricesBefore(runId: string): Promise<Map<string, number>> {
      const { rows } = await pool.query<{ sku: string; price: number }>(
        `select distinct on (change.sku) change.sku,
                coalesce(approved.fields #>> '{monthlyPrice,to}', change.fields #>> '{monthlyPrice,from}')::float8 as price
           from offer_sync_changes as change
           left join offer_sync_approved as approved
             on approved.run_id = change.run_id and approved.sku = change.sku
            and jsonb_typeof(approved.fields #> '{monthlyPrice,to}') = 'number'
          where change.run_id = $1 and change.state in ('sending', 'applied')
            and jsonb_typeof(change.fields #> '{monthlyPrice,from}') = 'number'
          order by change.sku, change.seq`,
        [runId],
      );
      return new Map(rows.map(({ sku, price }) => [sku, price]));
    },

    /**
     * How many offers the run has taken off the market without a person's having seen that they would be; also what an
     * execution that is gone was sending, where the offer shows that it got through.
     */
    async takenOff(runId: string): Promise<number> {
      const { rows } = await pool.query<{ count: number }>(
        `select count(*)::int as count from offer_sync_changes as change
          where run_id = $1 and action = 'deactivate' and (state = 'applied' or (state = 'sending' and ${IS_OFF}))
            and not exists (select from offer_sync_approved as approved
                             where approved.run_id = change.run_id and approved.sku = change.sku
                               and approved.fields #>> '{status,to}' = 'inactive')`,
        [runId],
      );
      return rows[0]?.count ?? 0;
    },

    /**
     * The change, noted as being sent; how it ended, when it has. Null: there is none of that number, or its run is over:
     * what is not being sent when a run ends is not sent any more.
     */
    async claim(runId: string, seq: number): Promise<ClaimedChange | 'applied' | 'failed' | null> {
      const { rows } = await pool.query<ClaimedChange & { state: string }>(
        `with run as materialized (
           select run_id from offer_sync_runs where run_id = $1 and finished_at is null for share
         ), before as (
           select * from offer_sync_changes where run_id = (select run_id from run) and seq = $2 for update
         ), claimed as (
           update offer_sync_changes as change set state = 'sending', attempts = change.attempts + 1
             from before
            where change.run_id = before.run_id and change.seq = before.seq
              and before.state in ('planned', 'sending'))
         select sku, action, offer_id as "offerId", body, state, state = 'sending' as repeated,
                attempts + 1 as attempt
           from before`,
        [runId, seq],
      );
      const [row] = rows;
      if (row === undefined) return null;
      const { state, ...change } = row;
      return state === 'applied' || state === 'failed' ? state : change;
    },

    /** Takes an attempt's claim back: it was certainly not sent. A later attempt's claim stands. */
    async release(runId: string, seq: number, attempt: number): Promise<void> {
      await pool.query(
        `update offer_sync_changes set state = 'planned'
          where run_id = $1 and seq = $2 and state = 'sending' and attempts = $3`,
        [runId, seq, attempt],
      );
    },

    /** The same, and the attempt does not count. `repeated`: one before it may have been sent. */
    async withdraw(
      runId: string,
      seq: number,
      { attempt, repeated }: Pick<ClaimedChange, 'attempt' | 'repeated'>,
    ): Promise<void> {
      await pool.query(
        `update offer_sync_changes set attempts = attempts - 1, state = $4
          where run_id = $1 and seq = $2 and state = 'sending' and attempts = $3`,
        [runId, seq, attempt, repeated ? 'sending' : 'planned'],
      );
    },

    /** How a change that was being sent ended. One that has ended stays as it is. */
    async settle(
      runId: string,
      seq: number,
      state: 'applied' | 'failed',
      reason: string | null,
    ): Promise<void> {
      await pool.query(
        `update offer_sync_changes set state = $3, reason = $4
          where run_id = $1 and seq = $2 and state = 'sending'`,
        [...[runId, seq, state], reason === null ? null : storable(reason)],
      );
    },

    /** Those of these changes that did not get through fail. */
    async giveUp(runId: string, first: number, last: number, reason: string): Promise<void> {
      await pool.query(
        `update offer_sync_changes set state = 'failed', reason = $4
          where run_id = $1 and seq between $2 and $3 and state in ('planned', 'sending')`,
        [runId, first, last, storable(reason)],
      );
    },
  };
}

export type OfferChanges = ReturnType<typeof createOfferChanges>;

/** As the offers were listed last. */
const IS_OFF = `exists (select from offers where offers.offer_id = change.offer_id and offers.status = 'inactive')`;

function isSent({ action }: OfferChange): boolean {
  return action !== 'error' && action !== 'skip';
}

async function lockRun(
  client: PoolClient,
  runId: string,
): Promise<{ planned: number; numbered: number; plan: SyncPlan }> {
  const { rows } = await client.query<SyncPlan & { planned: number; numbered: number }>(
    `select planned_pass as planned, numbered, first_seq as first, last_seq as last, brake
       from offer_sync_runs where run_id = $1 and finished_at is null for update`,
    [runId],
  );
  if (rows[0] === undefined) throw new Error(`there is no run ${runId}, or it is over`);
  const { planned, numbered, ...plan } = rows[0];
  return { planned, numbered, plan };
}

/**
 * Takes away what was planned for these SKUs and not sent, and what failed. What an execution that is gone was sending
 * got through where the offer needs nothing any more, or is off the market as was wanted; otherwise it is planned anew.
 */
async function giveWay(
  client: PoolClient,
  runId: string,
  only: readonly string[] | null,
  unchanged: readonly string[],
): Promise<void> {
  await client.query(
    `update offer_sync_changes as change set state = 'applied'
      where run_id = $1 and state = 'sending' and ($3::text[] is null or sku = any ($3)) and (
        sku = any ($2::text[]) or (action = 'deactivate' and ${IS_OFF}))`,
    [runId, unchanged, only],
  );
  await client.query(
    `delete from offer_sync_changes
      where run_id = $1 and state <> 'applied' and ($2::text[] is null or sku = any ($2))`,
    [runId, only],
  );
}

/** Each SKU counts once in a run, however often that looked at it, and not as unchanged when it has an entry. */
async function countUnchanged(
  client: PoolClient,
  runId: string,
  only: readonly string[] | null,
  unchanged: readonly string[],
): Promise<void> {
  await client.query(
    `with counted as (
       select array(
         (select unnest(unchanged_skus) from offer_sync_runs
           where run_id = $1 and $2::text[] is not null
          except select unnest($2::text[]))
         union select unnest($3::text[])
         except select sku from offer_sync_changes where run_id = $1 and sku is not null) as skus)
     update offer_sync_runs set unchanged_skus = skus, unchanged = cardinality(skus)
       from counted where run_id = $1`,
    [runId, only, unchanged],
  );
}

async function insertChanges(
  client: PoolClient,
  runId: string,
  first: number,
  changes: readonly OfferChange[],
): Promise<void> {
  await client.query(
    `insert into offer_sync_changes (run_id, seq, sku, action, offer_id, body, fields, reason, state)
     select $1, $2 + position - 1, change ->> 'sku', change ->> 'action', change ->> 'offerId', change -> 'body',
            change -> 'fields', change ->> 'reason',
            case change ->> 'action' when 'error' then 'failed' when 'skip' then 'skipped' else 'planned' end
       from jsonb_array_elements($3::jsonb) with ordinality as listed (change, position)`,
    [runId, first, toJsonb(changes)],
  );
}
