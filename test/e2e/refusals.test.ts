import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { LIVE, placeAs, placeOrder, VISIT, type PlacedItem } from './placed-item.js';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system?.stop());
afterEach(() => {
  system.offergrid.control.clearFaults();
  system.provider.control.clearFaults();
});

const newId = () => `item-${randomUUID()}`;
const statuses = (item: PlacedItem) => item.updates().map(({ status }) => status);

const REFUSAL = {
  status: 422,
  body: { statusCode: 422, message: 'Field office closed', error: 'Unprocessable Entity' } as object,
};

/** The platform answers this item's update with a refusal until the faults are cleared. */
function refuseUpdate(itemId: string, status: string, answer = REFUSAL): void {
  const path = `/provider/orders/${itemId}/status`;
  system.offergrid.control.setFaults([
    { kind: 'error', ...answer, method: 'PATCH', path, whenBody: { status } },
  ]);
}

/** A webhook says that the item was cancelled, and the platform does not show it. */
async function falseAlarm(item: PlacedItem): Promise<void> {
  const reads = () => item.platformCalls().filter(({ method }) => method === 'GET').length;
  const before = reads();
  const { itemId, orderId } = item;
  const timestamp = new Date().toISOString();
  system.offergrid.control.sendWebhook({ event: 'order.cancelled', orderId, itemId, timestamp });
  await eventually('a look at the platform', () => reads() > before);
}

