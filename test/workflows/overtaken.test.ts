import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createOrderRecords } from '../../db/order-records.js';
import type { OperatorCommand } from '../../domain/command.js';
import type { OrderView } from '../../domain/order-view.js';
import { operate, platformEvent, providerEvent } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { look } from '../support/item-view.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime();
});
afterAll(() => time?.stop());
afterEach(async () => {
  time.offergrid.control.clearFaults();
  await time.postgresLine.mend();
});

const pathOf = (item: HeardItem) => time.offergrid.control.path(item.itemId);
const command = (item: HeardItem, said: OperatorCommand) =>
  item.handle.executeUpdate(operate, { args: [said] });
const hint = (item: HeardItem) =>
  item.handle.signal(platformEvent, {
    id: `hint-${item.itemId}`,
    type: 'order.cancelled',
    occurredAt: '2031-01-01T00:00:00Z',
  });
/** The customer does not want it any more. */
const withdraw = (item: HeardItem) =>
  item.handle.signal(providerEvent, {
    id: 'withdrawn',
    type: 'order.cancelled',
    time: '2031-01-01T00:00:00Z',
    data: { reason: 'Ordered by mistake', requestedBy: 'customer' },
  });
const workOrdersOf = (item: HeardItem) =>
  time.provider.control.workOrders().filter(({ itemId }) => itemId === item.itemId);

async function until(item: HeardItem, holds: (view: OrderView) => boolean): Promise<OrderView> {
  const seeing = async () => {
    const view = await look(item);
    return holds(view) && view;
  };
  return await eventually('the expected view', seeing, { within: 10_000, seen: () => look(item) });
}

/** The platform will not have this item's move. */
function refuse(item: HeardItem, status: string): void {
  const path = `/provider/orders/${item.itemId}/status`;
  time.offergrid.control.setFaults([
    { kind: 'error', status: 422, method: 'PATCH', path, whenBody: { status } },
  ]);
}

const VISIT = { scheduledFor: '2031-01-15T13:00:00Z', appointmentWindow: '1-5 PM' };

