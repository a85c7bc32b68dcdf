import { afterEach, beforeEach, expect, test } from 'vitest';
import { providerEvent, state } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

/* Offergrid fails for one item, for as long as it likes: its history must not grow for as long. */

/** Events; small, so that an hour of failures carries an item over. */
const HISTORY_LIMIT = 60;

let time: SkippedTime;
// One for each: once a run has gone over to another, that server skips no more time.
beforeEach(async () => {
  time = await startSkippedTime({}, { historyLimit: HISTORY_LIMIT });
});
afterEach(() => time?.stop());

const runOf = async (item: HeardItem) => (await item.handle.describe()).runId;
const statusOf = async (item: HeardItem) => (await item.handle.query(state)).offergridStatus;
const read = (itemId: string) =>
  ({ kind: 'error', status: 503, method: 'GET', path: `/provider/orders/${itemId}` }) as const;
const updatesOf = (item: HeardItem) =>
  time.offergrid.control
    .calls()
    .filter(({ method, path }) => method === 'PATCH' && path.includes(item.itemId))
    .map(({ body }) => (body as { status: string }).status);

/** Skips time until the item goes on in another run, and has Offergrid work again. */
async function goesOver(item: HeardItem): Promise<void> {
  const run = await runOf(item);
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
  const item = await time.hear({});
  const ordered = async () => (await item.handle.query(state)).workOrderId !== null;
  await eventually('the work order', ordered);
  const path = `/provider/orders/${item.itemId}/status`;
  const lost = { kind: 'drop-reply', method: 'PATCH', path, times: 1 } as const;
  time.offergrid.control.setFaults([lost, read(item.itemId)]);
  const data = { scheduledFor: '2031-01-15T13:00:00Z' };
  await item.handle.signal(providerEvent, {
    ...{ id: 'visit', type: 'appointment.scheduled', time: '2031-01-01T00:00:00Z' },
    data,
  } as never);
  await eventually('the update', () => updatesOf(item).includes('scheduled'));
  await goesOver(item);
  await eventually('its answer', async () => (await statusOf(item)) === 'scheduled', { within: 20_000 });
  expect(updatesOf(item)).toEqual(['accepted', 'scheduled']);
  expect((await item.handle.query(state)).attention).toBeNull();
});

test('an item that was never read is read, and answered once, by the next run', async () => {
  const itemId = 'item-never-read';
  time.offergrid.control.setFaults([read(itemId), { ...read(itemId), path: '/provider/orders' }]);
  const item = await time.hear({ itemId });
  await goesOver(item);
  await eventually('its answer', async () => (await statusOf(item)) === 'accepted', { within: 20_000 });
  expect(updatesOf(item)).toEqual(['accepted']);
});
