import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOrderRecords } from '../../db/order-records.js';
import { state } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime();
});
afterAll(() => time?.stop());

const pathOf = (item: HeardItem) => time.offergrid.control.path(item.itemId);
const reaches = (item: HeardItem, ...path: string[]) =>
  eventually(`the path ${path.join(', ')}`, () => path.join() === pathOf(item).join(), {
    seen: () => item.handle.query(state),
  });

test('signals sent past the API, with fields that say nothing or are of another type, hold nothing up', async () => {
  const item = await time.hear({});
  await eventually('a work order', async () => (await item.handle.query(state)).workOrderId !== null);
  const ours = (await item.handle.query(state)).workOrderId;
  const signal = (type: string, data: unknown, more: object = {}) =>
    item.handle.signal('providerEvent', { id: type, type, data, ...more });

  await item.handle.signal('providerEvent', null);
  await item.handle.signal('platformEvent', null);
  const visit = { scheduledFor: '2031-01-15T13:00:00Z', appointmentWindow: 5, workOrderId: null, note: null };
  await signal('appointment.scheduled', visit, { source: {}, time: null });
  await reaches(item, 'pending', 'accepted', 'scheduled');
  await signal('installation.started', { note: 7, technicianName: null, workOrderId: {} });
  await reaches(item, 'pending', 'accepted', 'scheduled', 'in_progress');
  await signal('installation.completed', { note: null, active: 'yes', accountNumber: '12345' });
  await item.handle.result();
  expect(pathOf(item)).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'active']);

  const metadata = time.offergrid.control.transitions(item.itemId).at(-1)?.metadata;
  expect(metadata).toEqual({ workOrderId: ours, accountNumber: '12345' });
  const lines = await createOrderRecords(time.pool).timeline(item.itemId);
  expect(lines.some(({ note }) => note?.includes('no provider event'))).toBe(true);
});

const SHAPELESS: unknown[] = [
  null,
  'approve',
  { command: 'approve' },
  { command: 'dance', actor: 'dana' },
  { command: 'note', actor: 'dana' },
  { command: 'reject', actor: 'dana' },
  { command: 'reject', reason: 'No crew', alternative: {}, actor: 'dana' },
  { command: 'schedule', actor: 'dana', scheduledFor: 'soon' },
  { command: 'cancel', actor: 'dana' },
];

test('commands sent past the API that say nothing are refused, and leave no trace', async () => {
  const item = await time.hear({ incomplete: true });
  await eventually('the review', async () => (await item.handle.query(state)).stage === 'review');
  for (const said of SHAPELESS)
    await expect(
      item.handle.executeUpdate('operate', { args: [said] }),
      JSON.stringify(said),
    ).rejects.toThrow('Workflow Update failed');
  const lines = await createOrderRecords(time.pool).timeline(item.itemId);
  expect(lines.filter(({ type }) => type === 'command')).toEqual([]);
  await item.handle.executeUpdate('operate', { args: [{ command: 'approve', actor: 'dana' }] });
  await eventually('the acceptance', () => pathOf(item).includes('accepted'));
});

test('a cancellation that is asked for in Temporal ends no order half way, and is on record', async () => {
  const item = await time.hear({});
  await eventually('a work order', async () => (await item.handle.query(state)).workOrderId !== null);
  await item.handle.cancel();
  const signal = (type: string, data: unknown) =>
    item.handle.signal('providerEvent', { id: type, type, data });
  await signal('appointment.scheduled', { scheduledFor: '2031-01-15T13:00:00Z' });
  await signal('installation.started', {});
  await reaches(item, 'pending', 'accepted', 'scheduled', 'in_progress');
  await signal('installation.completed', { active: true, accountNumber: '12345' });
  await item.handle.result();
  expect(pathOf(item).at(-1)).toBe('active');
  const lines = await createOrderRecords(time.pool).timeline(item.itemId);
  expect(lines.filter(({ note }) => note?.includes('asked for in Temporal'))).toHaveLength(1);
});
