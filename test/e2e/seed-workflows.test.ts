import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { LIVE, placeOrder, VISIT, type PlacedItem } from './placed-item.js';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system?.stop());

/** Each update once, in this order, none of them without a note for the reseller. */
function expectUpdates(item: PlacedItem, statuses: string[]): void {
  const updates = item.updates();
  expect(updates.map(({ status }) => status)).toEqual(statuses);
  for (const { providerNotes } of updates) expect(providerNotes.trim()).not.toBe('');
}

/** The Temporal ids of the item's runs that a search finds. */
async function found(query: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of system.client.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

describe('workflow 1: standard installation', () => {
  test('from the order to the live service', async () => {
    // The first order teaches the offer; the calls of one that finds it known are the ones to count.
    const first = await placeOrder(system);
    await first.reaches('pending', 'accepted');
    const item = await placeOrder(system);
    await item.reaches('pending', 'accepted');
    await item.shows({ stage: 'scheduling' });
    const workOrderId = await item.hasWorkOrder();
    expect(item.workOrders().map((one) => one.workOrderId)).toEqual([workOrderId]);

    const visit = { ...VISIT, workOrderId };
    expect(await item.report('appointment.scheduled', visit)).toMatchObject({
      status: 202,
      body: { itemId: item.itemId, duplicate: false },
    });
    await item.reaches('pending', 'accepted', 'scheduled');
    await item.reported('installation.started', { technicianName: 'Mike Johnson' });
    await item.reaches('pending', 'accepted', 'scheduled', 'in_progress');
    await item.reported('installation.completed', LIVE);
    const shown = await item.ends('active');

    expect(item.path()).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'active']);
    expectUpdates(item, ['accepted', 'scheduled', 'in_progress', 'active']);
    const [accepted, scheduled, started, active] = item.updates();
    const facts = { ...VISIT, workOrderId };
    const { scheduledFor: _, ...sentFacts } = facts;
    expect(accepted?.metadata).toEqual({});
    expect(scheduled).toMatchObject({ scheduledFor: VISIT.scheduledFor });
    expect(scheduled?.metadata).toEqual(sentFacts);
    expect(started?.metadata).toEqual(sentFacts);
    expect(active?.metadata).toEqual({ ...sentFacts, ...LIVE });

    const calls = item.platformCalls().map(({ method }) => method);
    expect(calls).toEqual(['GET', 'PATCH', 'PATCH', 'PATCH', 'PATCH']);
    expect(item.workOrders()).toMatchObject([{ workOrderId, state: 'open', unitNumber: '4B' }]);
    for (const path of ['/serviceability', '/work-orders', '/customer-contacts'])
      expect(item.providerCalls(path), path).toHaveLength(1);

    expect(shown).toMatchObject({
      itemId: item.itemId,
      orderId: item.orderId,
      offerId: 'off-789-ghi',
      offerName: 'High-Speed Internet 1000 Mbps',
      category: 'internet',
      offergridStatus: 'active',
      testOrder: false,
      sla: { state: 'met' },
      waitingFor: null,
      attention: null,
      appointment: { scheduledFor: VISIT.scheduledFor, window: VISIT.appointmentWindow },
      workOrderId,
      workflow: { workflowId: `fulfillment-${item.itemId}` },
    });
    const lines = (type: string) => shown.timeline.filter((line) => line.type === type);
    expect(lines('status').map(({ from, to }) => [from, to])).toEqual([
      [null, 'pending'],
      ['pending', 'accepted'],
      ['accepted', 'scheduled'],
      ['scheduled', 'in_progress'],
      ['in_progress', 'active'],
    ]);
    expect(lines('event').map(({ actor, note }) => [actor, note])).toEqual([
      ['field', 'appointment.scheduled'],
      ['field', 'installation.started'],
      ['field', 'installation.completed'],
    ]);

    const told = ['order.accepted', 'order.scheduled', 'order.started', 'order.active'];
    await item.isTold(...told);
    expect(item.notices().map(({ type }) => type)).toHaveLength(told.length);
    for (const notice of item.notices()) {
      expect(notice.verified, notice.type).toBe(true);
      expect(notice.data).toMatchObject({ itemId: item.itemId, orderId: item.orderId });
      expect(JSON.stringify(notice)).not.toMatch(/John|Doe|example\.com|123-4567|Main St/);
    }
    // The dev server compares instants as text, without closing zeros: equality would fail one time in ten.
    const around = (ms: number) => new Date(Date.parse(shown.sla?.deadline ?? '') + ms).toISOString();
    const query = [
      `OffergridOrderId = '${item.orderId}'`,
      `OffergridStatus = 'active'`,
      `FulfillmentStage = 'done'`,
      `ServiceCategory = 'internet'`,
      `SlaState = 'met'`,
      `TestOrder = false`,
      `ResponseDeadline between '${around(-1_000)}' and '${around(1_000)}'`,
    ].join(' and ');
    const workflowId = `fulfillment-${item.itemId}`;
    await eventually('the run to be found', async () => (await found(query)).includes(workflowId), {
      seen: async () => (await system.client.workflow.getHandle(workflowId).describe()).searchAttributes,
    });
  });
});

