import { log } from '@temporalio/activity';
import type { OfferSyncRuns } from '../db/offer-sync-runs.js';
import type { Notification } from '../domain/notification.js';
import type { SyncWatchActivities } from '../domain/offer-sync-activities.js';
import { offerSyncWorkflowId } from '../domain/workflow-names.js';
import type { SyncWatch } from '../integrations/temporal/sync-watch.js';
import { syncNotice, type SyncNotice } from './sync-notice.js';

export interface SyncWatchDependencies {
  offerSync: { runs: OfferSyncRuns; watch: SyncWatch };
  /** Once by its id. */
  startNotification: (notification: Notification) => Promise<void>;
  rules: { workflowUrlBase: string | null };
}

/** A run that fails says so itself; one whose workflow somebody ended, or a fault in our code stops, says nothing. */
export function createSyncWatchActivities(dependencies: SyncWatchDependencies): SyncWatchActivities {
  const { offerSync, startNotification, rules } = dependencies;
  const { runs, watch } = offerSync;

  async function tell(notice: SyncNotice): Promise<void> {
    log.error('the offer sync is not looked after', { message: notice.message });
    await startNotification(syncNotice(rules, notice));
  }

  return {
    async watchOfferSync({ at }) {
      for (const { workflowId, executionId } of await watch.failing()) {
        const message =
          'The workflow of the offer sync fails again and again: no offer is synced until that is mended.';
        await tell({ id: `offer-sync-failing-${executionId}`, message, at, workflowId });
      }
      for (const { runId, dryRun } of await runs.unfinished()) {
        const ended = await watch.lastEnded(dryRun);
        if (ended === null) continue;
        // It may have been its own end, which came after it was asked for.
        if (!(await runs.unfinished()).some((run) => run.runId === runId)) continue;
        const message = `The workflow of the offer sync was ended before its run: nobody carries that out until the next is asked for. Run ${runId}.`;
        const workflowId = offerSyncWorkflowId(dryRun);
        await tell({ id: `offer-sync-ended-${runId}-${ended}`, message, at, workflowId });
      }
    },
  };
}
