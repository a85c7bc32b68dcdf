import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createOrderRecords } from '../../db/order-records.js';
import type { ProviderEvent } from '../../domain/provider-event.js';
import { FULFILLMENT_QUEUE, RECONCILE_ORDERS } from '../../domain/workflow-names.js';
import type { Gate } from '../../integrations/offergrid/client.js';
import { OffergridError } from '../../integrations/offergrid/errors.js';
import { operate, providerEvent, state } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type SkippedTime } from '../support/skipped-time.js';

const VISIT: ProviderEvent = {
  ...{ id: 'visit', type: 'appointment.scheduled', time: '2031-01-01T00:00:00Z' },
  data: { scheduledFor: '2031-01-15T13:00:00Z', appointmentWindow: '1-5 PM' },
};

const open: Gate = (_operation, send) => send();
let gate = open;

let time: SkippedTime;
beforeAll(async () => {
  // An hour, so that Postgres is not asked in vain for a whole day.
  time = await startSkippedTime(
    { response: { deadline: '1h', warnBefore: ['30m', '15m'] } },
    { gate: (operation, send) => gate(operation, send) },
  );
});
afterAll(() => time?.stop());

test('Postgres away: the order is answered and alarms go out; what happened is on record when it is back', async () => {
  const records = createOrderRecords(time.pool);
  await time.postgresLine.cut();
  const accepted = await time.hear({});
  const asked = await time.hear({ incomplete: true });
  await eventually('an answer', () => time.offergrid.control.path(accepted.itemId).includes('accepted'));
  await eventually('the acceptance to be announced', () => accepted.hoursOf('order.accepted').length === 1);
  await eventually('the question', async () => (await asked.handle.query(state)).stage === 'review');
  // The clock is not skipped while an activity retries at once; its pauses are.
  await time.env.sleep('61m');
  await eventually('the alarm', () => asked.hoursOf('sla.breached').length === 1);
  expect(asked.hoursOf('sla.warning')).toEqual([0.5, 0.75]);

  await time.postgresLine.mend();
  await time.env.sleep('5m');
  const record = await eventually('the record', async () => (await records.find(asked.itemId)) ?? undefined);
  expect(record.view.itemId).toBe(asked.itemId);
  await eventually(
    'the whole story',
    async () => (await records.find(asked.itemId))?.view.sla?.state === 'breached',
  );
  await eventually(
    'the other one too',
    async () => (await records.find(accepted.itemId))?.view.offergridStatus === 'accepted',
  );
  const lines = await records.timeline(asked.itemId);
  expect(lines.filter(({ type }) => type === 'sla')).toHaveLength(3);

  await asked.handle.executeUpdate(operate, {
    args: [{ command: 'reject', reason: 'No crew', actor: 'dana' }],
  });
  await asked.handle.result();
});

test('Offergrid away: a person is told, the order is kept, and goes on by itself', async () => {
  time.offergrid.control.setFaults([{ kind: 'error', status: 503, path: '/provider/**' }]);
  const item = await time.hear({});
  await eventually('a refused call', () =>
    time.offergrid.control.calls().some(({ status }) => status === 503),
  );
  await time.env.sleep('15m');
  const view = await eventually('the attention', async () => {
    const now = await item.handle.query(state);
    return now.attention !== null && now;
  });
  expect(view).toMatchObject({ stage: 'intake', attention: { code: 'offergrid_unreachable' } });
  await eventually('the notice', () => item.hoursOf('order.attention').length === 1);
  await time.env.sleep('5h');
  expect(item.hoursOf('order.attention')).toHaveLength(1);

  time.offergrid.control.clearFaults();
  await time.env.sleep('2m');
  await eventually('the answer', () => time.offergrid.control.path(item.itemId).includes('accepted'));
  expect((await item.handle.query(state)).attention).toBeNull();
});

