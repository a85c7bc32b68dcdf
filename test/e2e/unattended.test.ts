import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Stage } from '../../domain/stage.js';
import {
  FULFILL_ORDER_ITEM,
  fulfillmentWorkflowId,
  RECONCILE_SCHEDULE,
} from '../../domain/workflow-names.js';
import { ORDER_ID, STAGE } from '../../integrations/temporal/fulfillment-starter.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem, systemForTest, type TestSystem } from '../support/test-system.js';
import { plantDefect } from '../faults/planted-defect.js';
import { placeAs, PlacedItem, VISIT } from './placed-item.js';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem({ policy: { reconcileEvery: '2s', acknowledgeAfter: null } });
});
afterAll(() => system?.stop());

const handleOf = ({ itemId }: PlacedItem) => system.client.workflow.getHandle(fulfillmentWorkflowId(itemId));
async function severalRuns({ client } = system): Promise<void> {
  const runs = async () =>
    (await client.schedule.getHandle(RECONCILE_SCHEDULE).describe()).info.numActionsTaken;
  const before = await runs();
  await eventually('three more runs', async () => (await runs()) >= before + 3);
}

async function sql(text: string, values: unknown[]): Promise<void> {
  const client = new pg.Client({ connectionString: system.env['DATABASE_URL'] });
  await client.connect();
  await client.query(text, values).finally(() => client.end());
}

test('an order whose workflow somebody ended: people are told, once', async () => {
  const item = placeAs(system, 'item-ended');
  await item.hasWorkOrder();
  await handleOf(item).terminate('cleaning up');
  const about = () => item.notices().filter(({ type }) => type === 'order.attention');
  const [notice] = await eventually('the notice', () => about().length > 0 && about());
  expect(notice?.data['message']).toContain('nobody carries it out');
  await severalRuns();
  expect(about()).toHaveLength(1);
});

describe('a workflow that ended before anything of it was written', () => {
  /** Nobody works for this queue: the run stays as it was started, and then is ended. */
  async function endedAtOnce(workflowId: string, stage: Stage): Promise<void> {
    const { workflow } = system.client;
    const handle = await workflow.start(FULFILL_ORDER_ITEM, {
      ...{ workflowId, taskQueue: 'nobody', args: [{ itemId: 'x', orderId: 'x' }] },
      typedSearchAttributes: [
        { key: STAGE, value: stage },
        { key: ORDER_ID, value: 'order-of-it' },
      ],
    });
    await handle.terminate('cleaning up');
  }
  const noticesOf = (itemId: string) =>
    system.notifications.received().filter(({ data }) => data['itemId'] === itemId);

  test('people are told of its order, once, and find it in the list', async () => {
    await endedAtOnce(fulfillmentWorkflowId('item-unwritten'), 'intake');
    const notices = () => noticesOf('item-unwritten');
    const [notice] = await eventually('the notice', () => notices().length > 0 && notices());
    expect(notice).toMatchObject({
      type: 'order.attention',
      data: { orderId: 'order-of-it', stage: 'intake', message: expect.stringContaining('nobody') as string },
    });
    const item = new PlacedItem(system, 'item-unwritten', 'order-of-it');
    expect(await item.shown()).toMatchObject({ itemId: 'item-unwritten', stage: 'intake' });
    await severalRuns();
    expect(notices()).toHaveLength(1);
  });

  test('nobody is told of one whose story was over, nor of one that is no item', async () => {
    await endedAtOnce(fulfillmentWorkflowId('item-over'), 'done');
    await endedAtOnce('trial-of-somebody', 'intake');
    // Found with them, so that they were looked at as well.
    await endedAtOnce(fulfillmentWorkflowId('item-unwritten-2'), 'intake');
    await eventually('the notice', () => noticesOf('item-unwritten-2').length > 0);
    await severalRuns();
    const about = system.notifications.received().map(({ data }) => data['itemId'] as string);
    expect(about.filter((itemId) => /over|body/.test(itemId))).toEqual([]);
  });
});

test('an order whose workflow was reset is looked after again', async () => {
  const item = placeAs(system, 'item-reset');
  await item.hasWorkOrder();
  const { raw } = await handleOf(item).describe();
  const { events } = await handleOf(item).fetchHistory();
  const [firstTask] = events!.filter((event) => event.workflowTaskCompletedEventAttributes != null);
  await system.client.workflowService.resetWorkflowExecution({
    namespace: system.client.options.namespace,
    workflowExecution: raw.workflowExecutionInfo?.execution ?? null,
    reason: 'the test',
    requestId: 'reset-1',
    workflowTaskFinishEventId: firstTask!.eventId!,
  });
  await severalRuns();
  const words = item.notices().map(({ data }) => data['message']);
  expect(words.filter((message) => String(message).includes('nobody carries it out'))).toEqual([]);
});

test('an order whose workflow fails again and again, as by a fault of ours: people are told, once', async () => {
  const { programs, remove } = await plantDefect({
    file: 'workflows/fulfil.js',
    replace: 'item.missedVisits += 1;',
    by: "throw new TypeError('planted');",
  });
  onTestFinished(remove);
  const faulty = await systemForTest({ programs, policy: { reconcileEvery: '2s' } });
  const item = placeAs(faulty, 'item-failing');
  await item.hasWorkOrder();
  await item.reported('appointment.scheduled', VISIT);
  await item.shows({ offergridStatus: 'scheduled' });
  await item.reported('appointment.missed', { by: 'customer' });
  await item.isTold('order.attention');
  await severalRuns(faulty);
  expect(item.notices().map(({ data }) => data['message'])).toMatchObject([
    expect.any(String),
    expect.any(String),
    expect.stringContaining('fails again and again'),
  ]);
});

test('an overdue answer that its workflow says nothing of: the breach is told all the same, and by the same id', async () => {
  const item = placeAs(system, 'item-silent', { serviceAddress: { street: '9 Unclear Road' } });
  await item.needs('availability_unknown');
  // As a fault in its workflow would leave it: nothing of it runs. Its day is over only in what is written of it.
  await system.client.workflow.getHandle(fulfillmentWorkflowId(item.itemId)).terminate('as if it were stuck');
  await sql(`update order_items set deadline = now() - interval '10 minutes' where item_id = $1`, [
    item.itemId,
  ]);
  await item.isTold('sla.breached');
  const [notice] = item.notices().filter(({ type }) => type === 'sla.breached');
  expect(notice?.id).toBe('item-silent-sla.breached-1');
});

test('an overdue answer that its workflow has said is overdue is left to it', async () => {
  const item = placeAs(system, 'item-late', {
    serviceAddress: { street: '9 Unclear Road' },
    createdAt: new Date(Date.now() - 25 * 3_600_000).toISOString(),
  });
  await item.isTold('sla.breached');
  await severalRuns();
  expect(item.told().filter((type) => type === 'sla.breached')).toHaveLength(1);
  const [notice] = item.notices().filter(({ type }) => type === 'sla.breached');
  expect(notice?.data['message']).not.toContain('does not say so');
});

test('an answer that is written down late, as after an outage of Postgres, is not called overdue', async () => {
  const item = placeAs(system, 'item-answered');
  await item.hasWorkOrder();
  await sql(
    `update order_items set sla_state = 'at_risk', deadline = now() - interval '10 minutes' where item_id = $1`,
    [item.itemId],
  );
  await severalRuns();
  expect(item.told()).not.toContain('sla.breached');
});
