import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { LIVE, placeOrder, VISIT, type PlacedItem } from './placed-item.js';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system?.stop());

/** Nobody can be reached: a person has to look. */
const UNREACHABLE = { customerInfo: { email: 'unusable', phone: 'none' } };
const UNCLEAR = { serviceAddress: { street: '9 Unclear Road' } };

async function accepted(): Promise<PlacedItem> {
  const item = await placeOrder(system);
  await item.reaches('pending', 'accepted');
  await item.hasWorkOrder();
  return item;
}

async function scheduled(): Promise<PlacedItem> {
  const item = await accepted();
  await item.reported('appointment.scheduled', VISIT);
  await item.shows({ offergridStatus: 'scheduled', stage: 'installation' });
  return item;
}

const statuses = (item: PlacedItem) => item.updates().map(({ status }) => status);

describe('before the answer', () => {
  test('what the field reports is held, shows, and is applied in order after acceptance', async () => {
    const item = await placeOrder(system, UNREACHABLE);
    await item.needs('manual_review');
    // Sent the wrong way round; each says when it happened.
    await item.reported('installation.started', {}, { time: '2031-01-15T13:05:00Z' });
    await item.reported('appointment.scheduled', VISIT, { time: '2031-01-10T09:00:00Z' });
    const asked = await item.needs('event_before_decision');
    expect(asked).toMatchObject({ stage: 'review', offergridStatus: 'pending', waitingFor: 'a person' });
    expect(item.path()).toEqual(['pending']);

    expect(await item.command('approve')).toMatchObject({ status: 200 });
    await item.reaches('pending', 'accepted', 'scheduled', 'in_progress');
    await item.shows({ attention: null, stage: 'installation' });
    expect(statuses(item)).toEqual(['accepted', 'scheduled', 'in_progress']);
    expect(item.updates()[1]?.scheduledFor).toBe(VISIT.scheduledFor);
  });

  test('withdrawn by the customer: rejected, with the reason', async () => {
    const item = await placeOrder(system, UNREACHABLE);
    await item.needs('manual_review');
    await item.reported('order.cancelled', { reason: 'Ordered by mistake', requestedBy: 'customer' });
    await item.ends('rejected');
    expect(item.updates()).toMatchObject([{ status: 'rejected', metadata: { reasonCode: 'withdrawn' } }]);
    expect(item.updates()[0]?.providerNotes).toContain('Ordered by mistake');
  });

  test('availability nobody can tell: approved by a person', async () => {
    const item = await placeOrder(system, UNCLEAR);
    const asked = await item.needs('availability_unknown');
    expect(asked).toMatchObject({
      stage: 'availability',
      attention: { message: 'Address not found in the network map.' },
    });
    await item.commanded('approve', { note: 'The map is old, the street has fiber.' });
    await item.reaches('pending', 'accepted');
    await item.shows({ attention: null, stage: 'scheduling' });
  });

  test('availability nobody can tell: told by an event, either way', async () => {
    const [yes, no] = await Promise.all([placeOrder(system, UNCLEAR), placeOrder(system, UNCLEAR)]);
    await Promise.all([yes.needs('availability_unknown'), no.needs('availability_unknown')]);
    await yes.reported('availability.confirmed');
    await no.reported('availability.denied', { reason: 'No duct to the house.', alternative: 'LTE home' });
    await yes.reaches('pending', 'accepted');
    await no.ends('rejected');
    const [rejected] = no.updates();
    expect(rejected?.metadata).toEqual({ reasonCode: 'not_available', alternative: 'LTE home' });
    expect(rejected?.providerNotes).toContain('No duct to the house.');
    await yes.shows({ offergridStatus: 'accepted' });
    expect((await yes.report('availability.denied', { reason: 'late' })).status).toBe(409);
  });
});

