import { expect, onTestFinished, test } from 'vitest';
import { operate, state } from '../../workflows/messages.js';
import { codesIn, toldOf } from '../support/told.js';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type HeardItem } from '../support/skipped-time.js';

/** Enough for a person to answer in. */
const LEAST_MINUTES = 5;
const MINUTE = 60_000;
/** By the skipped clock; what is found says itself since when it has been so. */
const LOOK_EVERY = '3m';

/** How old orders are when they are heard of, down to a quarter of an hour before the answer is due. */
const HOURS_AGO = [0, 12, 23.5, 23.75];

test("while the provider's systems hang, each order is put before a person in time to answer it", async () => {
  const time = await startSkippedTime({}, { providerTimeoutMs: 100 });
  onTestFinished(() => time.stop());
  time.provider.control.setFaults([{ kind: 'hang' }]);
  const items = await Promise.all(HOURS_AGO.map((hoursAgo) => time.hear({ hoursAgo })));
  /** Of each item, when it was put before a person; 0: it was late by then. */
  const minutesLeft = new Map<string, number>();
  const look = async ({ itemId, handle }: HeardItem) => {
    const { attention, sla } = await handle.query(state);
    if (minutesLeft.has(itemId) || sla === null) return;
    if (attention?.code === 'availability_unknown') {
      const left = Date.parse(sla.deadline) - Date.parse(attention.since);
      minutesLeft.set(itemId, left / MINUTE);
    } else if (sla.state === 'breached') {
      minutesLeft.set(itemId, 0);
    }
  };
  await eventually('every item to be put before a person, or to be late', async () => {
    await time.env.sleep(LOOK_EVERY);
    await Promise.all(items.map(look));
    return minutesLeft.size === items.length;
  });
  const asked = () => items.map(({ itemId }) => codesIn(toldOf(itemId, time.notifications.received())));
  await eventually('people to be told of every item', () => asked().every((codes) => codes.length > 0));
  const least = Math.min(...minutesLeft.values());
  expect(least, 'minutes that a person had left').toBeGreaterThan(LEAST_MINUTES);

  await Promise.all(
    items.map(({ handle }) =>
      handle.executeUpdate(operate, { args: [{ command: 'approve', actor: 'operations' }] }),
    ),
  );
  const answered = () =>
    items.filter(({ itemId }) => time.offergrid.control.path(itemId).includes('accepted'));
  await eventually('every answer', () => answered().length === items.length);
  for (const codes of asked()) expect(codes).toEqual(['availability_unknown']);
});
