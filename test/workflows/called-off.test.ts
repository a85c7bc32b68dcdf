import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createOrderRecords } from '../../db/order-records.js';
import type { OrderView } from '../../domain/order-view.js';
import { operate, platformEvent, providerEvent } from '../../workflows/messages.js';
import type { ProviderEvent } from '../../domain/provider-event.js';
import { eventually } from '../support/eventually.js';
import { look } from '../support/item-view.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

const TIME = '2031-01-01T00:00:00Z';
const accepted = (item: HeardItem) =>
  eventually('the acceptance', async () => (await look(item)).offergridStatus === 'accepted', {
    within: 10_000,
    seen: () => look(item),
  });

/** The workflow's own end, which a call that is repeated for ever would keep from it. */
async function ended(item: HeardItem): Promise<OrderView> {
  await eventually('the end', async () => (await item.handle.describe()).status.name === 'COMPLETED', {
    within: 30_000,
    seen: () => look(item),
  });
  return await look(item);
}

async function cancel(time: SkippedTime, item: HeardItem): Promise<void> {
  time.offergrid.control.cancelAsReseller(item.itemId, 'moved away');
  await item.handle.signal(platformEvent, { id: 'cancel', type: 'order.cancelled', occurredAt: TIME });
}

const appointment = (id: string, workOrderId: string): ProviderEvent => ({
  id,
  type: 'appointment.scheduled',
  time: TIME,
  data: { scheduledFor: '2031-01-15T13:00:00Z', workOrderId },
});

describe("without a system of the provider's", () => {
  let time: SkippedTime;
  beforeAll(async () => {
    time = await startSkippedTime(
      { categories: { default: { availability: 'none' } } },
      { providerConnected: false },
    );
  });
  afterAll(() => time?.stop());

  test('a cancelled order with a work order of the field ends all the same', async () => {
    const item = await time.hear({});
    await accepted(item);
    await item.handle.signal(providerEvent, appointment('visit', 'wo-field-1'));
    await eventually('the appointment', async () => (await look(item)).offergridStatus === 'scheduled');
    await cancel(time, item);
    expect(await ended(item)).toMatchObject({ outcome: 'cancelled' });
  });
});

describe('a service that is switched on at once', () => {
  let time: SkippedTime;
  beforeAll(async () => {
    time = await startSkippedTime({
      categories: { default: { fulfillment: 'instant', availability: 'none' } },
    });
  });
  afterAll(() => time?.stop());
  afterEach(() => time.provider.control.clearFaults());

  const activations = (item: HeardItem) =>
    time.provider.control.activations().filter(({ itemId }) => itemId === item.itemId);

  test('is not switched on any more once its order was cancelled', async () => {
    time.provider.control.setFaults([{ kind: 'error', status: 503, path: '/activations' }]);
    const item = await time.hear({});
    await accepted(item);
    await eventually('a refused call', () =>
      time.provider.control.calls().some(({ status }) => status === 503),
    );
    await cancel(time, item);
    expect(await ended(item)).toMatchObject({ outcome: 'cancelled' });
    time.provider.control.clearFaults();
    await time.env.sleep('1h');
    expect(activations(item)).toEqual([]);
  });

  test('nor while the platform cannot be told of the cancellation', async () => {
    time.provider.control.setFaults([{ kind: 'error', status: 503, path: '/activations' }]);
    const item = await time.hear({});
    await accepted(item);
    await eventually('a refused call', () =>
      time.provider.control.calls().some(({ status }) => status === 503),
    );
    const path = `/provider/orders/${item.itemId}/status`;
    time.offergrid.control.setFaults([{ kind: 'error', status: 503, method: 'PATCH', path }]);
    await item.handle.signal(providerEvent, {
      id: 'cancel',
      type: 'order.cancelled',
      time: TIME,
      data: { reason: 'No need', requestedBy: 'customer' },
    });
    await eventually('the platform not to take it', () =>
      time.offergrid.control.calls().some((call) => call.path === path && call.status === 503),
    );
    time.provider.control.clearFaults();
    await time.env.sleep('10m');
    time.offergrid.control.clearFaults();
    await time.env.sleep('5m');
    expect(await ended(item)).toMatchObject({ outcome: 'cancelled' });
    expect(activations(item)).toEqual([]);
  });

  test('nor while the platform cannot be asked whether it was cancelled there', async () => {
    time.provider.control.setFaults([{ kind: 'error', status: 503, path: '/activations' }]);
    const item = await time.hear({});
    await accepted(item);
    const path = `/provider/orders/${item.itemId}`;
    time.offergrid.control.setFaults([{ kind: 'error', status: 503, method: 'GET', path }]);
    await cancel(time, item);
    await eventually('a read in vain', () =>
      time.offergrid.control.calls().some((call) => call.path === path && call.status === 503),
    );
    time.provider.control.clearFaults();
    await time.env.sleep('10m');
    time.offergrid.control.clearFaults();
    await time.env.sleep('5m');
    expect(await ended(item)).toMatchObject({ outcome: 'cancelled' });
    expect(activations(item)).toEqual([]);
  });

  test('and was switched on while its cancellation was under way: a person is told', async () => {
    const item = await time.hear({});
    const status = `/provider/orders/${item.itemId}/status`;
    const whenBody = { status: 'cancelled' };
    time.offergrid.control.setFaults([{ kind: 'delay', ms: 3_000, path: status, whenBody }]);
    time.provider.control.setFaults([
      { kind: 'error', status: 503, path: '/activations', times: 1 },
      { kind: 'delay', ms: 1_500, path: '/activations' },
    ]);
    await accepted(item);
    const asked = () =>
      time.provider.control
        .calls()
        .filter(
          ({ path, body }) => path === '/activations' && (body as { itemId: string }).itemId === item.itemId,
        );
    await eventually('the second attempt', () => asked().length === 2);
    await item.handle.signal(providerEvent, {
      id: 'cancel',
      type: 'order.cancelled',
      time: TIME,
      data: { reason: 'No need', requestedBy: 'customer' },
    });
    const view = await ended(item);
    expect(activations(item)).toHaveLength(1);
    expect(view).toMatchObject({ outcome: 'cancelled', attention: { code: 'cancelled_in_field' } });
  });
});

