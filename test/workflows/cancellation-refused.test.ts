import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createOrderRecords } from '../../db/order-records.js';
import type { ProviderEventType } from '../../domain/provider-event.js';
import { platformEvent, providerEvent } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { command, look, until } from '../support/item-view.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

const VISIT = { scheduledFor: '2031-01-15T13:00:00Z', appointmentWindow: '1-5 PM' };
const LIVE = { accountNumber: '12345', activationDate: '2031-01-15' };
const CANCELLATION = { reason: 'No need', requestedBy: 'customer' };

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime();
});
afterAll(() => time?.stop());
afterEach(() => {
  time.offergrid.control.clearFaults();
  time.provider.control.clearFaults();
});

const pathOf = (item: HeardItem) => time.offergrid.control.path(item.itemId);
const report = (item: HeardItem, type: ProviderEventType, data: object = {}) =>
  item.handle.signal(providerEvent, { id: type, type, time: '2031-01-01T00:00:00Z', data } as never);
const hint = (item: HeardItem) =>
  item.handle.signal(platformEvent, { id: 'hint', type: 'moved', occurredAt: '2031-01-01T00:00:00Z' });

const noted = (item: HeardItem, text: string) =>
  eventually(`a line about ${text}`, async () =>
    (await createOrderRecords(time.pool).timeline(item.itemId)).some(({ note }) => note?.includes(text)),
  );

/** The platform will not have this order's cancellation, nor its rejection. */
function refuseEnds(item: HeardItem): void {
  const path = `/provider/orders/${item.itemId}/status`;
  time.offergrid.control.setFaults(
    ['cancelled', 'rejected'].map((status) => ({
      ...{ kind: 'error', status: 422, method: 'PATCH', path, whenBody: { status } },
      body: { message: 'Ask support' },
    })),
  );
}

async function refused(item: HeardItem): Promise<void> {
  refuseEnds(item);
  await report(item, 'order.cancelled', CANCELLATION);
  const view = await until(item, ({ attention }) => attention?.code === 'offergrid_rejected_update');
  expect(view.attention?.message).toMatch(/Ask support.*approve lets the order go on/);
}

describe('a cancellation that the platform refuses', () => {
  let item: HeardItem;
  const accepted = async () => {
    item = await time.hear({});
    await until(item, ({ workOrderId }) => workOrderId !== null);
    return item;
  };

  test('is dropped when a person approves; what the field reported meanwhile was shown to them, and counts', async () => {
    await refused(await accepted());
    await report(item, 'appointment.scheduled', VISIT);
    await noted(item, 'this was reported: appointment.scheduled');
    expect(pathOf(item)).toEqual(['pending', 'accepted']);
    await command(item, { command: 'approve' });
    const view = await until(item, ({ offergridStatus }) => offergridStatus === 'scheduled');
    expect(view.attention).toBeNull();
    await report(item, 'installation.completed', LIVE);
    await item.handle.result();
    expect(pathOf(item)).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'active']);
    expect(time.provider.control.workOrders().find(({ itemId }) => itemId === item.itemId)?.state).toBe(
      'open',
    );
  });

  test('gives way to what a person says happens instead', async () => {
    await refused(await accepted());
    await command(item, { command: 'schedule', ...VISIT });
    const view = await until(item, ({ offergridStatus }) => offergridStatus === 'scheduled');
    expect(view.attention).toBeNull();
  });

  test('is sent again by retry; a service that was reported live meanwhile goes before a person', async () => {
    await refused(await accepted());
    await report(item, 'service.activated', LIVE);
    await noted(item, 'this was reported: service.activated');
    time.offergrid.control.clearFaults();
    await command(item, { command: 'retry' });
    await item.handle.result();
    expect(await look(item)).toMatchObject({
      outcome: 'cancelled',
      attention: { code: 'cancelled_in_field' },
    });
    expect(pathOf(item)).toEqual(['pending', 'accepted', 'cancelled']);
  });

  test('is sent again under other words by another cancellation', async () => {
    await refused(await accepted());
    time.offergrid.control.clearFaults();
    await command(item, { command: 'cancel', reason: 'Support agreed' });
    await item.handle.result();
    const last = time.offergrid.control.transitions(item.itemId).at(-1);
    expect(last).toMatchObject({ to: 'cancelled' });
    expect(last?.providerNotes).toContain('Support agreed');
  });

  test('is dropped where the platform goes on, and a person is told', async () => {
    await refused(await accepted());
    time.offergrid.control.setStatus(item.itemId, 'scheduled');
    await hint(item);
    const view = await until(item, ({ attention }) => attention?.code === 'drift');
    expect(view).toMatchObject({ offergridStatus: 'scheduled', stage: 'installation' });
    await report(item, 'installation.completed', LIVE);
    await item.handle.result();
    expect(pathOf(item)).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'active']);
  });

  test('is not dropped where another came while it was seen that the platform goes on', async () => {
    await refused(await accepted());
    time.offergrid.control.setStatus(item.itemId, 'scheduled');
    const path = `/provider/orders/${item.itemId}`;
    time.offergrid.control.setFaults([{ kind: 'delay', ms: 1_500, method: 'GET', path }]);
    const reads = () => time.offergrid.control.calls().filter((call) => call.path === path).length;
    const before = reads();
    await hint(item);
    await eventually('the read', () => reads() > before);
    await command(item, { command: 'cancel', reason: 'Support agreed' });
    await item.handle.result();
    expect(pathOf(item)).toEqual(['pending', 'accepted', 'scheduled', 'cancelled']);
  });

  test('holds where the platform shows less than it was told: that is not told again, and a person decides', async () => {
    await accepted();
    await report(item, 'appointment.scheduled', VISIT);
    await until(item, ({ offergridStatus }) => offergridStatus === 'scheduled');
    await refused(item);
    time.offergrid.control.setStatus(item.itemId, 'accepted');
    await hint(item);
    await noted(item, 'drift: Offergrid shows accepted, behind scheduled');
    // It is sent again by itself once that has been seen, and refused again, before the way is clear.
    const refusals = () =>
      time.offergrid.control
        .calls()
        .filter(({ path, status }) => status === 422 && path.includes(item.itemId));
    await eventually('the second refusal', () => refusals().length === 2, { seen: refusals });
    time.offergrid.control.clearFaults();
    await command(item, { command: 'retry' });
    await item.handle.result();
    expect(pathOf(item)).toEqual(['pending', 'accepted', 'scheduled', 'accepted', 'cancelled']);
  });

  test('before the answer is dropped likewise, and the order is accepted', async () => {
    item = await time.hear({ incomplete: true });
    await until(item, ({ stage }) => stage === 'review');
    await refused(item);
    await command(item, { command: 'approve' });
    await until(item, ({ attention }) => attention?.code === 'manual_review');
    await command(item, { command: 'approve' });
    await until(item, ({ offergridStatus }) => offergridStatus === 'accepted');
    await eventually('the work order', async () => (await look(item)).workOrderId !== null);
  });

  test('and dropped lets the activation go on that it had stopped', async () => {
    time.provider.control.setFaults([{ kind: 'error', status: 503, path: '/activations' }]);
    item = await time.hear({ offerId: 'off-ins-1' });
    const asked = () => time.provider.control.calls().filter(({ path }) => path === '/activations').length;
    await eventually('the call', () => asked() > 0);
    await refused(item);
    time.provider.control.clearFaults();
    const before = asked();
    await time.env.sleep('1h');
    expect(asked()).toBe(before);
    await command(item, { command: 'approve' });
    await item.handle.result();
    expect(await look(item)).toMatchObject({ outcome: 'active', attention: null });
  });
});
