import { afterAll, beforeAll, expect, test } from 'vitest';
import { platformEvent, providerEvent } from '../../workflows/messages.js';
import { look, until } from '../support/item-view.js';
import { startSkippedTime, type SkippedTime } from '../support/skipped-time.js';

const DAYS = 90;
/** Events: a message, the read that it asks for, and what Temporal writes around them. */
const PER_LOOK = 20;

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime();
});
afterAll(() => time?.stop());

test('an order that waits for its appointment for three months: no events but for what is asked, and it goes on', async () => {
  const item = await time.hear({});
  const { workOrderId } = await until(item, (view) => view.workOrderId !== null);
  const events = async () => (await item.handle.fetchHistory()).events?.length ?? 0;
  // What its stage's policy has to say comes in the first days.
  await time.env.sleep('10d');
  const before = await events();
  await time.env.sleep(`${DAYS}d`);
  expect(await events()).toBe(before);

  for (let day = 0; day < DAYS; day += 1) {
    await item.handle.signal(platformEvent, {
      ...{ id: `look-${day}`, type: 'reconciled', occurredAt: '2031-01-01T00:00:00Z' },
    });
    await time.env.sleep('1d');
  }
  expect((await events()) - before).toBeLessThan(DAYS * PER_LOOK);
  const reads = time.offergrid.control.calls().filter(({ path }) => path.endsWith(item.itemId));
  expect(reads.length).toBeGreaterThanOrEqual(DAYS);

  await item.handle.signal(providerEvent, {
    ...{ id: 'visit', type: 'appointment.scheduled', time: '2031-01-01T00:00:00Z' },
    data: { scheduledFor: '2031-01-15T13:00:00Z' },
  });
  await until(item, ({ offergridStatus }) => offergridStatus === 'scheduled');
  expect((await look(item)).workOrderId).toBe(workOrderId);
}, 120_000);