describe('Offergrid refuses an update', () => {
  test('a person is told, and retry goes on with the same update', async () => {
    const itemId = newId();
    refuseUpdate(itemId, 'scheduled');
    const item = placeAs(system, itemId);
    await item.reaches('pending', 'accepted');
    await item.reported('appointment.scheduled', VISIT);
    const { attention } = await item.needs('offergrid_rejected_update');
    expect(attention?.message).toContain('Field office closed');
    await item.isTold('order.attention');
    expect((await item.command('approve')).status).toBe(409);

    system.offergrid.control.clearFaults();
    expect((await item.command('retry')).status).toBe(200);
    await item.reaches('pending', 'accepted', 'scheduled');
    await item.shows({ attention: null, stage: 'installation' });
    expect(item.updates()[2]).toEqual(item.updates()[1]);
    await item.reported('installation.completed', LIVE);
    await item.ends('active');
    expect(item.path()).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'active']);
  });

  test.each([
    [404, { statusCode: 404, message: 'Order item not found', error: 'Not Found' }, 'Order item not found'],
    [404, { reason: { code: 'E17' } }, '{"reason":{"code":"E17"}}'],
    [409, { reason: { code: 'E18' } }, '{"reason":{"code":"E18"}}'],
  ])(
    'with %i and %o: a person is told of it with the body, and retry goes on',
    async (status, body, shown) => {
      const itemId = newId();
      refuseUpdate(itemId, 'scheduled', { status, body });
      const item = placeAs(system, itemId);
      await item.reaches('pending', 'accepted');
      await item.reported('appointment.scheduled', VISIT);
      const { attention } = await item.needs('offergrid_rejected_update');
      expect(attention?.message).toContain(`(${status}): ${shown}`);
      await item.isTold('order.attention');
      expect(JSON.stringify(item.notices())).not.toContain(shown);
      expect(statuses(item)).toEqual(['accepted', 'scheduled']);
      system.offergrid.control.clearFaults();
      expect((await item.command('retry')).status).toBe(200);
      await item.reaches('pending', 'accepted', 'scheduled');
      await item.shows({ attention: null, stage: 'installation' });
    },
  );

  test('a false alarm meanwhile loses nothing of it', async () => {
    const itemId = newId();
    refuseUpdate(itemId, 'scheduled');
    const item = placeAs(system, itemId);
    await item.reaches('pending', 'accepted');
    await item.reported('appointment.scheduled', VISIT);
    await item.needs('offergrid_rejected_update');
    await falseAlarm(item);
    await item.reported('installation.started');
    system.offergrid.control.clearFaults();
    await eventually('the retry to be taken', async () => {
      const { status } = await item.command('retry');
      return status === 200 || item.path().includes('scheduled');
    });
    await item.reaches('pending', 'accepted', 'scheduled', 'in_progress');
    const [, , visit] = system.offergrid.control.transitions(itemId);
    expect(visit).toMatchObject({ to: 'scheduled', scheduledFor: VISIT.scheduledFor });
  });

  test("a false alarm does not turn a person's no into a yes", async () => {
    const itemId = newId();
    refuseUpdate(itemId, 'rejected');
    const item = placeAs(system, itemId, { customerInfo: { email: 'unusable', phone: 'none' } });
    await item.needs('manual_review');
    await item.commanded('reject', { reason: 'At capacity until spring.' });
    await item.needs('offergrid_rejected_update');
    await falseAlarm(item);
    await eventually('the rejection to be tried again', () => statuses(item).length >= 2, {
      seen: () => item.shown(),
    });
    system.offergrid.control.clearFaults();
    await eventually('the retry to be taken', async () => {
      const { status } = await item.command('retry');
      return status === 200 || item.path().length > 1;
    });
    await item.ends('rejected');
    expect(item.path()).toEqual(['pending', 'rejected']);
    expect(new Set(statuses(item))).toEqual(new Set(['rejected']));
  });

  test('called off while it is stuck: cancelled, and the visit is not told any more', async () => {
    const itemId = newId();
    refuseUpdate(itemId, 'scheduled');
    const item = placeAs(system, itemId);
    await item.hasWorkOrder();
    await item.reported('appointment.scheduled', VISIT);
    await item.needs('offergrid_rejected_update');
    await item.commanded('cancel', { reason: 'Customer withdrew', requestedBy: 'customer' });
    await item.ends('cancelled');
    expect(item.path()).toEqual(['pending', 'accepted', 'cancelled']);
    await eventually('the work order to be cancelled', () => item.workOrders()[0]?.state === 'cancelled');
  });

  test('cancelled twice while it will not have that: one update at a time, and a person is asked', async () => {
    const itemId = newId();
    refuseUpdate(itemId, 'cancelled');
    const item = placeAs(system, itemId);
    await item.shows({ offergridStatus: 'accepted' });
    await item.commanded('cancel', { reason: 'No crew' });
    await item.needs('offergrid_rejected_update');
    await item.reported('order.cancelled', { reason: 'No crew at all', requestedBy: 'provider' });
    await eventually('the second one to be refused', () => statuses(item).length === 3);
    system.offergrid.control.clearFaults();
    // What is shown may still be the first refusal, and the second on its way to the workflow: nothing is stuck then.
    const retried = async () => (await item.command('retry')).status === 200;
    await eventually('a retry to be taken', retried, { seen: () => item.shown() });
    await item.ends('cancelled');
    expect(statuses(item)).toEqual(['accepted', 'cancelled', 'cancelled', 'cancelled']);
  });

  test('ended there meanwhile: the platform wins, and it is no refusal', async () => {
    const item = placeAs(system, newId());
    await item.hasWorkOrder();
    system.offergrid.control.setFaults([{ kind: 'webhook-off', event: 'order.cancelled' }]);
    system.offergrid.control.cancelAsReseller(item.orderId, 'moved away');
    await item.reported('appointment.scheduled', VISIT);
    const shown = await item.ends('cancelled');
    expect(shown.attention?.code).not.toBe('offergrid_rejected_update');
    expect(item.path()).toEqual(['pending', 'accepted', 'cancelled']);
    await eventually('the work order to be cancelled', () => item.workOrders()[0]?.state === 'cancelled');
  });
});

