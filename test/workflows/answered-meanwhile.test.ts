import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { operate, providerEvent } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { look } from '../support/item-view.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime();
});
afterAll(() => time?.stop());
afterEach(async () => {
  time.offergrid.control.clearFaults();
  await time.postgresLine.mend();
});

const pathOf = (item: HeardItem) => time.offergrid.control.path(item.itemId);
const patchesOf = (item: HeardItem) =>
  time.offergrid.control
    .calls()
    .filter(({ method, path }) => method === 'PATCH' && path.includes(item.itemId));
const approve = (item: HeardItem) =>
  item.handle.executeUpdate(operate, { args: [{ command: 'approve', actor: 'dana' }] });

/** An item that waits for a person, and whose acknowledgement has just been sent and strikes on the fault. */
async function beingAcknowledged(fault: { kind: 'delay'; ms: number } | { kind: 'error'; status: number }) {
  const item = await time.hear({ incomplete: true });
  await eventually('the question', async () => (await look(item)).stage === 'review');
  time.offergrid.control.setFaults([
    {
      ...fault,
      path: `/provider/orders/${item.itemId}/status`,
      whenBody: { status: 'submitted_to_provider' },
    },
  ]);
  await time.env.sleep('2h');
  await eventually('the acknowledgement to be under way', () => patchesOf(item).length > 0);
  return item;
}

test('an event that comes with the news that the order was accepted elsewhere is applied', async () => {
  const item = await beingAcknowledged({ kind: 'delay', ms: 2_500 });
  time.offergrid.control.setStatus(item.itemId, 'accepted');
  // A write that hangs keeps the workflow's task open: what comes meanwhile, comes together.
  time.postgresLine.freeze();
  await item.handle.signal('providerEvent', null);
  await eventually('the answer to the acknowledgement', () => patchesOf(item)[0]?.status !== null);
  await item.handle.signal(providerEvent, {
    id: 'visit',
    type: 'appointment.scheduled',
    time: '2031-01-01T00:00:00Z',
    data: { scheduledFor: '2031-01-15T13:00:00Z', appointmentWindow: '1-5 PM' },
  });
  await eventually('the visit', () => pathOf(item).includes('scheduled'), { seen: () => look(item) });
  expect(pathOf(item)).toEqual(['pending', 'accepted', 'scheduled']);
});

test('an acknowledgement that does not get through gives way to the answer', async () => {
  const item = await beingAcknowledged({ kind: 'error', status: 503 });
  // Its next attempt is minutes away, and would fail as well.
  await time.env.sleep('10m');
  await approve(item);
  await eventually('the answer', () => pathOf(item).includes('accepted'), { seen: () => look(item) });
  expect(pathOf(item)).toEqual(['pending', 'accepted']);
});

test('an acknowledgement that is on its way is waited for', async () => {
  const item = await beingAcknowledged({ kind: 'delay', ms: 2_000 });
  await approve(item);
  await eventually('the answer', () => pathOf(item).includes('accepted'), { seen: () => look(item) });
  expect(pathOf(item)).toEqual(['pending', 'submitted_to_provider', 'accepted']);
});
