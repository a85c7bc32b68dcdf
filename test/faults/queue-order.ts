import type { Client } from '@temporalio/client';
import { fulfillmentWorkflowId, OFFERGRID_QUEUE } from '../../domain/workflow-names.js';

/** The urgency of an answer that is due, of any other update, and of reading an item. */
export const [DUE_ANSWER, UPDATE, READ] = [1, 2, 3];

/** A call in Temporal's queue: from `scheduled` until a worker took it, in epoch milliseconds. */
export interface QueuedCall {
  workflowId: string;
  /** Lower is more urgent: by the nature of the call, not by the priority it was given. */
  urgency: number;
  scheduled: number;
  started: number;
}

/**
 * A call reaches the queue a moment after its workflow asked for it, and a worker that asks is answered later still: on
 * a machine with 25 processes waiting for its two cores that takes up to some seconds.
 */
const AT_ONCE = 2_000;

/** Calls that had been waiting already when a less urgent one was given to a worker, and still were. */
export function overtakings(queued: QueuedCall[]): QueuedCall[] {
  return queued.filter((urgent) =>
    queued.some(
      ({ urgency, started }) =>
        urgency > urgent.urgency &&
        started > urgent.scheduled + AT_ONCE &&
        started < urgent.started - AT_ONCE,
    ),
  );
}

/** The calls to Offergrid that all workflows of the namespace asked for; `due`: items whose answer is close to its deadline. */
export async function queuedCalls(client: Client, due: readonly string[]): Promise<QueuedCall[]> {
  const ids: { workflowId: string; runId: string }[] = [];
  for await (const { workflowId, runId, type } of client.workflow.list())
    if (type !== 'sendNotification') ids.push({ workflowId, runId });
  const urgent = new Set(due.map(fulfillmentWorkflowId));
  const histories = await Promise.all(
    ids.map(async ({ workflowId, runId }) => {
      const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      return { events, workflowId };
    }),
  );
  return histories.flatMap(({ events, workflowId }) =>
    (events ?? []).flatMap(({ eventTime, activityTaskStartedEventAttributes: start }) => {
      const scheduled = events?.find(({ eventId }) => Number(eventId) === Number(start?.scheduledEventId));
      const { taskQueue, activityType } = scheduled?.activityTaskScheduledEventAttributes ?? {};
      // Of a repeated call only the last attempt's start is there, and when it joined the queue again is not.
      if (start == null || start.attempt !== 1 || taskQueue?.name !== OFFERGRID_QUEUE) return [];
      return [
        {
          workflowId,
          urgency: urgencyOf(activityType?.name, urgent.has(workflowId)),
          scheduled: millis(scheduled?.eventTime),
          started: millis(eventTime),
        },
      ];
    }),
  );
}

/** Offers are not synced here; of the items that are due nothing but the answer is told. */
function urgencyOf(activity: string | null | undefined, isDue: boolean): number {
  if (activity === 'updateStatus') return isDue ? DUE_ANSWER : UPDATE;
  return activity === 'compareStatus' ? 4 : READ;
}

type Timestamp = { seconds?: unknown; nanos?: number | null };
const millis = (time: Timestamp | null | undefined): number =>
  Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1_000_000;
