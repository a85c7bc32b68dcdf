import { expect, onTestFinished, test } from 'vitest';
import type { ProviderEvent } from '../../domain/provider-event.js';
import { providerEvent, state } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

/* Offergrid fails for one item, for as long as it likes: its history must not grow for as long. */

const VISIT: ProviderEvent = {
  id: 'visit',
  type: 'appointment.scheduled',
  time: '2031-01-01T00:00:00Z',
  data: { scheduledFor: '2031-01-15T13:00:00Z' },
};
const CANCELLED: ProviderEvent = {
  id: 'cancelled',
  type: 'order.cancelled',
  time: '2031-01-02T00:00:00Z',
  data: { reason: 'Out of stock', requestedBy: 'provider' },
};

let time: SkippedTime;

/**
 * One for each: once a run has gone over to another, that server skips no more time. `historyLimit`: events, more than it
 * takes to come to where Offergrid fails, and few enough for a quarter of an hour of failures to carry the item over.
 */
async function start(historyLimit: number): Promise<void> {
  time = await startSkippedTime({}, { historyLimit });
  onTestFinished(() => time.stop());
}

const runOf = async (item: HeardItem) => (await item.handle.describe()).runId;
const statusOf = async (item: HeardItem) => (await item.handle.query(state)).offergridStatus;
const read = (itemId: string) =>
  ({ kind: 'error', status: 503, method: 'GET', path: `/provider/orders/${itemId}` }) as const;
const updatesOf = (item: HeardItem) =>
  time.offergrid.control
    .calls()
    .filter(({ method, path }) => method === 'PATCH' && path.includes(item.itemId))
    .map(({ body }) => (body as { status: string }).status);

const isOrdered = (item: HeardItem) =>
  eventually('the work order', async () => (await item.handle.query(state)).workOrderId !== null);

/** The update that the event makes due gets through; its reply is lost, and then Offergrid does not show the item. */
async function isLost(item: HeardItem, event: ProviderEvent, status: string): Promise<void> {
  const path = `/provider/orders/${item.itemId}/status`;
  const lost = { kind: 'drop-reply', method: 'PATCH', path, times: 1 } as const;
  time.offergrid.control.setFaults([lost, read(item.itemId)]);
  await item.handle.signal(providerEvent, event);
  await eventually('the update', () => updatesOf(item).includes(status));
}

/** Skips time until the item goes on in another run, and has Offergrid work again. */
async function goesOver(item: HeardItem): Promise<void> {
  const run = await runOf(item);
  // Or the limit is so low that it had gone over before anything failed.
  expect(run).toBe(item.handle.firstExecutionRunId);
  // In small steps: the last may last as long as it says.
  await eventually('another run', async () => (await time.env.sleep('10s'), (await runOf(item)) !== run), {
    within: 40_000,
    seen: () => item.handle.query(state),
  });
  const { attention } = await item.handle.query(state);
  expect(attention?.code).toBe('offergrid_unreachable');
  expect(item.hoursOf('order.attention')).toHaveLength(1);
  time.offergrid.control.clearFaults();
}

test('an update that got through, and whose reply was lost, is not sent again by the next run', async () => {
  await start(110);
  const item = await time.hear({});
  await isOrdered(item);
  await isLost(item, VISIT, 'scheduled');
  await goesOver(item);
  await eventually('its answer', async () => (await statusOf(item)) === 'scheduled');
  expect(updatesOf(item)).toEqual(['accepted', 'scheduled']);
  expect((await item.handle.query(state)).attention).toBeNull();
});

test('our own cancellation that got through, and whose reply was lost, is no news to the next run', async () => {
  await start(130);
  const item = await time.hear({});
  await isOrdered(item);
  await item.handle.signal(providerEvent, VISIT);
  await eventually('the visit', async () => (await statusOf(item)) === 'scheduled');
  await isLost(item, CANCELLED, 'cancelled');
  await goesOver(item);
  await item.handle.result();
  expect(updatesOf(item)).toEqual(['accepted', 'scheduled', 'cancelled']);
  expect(await item.handle.query(state)).toMatchObject({ outcome: 'cancelled', attention: null });
  // That Offergrid could not be reached, and nothing since.
  expect(item.hoursOf('order.attention')).toHaveLength(1);
});

test('an item that was never read is read, and answered once, by the next run', async () => {
  await start(30);
  const itemId = 'item-never-read';
  time.offergrid.control.setFaults([read(itemId), { ...read(itemId), path: '/provider/orders' }]);
  const item = await time.hear({ itemId });
  await goesOver(item);
  // The item itself is not asked: what it is asked in the moment it goes over again is never answered by that server.
  await eventually('the work order that follows', () => time.provider.control.workOrders().length > 0);
  expect(updatesOf(item)).toEqual(['accepted']);
});
