import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { OrderView } from '../../domain/order-view.js';
import type { SlaState } from '../../domain/response-deadline.js';
import { FULFILL_ORDER_ITEM, fulfillmentWorkflowId, STATE } from '../../domain/workflow-names.js';
import { ORDER_ID, STAGE } from './fulfillment-starter.js';
import { isInvalidQuery } from './invalid-query.js';

/** `ended`: otherwise than by itself, and before its item perhaps. `failing`: its tasks fail again and again. */
export interface TroubledRun {
  itemId: string;
  runId: string;
  trouble: 'ended' | 'failing';
  /** Empty where whoever started it did not know. */
  orderId: string;
  startedAt: Date;
  /** Its story was over, as far as it could say. */
  done: boolean;
}

const CALL_MS = 5_000;
const LIST_MS = 60_000;

const OURS = `WorkflowType = '${FULFILL_ORDER_ITEM}'`;
const ENDED = `${OURS} and ExecutionStatus in ('Failed', 'Terminated', 'TimedOut', 'Canceled')`;
/** Set by the server after some failures in a row, and taken back after a success. */
const FAILING = `${OURS} and ExecutionStatus = 'Running' and TemporalReportedProblems is not null`;

/** What Temporal knows of item workflows that cannot raise their own alarms. */
export function createItemWatch(client: Client) {
  const list = async (query: string, trouble: TroubledRun['trouble']): Promise<TroubledRun[]> => {
    const found: TroubledRun[] = [];
    const prefix = fulfillmentWorkflowId('');
    const seen = new Set<string>();
    await client.withDeadline(Date.now() + LIST_MS, async () => {
      for await (const { workflowId, runId, startTime, typedSearchAttributes } of client.workflow.list({
        query,
      })) {
        // Somebody's own trial of it is no item.
        if (!workflowId.startsWith(prefix)) continue;
        const itemId = workflowId.slice(prefix.length);
        // The latest run comes first, and of a run that was reset or started again it is the one that counts.
        if (seen.has(itemId)) continue;
        seen.add(itemId);
        const orderId = typedSearchAttributes.get(ORDER_ID) ?? '';
        const done = typedSearchAttributes.get(STAGE) === 'done';
        found.push({ itemId, runId, trouble, orderId, startedAt: startTime, done });
      }
    });
    return found;
  };
  const within = <T>(call: () => Promise<T>) => client.withDeadline(Date.now() + CALL_MS, call);
  return {
    /** As long as Temporal keeps them; a run that was reset is among the ended. */
    async troubled(): Promise<TroubledRun[]> {
      const failing = list(FAILING, 'failing').catch((error: unknown) => {
        // An older server has no such attribute.
        if (isInvalidQuery(error)) return [];
        throw error;
      });
      return (await Promise.all([list(ENDED, 'ended'), failing])).flat();
    },

    /** Whether a workflow of this item runs, or did all it should. */
    async isLookedAfter(itemId: string): Promise<boolean> {
      try {
        const handle = client.workflow.getHandle(fulfillmentWorkflowId(itemId));
        const { status } = await within(() => handle.describe());
        return status.name === 'RUNNING' || status.name === 'COMPLETED';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },

    /** Where the item's own workflow has its answer; null where it cannot say. */
    async slaStateOf(itemId: string): Promise<SlaState | null> {
      const handle = client.workflow.getHandle(fulfillmentWorkflowId(itemId));
      return await within(() => handle.query<OrderView>(STATE)).then(
        ({ sla }) => sla?.state ?? null,
        () => null,
      );
    },
  };
}

export type ItemWatch = ReturnType<typeof createItemWatch>;
