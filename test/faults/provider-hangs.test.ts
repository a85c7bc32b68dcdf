import { expect, onTestFinished } from 'vitest';
import { operate, state } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';
import { experiment } from './experiment.js';

/** Enough for a person to answer in. */
const LEAST_MINUTES = 5;
const MINUTE = 60_000;
/** By the skipped clock; what is found says itself since when it has been so. */
const LOOK_EVERY = '3m';

/** `hoursAgo`: how old orders are when they are heard of, down to a quarter of an hour before the answer is due. */
experiment<{ items: number; hoursAgo: number[] }>({
  name: 'provider system hangs',
  passes: 'no item lost, answers due are put before a person in time',
  small: { items: 2, hoursAgo: [23.5, 23.75] },
  full: { items: 60, hoursAgo: [0, 3, 12, 20, 23.5, 23.75] },
  defect: {
    what: 'the availability check is waited for without looking at the deadline',
    file: 'workflows/decide.js',
    replace: 'Math.min(SERVICEABILITY_PATIENCE, deadline / 4, left / 2)',
    by: 'Math.min(SERVICEABILITY_PATIENCE, deadline / 4)',
    seen: /minutes that a person had left/,
  },
  run: async ({ size, programs, patience }) => {
    const time = await startSkippedTime({}, { programs, providerTimeoutMs: 100 });
    onTestFinished(() => time.stop());
    time.provider.control.setFaults([{ kind: 'hang' }]);

    const items = await Promise.all(
      Array.from({ length: size.items }, (_, n) =>
        time.hear({ hoursAgo: size.hoursAgo[n % size.hoursAgo.length]! }),
      ),
    );
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
    await eventually(
      'every item to be put before a person, or to be late',
      async () => {
        await time.env.sleep(LOOK_EVERY);
        await Promise.all(items.map(look));
        return minutesLeft.size === items.length;
      },
      { within: patience },
    );
    const noticed = items.map(
      ({ itemId }) =>
        () =>
          noticesOf(time, itemId),
    );
    await eventually('people to be told of every item', () => noticed.every((of) => of().length > 0), {
      within: patience,
    });
    const least = Math.min(...minutesLeft.values());
    expect(least, 'minutes that a person had left').toBeGreaterThan(LEAST_MINUTES);

    await Promise.all(
      items.map(({ handle }) =>
        handle.executeUpdate(operate, { args: [{ command: 'approve', actor: 'operations' }] }),
      ),
    );
    const answered = () =>
      items.filter(({ itemId }) => time.offergrid.control.path(itemId).includes('accepted'));
    await eventually('every answer', () => answered().length === items.length, { within: patience });
    const notices = noticed.map((of) => of());
    for (const of of notices) expect(of, 'notifications of one item').toEqual(['availability_unknown']);
    return {
      items: items.length,
      'put before a person': minutesLeft.size,
      'people told, each once': notices.flat().length,
      'least minutes left to answer': Math.floor(least),
      'answered after approval': answered().length,
    };
  },
});

/** Why people were asked to look at the item, as its notifications say. */
function noticesOf({ notifications }: SkippedTime, itemId: string): string[] {
  const notices = notifications
    .received()
    .filter(({ type, data }) => type === 'order.attention' && data['itemId'] === itemId);
  return notices.map(({ id }) => id.replace(`${itemId}-order.attention-`, '').replace(/-\d+$/, ''));
}