describe('workflow 2: instant activation', () => {
  test('nothing is installed: accepted, then active with a policy number', async () => {
    const item = await placeOrder(system, { items: [{ offerId: 'off-ins-1' }] });
    await item.ends('active');
    expect(item.path()).toEqual(['pending', 'accepted', 'active']);
    expectUpdates(item, ['accepted', 'active']);
    const [activation] = system.provider.control.activations().filter(({ itemId }) => itemId === item.itemId);
    const { policyNumber, effectiveDate } = activation!;
    const active = item.updates()[1]!;
    expect(active.metadata).toEqual({ policyNumber, effectiveDate });
    expect(active.providerNotes).toContain(policyNumber);
    expect(item.workOrders()).toEqual([]);
    expect(item.providerCalls('/activations')).toHaveLength(1);
    await item.isTold('order.accepted', 'order.active');
    expect(item.notices()).toHaveLength(2);
  });

  test('activated later: the item waits for the event that says so', async () => {
    system.provider.control.setActivation('later');
    try {
      const item = await placeOrder(system, { items: [{ offerId: 'off-ins-1' }] });
      await eventually('the activation', () => item.providerCalls('/activations').length === 1);
      await item.shows({ stage: 'activation', offergridStatus: 'accepted' });
      await item.reported('service.activated', { policyNumber: 'POL-98765', effectiveDate: '2031-01-02' });
      await item.ends('active');
      expectUpdates(item, ['accepted', 'active']);
      expect(item.updates()[1]?.metadata).toEqual({
        policyNumber: 'POL-98765',
        effectiveDate: '2031-01-02',
      });
    } finally {
      system.provider.control.setActivation('at-once');
    }
  });
});

describe('workflow 3: rejection', () => {
  test('not available there: the reason and the alternative, for people and for programs', async () => {
    const item = await placeOrder(system, { serviceAddress: { street: '1 Nowhere Lane' } });
    const shown = await item.ends('rejected');
    expect(item.path()).toEqual(['pending', 'rejected']);
    expectUpdates(item, ['rejected']);
    const [rejected] = item.updates();
    const alternative = 'Cable internet available as alternative.';
    expect(rejected?.metadata).toEqual({ reasonCode: 'not_available', alternative });
    expect(rejected?.providerNotes).toContain('Building does not have fiber infrastructure.');
    expect(rejected?.providerNotes).toContain(alternative);
    expect(shown).toMatchObject({ sla: { state: 'met' }, attention: null });
    expect(item.workOrders()).toEqual([]);
    expect(item.providerCalls('/customer-contacts')).toEqual([]);
    await item.isTold('order.rejected');
    expect(item.notices()).toHaveLength(1);
  });
});

describe('workflow 4: cancellation after acceptance', () => {
  async function accepted(): Promise<PlacedItem> {
    const item = await placeOrder(system);
    await item.reaches('pending', 'accepted');
    await item.hasWorkOrder();
    return item;
  }

  /** The end of every cancellation: the crew stays at home, and nothing is sent any more. */
  async function expectOver(item: PlacedItem, updates: string[]): Promise<void> {
    const shown = await item.ends('cancelled');
    await eventually('the work order to be cancelled', () => item.workOrders()[0]?.state === 'cancelled');
    const workflow = system.client.workflow.getHandle(`fulfillment-${item.itemId}`);
    await workflow.result();
    expectUpdates(item, updates);
    expect(item.workOrders()).toHaveLength(1);
    await item.isTold('order.accepted', 'order.cancelled');
    expect(item.notices()).toHaveLength(2);
    expect((await item.report('appointment.scheduled', VISIT)).status).toBe(409);
    expect(shown.attention).toBeNull();
    expect(item.updates()).toHaveLength(updates.length);
  }

  test("by the provider's own systems", async () => {
    const item = await accepted();
    const reason = 'Customer requested cancellation before installation. No fees charged.';
    await item.reported('order.cancelled', { reason, requestedBy: 'customer' });
    await expectOver(item, ['accepted', 'cancelled']);
    expect(item.updates()[1]?.providerNotes).toContain(reason);
    expect(item.path()).toEqual(['pending', 'accepted', 'cancelled']);
  });

  test('by the reseller at the platform: nothing is left to be told there', async () => {
    const item = await accepted();
    const response = await fetch(`${system.offergrid.url}/reseller/orders/${item.orderId}/cancel`, {
      method: 'PATCH',
      headers: { 'x-api-key': system.keys.reseller, 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'Tenant moved elsewhere' }),
    });
    expect(response.status).toBe(200);
    await expectOver(item, ['accepted']);
    expect(item.path()).toEqual(['pending', 'accepted', 'cancelled']);
  });

  test('by an operator', async () => {
    const item = await accepted();
    const answer = await item.command('cancel', { reason: 'No crew in that area.' });
    expect(answer).toMatchObject({ status: 200, body: { itemId: item.itemId } });
    expect(answer.body).not.toHaveProperty('timeline');
    await expectOver(item, ['accepted', 'cancelled']);
    expect(item.updates()[1]?.providerNotes).toContain('No crew in that area.');
    const said = (await item.shown()).timeline.find(({ type }) => type === 'command');
    expect(said).toMatchObject({ note: 'cancel: No crew in that area.' });
  });

  test('after the visit was arranged: somebody may be on the way, and a person is told', async () => {
    const item = await accepted();
    await item.reported('appointment.scheduled', VISIT);
    await item.reaches('pending', 'accepted', 'scheduled');
    await item.shows({ stage: 'installation' });
    system.offergrid.control.cancelAsReseller(item.orderId, 'changed their mind');
    const shown = await item.ends('cancelled');
    expect(shown.attention?.code).toBe('cancelled_in_field');
    await eventually('the work order to be cancelled', () => item.workOrders()[0]?.state === 'cancelled');
    expectUpdates(item, ['accepted', 'scheduled']);
    await item.isTold('order.cancelled', 'order.attention');
  });
});