describe('answered at the platform without us, and no word of it', () => {
  test('noticed by the acknowledgement: the open question is closed and the order goes on', async () => {
    const item = await time.hear({ incomplete: true });
    await until(item, ({ stage }) => stage === 'review');
    time.offergrid.control.setStatus(item.itemId, 'accepted');
    await time.env.sleep('3h');
    const view = await until(item, ({ offergridStatus }) => offergridStatus === 'accepted');
    expect(view.stage).toBe('scheduling');
    expect(view.attention).toBeNull();
    await eventually('the work order', () => workOrdersOf(item).length === 1);
  });

  test('while the acknowledgement is under way: cancelled once, and told once', async () => {
    const item = await time.hear({ incomplete: true });
    await until(item, ({ stage }) => stage === 'review');
    const path = `/provider/orders/${item.itemId}/status`;
    time.offergrid.control.setFaults([{ kind: 'delay', ms: 1_500, method: 'PATCH', path, times: 1 }]);
    await time.env.sleep('2h');
    await eventually('the acknowledgement to be under way', () =>
      time.offergrid.control.calls().some((call) => call.path === path),
    );
    time.offergrid.control.cancelAsReseller(item.itemId, 'moved away');
    await hint(item);
    await item.handle.result();
    expect(await look(item)).toMatchObject({ outcome: 'cancelled', offergridStatus: 'cancelled' });
    await eventually('the notice', () => item.hoursOf('order.cancelled').length > 0);
    expect(item.hoursOf('order.cancelled')).toHaveLength(1);
  });

  test('accepted there after the customer withdrew: cancelled, not carried out', async () => {
    const item = await time.hear({ incomplete: true });
    await until(item, ({ stage }) => stage === 'review');
    time.offergrid.control.setStatus(item.itemId, 'accepted');
    await withdraw(item);
    await until(item, ({ outcome }) => outcome === 'cancelled');
    await item.handle.result();
    expect(pathOf(item)).toEqual(['pending', 'accepted', 'cancelled']);
    expect(workOrdersOf(item).filter((order) => order.state !== 'cancelled')).toEqual([]);
  });

  test('live there after the customer withdrew: a person is told', async () => {
    const item = await time.hear({ incomplete: true });
    await until(item, ({ stage }) => stage === 'review');
    time.offergrid.control.setStatus(item.itemId, 'active');
    await withdraw(item);
    await item.handle.result();
    expect(await look(item)).toMatchObject({
      outcome: 'active',
      attention: { code: 'cancelled_in_field' },
    });
  });

  test('live, and called off while that is still being written down: a person is told', async () => {
    const item = await time.hear({});
    await until(item, ({ workOrderId }) => workOrderId !== null);
    await time.postgresLine.cut();
    time.offergrid.control.setStatus(item.itemId, 'active');
    await hint(item);
    await until(item, ({ stage }) => stage === 'done');
    await withdraw(item);
    await time.postgresLine.mend();
    await item.handle.result();
    expect((await look(item)).attention?.code).toBe('cancelled_in_field');
    const lines = await createOrderRecords(time.pool).timeline(item.itemId);
    expect(lines.map(({ note }) => note)).toContain('order.cancelled came when the order had ended.');
  });

  test('accepted there after we rejected it: a person is told', async () => {
    const item = await time.hear({ incomplete: true });
    await until(item, ({ stage }) => stage === 'review');
    time.offergrid.control.setStatus(item.itemId, 'accepted');
    await command(item, { command: 'reject', reason: 'No crew', actor: 'dana' });
    const view = await until(item, ({ offergridStatus }) => offergridStatus === 'accepted');
    expect(view.attention?.code).toBe('drift');
  });

  test('rejected there after its acceptance: what was begun is called off', async () => {
    const item = await time.hear({});
    await until(item, ({ workOrderId }) => workOrderId !== null);
    time.offergrid.control.setStatus(item.itemId, 'failed');
    await hint(item);
    await item.handle.result();
    expect((await look(item)).outcome).toBe('failed');
    expect(workOrdersOf(item)[0]?.state).toBe('cancelled');
  });

  test('begun there before the field says so: an appointment from before that is late, and no contradiction', async () => {
    const item = await time.hear({});
    await until(item, ({ workOrderId }) => workOrderId !== null);
    await command(item, { command: 'schedule', ...VISIT, actor: 'dana' });
    await until(item, ({ offergridStatus }) => offergridStatus === 'scheduled');
    time.offergrid.control.setStatus(item.itemId, 'in_progress');
    await hint(item);
    await until(item, ({ offergridStatus }) => offergridStatus === 'in_progress');
    await item.handle.signal(providerEvent, {
      ...{ id: 'started', type: 'installation.started', time: '2031-01-15T13:00:00Z', data: {} },
    });
    const scheduledFor = '2031-01-10T13:00:00Z';
    await item.handle.signal(providerEvent, {
      ...{ id: 'late', type: 'appointment.rescheduled', time: '2031-01-09T13:00:00Z' },
      data: { ...VISIT, scheduledFor },
    });
    const story = () => createOrderRecords(time.pool).timeline(item.itemId);
    const isNoted = async () =>
      (await story()).some(({ note }) => note?.startsWith('appointment.rescheduled changes nothing'));
    await eventually('both to be noted', isNoted, { seen: story });
    expect((await look(item)).attention).toBeNull();
  });
});

