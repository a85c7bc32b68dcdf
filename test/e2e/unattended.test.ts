import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fulfillmentWorkflowId, RECONCILE_SCHEDULE } from '../../domain/workflow-names.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { placeAs, type PlacedItem } from './placed-item.js';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem({ policy: { reconcileEvery: '2s', acknowledgeAfter: null } });
});
afterAll(() => system?.stop());

const handleOf = ({ itemId }: PlacedItem) => system.client.workflow.getHandle(fulfillmentWorkflowId(itemId));
const runs = async () =>
  (await system.client.schedule.getHandle(RECONCILE_SCHEDULE).describe()).info.numActionsTaken;

async function severalRuns(): Promise<void> {
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
  expect(notice?.id).toBe('item-ended-order.attention-abandoned');
  expect(notice?.data['message']).toContain('nobody carries it out');
  await severalRuns();
  expect(new Set(about().map(({ id }) => id)).size).toBe(1);
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
  expect(item.notices().map(({ id }) => id)).not.toContain('item-reset-order.attention-abandoned');
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
