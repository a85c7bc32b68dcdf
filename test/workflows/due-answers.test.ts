import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

/** The contract's own policy: an answer is due after 24 hours. */
let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime();
});
afterAll(() => time?.stop());

/** The place in the queue that each call which tells the platform something was given, lower being sooner. */
async function placesOf({ handle }: HeardItem): Promise<(number | null | undefined)[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.activityType?.name === 'updateStatus' ? [scheduled.priority?.priorityKey] : [],
  );
}
const untilShown = (item: HeardItem, status: 'accepted' | 'scheduled') =>
  eventually(status, () => time.offergrid.control.path(item.itemId).includes(status));

test('an answer close to its deadline goes before other updates, and one that is far from it among them', async () => {
  const [far, close, late] = [
    await time.hear({ hoursAgo: 0 }),
    await time.hear({ hoursAgo: 23.5 }),
    await time.hear({ hoursAgo: 30 }),
  ];
  for (const item of [far, close, late]) await untilShown(item, 'accepted');
  expect([await placesOf(far), await placesOf(close), await placesOf(late)]).toEqual([[2], [1], [1]]);

  const data = { scheduledFor: '2030-01-02T17:00:00Z', appointmentWindow: '9-12' };
  await close.handle.signal('providerEvent', { id: 'appointment', type: 'appointment.scheduled', data });
  await untilShown(close, 'scheduled');
  expect(await placesOf(close)).toEqual([1, 2]);
});

test('one that comes close to it while the platform is away goes first from its next round on', async () => {
  time.offergrid.control.setFaults([{ kind: 'error', status: 503, method: 'PATCH', path: '/provider/**' }]);
  const item = await time.hear({ hoursAgo: 22.9 });
  await eventually('an attempt', () => time.offergrid.control.calls().some(({ status }) => status === 503));
  await time.env.sleep('30m');
  time.offergrid.control.clearFaults();
  await time.env.sleep('2m');
  await untilShown(item, 'accepted');
  const places = await placesOf(item);
  expect(places[0]).toBe(2);
  expect(places.at(-1)).toBe(1);
});