describe('an update that the platform refuses', () => {
  test('an acceptance: the order can still be rejected', async () => {
    const item = await time.hear({ incomplete: true });
    await until(item, ({ stage }) => stage === 'review');
    refuse(item, 'accepted');
    await command(item, { command: 'approve', actor: 'dana' });
    await until(item, ({ attention }) => attention?.code === 'offergrid_rejected_update');
    await command(item, { command: 'reject', reason: 'No crew', actor: 'dana' });
    await item.handle.result();
    expect(pathOf(item)).toEqual(['pending', 'rejected']);
  });

  test('an acceptance: denied availability rejects it', async () => {
    const item = await time.hear({ incomplete: true });
    await until(item, ({ stage }) => stage === 'review');
    refuse(item, 'accepted');
    await command(item, { command: 'approve', actor: 'dana' });
    await until(item, ({ attention }) => attention?.code === 'offergrid_rejected_update');
    await item.handle.signal(providerEvent, {
      id: 'denied',
      type: 'availability.denied',
      time: '2031-01-01T00:00:00Z',
      data: { reason: 'No duct' },
    });
    await item.handle.result();
    expect(pathOf(item)).toEqual(['pending', 'rejected']);
  });

  test('an appointment: a new one takes its place', async () => {
    const item = await time.hear({});
    await until(item, ({ workOrderId }) => workOrderId !== null);
    const path = `/provider/orders/${item.itemId}/status`;
    const whenBody = { status: 'scheduled', scheduledFor: VISIT.scheduledFor };
    time.offergrid.control.setFaults([{ kind: 'error', status: 422, method: 'PATCH', path, whenBody }]);
    await command(item, { command: 'schedule', ...VISIT, actor: 'dana' });
    await until(item, ({ attention }) => attention?.code === 'offergrid_rejected_update');
    const scheduledFor = '2031-01-20T13:00:00Z';
    await command(item, { command: 'schedule', ...VISIT, scheduledFor, actor: 'dana' });
    const view = await until(item, ({ offergridStatus }) => offergridStatus === 'scheduled');
    expect(view.appointment?.scheduledFor).toBe(scheduledFor);
    expect(view.attention).toBeNull();
    expect(pathOf(item)).toEqual(['pending', 'accepted', 'scheduled']);
  });
});

describe('the platform shows less than we have told it', () => {
  const patches = (item: HeardItem) =>
    time.offergrid.control
      .calls()
      .filter(({ method, path }) => method === 'PATCH' && path.includes(item.itemId))
      .map(({ body }) => body as { status: string });
  const reads = (item: HeardItem) =>
    time.offergrid.control
      .calls()
      .filter(({ method, path }) => method === 'GET' && path.includes(item.itemId)).length;
  const reconciled = (item: HeardItem, status: string) =>
    item.handle.signal(platformEvent, {
      id: `reconciled-${item.itemId}`,
      type: 'reconciled',
      status,
      occurredAt: '2031-01-01T00:00:00Z',
    });

  test('repaired once, in drawn order and in the same words; then a person is told, and may have it repeated', async () => {
    const item = await time.hear({});
    await until(item, ({ workOrderId }) => workOrderId !== null);
    await command(item, { command: 'schedule', ...VISIT, actor: 'dana' });
    await command(item, { command: 'start', actor: 'dana' });
    await until(item, ({ offergridStatus }) => offergridStatus === 'in_progress');
    const told = patches(item);

    time.offergrid.control.setStatus(item.itemId, 'accepted');
    await reconciled(item, 'accepted');
    const told2 = ['scheduled', 'in_progress'];
    const path = ['pending', 'accepted', 'scheduled', 'in_progress'];
    await eventually('the repair', () => patches(item).length === 5);
    expect(patches(item).slice(3)).toEqual(told.slice(1));
    await eventually('the platform to show it', () => pathOf(item).length === path.length + 3);
    expect(pathOf(item)).toEqual([...path, 'accepted', ...told2]);
    expect((await look(item)).attention).toBeNull();

    time.offergrid.control.setStatus(item.itemId, 'accepted');
    await reconciled(item, 'accepted');
    await until(item, ({ attention }) => attention?.code === 'drift');
    const before = reads(item);
    for (let run = 0; run < 20; run += 1) await reconciled(item, 'accepted');
    await look(item);
    expect(reads(item)).toBe(before);
    expect(patches(item)).toHaveLength(5);
    await time.env.sleep('2h');
    await reconciled(item, 'accepted');
    await eventually('another look', () => reads(item) === before + 1);

    await command(item, { command: 'retry', actor: 'dana' });
    await until(item, ({ attention }) => attention === null);
    expect(patches(item).map(({ status }) => status)).toEqual(['accepted', ...told2, ...told2, ...told2]);
    expect(item.hoursOf('order.scheduled')).toHaveLength(1);
  });

  test('what we never told it cannot be repeated: a person is told at once', async () => {
    const item = await time.hear({ incomplete: true });
    await until(item, ({ stage }) => stage === 'review');
    time.offergrid.control.setStatus(item.itemId, 'accepted');
    await reconciled(item, 'accepted');
    await until(item, ({ offergridStatus }) => offergridStatus === 'accepted');
    time.offergrid.control.setStatus(item.itemId, 'pending');
    await reconciled(item, 'pending');
    const view = await until(item, ({ attention }) => attention?.code === 'drift');
    expect(view.offergridStatus).toBe('accepted');
    expect(patches(item)).toEqual([]);
    time.offergrid.control.setStatus(item.itemId, 'accepted');
    await reconciled(item, 'accepted');
    await until(item, ({ attention }) => attention === null);
  });
});

