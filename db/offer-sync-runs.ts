import type { OpenRun } from '../domain/offer-sync-run.js';
import { inTransaction, type Pool } from './pool.js';
import { storable } from './text.js';

/** Reports are kept this long. */
const KEPT_DAYS = 30;

/**
 * The runs of the offer sync. There is one open at a time, and one dry run: a request while one is open joins it, and an
 * open one does not end before all that was asked of it is done.
 */
export function createOfferSyncRuns(pool: Pool) {
  return {
    /** Asks for everything, or for some SKUs; the run that does it. */
    async request({ dryRun, skus }: { dryRun: boolean; skus: readonly string[] | null }): Promise<string> {
      return await inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ runId: string }>(
          `insert into offer_sync_runs as run (dry_run, wants_all) values ($1, $2)
           on conflict (dry_run) where finished_at is null do update
             set wants_all = run.wants_all or (excluded.wants_all and run.doing is distinct from 'everything')
           returning run_id as "runId"`,
          [dryRun, skus === null],
        );
        const { runId } = rows[0]!;
        await client.query(
          `insert into offer_sync_wanted (run_id, sku) select distinct $1, sku from unnest($2::text[]) as sku
           on conflict (run_id, sku) do update set pass = null`,
          [runId, (skus ?? []).map(storable)],
        );
        return runId;
      });
    },

    /** The open run, null when there is none. What an execution that is gone had in hand is to be done again. */
    async open(dryRun: boolean): Promise<OpenRun | null> {
      return await inTransaction(pool, async (client) => {
        await client.query(
          `delete from offer_sync_runs where finished_at < now() - interval '${KEPT_DAYS} days'`,
        );
        const { rows } = await client.query<{ runId: string; pass: number; unchanged: number }>(
          `update offer_sync_runs
              set status = 'running', reason = null, doing = null,
                  wants_all = wants_all or doing is not distinct from 'everything'
            where dry_run = $1 and finished_at is null
            returning run_id as "runId", pass, unchanged`,
          [dryRun],
        );
        const [run] = rows;
        if (run === undefined) return null;
        await client.query('update offer_sync_wanted set pass = null where run_id = $1', [run.runId]);
        await client.query(
          `delete from offer_sync_changes where run_id = $1 and state in ('planned', 'sending')`,
          [run.runId],
        );
        const { rows: last } = await client.query<{ planned: number }>(
          'select coalesce(max(seq), 0) as planned from offer_sync_changes where run_id = $1',
          [run.runId],
        );
        return { ...run, planned: last[0]!.planned };
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
        await client.query('delete from offer_sync_wanted where run_id = $1 and ($2 or pass is not null)', [
          ...[runId, run.wantsAll],
        ]);
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

    async setStatus(
      runId: string,
      status: 'running' | 'awaiting_approval',
      reason: string | null,
    ): Promise<void> {
      await pool.query(
        'update offer_sync_runs set status = $2, reason = $3 where run_id = $1 and finished_at is null',
        [runId, status, reason === null ? null : storable(reason)],
      );
    },

    /**
     * Ends the run; false when more is wanted of it. One that fails or is stopped ends all the same, with whatever
     * joined it.
     */
    async finish(
      runId: string,
      end: { status: 'done' | 'stopped' | 'failed'; reason: string | null },
    ): Promise<boolean> {
      const reason = end.reason === null ? null : storable(end.reason);
      return await inTransaction(pool, async (client) => {
        // What joins it at this moment is seen by the next statement.
        await client.query('select from offer_sync_runs where run_id = $1 for update', [runId]);
        const { rowCount } = await client.query(
          `update offer_sync_runs as run
              set finished_at = coalesce(finished_at, now()), reason = $3, status = case
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
        return true;
      });
    },
  };
}

export type OfferSyncRuns = ReturnType<typeof createOfferSyncRuns>;
