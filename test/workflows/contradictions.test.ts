import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createOrderRecords } from '../../db/order-records.js';
import { sampleOffers } from '../../sandbox/offergrid/offers.js';
import { platformEvent, providerEvent } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { command, look, until } from '../support/item-view.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

/* The provider's events say of one order that its service is available, and that it is not. */

const MANUAL = 'off-manual';
const DENIED = { reason: 'No duct to the house' };

let time: SkippedTime;
beforeAll(async () => {
  const categories = { energy: { availability: 'none', decision: 'manual' } };
  time = await startSkippedTime({ categories }, { server: 'dev' });
  const manual = { ...sampleOffers[0]!, id: MANUAL, sku: 'ENERGY', category: 'energy' as const };
  time.offergrid.control.setOffers([...sampleOffers, manual]);
});
afterAll(() => time?.stop());
afterEach(() => time.offergrid.control.clearFaults());

const pathOf = (item: HeardItem) => time.offergrid.control.path(item.itemId);
let sent = 0;
const report = (item: HeardItem, type: 'availability.confirmed' | 'availability.denied', data: object = {}) =>
  item.handle.signal(providerEvent, {
    ...{ id: `evt-${(sent += 1)}`, type, time: '2031-01-01T00:00:00Z', data },
  } as never);
const confirmed = (item: HeardItem) => report(item, 'availability.confirmed');
const denied = (item: HeardItem, data = DENIED) => report(item, 'availability.denied', data);
const updatesOf = (item: HeardItem) =>
  time.offergrid.control
    .calls()
    .filter(({ method, path }) => method === 'PATCH' && path.includes(item.itemId));
const notesOf = async (item: HeardItem) =>
  (await createOrderRecords(time.pool).timeline(item.itemId)).map(({ note }) => note ?? '');

/** Nobody has been answered, and a person is asked, in the denial's own words. */
async function asked(item: HeardItem): Promise<void> {
  const view = await until(item, ({ attention }) => attention?.code === 'availability_unknown');
  expect(view).toMatchObject({ stage: 'availability', waitingFor: 'a person', offergridStatus: 'pending' });
  expect(view.attention?.message).toContain(DENIED.reason);
  expect(pathOf(item)).toEqual(['pending']);
  expect(JSON.stringify(time.notifications.received())).not.toContain(DENIED.reason);
}

async function accepted(item: HeardItem): Promise<void> {
  await command(item, { command: 'approve' });
  await until(item, (view) => view.offergridStatus === 'accepted' && view.attention === null);
  expect(pathOf(item)).toEqual(['pending', 'accepted']);
}

const inReview = async () => {
  const item = await time.hear({ incomplete: true });
  await until(item, ({ attention }) => attention?.code === 'manual_review');
  return item;
};

const untaken = (item: HeardItem, status: string) =>
  time.offergrid.control.setFaults([
    {
      ...{ kind: 'error', status: 503, method: 'PATCH', whenBody: { status } },
      path: `/provider/orders/${item.itemId}/status`,
    },
  ]);

test('confirmed and then denied, during the review: a person is asked after it, and may approve', async () => {
  const item = await inReview();
  await confirmed(item);
  await denied(item);
  await denied(item);
  await command(item, { command: 'approve' });
  await asked(item);
  await accepted(item);
});

test('denied and then confirmed, while the rejection cannot be told: it is taken back', async () => {
  const item = await inReview();
  untaken(item, 'rejected');
  await denied(item);
  await eventually('the rejection', () => updatesOf(item).length > 0);
  await confirmed(item);
  await until(item, ({ attention }) => attention?.code === 'manual_review');
  await command(item, { command: 'approve' });
  await asked(item);
  time.offergrid.control.clearFaults();
  await accepted(item);
});

