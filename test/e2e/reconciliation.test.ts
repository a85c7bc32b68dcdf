import { afterAll, beforeAll, expect, test } from 'vitest';
import { RECONCILE_SCHEDULE } from '../../domain/workflow-names.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { placeAs, VISIT } from './placed-item.js';

/** No webhook ever comes: what is known is found by listing. */
let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem({ policy: { reconcileEvery: '2s' } });
  system.offergrid.control.setWebhook(null);
});
afterAll(() => system?.stop());

function placed(): string {
  return system.offergrid.control.placeOrder().items[0]!.itemId;
}
/** How often it has been run. */
const runs = async () =>
  (await system.client.schedule.getHandle(RECONCILE_SCHEDULE).describe()).info.numActionsTaken;
const pathOf = (itemId: string) => system.offergrid.control.path(itemId);
const shown = async (itemId: string) => {
  const response = await fetch(`${system.apiUrl}/v1/orders/${itemId}`, {
    headers: { authorization: `Bearer ${system.keys.admin}` },
  });
  return (await response.json()) as { stage: string; outcome: string | null; offergridStatus: string | null };
};

test.concurrent('an order that no webhook announced is found and answered', async () => {
  const itemId = placed();
  await eventually('the acceptance', () => pathOf(itemId).includes('accepted'));
});

test.concurrent('a cancellation that no webhook announced ends the item and its work order', async () => {
  const itemId = placed();
  const ourOrders = () => system.provider.control.workOrders().filter((one) => one.itemId === itemId);
  await eventually('the work order', () => ourOrders().length === 1);
  system.offergrid.control.cancelAsReseller(itemId);
  await eventually('the end', async () => (await shown(itemId)).outcome === 'cancelled');
  await eventually('the work order to be called off', () => ourOrders()[0]?.state === 'cancelled');
  expect(pathOf(itemId)).toEqual(['pending', 'accepted', 'cancelled']);
});

test.concurrent('an item moved ahead on the dashboard goes on from there', async () => {
  const itemId = placed();
  await eventually('the acceptance', () => pathOf(itemId).includes('accepted'));
  system.offergrid.control.setStatus(itemId, 'scheduled', { scheduledFor: new Date().toISOString() });
  await eventually('the new stage', async () => (await shown(itemId)).stage === 'installation');
});

test.concurrent(
  'an item set back on the dashboard is told once more in the same words; set back again, a person is told',
  async () => {
    const item = placeAs(system, 'item-set-back');
    await item.hasWorkOrder();
    await item.reported('appointment.scheduled', VISIT);
    await item.shows({ offergridStatus: 'scheduled' });
    const path = ['pending', 'accepted', 'scheduled'];
    const setBack = () => system.offergrid.control.setStatus(item.itemId, 'accepted');
    setBack();
    await item.reaches(...path, 'accepted', 'scheduled');
    await item.notes('the update to scheduled was sent again');
    const [, visit, again] = item.updates();
    expect(again).toEqual(visit);
    expect((await item.shown()).attention).toBeNull();

    setBack();
    const { attention, offergridStatus } = await item.needs('drift');
    expect(attention?.message).toBe('Offergrid shows accepted, behind scheduled.');
    expect(offergridStatus).toBe('scheduled');
    const before = await runs();
    await eventually('two more runs', async () => (await runs()) >= before + 2);
    expect(item.path()).toEqual([...path, 'accepted', 'scheduled', 'accepted']);
    expect(item.updates()).toHaveLength(3);
    await item.isTold('order.attention');
    expect(item.told().filter((type) => type === 'order.attention')).toHaveLength(1);
  },
);

test('what was answered before we came is not begun again', async () => {
  const { orderId } = system.offergrid.control.placeOrder({ itemIds: ['item-taken-over'] });
  expect(orderId).toBeTruthy();
  system.offergrid.control.setStatus('item-taken-over', 'accepted');
  const before = await runs();
  await eventually('two more runs', async () => (await runs()) >= before + 2);
  const response = await fetch(`${system.apiUrl}/v1/orders/item-taken-over`, {
    headers: { authorization: `Bearer ${system.keys.admin}` },
  });
  expect(response.status).toBe(404);
});