describe('an item that the platform does not show any more', () => {
  test('is put before a person, looked for once an hour, and goes on when it is back', async () => {
    const item = await time.hear({});
    await until(item, ({ workOrderId }) => workOrderId !== null);
    const path = `/provider/orders/${item.itemId}`;
    const reads = () =>
      time.offergrid.control.calls().filter((call) => call.method === 'GET' && call.path === path).length;
    // As reconciliation tells it: that something is amiss, not what.
    const reconciled = () =>
      item.handle.signal(platformEvent, {
        id: 'run',
        type: 'reconciled',
        occurredAt: '2031-01-01T00:00:00Z',
      });
    const known = reads();
    time.offergrid.control.setFaults([{ kind: 'error', status: 404, method: 'GET', path }]);
    await reconciled();
    const view = await until(item, ({ attention }) => attention?.code === 'drift');
    expect(view.attention?.message).toContain('does not show this item');
    for (let run = 0; run < 24; run += 1) {
      await time.env.sleep('30m');
      await reconciled();
      await look(item);
    }
    // One at once, and one in each hour.
    await eventually('the looks', () => reads() - known === 13, { seen: () => reads() - known });
    await eventually('the notice', () => item.hoursOf('order.attention').length > 0);
    expect(item.hoursOf('order.attention')).toHaveLength(1);

    time.offergrid.control.clearFaults();
    await command(item, { command: 'retry', actor: 'dana' });
    await until(item, ({ attention }) => attention === null);
    await command(item, { command: 'schedule', ...VISIT, actor: 'dana' });
    await until(item, ({ offergridStatus }) => offergridStatus === 'scheduled');
  });
});

test('a visit that keeps its date and gets another window is told, though the first attempt failed', async () => {
  const item = await time.hear({});
  await until(item, ({ workOrderId }) => workOrderId !== null);
  await command(item, { command: 'schedule', ...VISIT, actor: 'dana' });
  await until(item, ({ offergridStatus }) => offergridStatus === 'scheduled');
  const path = `/provider/orders/${item.itemId}/status`;
  time.offergrid.control.setFaults([{ kind: 'error', status: 503, method: 'PATCH', path, times: 1 }]);
  await command(item, { command: 'schedule', ...VISIT, appointmentWindow: '8-10 AM', actor: 'dana' });
  await until(item, ({ appointment }) => appointment?.window === '8-10 AM');
  expect(pathOf(item)).toEqual(['pending', 'accepted', 'scheduled', 'scheduled']);
  const last = time.offergrid.control.transitions(item.itemId).at(-1);
  expect(last?.metadata).toMatchObject({ appointmentWindow: '8-10 AM' });
});

test("what the provider's system says of an address reaches the operator, and no notification", async () => {
  const street = '742 Evergreen Terrace, home of Pat Doe';
  time.provider.control.setServiceability(() => ({
    serviceable: null,
    reason: `${street} is not on the map`,
  }));
  const item = await time.hear({ street });
  const view = await until(item, ({ attention }) => attention?.code === 'availability_unknown');
  expect(view.attention?.message).toContain(street);
  await eventually('the notice', () => item.hoursOf('order.attention').length === 1);
  expect(JSON.stringify(time.notifications.received())).not.toContain('Evergreen');
});