describe('after acceptance', () => {
  test('the same event twice is one event, and other content under its id is refused', async () => {
    const item = await accepted();
    const again = { id: `${item.itemId}-visit`, time: '2031-01-10T09:00:00Z' };
    expect((await item.report('appointment.scheduled', VISIT, again)).status).toBe(202);
    expect(await item.report('appointment.scheduled', VISIT, again)).toMatchObject({
      status: 200,
      body: { duplicate: true },
    });
    expect((await item.report('appointment.scheduled', { ...VISIT, note: 'x' }, again)).status).toBe(422);
    await item.reported('installation.completed', LIVE);
    await item.ends('active');
    // Also of a finished item: it took that id.
    expect((await item.report('appointment.scheduled', VISIT, again)).status).toBe(200);
    expect(item.path()).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'active']);
    expect(statuses(item)).toEqual(['accepted', 'scheduled', 'in_progress', 'active']);
  });

  test('an appointment told late, after the start, is noted and moves nothing', async () => {
    const item = await accepted();
    await item.reported('installation.started');
    await item.reaches('pending', 'accepted', 'scheduled', 'in_progress');
    await item.reported('appointment.scheduled', VISIT, { time: '2026-01-01T09:00:00Z' });
    await item.notes('the visit had begun already');
    expect((await item.shown()).attention).toBeNull();
    await item.reported('installation.completed', LIVE);
    await item.ends('active');
    expect(statuses(item)).toEqual(['accepted', 'scheduled', 'in_progress', 'active']);
    // What it knew of the visit is known from now on.
    expect(item.updates()[3]?.metadata).toMatchObject({ technicianName: VISIT.technicianName });
  });

  test('an appointment made after the start is put before a person, and moves nothing', async () => {
    const item = await accepted();
    await item.reported('appointment.scheduled', VISIT);
    await item.reported('installation.started');
    await item.reaches('pending', 'accepted', 'scheduled', 'in_progress');
    const tomorrow = { ...VISIT, scheduledFor: '2031-01-16T13:00:00Z', workOrderId: 'wo-another' };
    await item.reported('appointment.rescheduled', tomorrow);
    const { attention } = await item.needs('drift');
    expect(attention?.message).toContain('appointment.rescheduled from field contradicts the order');
    // Another contradiction is told of as well, though one stands.
    await item.reported('appointment.missed', { by: 'customer' });
    const drifts = () => item.askedAbout().filter((code) => code === 'drift');
    await eventually('both to be told of', () => drifts().length === 2, { seen: drifts });
    await item.reported('installation.completed', LIVE);
    await item.ends('active');
    expect(statuses(item)).toEqual(['accepted', 'scheduled', 'in_progress', 'active']);
    // Those on site keep theirs.
    expect(item.workOrders().map(({ state }) => state)).not.toContain('cancelled');
  });

  test('an older appointment that comes after a newer one changes neither date nor crew', async () => {
    const item = await accepted();
    const ours = item.workOrders()[0]!.workOrderId;
    await item.reported('appointment.scheduled', VISIT, { time: '2031-01-10T09:00:00Z' });
    await item.reaches('pending', 'accepted', 'scheduled');
    const older = { ...VISIT, scheduledFor: '2031-01-12T13:00:00Z', technicianName: 'Old Crew' };
    await item.reported('appointment.rescheduled', older, { time: '2031-01-09T09:00:00Z' });
    await item.notes('a later appointment stands');
    await item.reported('installation.started');
    await item.reaches('pending', 'accepted', 'scheduled', 'in_progress');
    expect(statuses(item)).toEqual(['accepted', 'scheduled', 'in_progress']);
    expect(item.updates()[2]?.metadata).toMatchObject({
      technicianName: VISIT.technicianName,
      workOrderId: ours,
    });
    expect((await item.shown()).appointment?.scheduledFor).toBe(VISIT.scheduledFor);
  });

  test('completed alone implies the steps before it, and says that no appointment was recorded', async () => {
    const item = await accepted();
    const time = '2031-01-15T17:00:00.000Z';
    await item.reported('installation.completed', LIVE, { time });
    await item.ends('active');
    expect(item.path()).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'active']);
    expect(statuses(item)).toEqual(['accepted', 'scheduled', 'in_progress', 'active']);
    const visit = item.updates()[1];
    expect(visit).toMatchObject({ scheduledFor: time });
    expect(visit?.providerNotes).toContain('no appointment was recorded');
  });

  test('a missed visit, and a new appointment', async () => {
    const item = await scheduled();
    await item.reported('appointment.missed', { by: 'customer' });
    await item.shows({ stage: 'scheduling', offergridStatus: 'scheduled' });
    const later = { ...VISIT, scheduledFor: '2031-01-20T09:00:00Z', appointmentWindow: '9-12 AM' };
    await item.reported('appointment.rescheduled', later);
    await item.reaches('pending', 'accepted', 'scheduled', 'scheduled');
    await item.shows({
      stage: 'installation',
      appointment: { scheduledFor: later.scheduledFor, window: later.appointmentWindow },
    });
    await item.reported('installation.completed', LIVE);
    await item.ends('active');
    expect(item.path()).toEqual(['pending', 'accepted', 'scheduled', 'scheduled', 'in_progress', 'active']);
    expect(item.updates().slice(1, 3)).toMatchObject([
      { scheduledFor: VISIT.scheduledFor, metadata: { appointmentWindow: '1-5 PM' } },
      { scheduledFor: later.scheduledFor, metadata: { appointmentWindow: '9-12 AM' } },
    ]);
  });

  test('visits missed beyond what the policy allows go before a person', async () => {
    const item = await scheduled();
    const days = ['16', '17', '18'];
    for (const [missed, day] of days.entries()) {
      await item.reported('appointment.missed', { by: 'customer' });
      await item.shows({ stage: 'scheduling' });
      const { attention } = await item.shown();
      expect(attention?.code, `after ${missed + 1} missed visits`).toBe(missed === 2 ? 'no_show' : undefined);
      if (missed === 2) break;
      const scheduledFor = `2031-01-${day}T13:00:00Z`;
      await item.reported('appointment.rescheduled', { ...VISIT, scheduledFor });
      await item.shows({ stage: 'installation' });
    }
    expect(item.path()).toEqual(['pending', 'accepted', 'scheduled', 'scheduled', 'scheduled']);
    await item.isTold('order.attention');
    await item.reported('appointment.rescheduled', { ...VISIT, scheduledFor: '2031-02-01T13:00:00Z' });
    await item.shows({ stage: 'installation', attention: null });
  });

  test('completed without activation data waits for the activation', async () => {
    const item = await scheduled();
    await item.reported('installation.started');
    await item.reported('installation.completed', { note: 'Installed and tested' });
    const shown = await item.shows({ stage: 'activation', offergridStatus: 'completed' });
    expect(shown.outcome).toBeNull();
    await item.reported('service.activated', LIVE);
    await item.ends('active');
    expect(item.path()).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'completed', 'active']);
    expect(statuses(item)).toEqual(['accepted', 'scheduled', 'in_progress', 'completed', 'active']);
    await item.isTold('order.completed', 'order.active');
  });

  test('a failed installation goes by way of in_progress, and a person is told', async () => {
    const item = await scheduled();
    await item.reported('installation.failed', {
      reason: 'No conduit into the building',
      alternative: 'Fixed wireless is available',
    });
    const shown = await item.ends('failed');
    expect(shown.attention?.code).toBe('installation_failed');
    expect(item.path()).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'failed']);
    expect(item.updates()[3]).toMatchObject({
      status: 'failed',
      metadata: { reasonCode: 'installation_failed', alternative: 'Fixed wireless is available' },
    });
    expect(item.updates()[3]?.providerNotes).toContain('No conduit into the building');
    await item.isTold('order.failed', 'order.attention');
  });
});

