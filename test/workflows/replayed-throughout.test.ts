import { afterAll, beforeAll, expect, test } from 'vitest';
import { providerEvent, state } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime({}, { server: 'dev', cachedWorkflows: 1 });
});
afterAll(() => time?.stop());

/** Enough for a history that a worker is given in two pages. */
const MOVES = 18;
const PAGE = 256;
const HOUR = 3_600_000;

/** A visit that is moved again and again; in the first moves two messages come at once. */
async function moveVisits(item: HeardItem, pairs: number): Promise<void> {
  const visit = (n: number, id: string) =>
    item.handle.signal(providerEvent, {
      ...{ id, type: 'appointment.scheduled', time: new Date(Date.UTC(2030, 0, 1, 0, n)).toISOString() },
      data: { scheduledFor: new Date(Date.UTC(2031, 0, 1) + n * HOUR).toISOString() },
    });
  for (let n = 0; n < MOVES; n += 1) {
    await visit(n, `visit-${n}`);
    if (n < pairs) await visit(n, `visit-${n}-again`);
    const at = new Date(Date.UTC(2031, 0, 1) + n * HOUR).toISOString();
    const isMoved = async () => (await item.handle.query(state)).appointment?.scheduledFor === at;
    await eventually(`visit ${n}`, isMoved, { seen: () => item.handle.query(state) });
  }
}

test('a worker that has to replay an item before each of its tasks comes to the same every time', async () => {
  const items = await Promise.all([0, 2, 5].map(async (pairs) => ({ pairs, item: await time.hear({}) })));
  await Promise.all(items.map(({ item, pairs }) => moveVisits(item, pairs)));
  for (const { item } of items) {
    const { events } = await item.handle.fetchHistory();
    expect(events?.length).toBeGreaterThan(PAGE);
    const failed = events?.filter(({ workflowTaskFailedEventAttributes: failure }) => failure != null);
    expect(failed).toEqual([]);
  }
});
