import type { FieldChanges } from '../domain/offer-difference.js';
import type { OfferSyncReport, OfferSyncRun, ReportedChange } from '../domain/offer-sync-run.js';
import type { Pool } from './pool.js';
import { storable } from './text.js';

/** How runs of the offer sync went, or go. */
export function createOfferSyncReports(pool: Pool) {
  /** How far a run is, without its changes. */
  const progress = async (runId: string): Promise<OfferSyncRun | null> => {
    const { rows } = await pool.query<OfferSyncRun>(
      `select run.run_id as "runId", run.dry_run as "dryRun", run.status, run.reason, run.unchanged,
              case run.status when 'awaiting_approval' then run.planned_pass end as plan,
              ${counted('create')} as created, ${counted('update')} as updated,
              ${counted('deactivate')} as deactivated,
              (count(*) filter (where change.state = 'skipped'))::int as skipped,
              (count(*) filter (where change.state = 'failed' or ${IS_UNSURE}))::int as failed
         from offer_sync_runs as run left join offer_sync_changes as change using (run_id)
        where run.run_id = $1
        group by run.run_id`,
      [storable(runId)],
    );
    return rows[0] ?? null;
  };

  return {
    progress,

    async report(runId: string): Promise<OfferSyncReport | null> {
      const run = await progress(runId);
      if (run === null) return null;
      const { rows } = await pool.query<StoredChange>(
        `select sku, case when change.state = 'failed' or ${IS_UNSURE} then 'error' else action end as action, fields,
                case when ${IS_UNSURE} then $2 else change.reason end as reason
           from offer_sync_changes as change join offer_sync_runs as run using (run_id)
          where run_id = $1 and (change.state in ('skipped', 'failed') or ${IS_UNSURE} or ${IS_COUNTED})
          order by seq`,
        [run.runId, UNSURE],
      );
      return { ...run, changes: rows.map(toReported) };
    },
  };
}

export type OfferSyncReports = ReturnType<typeof createOfferSyncReports>;

interface StoredChange {
  sku: string | null;
  action: ReportedChange['action'];
  fields: FieldChanges | null;
  reason: string | null;
}

function toReported({ sku, action, fields, reason }: StoredChange): ReportedChange {
  return {
    ...{ sku, action },
    ...(fields === null ? {} : { fields }),
    ...(reason === null ? {} : { reason }),
  };
}

/** The run was stopped while this was being sent; when its answer comes after all, the report has that. */
const IS_UNSURE = `(change.state = 'sending' and run.finished_at is not null)`;
const UNSURE = 'it was being sent when the run was stopped, and may have got through';

/** What is done; where nothing is to be done (yet), what would be. What was planned and not sent is neither. */
const IS_COUNTED = `(change.state = 'applied' or
  (change.state = 'planned' and (run.dry_run or run.status = 'awaiting_approval')))`;

function counted(action: 'create' | 'update' | 'deactivate'): string {
  return `(count(*) filter (where change.action = '${action}' and ${IS_COUNTED}))::int`;
}
