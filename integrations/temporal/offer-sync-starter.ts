import type { Client } from '@temporalio/client';
import {
  FULFILLMENT_QUEUE,
  offerSyncWorkflowId,
  SYNC_OFFERS,
  SYNC_REQUESTED,
  type SyncOffersInput,
} from '../../domain/workflow-names.js';

const CALL_MS = 10_000;

/** Sees to it that the workflow looks for the run that was asked for, whether it is under way or not. */
export function offerSyncNudge(client: Client): (dryRun: boolean) => Promise<void> {
  return async (dryRun) => {
    const input: SyncOffersInput = { dryRun };
    await client.withDeadline(Date.now() + CALL_MS, () =>
      client.workflow.signalWithStart(SYNC_OFFERS, {
        taskQueue: FULFILLMENT_QUEUE,
        workflowId: offerSyncWorkflowId(dryRun),
        args: [input],
        signal: SYNC_REQUESTED,
        staticSummary: dryRun ? 'Offer sync, dry run' : 'Offer sync',
      }),
    );
  };
}