describe('work orders that report', () => {
  test("the item's own goes all the way; a foreign one is refused", async () => {
    const item = await accepted();
    const own = item.workOrders()[0]!.workOrderId;
    const when = { status: 'scheduled', appointmentDate: VISIT.scheduledFor, appointmentWindow: '1-5 PM' };
    expect((await item.workOrderStatus('wo-foreign', when)).status).toBe(409);
    expect((await item.workOrderStatus(own, when)).status).toBe(202);
    expect((await item.workOrderStatus(own, when)).status).toBe(200);
    await item.workOrderStatus(own, { status: 'in_progress' });
    await item.workOrderStatus(own, { status: 'completed', ...LIVE });
    await item.ends('active');
    expect(item.path()).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'active']);
    expect(item.updates()[3]?.metadata).toMatchObject({ workOrderId: own, ...LIVE });
    expect(item.workOrders()[0]?.state).toBe('open');
  });

  test('one that an event names replaces ours, which is called off', async () => {
    const item = await accepted();
    await item.reported('appointment.scheduled', { ...VISIT, workOrderId: 'wo-crm-1' });
    await item.reaches('pending', 'accepted', 'scheduled');
    await eventually('ours to be called off', () => item.workOrders()[0]?.state === 'cancelled');
    expect(item.updates()[1]?.metadata).toMatchObject({ workOrderId: 'wo-crm-1' });
    await item.shows({ workOrderId: 'wo-crm-1' });
  });

  test('one named by an event that comes too late replaces ours as well', async () => {
    const item = await accepted();
    await item.reported('installation.started');
    await item.reaches('pending', 'accepted', 'scheduled', 'in_progress');
    await item.reported('appointment.scheduled', { ...VISIT, workOrderId: 'wo-crm-2' });
    await item.shows({ workOrderId: 'wo-crm-2' });
    await eventually('ours to be called off', () => item.workOrders()[0]?.state === 'cancelled');
  });
});

describe('test orders', () => {
  test('run to their end by themselves; nobody is sent out, and notifications say so', async () => {
    const item = await placeOrder(system, { metadata: { test: true }, ...UNREACHABLE });
    const shown = await item.ends('active');
    expect(shown.testOrder).toBe(true);
    expect(item.path()).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'active']);
    const asked = system.provider.control
      .calls()
      .filter(({ body }) => (body as { itemId?: string })?.itemId === item.itemId);
    expect(asked.map(({ path }) => path)).toEqual(['/serviceability']);
    await item.isTold('order.accepted', 'order.scheduled', 'order.started', 'order.active');
    for (const { data } of item.notices()) expect(data['testOrder']).toBe(true);
  });
});
