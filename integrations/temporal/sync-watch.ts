import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { offerSyncWorkflowId, SYNC_OFFERS } from '../../domain/workflow-names.js';
import { isInvalidQuery } from './invalid-query.js';

const CALL_MS = 10_000;

/** Set by the server after some failures in a row, and taken back after a success. */
const FAILING = `WorkflowType = '${SYNC_OFFERS}' and ExecutionStatus = 'Running' and TemporalReportedProblems is not null`;

/** One execution of a workflow. */
interface Execution {
  workflowId: string;
  executionId: string;
}

/** What Temporal knows of the offer sync's workflows, which cannot say so themselves. */
export function createSyncWatch(client: Client) {
  const within = <T>(call: () => Promise<T>) => client.withDeadline(Date.now() + CALL_MS, call);
  return {
    /** Those whose tasks fail again and again. */
    async failing(): Promise<Execution[]> {
      const list = async () => {
        const found: Execution[] = [];
        for await (const { workflowId, runId } of client.workflow.list({ query: FAILING }))
          found.push({ workflowId, executionId: runId });
        return found;
      };
      return await within(list).catch((error: unknown) => {
        // An older server has no such attribute.
        if (isInvalidQuery(error)) return [];
        throw error;
      });
    },

    /** The latest execution, where that is over; `none` where none is known any more; null while one is under way. */
    async lastEnded(dryRun: boolean): Promise<string | null> {
      try {
        const handle = client.workflow.getHandle(offerSyncWorkflowId(dryRun));
        const { status, runId } = await within(() => handle.describe());
        return status.name === 'RUNNING' ? null : runId;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'none';
        throw error;
      }
    },
  };
}

export type SyncWatch = ReturnType<typeof createSyncWatch>;