test('Offergrid away: what the field reports is on record all the same', async () => {
  const item = await time.hear({});
  const records = createOrderRecords(time.pool);
  const view = async () => (await records.find(item.itemId))?.view;
  // Nothing else is left to be written down, which would take the report with it.
  await eventually('the work order on record', async () => (await view())?.workOrderId != null, {
    seen: view,
  });
  time.offergrid.control.setFaults([{ kind: 'error', status: 503, path: '/provider/**' }]);
  await item.handle.signal(providerEvent, VISIT);
  await eventually('a refused update', () =>
    time.offergrid.control.calls().some(({ method, status }) => method === 'PATCH' && status === 503),
  );
  // Minutes before a person is told that Offergrid is away.
  await time.env.sleep('10s');
  const lines = () => records.timeline(item.itemId);
  await eventually(
    'the report on record',
    async () =>
      (await lines()).some(({ type, note }) => type === 'event' && note === 'appointment.scheduled'),
    { within: 15_000, seen: lines },
  );
  expect(time.offergrid.control.path(item.itemId)).toEqual(['pending', 'accepted']);
  time.offergrid.control.clearFaults();
  await time.env.sleep('2m');
  await eventually('the visit', () => time.offergrid.control.path(item.itemId).includes('scheduled'));
  // Once, however often it was written down.
  expect((await lines()).filter(({ type }) => type === 'event')).toHaveLength(1);
});

test('a call that is forbidden for good, while the others are not: a person is told of that item', async () => {
  const item = await time.hear({});
  await eventually('the work order', async () => (await item.handle.query(state)).workOrderId !== null);
  const path = `/provider/orders/${item.itemId}/status`;
  time.offergrid.control.setFaults([{ kind: 'error', status: 403, method: 'PATCH', path }]);
  await item.handle.signal(providerEvent, VISIT);
  await eventually('a refused update', () =>
    time.offergrid.control.calls().some((call) => call.path === path && call.status === 403),
  );
  await time.env.sleep('2h');
  await eventually('the notice', () => item.hoursOf('order.attention').length === 1);
  expect((await item.handle.query(state)).attention?.code).toBe('offergrid_unreachable');
  time.offergrid.control.clearFaults();
  await time.env.sleep('10m');
  await eventually('the visit', () => time.offergrid.control.path(item.itemId).includes('scheduled'));
});

test('lists that cannot be had keep nobody from looking at items that nobody looks after', async () => {
  const headers = { 'retry-after': '120' };
  time.offergrid.control.setFaults([{ kind: 'error', status: 503, headers, path: '/provider/orders' }]);
  const { workflow } = time.env.client;
  const run = await workflow.start(RECONCILE_ORDERS, {
    taskQueue: FULFILLMENT_QUEUE,
    workflowId: 'reconcile-while-lists-are-away',
  });
  await expect(run.result()).rejects.toThrow();
  time.offergrid.control.clearFaults();
  const { events } = await run.fetchHistory();
  const looks = events?.filter(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'watchItems',
  );
  expect(looks?.length).toBeGreaterThan(1);
});

test('all calls stopped: it shows on each item, and nobody is told of each; of one that fails by itself they are', async () => {
  gate = (operation) => {
    throw new OffergridError({ operation, kind: 'stopped', detail: 'until a probe is answered' });
  };
  onTestFinished(() => void (gate = open));
  const item = await time.hear({});
  await time.env.sleep('20m');
  const unreachable = async () =>
    (await item.handle.query(state)).attention?.code === 'offergrid_unreachable';
  await eventually('the attention', unreachable);
  expect(item.hoursOf('order.attention')).toEqual([]);

  time.offergrid.control.setFaults([{ kind: 'error', status: 503, path: '/provider/**' }]);
  gate = open;
  await time.env.sleep('25m');
  await eventually('the notice', () => item.hoursOf('order.attention').length === 1);
  gate = (operation) => {
    throw new OffergridError({ operation, kind: 'stopped', detail: 'until a probe is answered' });
  };
  await time.env.sleep('25m');
  gate = open;
  time.offergrid.control.clearFaults();
  await time.env.sleep('5m');
  await eventually('the answer', () => time.offergrid.control.path(item.itemId).includes('accepted'));
  expect(item.hoursOf('order.attention')).toHaveLength(1);
  expect((await item.handle.query(state)).attention).toBeNull();
});
