import type { OpenRun } from '../domain/offer-sync-run.js';
import { inTransaction, type Pool } from './pool.js';
import { storable } from './text.js';

/** Reports are kept this long. */
const KEPT_DAYS = 30;

/** A workflow is told of its run at once, and looks for it in the same second. */
const IN_HAND_AFTER_SECONDS = 60;

/** What was in hand is wanted again. */
const GIVEN_BACK = `doing = null, wants_all = wants_all or doing is not distinct from 'everything'`;

/**
 * The runs of the offer sync. There is one open at a time, and one dry run: a request while one is open joins it, and an
 * open one does not end before all that was asked of it is done.
 */
export function createOfferSyncRuns(pool: Pool) {
  return {
    /**
     * Asks for everything, or for some SKUs; the run that does it. A new one takes on what the last ones left undone. Who
     * joins a pass for everything is served by it as long as nothing of the catalogue is kept; after that another pass
     * follows, since a product may have changed on a page that was read before they asked. Not for a turn of the schedule
     * (`isTurn`), which asks for no change in particular and will come again.
     */
    async request(wanted: {
      dryRun: boolean;
      skus: readonly string[] | null;
      isTurn?: boolean;
    }): Promise<string> {
      const { dryRun, skus, isTurn = false } = wanted;
      return await inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ runId: string; isNew: boolean }>(
          `insert into offer_sync_runs as run (dry_run, wants_all) values ($1, $2)
           on conflict (dry_run) where finished_at is null do update
             set wants_all = run.wants_all or (excluded.wants_all
               and (run.doing is distinct from 'everything' or (run.read_pass = run.pass and not $3)))
           returning run_id as "runId", xmax = 0 as "isNew"`,
          [dryRun, skus === null, isTurn],
        );
        const { runId, isNew } = rows[0]!;
        if (isNew && !dryRun) {
          await client.query(
            `update offer_sync_runs set wants_all = true
              where run_id = $1 and (
                select last.wants_all or (last.status = 'failed' and last.doing is not distinct from 'everything')
                  from offer_sync_runs as last where not last.dry_run and last.finished_at is not null
                 order by last.finished_at desc limit 1)`,
            [runId],
          );
          await client.query(
            `with undone as (
               delete from offer_sync_wanted as wanted using offer_sync_runs as run
                where wanted.run_id = run.run_id and run.finished_at is not null returning sku)
             insert into offer_sync_wanted (run_id, sku) select distinct $1, sku from undone`,
            [runId],
          );
        }
        await client.query(
          `insert into offer_sync_wanted (run_id, sku) select distinct $1, sku from unnest($2::text[]) as sku
           on conflict (run_id, sku) do update set pass = null`,
          [runId, (skus ?? []).map(storable)],
        );
        return runId;
      });
    },

    /**
     * The open run, null when there is none. What an execution that is gone had in hand is to be done again; what it was
     * sending may have got through, which the next plan finds out.
     */
    async open(dryRun: boolean): Promise<OpenRun | null> {
      return await inTransaction(pool, async (client) => {
        await client.query(
          `delete from offer_sync_runs where finished_at < now() - interval '${KEPT_DAYS} days'`,
        );
        const { rows } = await client.query<OpenRun>(
          `update offer_sync_runs set status = 'running', reason = null, ${GIVEN_BACK}
            where dry_run = $1 and finished_at is null
            returning run_id as "runId", pass`,
          [dryRun],
        );
        const [run] = rows;
        if (run === undefined) return null;
        await client.query('update offer_sync_wanted set pass = null where run_id = $1', [run.runId]);
        await client.query(`delete from offer_sync_changes where run_id = $1 and state = 'planned'`, [
          run.runId,
        ]);
        return run;
      });
    },

    /** Takes in hand what is wanted; null: nothing more. The same `pass` gets the same answer. */
    async take(runId: string, pass: number): Promise<'everything' | 'some' | null> {
      return await inTransaction(pool, async (client) => {
        const { rows } = await client.query<{
          wantsAll: boolean;
          pass: number;
          doing: 'everything' | 'some' | null;
        }>('select wants_all as "wantsAll", pass, doing from offer_sync_runs where run_id = $1 for update', [
          runId,
        ]);
        const [run] = rows;
        if (run === undefined) return null;
        if (run.pass === pass) return run.doing;
        await client.query('delete from offer_sync_wanted where run_id = $1 and pass is not null', [runId]);
        const { rowCount } = await client.query('update offer_sync_wanted set pass = $2 where run_id = $1', [
          ...[runId, pass],
        ]);
        const doing = run.wantsAll ? 'everything' : rowCount === 0 ? null : 'some';
        await client.query(
          'update offer_sync_runs set pass = $2, doing = $3, wants_all = false where run_id = $1',
          [runId, pass, doing],
        );
        return doing;
      });
    },

    /**
     * Remembers what a person saw of the plan of this pass, and gives back what was in hand: the brake may be hours old,
     * so it is read and planned again, with all that was asked for meanwhile.
     */
    async approve(runId: string, pass: number): Promise<void> {
      await inTransaction(pool, async (client) => {
        const { rowCount } = await client.query(
          `update offer_sync_runs set status = 'running', reason = null, ${GIVEN_BACK}
            where run_id = $1 and pass = $2 and status = 'awaiting_approval'`,
          [runId, pass],
        );
        if (rowCount !== 1) return;
        await client.query('update offer_sync_wanted set pass = null where run_id = $1', [runId]);
        await client.query(
          `insert into offer_sync_approved (run_id, sku, fields)
           select run_id, sku, fields from offer_sync_changes
            where run_id = $1 and state = 'planned' and fields is not null
           on conflict (run_id, sku) do update set fields = excluded.fields`,
          [runId],
        );
      });
    },

    /** Runs that are not over, and were asked for long enough ago to be in some workflow's hand. */
    async unfinished(): Promise<{ runId: string; dryRun: boolean }[]> {
      const { rows } = await pool.query<{ runId: string; dryRun: boolean }>(
        `select run_id as "runId", dry_run as "dryRun" from offer_sync_runs
          where finished_at is null and started_at < now() - make_interval(secs => ${IN_HAND_AFTER_SECONDS})`,
      );
      return rows;
    },

    /** Whether the run failed, and the last one that ended before it did not. */
    async hasFailedAnew(runId: string): Promise<boolean> {
      const { rows } = await pool.query<{ anew: boolean }>(
        `select status = 'failed' and (
                  select last.status is distinct from 'failed' from (select) as one left join lateral (
                    select status from offer_sync_runs as earlier
                     where not earlier.dry_run and earlier.finished_at < run.finished_at
                     order by earlier.finished_at desc limit 1) as last on true) as anew
           from offer_sync_runs as run where run_id = $1`,
        [runId],
      );
      return rows[0]?.anew ?? false;
    },

    /** The SKUs in hand; null: all of them. */
    async inHand(runId: string): Promise<string[] | null> {
      const { rows } = await pool.query<{ skus: string[] | null }>(
        `select case when doing = 'everything' then null else
                  (select coalesce(array_agg(sku), '{}') from offer_sync_wanted as wanted
                    where wanted.run_id = run.run_id and wanted.pass = run.pass) end as skus
           from offer_sync_runs as run where run_id = $1`,
        [runId],
      );
      return rows[0]?.skus ?? null;
    },

    /** Nothing is sent before a person has looked. */
    async awaitApproval(runId: string, reason: string): Promise<void> {
      await pool.query(
        `update offer_sync_runs set status = 'awaiting_approval', reason = $2
          where run_id = $1 and finished_at is null`,
        [runId, storable(reason)],
      );
    },

    /**
     * Ends the run; false when more is wanted of it. One that fails or is stopped ends all the same: the SKUs that joined
     * it are the next one's, and so are those that a failed one had in hand.
     */
    async finish(
      runId: string,
      end: { status: 'done' | 'stopped' | 'failed'; reason: string | null },
    ): Promise<boolean> {
      const reason = end.reason === null ? null : storable(end.reason);
      return await inTransaction(pool, async (client) => {
        // What joins it at this moment is seen by the next statement.
        const { rowCount: known } = await client.query(
          'select from offer_sync_runs where run_id = $1 for update',
          [runId],
        );
        // A database that was restored may not know it: nothing is wanted of it any more.
        if (known !== 1) return true;
        const { rowCount } = await client.query(
          `update offer_sync_runs as run
              set finished_at = coalesce(finished_at, now()), reason = $3, unchanged_skus = '{}', status = case
                    when $2 <> 'done' then $2
                    when exists (select from offer_sync_changes as change
                                  where change.run_id = run.run_id and state = 'failed') then 'completed_with_errors'
                    else 'completed' end
            where run_id = $1
              and ($2 <> 'done' or not (wants_all or exists (select from offer_sync_wanted as wanted
                     where wanted.run_id = run.run_id and wanted.pass is distinct from run.pass)))`,
          [runId, end.status, reason],
        );
        if (rowCount !== 1) return false;
        // Not sooner: an attempt at a plan that is made again, its answer lost, has to see the same products.
        await client.query('delete from offer_sync_products where run_id = $1', [runId]);
        await client.query('delete from offer_sync_approved where run_id = $1', [runId]);
        await client.query(
          `delete from offer_sync_wanted where run_id = $1 and pass is not null and $2 <> 'failed'`,
          [runId, end.status],
        );
        return true;
      });
    },
  };
}

export type OfferSyncRuns = ReturnType<typeof createOfferSyncRuns>;