test('an open item that nothing happens to costs no call of its own', async () => {
  const itemId = placed();
  await eventually('the acceptance', () => pathOf(itemId).includes('accepted'));
  const reads = () =>
    system.offergrid.control
      .calls()
      .filter(({ method, path }) => method === 'GET' && path.endsWith(`/${itemId}`)).length;
  const before = await runs();
  await eventually('five more runs', async () => (await runs()) >= before + 5);
  expect(reads()).toBe(1);
});

/** What people were told since then of lists that cannot be had. */
const unlistedNotices = (began: Date) =>
  system.notifications
    .received()
    .filter(({ type, timestamp }) => type === 'integration.down' && Date.parse(timestamp) > began.getTime());

/** How the runs since then ended, as Temporal has it. */
async function endsOfRunsSince(began: Date): Promise<string[]> {
  const query = `WorkflowType = 'reconcileOrders' and ExecutionStatus != 'Running'`;
  const ends: string[] = [];
  for await (const { startTime, status } of system.client.workflow.list({ query }))
    if (startTime > began) ends.push(status.name);
  return ends;
}

test('an item that Temporal does not take keeps no other waiting, and the run fails for people to see', async () => {
  const began = new Date();
  // More than are told at a time, and before the good one in the list.
  const untakable = Array.from({ length: 9 }, (_, n) => `${n}`.repeat(1_500));
  for (const itemId of untakable) system.offergrid.control.placeOrder({ itemIds: [itemId] });
  const itemId = placed();
  await eventually('the acceptance', () => pathOf(itemId).includes('accepted'));
  await eventually('a run that failed', async () => (await endsOfRunsSince(began)).includes('FAILED'));
  for (const one of untakable) system.offergrid.control.setStatus(one, 'cancelled');
  const mended = new Date();
  await eventually('a run that did not', async () => (await endsOfRunsSince(mended)).includes('COMPLETED'));
});

test('a list that the platform refuses keeps no other waiting', async () => {
  const itemId = placed();
  await eventually('the acceptance', async () => (await shown(itemId)).offergridStatus === 'accepted');
  const whenQuery = { status: 'pending' };
  const [path, status] = ['/provider/orders', 422];
  system.offergrid.control.setFaults([{ kind: 'error', status, path, whenQuery }]);
  const began = new Date();
  system.offergrid.control.setStatus(itemId, 'scheduled', { scheduledFor: new Date().toISOString() });
  await eventually('the new stage', async () => (await shown(itemId)).stage === 'installation');
  const failed = async () => (await endsOfRunsSince(began)).filter((end) => end === 'FAILED').length;
  // By one run alone nobody is disturbed, and by many only once.
  const told = await eventually('people to be told', () => unlistedNotices(began)[0]);
  expect(await failed()).toBeGreaterThan(0);
  expect(told.data).toMatchObject({
    integration: 'offergrid',
    message: expect.stringContaining('no list of those in pending') as string,
  });
  await eventually('more runs that failed', async () => (await failed()) >= 4);
  expect(unlistedNotices(began)).toHaveLength(1);
  // Another list is another trouble.
  const both = ['pending', 'accepted'].map((one) => ({ status, path, whenQuery: { status: one } }));
  system.offergrid.control.setFaults(both.map((fault) => ({ kind: 'error', ...fault })));
  const second = await eventually('people to be told of it', () => unlistedNotices(began)[1]);
  expect(second.data['message']).toContain('no list of those in accepted');
  expect(second.data['message']).not.toContain('pending');
  system.offergrid.control.clearFaults();
  const next = placed();
  await eventually('the acceptance', () => pathOf(next).includes('accepted'));
});
