import {
  ApplicationFailure,
  isGrpcDeadlineError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import type { OfferSyncDecision, OfferSyncRun } from '../domain/offer-sync-run.js';
import { offerSyncWorkflowId } from '../domain/workflow-names.js';
import { COMMAND_REFUSED, decideSync, RUN_NOT_IN_HAND } from '../workflows/messages.js';

/** An update needs a live worker; a person is not kept waiting longer than this for one. */
const ANSWER_MS = 10_000;

/**
 * `unanswered`: no worker said yes or no in time, and one may still act on it. `not_in_hand`: the run is over meanwhile, or
 * no execution has come to it yet.
 */
export type SyncDecisionResult =
  { kind: 'decided' } | { kind: 'refused'; why: string } | { kind: 'unanswered' } | { kind: 'not_in_hand' };

/** Takes people's decisions about a run of the offer sync to its workflow. */
export function createSyncDesk(client: Client, answerMs = ANSWER_MS) {
  return {
    /**
     * Resolves once it is written down. To stop a run that comes to its own end in this very moment is `decided` as well:
     * it is over, and its report says how. Throws when Temporal cannot be used.
     */
    async decide(
      { runId, dryRun }: Pick<OfferSyncRun, 'runId' | 'dryRun'>,
      decision: OfferSyncDecision,
    ): Promise<SyncDecisionResult> {
      const handle = client.workflow.getHandle(offerSyncWorkflowId(dryRun));
      try {
        await client.withDeadline(Date.now() + answerMs, () =>
          handle.executeUpdate(decideSync, { args: [{ runId, ...decision }] }),
        );
        return { kind: 'decided' };
      } catch (error) {
        if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcDeadlineError(error))
          return { kind: 'unanswered' };
        if (error instanceof WorkflowNotFoundError) return { kind: 'not_in_hand' };
        const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
        if (!(cause instanceof ApplicationFailure)) throw error;
        if (cause.type === RUN_NOT_IN_HAND) return { kind: 'not_in_hand' };
        if (cause.type === COMMAND_REFUSED) return { kind: 'refused', why: cause.message };
        throw error;
      }
    },
  };
}

export type SyncDesk = ReturnType<typeof createSyncDesk>;
