import { expect, test } from 'vitest';
import { systemForTest } from '../support/test-system.js';
import { LIVE, placeOrder, VISIT } from './placed-item.js';

/** Against growth by accident; what is aimed at is in docs/performance.md. */
const MOST_EVENTS = 140;
/** One read and one update for each move. */
const MOST_CALLS = 5;

test('a standard installation of an offer that is known stays small', async () => {
  const system = await systemForTest();
  const first = await placeOrder(system);
  await first.reaches('pending', 'accepted');
  const item = await placeOrder(system);
  await item.hasWorkOrder();
  await item.reported('appointment.scheduled', VISIT);
  await item.shows({ offergridStatus: 'scheduled' });
  await item.reported('installation.started');
  await item.shows({ offergridStatus: 'in_progress' });
  await item.reported('installation.completed', LIVE);
  await item.ends('active');

  const workflow = system.client.workflow.getHandle(`fulfillment-${item.itemId}`);
  await workflow.result();
  const { events = [] } = await workflow.fetchHistory();
  const calls = system.offergrid.control.calls().filter(({ path }) => path.includes(item.itemId));
  console.log(`standard installation: ${events?.length} history events, ${calls.length} Offergrid calls`);
  expect(events?.length).toBeLessThanOrEqual(MOST_EVENTS);
  expect(calls.length).toBeLessThanOrEqual(MOST_CALLS);
  // Where one is in hand when a task has to report in, the item may be stuck for good (docs/performance.md).
  const local = events?.filter(({ markerRecordedEventAttributes: marker }) => marker != null);
  expect(local, 'local activities').toEqual([]);
  // One that asked for the offer anew would show in no call about the item.
  const offerReads = system.offergrid.control
    .calls()
    .filter(({ path }) => path.startsWith('/provider/offers'));
  expect(offerReads).toHaveLength(1);
});