describe('what the table of cancellations has no row for', () => {
  let time: SkippedTime;
  beforeAll(async () => {
    // Of the server that skips time it is not known what it does when an attempt that runs is cancelled.
    time = await startSkippedTime({ acknowledgeAfter: '1s' }, { server: 'dev' });
  });
  afterAll(() => time?.stop());
  afterEach(() => {
    time.offergrid.control.clearFaults();
    time.provider.control.clearFaults();
    time.provider.control.setActivation('at-once');
  });
  const withdraw = (item: HeardItem) =>
    item.handle.signal(providerEvent, {
      id: 'cancel',
      type: 'order.cancelled',
      time: TIME,
      data: { reason: 'No need', requestedBy: 'customer' },
    });
  const updates = (item: HeardItem) =>
    time.offergrid.control
      .calls()
      .filter(({ method, path }) => method === 'PATCH' && path.includes(item.itemId))
      .map(({ body }) => (body as { status: string }).status);

  const reject = (item: HeardItem) =>
    item.handle.executeUpdate(operate, { args: [{ command: 'reject', reason: 'No crew', actor: 'dana' }] });

  test.each([
    ['called off', withdraw],
    ['rejected by a person', reject],
  ])('an acknowledgement that fails is not repeated once the order is %s', async (_, end) => {
    time.offergrid.control.setFaults([
      { kind: 'error', status: 503, method: 'PATCH', whenBody: { status: 'submitted_to_provider' } },
    ]);
    const item = await time.hear({ incomplete: true });
    await eventually('the acknowledgement', () => updates(item).length > 0);
    await end(item);
    expect(await ended(item)).toMatchObject({ outcome: 'rejected' });
    expect(updates(item).at(-1)).toBe('rejected');
    expect(time.offergrid.control.path(item.itemId)).toEqual(['pending', 'rejected']);
  });

  test('an order that was acknowledged is rejected', async () => {
    const item = await time.hear({ incomplete: true });
    await eventually('the acknowledgement', () => updates(item).length > 0);
    await withdraw(item);
    expect(await ended(item)).toMatchObject({ outcome: 'rejected' });
    expect(time.offergrid.control.path(item.itemId)).toEqual([
      'pending',
      'submitted_to_provider',
      'rejected',
    ]);
  });

  test('an activation that was promised for later goes before a person', async () => {
    time.provider.control.setActivation('later');
    const item = await time.hear({ offerId: 'off-ins-1' });
    await eventually('the promise', () =>
      time.provider.control.activations().some(({ itemId }) => itemId === item.itemId),
    );
    await cancel(time, item);
    expect(await ended(item)).toMatchObject({
      outcome: 'cancelled',
      attention: { code: 'cancelled_in_field' },
    });
  });

  test('nothing waits for Postgres; what happened is on record when it is back', async () => {
    const item = await time.hear({});
    await eventually('the work order', async () => (await look(item)).workOrderId !== null);
    await time.postgresLine.cut();
    await withdraw(item);
    await eventually('the cancellation', () =>
      time.offergrid.control.path(item.itemId).includes('cancelled'),
    );
    await eventually('the work order to be cancelled', () =>
      time.provider.control
        .workOrders()
        .some((one) => one.itemId === item.itemId && one.state === 'cancelled'),
    );
    await time.postgresLine.mend();
    expect(await ended(item)).toMatchObject({ outcome: 'cancelled' });
    const record = await createOrderRecords(time.pool).find(item.itemId);
    expect(record?.view).toMatchObject({ stage: 'done', outcome: 'cancelled' });
  });

  test('nor is one kept quiet whose number comes when the order has ended', async () => {
    time.provider.control.setFaults([
      { kind: 'delay', ms: 1_500, path: '/work-orders' },
      { kind: 'error', status: 409, path: '/work-orders/*/cancel' },
    ]);
    const item = await time.hear({});
    await accepted(item);
    await eventually('the call', () =>
      time.provider.control
        .calls()
        .some(
          ({ path, body }) =>
            path === '/work-orders' && (body as { itemId?: string } | undefined)?.itemId === item.itemId,
        ),
    );
    await withdraw(item);
    expect(await ended(item)).toMatchObject({
      outcome: 'cancelled',
      attention: { code: 'cancelled_in_field' },
    });
  });

  test('a work order that cannot be cancelled goes before a person', async () => {
    const item = await time.hear({});
    await eventually('the work order', async () => (await look(item)).workOrderId !== null);
    const { workOrderId } = await look(item);
    const path = `/work-orders/${workOrderId ?? ''}/cancel`;
    time.provider.control.setFaults([{ kind: 'error', status: 409, path }]);
    await withdraw(item);
    expect(await ended(item)).toMatchObject({
      outcome: 'cancelled',
      attention: { code: 'cancelled_in_field' },
    });
  });
});

