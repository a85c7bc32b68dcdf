import { temporal } from '@temporalio/proto';
import { expect, onTestFinished, test } from 'vitest';
import {
  FULFILLMENT_QUEUE,
  fulfillmentWorkflowId,
  OFFERGRID_QUEUE,
  RECONCILE_ORDERS,
} from '../../domain/workflow-names.js';
import { operate, providerEvent, state } from '../../workflows/messages.js';
import { startCallWorkers, type CallWorkers } from '../support/call-workers.js';
import { eventually } from '../support/eventually.js';

/* One call of each kind waits, the least urgent for longest, and calls go out one at a time. */

const ONE_AT_A_TIME = { callsPerMinute: 1, minuteMs: 300 };
/** Of the contract's 24 hours so many are over when we hear of an order whose answer is due soon. */
const HOURS_OVER = 23.5;
/** More than the worker has polls: one may wait for a task that it has no lease for, and refuse it in the stop. */
const IN_FRONT = 4;

/** Until Temporal's queue of calls to Offergrid has one of this priority, 1 being the most urgent. */
async function queued({ client }: CallWorkers, priority: number): Promise<void> {
  await eventually(`a call of priority ${priority} in the queue`, async () => {
    const { statsByPriorityKey } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: OFFERGRID_QUEUE },
      taskQueueType: temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
      reportStats: true,
    });
    return Number(statsByPriorityKey[priority]?.approximateBacklogCount ?? 0) > 0;
  });
}

/** Until the workflow waits for this call, which no worker has had yet. */
async function waitsFor({ client }: CallWorkers, workflowId: string, activity: string): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  const pending = async () => (await handle.describe()).raw.pendingActivities ?? [];
  const isIt = ({ activityType, attempt, lastStartedTime }: temporal.api.workflow.v1.IPendingActivityInfo) =>
    activityType?.name === activity && attempt === 1 && lastStartedTime == null;
  const what = `${activity} of ${workflowId} to wait`;
  await eventually(what, async () => (await pending()).some(isIt), { seen: pending });
}

async function untilItem(system: CallWorkers, itemId: string, stage: string): Promise<void> {
  const handle = system.client.workflow.getHandle(fulfillmentWorkflowId(itemId));
  await eventually(`${itemId} at ${stage}`, async () => (await handle.query(state)).stage === stage);
}

/** When Temporal gave each call of this kind to a worker, in epoch milliseconds by its clock. */
async function takenAt({ client }: CallWorkers, workflowId: string, activity: string): Promise<number[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ eventTime, activityTaskStartedEventAttributes: start }) => {
    const scheduled = events?.find(({ eventId }) => Number(eventId) === Number(start?.scheduledEventId));
    const isIt = scheduled?.activityTaskScheduledEventAttributes?.activityType?.name === activity;
    return start != null && isIt ? [Number(eventTime?.seconds) * 1_000 + Number(eventTime?.nanos) / 1e6] : [];
  });
}

test('an answer that is due goes first, then another update, then a read, then reconciliation', async () => {
  const system = await startCallWorkers({ ...ONE_AT_A_TIME, probeEveryMs: 500 });
  onTestFinished(() => system.stop());
  const { control } = system.offergrid;
  const worker = await system.startWorker();
  const createdAt = new Date(Date.now() - HOURS_OVER * 3_600_000).toISOString();
  await system.place(['due'], { createdAt, serviceAddress: { street: '9 Unclear Road' } });
  await system.place(['update']);
  await untilItem(system, 'due', 'availability');
  await untilItem(system, 'update', 'scheduling');

  // While the key is refused, no call is taken from the queue.
  control.setFaults([{ kind: 'error', status: 401, path: '/provider/**' }]);
  await system.place(IN_FRONT);
  await eventually('the stop', () => worker.said.includes('stopped'));

  const [update, due, read] = ['update', 'due', 'read'].map(fulfillmentWorkflowId) as [
    string,
    string,
    string,
  ];
  const { workflow } = system.client;
  await workflow.start(RECONCILE_ORDERS, { taskQueue: FULFILLMENT_QUEUE, workflowId: 'reconcile' });
  await waitsFor(system, 'reconcile', 'compareStatus');
  await queued(system, 4);
  await system.place(['read']);
  await waitsFor(system, read, 'fetchItem');
  await workflow.getHandle(update).signal(providerEvent, {
    ...{ id: 'appointment', type: 'appointment.scheduled', time: new Date().toISOString() },
    data: { scheduledFor: '2031-01-15T13:00:00Z', appointmentWindow: '1-5 PM' },
  });
  await waitsFor(system, update, 'updateStatus');
  await queued(system, 2);
  await workflow.getHandle(due).executeUpdate(operate, { args: [{ command: 'approve', actor: 'dana' }] });
  await waitsFor(system, due, 'updateStatus');
  await queued(system, 1);

  control.clearFaults();
  const isOver = () =>
    control.path('update').includes('scheduled') && control.path('read').includes('accepted');
  await eventually('the updates', isOver);
  await workflow.getHandle('reconcile').result();
  const taken = [
    (await takenAt(system, due, 'updateStatus'))[0],
    (await takenAt(system, update, 'updateStatus')).at(-1),
    (await takenAt(system, read, 'fetchItem'))[0],
    (await takenAt(system, 'reconcile', 'compareStatus'))[0],
  ];
  expect(taken.every((at) => at !== undefined)).toBe(true);
  expect(taken).toEqual(taken.toSorted((a, b) => a! - b!));
});