describe("the provider's systems refuse", () => {
  test('two steps at once: one retry repeats both', async () => {
    const itemId = newId();
    const refusals = ['/work-orders', '/customer-contacts'].map(
      (path) => ({ kind: 'error', status: 422, path }) as const,
    );
    system.provider.control.setFaults(refusals);
    const item = placeAs(system, itemId);
    await item.needs('manual_review');
    await eventually('both refusals', async () => {
      const { timeline } = await item.shown();
      return timeline.filter(({ note }) => note?.startsWith('manual_review:')).length === 2;
    });
    system.provider.control.clearFaults();
    expect((await item.command('retry')).status).toBe(200);
    await eventually('the work order', () => item.workOrders().length === 1);
    await eventually('the contact', () =>
      system.provider.control.contacts().some((contact) => contact.itemId === itemId),
    );
    await item.shows({ attention: null });
    expect((await item.command('retry')).status).toBe(409);
  });

  test('no work order can be made: the one that the field names is adopted', async () => {
    const itemId = newId();
    system.provider.control.setFaults([{ kind: 'error', status: 422, path: '/work-orders' }]);
    const item = placeAs(system, itemId);
    await item.needs('manual_review');
    const when = { status: 'scheduled', appointmentDate: VISIT.scheduledFor };
    expect((await item.workOrderStatus('wo-by-hand', when)).status).toBe(202);
    await item.shows({ workOrderId: 'wo-by-hand', stage: 'installation' });
    expect((await item.workOrderStatus('wo-other', { status: 'in_progress' })).status).toBe(409);
    expect(item.updates()[1]?.metadata).toEqual({ workOrderId: 'wo-by-hand' });
    // Nothing is left to be asked of a person.
    await item.shows({ attention: null });
  });
});

describe('commands', () => {
  test('take an item all the way, each with the name of who gave it', async () => {
    const item = await placeOrder(system, { customerInfo: { email: 'unusable', phone: 'none' } });
    await item.needs('manual_review');
    for (const command of ['start', 'complete', 'activate'])
      expect((await item.command(command)).status, `${command} before the answer`).toBe(409);
    expect((await item.command('retry')).status).toBe(409);
    expect(await item.command('note', { text: 'Called the reseller.' })).toMatchObject({ status: 200 });
    await item.commanded('approve');
    await item.hasWorkOrder();
    for (const [command, fields] of [
      ['approve', {}],
      ['reject', { reason: 'too late' }],
    ] as const)
      expect((await item.command(command, fields)).status, `${command} after the answer`).toBe(409);

    await item.commanded('schedule', VISIT);
    await item.shows({ offergridStatus: 'scheduled' });
    await item.commanded('start');
    await item.shows({ offergridStatus: 'in_progress' });
    expect((await item.command('start')).status).toBe(409);
    await item.commanded('complete', { note: 'Installed' });
    await item.shows({ offergridStatus: 'completed' });
    expect((await item.command('fail', { reason: 'no' })).status).toBe(409);
    expect((await item.command('cancel', { reason: 'no' })).status).toBe(409);
    await item.commanded('activate', LIVE);
    const { timeline } = await item.ends('active');
    expect(statuses(item)).toEqual(['accepted', 'scheduled', 'in_progress', 'completed', 'active']);
    const commands = timeline.filter(({ type }) => type === 'command');
    expect(commands.map(({ note }) => note)).toEqual([
      'Called the reseller.',
      'approve',
      'schedule',
      'start',
      'complete: Installed',
      'activate',
    ]);
    expect(new Set(commands.map(({ actor }) => actor)).size).toBe(1);
    for (const command of ['note', 'retry', 'approve']) {
      const { status, body } = await item.command(command, { text: 'x' });
      expect({ status, detail: body['detail'] }).toMatchObject({
        status: 409,
        detail: 'It cannot apply: the item is finished.',
      });
    }
  });

  test('a failed installation is reported by way of in_progress', async () => {
    const item = await placeOrder(system);
    await item.hasWorkOrder();
    await item.commanded('fail', { reason: 'The building has no riser.' });
    await item.ends('failed');
    expect(item.path()).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'failed']);
    expect(item.updates()[3]?.providerNotes).toContain('The building has no riser.');
  });
});
