import { expect, onTestFinished, test } from 'vitest';
import { FULFILLMENT_QUEUE, fulfillmentWorkflowId, RECONCILE_ORDERS } from '../../domain/workflow-names.js';
import type { Call } from '../../sandbox/http/call-log.js';
import { operate, providerEvent, state } from '../../workflows/messages.js';
import { startCallWorkers, type CallWorkers } from '../support/call-workers.js';
import { eventually } from '../support/eventually.js';

/* One call of each kind waits, the least urgent for longest, and calls go out one at a time. */

const ONE_AT_A_TIME = { callsPerMinute: 1, minuteMs: 300 };
/** Of the contract's 24 hours so many are over when we hear of an order whose answer is due soon. */
const HOURS_OVER = 23.5;
/** More than the worker has polls: one may wait for a task that it has no lease for, and refuse it in the stop. */
const IN_FRONT = 4;

/** The call that the workflow waits for, in Temporal's queue and never yet with a worker. */
async function waitsFor(system: CallWorkers, workflowId: string, activity: string): Promise<void> {
  const handle = system.client.workflow.getHandle(workflowId);
  const pending = async () => (await handle.describe()).raw.pendingActivities ?? [];
  await eventually(
    `${activity} of ${workflowId} to wait`,
    async () =>
      (await pending()).some(
        ({ activityType, attempt, lastStartedTime }) =>
          activityType?.name === activity && attempt === 1 && lastStartedTime == null,
      ),
    { seen: pending },
  );
}

async function untilItem(system: CallWorkers, itemId: string, stage: string): Promise<void> {
  const handle = system.client.workflow.getHandle(fulfillmentWorkflowId(itemId));
  await eventually(`${itemId} at ${stage}`, async () => (await handle.query(state)).stage === stage);
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

  control.setFaults([{ kind: 'error', status: 401, path: '/provider/**' }]);
  await system.place(IN_FRONT);
  await eventually('the stop', () => worker.said.includes('stopped'));

  const reconcile = { taskQueue: FULFILLMENT_QUEUE, workflowId: 'reconcile' };
  await system.client.workflow.start(RECONCILE_ORDERS, reconcile);
  await waitsFor(system, 'reconcile', 'compareStatus');
  await system.place(['read']);
  await waitsFor(system, fulfillmentWorkflowId('read'), 'fetchItem');
  const [update, due] = ['update', 'due'].map((itemId) =>
    system.client.workflow.getHandle(fulfillmentWorkflowId(itemId)),
  );
  await update!.signal(providerEvent, {
    ...{ id: 'appointment', type: 'appointment.scheduled', time: new Date().toISOString() },
    data: { scheduledFor: '2031-01-15T13:00:00Z', appointmentWindow: '1-5 PM' },
  });
  await waitsFor(system, fulfillmentWorkflowId('update'), 'updateStatus');
  await due!.executeUpdate(operate, { args: [{ command: 'approve', actor: 'dana' }] });
  await waitsFor(system, fulfillmentWorkflowId('due'), 'updateStatus');

  const refused = control.calls().length;
  control.clearFaults();
  const order = () => kindsIn(control.calls().slice(refused));
  await eventually('all of them', () => order().length === 4, { seen: order });
  expect(order()).toEqual(['an answer that is due', 'another update', 'a read', 'reconciliation']);
});

/** The first of each kind, in the order of their arrival. */
function kindsIn(calls: readonly Call[]): string[] {
  // The list that ends the stop is the probe's.
  const probe = calls.findIndex(({ status }) => status === 200);
  const kinds = calls.slice(probe + 1).map(({ method, path }) => KINDS[`${method} ${path}`]);
  return [...new Set(kinds.filter((kind) => kind !== undefined))];
}

const KINDS: Record<string, string> = {
  'PATCH /provider/orders/due/status': 'an answer that is due',
  'PATCH /provider/orders/update/status': 'another update',
  'GET /provider/orders/read': 'a read',
  'GET /provider/orders': 'reconciliation',
};