describe('an installation', () => {
  let time: SkippedTime;
  beforeAll(async () => {
    time = await startSkippedTime({ testOrders: 'review' });
  });
  afterAll(() => time?.stop());
  afterEach(() => time.provider.control.clearFaults());

  const ofItem = (item: HeardItem) =>
    time.provider.control.workOrders().filter((one) => one.itemId === item.itemId);

  test('that ended before its work order could be made sends nobody out, and bothers no customer', async () => {
    time.provider.control.setFaults([
      { kind: 'error', status: 503, path: '/work-orders' },
      { kind: 'error', status: 503, path: '/customer-contacts' },
    ]);
    const item = await time.hear({});
    await accepted(item);
    await eventually('refused calls', () =>
      ['/work-orders', '/customer-contacts'].every((path) =>
        time.provider.control.calls().some((call) => call.path === path && call.status === 503),
      ),
    );
    await item.handle.signal(providerEvent, {
      id: 'done',
      type: 'installation.completed',
      time: TIME,
      data: { accountNumber: '1' },
    });
    await eventually('the end', async () => (await look(item)).outcome === 'active');
    time.provider.control.clearFaults();
    await time.env.sleep('1h');
    await ended(item);
    expect(ofItem(item).filter((one) => one.state !== 'cancelled')).toEqual([]);
    expect(time.provider.control.contacts().filter(({ itemId }) => itemId === item.itemId)).toEqual([]);
  });

  test('of a test order sends nobody out, whoever accepted it', async () => {
    const item = await time.hear({ metadata: { test: true } });
    await eventually('the question', async () => (await look(item)).stage === 'review');
    time.offergrid.control.setStatus(item.itemId, 'accepted');
    await item.handle.signal(platformEvent, { id: 'hint', type: 'moved', occurredAt: TIME });
    await accepted(item);
    await time.env.sleep('1h');
    expect(ofItem(item)).toEqual([]);
    const calls = time.provider.control.calls();
    expect(
      calls.filter(({ body }) => (body as { itemId?: string } | undefined)?.itemId === item.itemId),
    ).toEqual([]);
  });
});

test('a work order that was carried out before we heard of its number stands', async () => {
  const time = await startSkippedTime();
  onTestFinished(() => time.stop());
  time.provider.control.setFaults([{ kind: 'delay', ms: 3_000, path: '/work-orders' }]);
  const item = await time.hear({});
  await accepted(item);
  const report = (type: ProviderEvent['type'], data: object) =>
    item.handle.signal(providerEvent, { id: type, type, time: TIME, data } as ProviderEvent);
  await report('installation.completed', { accountNumber: '12345', activationDate: '2031-01-15' });
  expect(await ended(item)).toMatchObject({ outcome: 'active', workOrderId: expect.any(String) as string });
  expect(time.provider.control.workOrders()).toMatchObject([{ itemId: item.itemId, state: 'open' }]);
});
