import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { OrderView } from '../../domain/order-view.js';
import { platformEvent, providerEvent } from '../../workflows/messages.js';
import { command, look, until } from '../support/item-view.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

/* Offergrid says that an order was cancelled, and does not show it: what a person says of it is acted on. */

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime({}, { server: 'dev' });
});
afterAll(() => time?.stop());
afterEach(() => time.offergrid.control.clearFaults());

const pathOf = (item: HeardItem) => time.offergrid.control.path(item.itemId);
const updatesOf = (item: HeardItem) =>
  time.offergrid.control
    .calls()
    .filter(({ method, path }) => method === 'PATCH' && path.includes(item.itemId))
    .map(({ body }) => (body as { status: string }).status);
const saidCancelled = (item: HeardItem) =>
  item.handle.signal(platformEvent, {
    ...{ id: 'cancelled', type: 'order.cancelled', occurredAt: '2031-01-01T00:00:00Z' },
  });

const confirmed = (item: HeardItem) =>
  item.handle.signal(providerEvent, {
    ...{ id: 'confirmed', type: 'availability.confirmed', time: '2031-01-01T00:00:00Z' },
    data: {},
  });
const denied = (item: HeardItem) =>
  item.handle.signal(providerEvent, {
    ...{ id: 'denied', type: 'availability.denied', time: '2031-01-01T00:00:00Z' },
    data: { reason: 'No line there' },
  });

/** The platform answers every call about the item with this, and has said that it was cancelled. */
async function hidden(item: HeardItem, status: number): Promise<void> {
  time.offergrid.control.setFaults([{ kind: 'error', status, path: `/provider/orders/${item.itemId}**` }]);
  await saidCancelled(item);
  const { attention } = await until(item, (view) => view.attention?.code === 'drift');
  expect(attention?.message).toContain('the order was cancelled');
}

const isRefused = ({ attention }: OrderView) => attention?.code === 'offergrid_rejected_update';

/** The rejection is tried, put before a person when it is refused, and gets through when the item is shown again. */
async function isRejectedOnceShown(item: HeardItem): Promise<void> {
  await until(item, isRefused);
  expect(updatesOf(item)).toEqual(['rejected']);
  time.offergrid.control.clearFaults();
  await command(item, { command: 'retry' });
  await item.handle.result();
  expect(pathOf(item)).toEqual(['pending', 'rejected']);
}

test.each([422, 404])('answered with %i, and called off by a person as well', async (status) => {
  const item = await time.hear({});
  await until(item, ({ workOrderId }) => workOrderId !== null);
  time.offergrid.control.cancelAsReseller(item.itemId);
  await hidden(item, status);
  await command(item, { command: 'cancel', reason: 'As Offergrid says' });
  const { attention } = await until(item, isRefused);
  expect(attention?.message).toContain(`(${status})`);
  time.offergrid.control.clearFaults();
  await command(item, { command: 'retry' });
  await item.handle.result();
  expect((await look(item)).outcome).toBe('cancelled');
});

test('before its answer: it is not accepted, and a person may reject it', async () => {
  const item = await time.hear({ incomplete: true });
  await until(item, ({ attention }) => attention?.code === 'manual_review');
  await hidden(item, 404);
  await command(item, { command: 'approve' });
  await command(item, { command: 'reject', reason: 'Gone' });
  await isRejectedOnceShown(item);
});

test("before its answer: the provider's word for and against it decides nothing, and it stays called off", async () => {
  const item = await time.hear({ incomplete: true });
  await until(item, ({ attention }) => attention?.code === 'manual_review');
  await confirmed(item);
  time.offergrid.control.cancelAsReseller(item.itemId);
  await hidden(item, 404);
  await denied(item);
  await command(item, { command: 'approve' });
  const { attention } = await until(item, (view) => view.attention?.code === 'drift');
  expect(attention?.message).toContain('the order was cancelled');
  time.offergrid.control.clearFaults();
  await command(item, { command: 'retry' });
  await item.handle.result();
  expect(updatesOf(item)).toEqual([]);
  expect(pathOf(item)).toEqual(['pending', 'cancelled']);
});

test("before its answer: the provider's word that there is no service rejects it", async () => {
  const item = await time.hear({ street: '9 Unclear Road' });
  await until(item, ({ attention }) => attention?.code === 'availability_unknown');
  await hidden(item, 404);
  await denied(item);
  await isRejectedOnceShown(item);
});
