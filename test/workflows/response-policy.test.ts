import { afterAll, beforeAll, expect, test } from 'vitest';
import { state } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type SkippedTime } from '../support/skipped-time.js';

/** A provider that would rather reject than answer late, and never acknowledges. */
let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime({ response: { onBreach: 'reject' }, acknowledgeAfter: null });
});
afterAll(() => time?.stop());

test('an item that nobody answers is rejected at the deadline, with a reason, and not acknowledged before', async () => {
  const item = await time.hear({ incomplete: true });
  await eventually('the question', async () => (await item.handle.query(state)).stage === 'review');
  await time.env.sleep('25h');
  await item.handle.result();
  const view = await item.handle.query(state);
  expect(view).toMatchObject({ stage: 'done', outcome: 'rejected', sla: { state: 'met_late' } });
  expect(time.offergrid.control.path(item.itemId)).toEqual(['pending', 'rejected']);
  const rejection = time.offergrid.control.transitions(item.itemId).at(-1);
  expect(rejection?.metadata).toMatchObject({ reasonCode: 'response_overdue' });
  expect(rejection?.providerNotes).toMatch(/in time/);
  await eventually('the breach', () => item.hoursOf('sla.breached').length === 1);
  expect(item.hoursOf('sla.breached')).toEqual([24]);
});

test('an item heard of after its deadline is rejected at once, though it could have been accepted', async () => {
  const item = await time.hear({ hoursAgo: 25 });
  await item.handle.result();
  expect(time.offergrid.control.path(item.itemId)).toEqual(['pending', 'rejected']);
});