test('confirmed, and denied while the acceptance cannot be told: a person may reject', async () => {
  const item = await inReview();
  untaken(item, 'accepted');
  await confirmed(item);
  await command(item, { command: 'approve' });
  await eventually('the acceptance', () => updatesOf(item).length > 0);
  await denied(item);
  await until(item, ({ stage }) => stage === 'availability');
  await asked(item);
  time.offergrid.control.clearFaults();
  await command(item, { command: 'reject', reason: 'No duct' });
  await item.handle.result();
  expect(pathOf(item)).toEqual(['pending', 'rejected']);
});

test('while a person is to decide: their yes is asked for once more, knowing of it', async () => {
  const item = await time.hear({ offerId: MANUAL });
  await until(item, ({ stage, attention }) => stage === 'decision' && attention !== null);
  await confirmed(item);
  await denied(item);
  await command(item, { command: 'approve' });
  await asked(item);
  await accepted(item);
});

test('denied twice is no contradiction: rejected in the first words, and the second are on record', async () => {
  const itemId = 'item-denied-twice';
  const reads = ['/provider/orders', `/provider/orders/${itemId}`];
  time.offergrid.control.setFaults(
    reads.map((path) => ({ kind: 'error', status: 503, method: 'GET', path })),
  );
  const item = await time.hear({ itemId });
  await denied(item);
  await denied(item, { reason: 'The street is closed' });
  time.offergrid.control.clearFaults();
  await item.handle.result();
  expect(updatesOf(item)).toMatchObject([
    { body: { providerNotes: expect.stringContaining(DENIED.reason) as string } },
  ]);
  expect((await look(item)).attention).toBeNull();
  expect((await notesOf(item)).join()).toContain('The street is closed');
});

test('confirmed when the rejection is with Offergrid already: a person is told', async () => {
  const item = await inReview();
  const path = `/provider/orders/${item.itemId}/status`;
  time.offergrid.control.setFaults([{ kind: 'delay', ms: 5_000, method: 'PATCH', path }]);
  await denied(item);
  await eventually('the rejection', () => updatesOf(item).length > 0);
  await confirmed(item);
  await denied(item, { reason: 'The street is closed' });
  await item.handle.result();
  expect((await notesOf(item)).join()).toContain('The street is closed');
  expect(await look(item)).toMatchObject({ outcome: 'rejected', attention: { code: 'drift' } });
});

test('called off between the two: that stands, and it is rejected with that reason', async () => {
  const item = await inReview();
  untaken(item, 'rejected');
  await denied(item);
  await eventually('the rejection', () => updatesOf(item).length > 0);
  await item.handle.signal(providerEvent, {
    ...{ id: 'cancel', type: 'order.cancelled', time: '2031-01-01T00:00:00Z' },
    data: { reason: 'Moved away', requestedBy: 'customer' },
  });
  await confirmed(item);
  // A query answers when what came before it was taken in.
  await look(item);
  time.offergrid.control.clearFaults();
  await item.handle.result();
  expect(pathOf(item)).toEqual(['pending', 'rejected']);
  expect(updatesOf(item).at(-1)).toMatchObject({
    body: { providerNotes: expect.stringContaining('Moved away') as string },
  });
});

test('denied when the acceptance has got through unseen: a person is told when that shows', async () => {
  const item = await inReview();
  const path = `/provider/orders/${item.itemId}`;
  time.offergrid.control.setFaults([
    { kind: 'drop-reply', method: 'PATCH', path: `${path}/status` },
    { kind: 'error', status: 503, method: 'GET', path },
  ]);
  await confirmed(item);
  await command(item, { command: 'approve' });
  await eventually('the acceptance', () => pathOf(item).includes('accepted'));
  await denied(item);
  await until(item, ({ stage, attention }) => stage === 'availability' && attention !== null);
  time.offergrid.control.clearFaults();
  await item.handle.signal(platformEvent, {
    ...{ id: 'look', type: 'order.updated', occurredAt: '2031-01-01T00:00:00Z' },
  });
  const view = await until(item, ({ offergridStatus }) => offergridStatus === 'accepted');
  expect(view.attention).toMatchObject({
    code: 'drift',
    message: expect.stringContaining(DENIED.reason) as string,
  });
});
