import { afterAll, beforeAll, expect, test } from 'vitest';
import { notificationWorkflowId, RECONCILE_ORDERS, FULFILLMENT_QUEUE } from '../../domain/workflow-names.js';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type SkippedTime } from '../support/skipped-time.js';

/* Where the activities of the common queue stand in it: a provider's system that hangs fills it with its calls. */

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime({ acknowledgeAfter: null }, { server: 'dev' });
});
afterAll(() => time?.stop());

/** Each activity of this queue that the workflow asked for, with its place: lower is sooner, and 3 where none is said. */
async function placesOf(workflowId: string): Promise<Map<string, number>> {
  const { events } = await time.env.client.workflow.getHandle(workflowId).fetchHistory();
  const asked = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.taskQueue?.name === FULFILLMENT_QUEUE ? [scheduled] : [],
  );
  return new Map(
    asked.map(({ activityType, priority }) => [activityType?.name ?? '', priority?.priorityKey || 3]),
  );
}

test('what keeps the story goes first, then the watch, then calls to the provider and what tells people', async () => {
  const item = await time.hear({});
  await eventually('the work order', () => time.provider.control.workOrders().length === 1);
  await eventually('the notification', () => time.notifications.received().length > 0);
  const ofItem = await placesOf(item.handle.workflowId);
  const own = ['loadRules', 'findOffer', 'publish', 'announce', 'record'];
  for (const [name, place] of ofItem) expect(place, name).toBe(own.includes(name) ? 1 : 3);
  expect([...ofItem.keys()]).toEqual(expect.arrayContaining(['publish', 'createWorkOrder']));
  const told = notificationWorkflowId(time.notifications.received()[0]!.id);
  expect([...(await placesOf(told))]).toEqual([
    ['channelsFor', 3],
    ['deliver', 3],
  ]);
  const reconcile = { taskQueue: FULFILLMENT_QUEUE, workflowId: 'reconcile' };
  await time.env.client.workflow.execute(RECONCILE_ORDERS, reconcile);
  expect((await placesOf('reconcile')).get('watchItems')).toBe(2);
});
