import { WithStartWorkflowOperation } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Command } from '../../domain/command.js';
import { FULFILL_ORDER_ITEM, FULFILLMENT_QUEUE, fulfillmentWorkflowId } from '../../domain/workflow-names.js';
import { operate, state } from '../../workflows/messages.js';
import { startSkippedTime, type SkippedTime } from '../support/skipped-time.js';

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime({}, { server: 'dev' });
});
afterAll(() => time?.stop());

/** A command that comes with the item's first task, before anything has been read or loaded. */
function told(command: Command) {
  const { orderId, items } = time.offergrid.control.placeOrder({ silent: true });
  const { itemId } = items[0]!;
  const client = time.env.client.workflow;
  const update = client.executeUpdateWithStart(operate, {
    args: [{ ...command, actor: 'dana' }],
    startWorkflowOperation: new WithStartWorkflowOperation(FULFILL_ORDER_ITEM, {
      workflowId: fulfillmentWorkflowId(itemId),
      taskQueue: FULFILLMENT_QUEUE,
      args: [{ itemId, orderId }],
      workflowIdConflictPolicy: 'FAIL',
    }),
  });
  return { itemId, update, handle: client.getHandle(fulfillmentWorkflowId(itemId)) };
}

test('a rejection with the first task is the answer', async () => {
  const { itemId, update, handle } = told({ command: 'reject', reason: 'No crew' });
  expect(await update).toMatchObject({ stage: 'intake', offergridStatus: null });
  await handle.result();
  expect(time.offergrid.control.path(itemId)).toEqual(['pending', 'rejected']);
});

test('a cancellation with the first task withdraws the order', async () => {
  const { itemId, update, handle } = told({ command: 'cancel', reason: 'Twice', requestedBy: 'customer' });
  await update;
  await handle.result();
  expect(time.offergrid.control.path(itemId)).toEqual(['pending', 'rejected']);
  expect(await handle.query(state)).toMatchObject({ outcome: 'rejected' });
});

test.each([
  [{ command: 'approve' }, 'no question is open'],
  [{ command: 'retry' }, 'no step is stuck'],
  [{ command: 'start' }, 'the order has not been accepted yet'],
] satisfies [Command, string][])(
  '$0.command with the first task is refused with a reason',
  async (command, why) => {
    const { update } = told(command);
    await expect(update).rejects.toMatchObject({ cause: { type: 'CommandRefused', message: why } });
  },
);
