import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AttentionCode } from '../../domain/attention.js';
import type { OrderView } from '../../domain/order-view.js';
import type { ProviderEvent, ProviderEventType } from '../../domain/provider-event.js';
import type { Call } from '../../sandbox/http/call-log.js';
import type { HttpFault } from '../../sandbox/http/fault-plan.js';
import { operate, platformEvent, providerEvent, state } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

const TIME = '2031-01-02T00:00:00Z';
const VISIT = { scheduledFor: '2031-01-15T13:00:00Z', appointmentWindow: '1-5 PM' };
/** Milliseconds for which a call stays in hand. */
const IN_HAND = 2_500;
/** Milliseconds for all of them together. */
const ALL = 120_000;

type Source = 'platform' | 'customer';

/** A call that the table of cancellations has no row for, and how an order comes to make it. */
interface Scene {
  name: string;
  order?: { incomplete?: boolean };
  /** Reported one after the other, each when the platform shows what is written beside it. */
  reports?: [type: ProviderEventType, data: object, shown: string[]][];
  /** What leads to the call. */
  act: (item: HeardItem, time: SkippedTime) => Promise<unknown>;
  /** Which call of the item's it is. `nth`: of its kind, from 1 on. */
  call: { system: 'offergrid' | 'provider'; method: string; path: RegExp; status?: string; nth?: number };
  /** What a person has to look at then. */
  people?: Partial<Record<Source, AttentionCode>>;
  /** What the platform shows in the end, by who calls the order off. */
  ends: Record<Source, string[]>;
}

const report = (item: HeardItem, type: ProviderEventType, data: object) =>
  item.handle.signal(providerEvent, {
    id: `${type}-${item.itemId}`,
    type,
    time: TIME,
    data,
  } as ProviderEvent);
const BOOKED: NonNullable<Scene['reports']>[number] = [
  'appointment.scheduled',
  VISIT,
  ['pending', 'accepted', 'scheduled'],
];
const STARTED: NonNullable<Scene['reports']>[number] = [
  'installation.started',
  {},
  [...BOOKED[2], 'in_progress'],
];
const withdrawn = (item: HeardItem, id = 'cancel') =>
  item.handle.signal(providerEvent, {
    ...{ id, type: 'order.cancelled', time: TIME },
    data: { reason: 'No need', requestedBy: 'customer' },
  });

const UPDATE = { system: 'offergrid', method: 'PATCH', path: /status$/ } as const;

const BOOKED_ALREADY = { platform: 'cancelled_in_field' } as const;

const SCENES: Scene[] = [
  {
    name: 'its rejection',
    order: { incomplete: true },
    act: (item) =>
      item.handle.executeUpdate(operate, { args: [{ command: 'reject', reason: 'No crew', actor: 'dana' }] }),
    call: { ...UPDATE, status: 'rejected' },
    ends: { platform: ['pending', 'cancelled'], customer: ['pending', 'rejected'] },
  },
  {
    name: 'the update that its visit is moved',
    people: BOOKED_ALREADY,
    reports: [BOOKED],
    act: (item) =>
      report(item, 'appointment.rescheduled', { ...VISIT, scheduledFor: '2031-01-20T09:00:00Z' }),
    call: { ...UPDATE, status: 'scheduled', nth: 2 },
    ends: {
      platform: [...BOOKED[2], 'cancelled'],
      customer: [...BOOKED[2], 'scheduled', 'cancelled'],
    },
  },
  {
    name: 'the update that it failed',
    people: { ...BOOKED_ALREADY, customer: 'installation_failed' },
    reports: [BOOKED, STARTED],
    act: (item) => report(item, 'installation.failed', { reason: 'No line to the house' }),
    call: { ...UPDATE, status: 'failed' },
    ends: { platform: [...STARTED[2], 'cancelled'], customer: [...STARTED[2], 'failed'] },
  },
  {
    name: 'the update that it is called off',
    act: (item) => withdrawn(item, 'first'),
    call: { ...UPDATE, status: 'cancelled' },
    ends: {
      platform: ['pending', 'accepted', 'cancelled'],
      customer: ['pending', 'accepted', 'cancelled'],
    },
  },
  {
    name: 'a look at it',
    act: (item) => item.handle.signal(platformEvent, { id: 'look', type: 'order.updated', occurredAt: TIME }),
    call: { system: 'offergrid', method: 'GET', path: /./, nth: 2 },
    ends: {
      platform: ['pending', 'accepted', 'cancelled'],
      customer: ['pending', 'accepted', 'cancelled'],
    },
  },
  {
    name: 'the update that the platform had forgotten',
    people: BOOKED_ALREADY,
    reports: [BOOKED],
    act: async (item, { offergrid }) => {
      offergrid.control.setStatus(item.itemId, 'accepted');
      await item.handle.signal(platformEvent, { id: 'look', type: 'order.updated', occurredAt: TIME });
    },
    call: { ...UPDATE, status: 'scheduled', nth: 2 },
    ends: {
      platform: [...BOOKED[2], 'accepted', 'cancelled'],
      customer: [...BOOKED[2], 'accepted', 'scheduled', 'cancelled'],
    },
  },
  {
    name: 'the cancellation of a work order that another took the place of',
    people: BOOKED_ALREADY,
    act: async (item, { offergrid }) => {
      await report(item, 'appointment.scheduled', { ...VISIT, workOrderId: `wo-${item.itemId}` });
      await eventually('the visit to be shown', () => offergrid.control.path(item.itemId).length === 3);
    },
    call: { system: 'provider', method: 'POST', path: /\/cancel$/ },
    ends: {
      platform: [...BOOKED[2], 'cancelled'],
      customer: [...BOOKED[2], 'cancelled'],
    },
  },
];

const ROWS = SCENES.flatMap((scene, n) =>
  (['platform', 'customer'] as const).map((source) => ({ scene, source, itemId: `item-${source}-${n}` })),
);
type Row = (typeof ROWS)[number];

interface Found {
  path: string[];
  view: OrderView;
  /** Calls that came after the cancellation and neither read the item nor call something off. */
  sentAfterwards: string[];
  openWorkOrders: object[];
}

describe('an order that is called off with this in hand', () => {
  let time: SkippedTime;
  const found = new Map<Row, Found | Error>();

  beforeAll(async () => {
    time = await startSkippedTime({ acknowledgeAfter: null }, { server: 'dev' });
    time.provider.control.setFaults([{ kind: 'delay', ms: IN_HAND, path: '/work-orders/*/cancel' }]);
    const faults: HttpFault[] = [];
    await Promise.all(
      ROWS.map(async (row) => {
        // Those of other rows may strike once more: it makes them slower, and no different.
        const hold = (fault: HttpFault) => time.offergrid.control.setFaults((faults.push(fault), faults));
        found.set(row, await walk(row, time, hold).catch((error: Error) => error));
      }),
    );
  }, ALL);
  afterAll(() => time?.stop());

  test.each(ROWS.map((row) => [row.scene.name, row.source, row] as const))('%s, by %s', (_, source, row) => {
    const outcome = found.get(row);
    if (outcome === undefined || outcome instanceof Error) throw outcome ?? new Error('not walked');
    const { ends } = row.scene;
    expect(outcome.path).toEqual(ends[source]);
    expect(outcome.view).toMatchObject({ stage: 'done', outcome: ends[source].at(-1) });
    expect(outcome.sentAfterwards).toEqual([]);
    expect(outcome.view.attention?.code ?? null).toBe(row.scene.people?.[source] ?? null);
    // Of an installation that failed the visit was made.
    if (outcome.view.outcome !== 'failed') expect(outcome.openWorkOrders).toEqual([]);
  });
});

/** Brings one order to where the call is in hand, calls it off, and follows it to its end. */
async function walk(
  { scene, source, itemId }: Row,
  time: SkippedTime,
  hold: (fault: HttpFault) => void,
): Promise<Found> {
  const { call, order = {}, reports = [], ends } = scene;
  const { control } = time.offergrid;
  const item = await time.hear({ ...order, itemId });
  const view = () => item.handle.query(state);
  const until = (what: string, holds: () => boolean | Promise<boolean>) =>
    eventually(`${what}: ${itemId}`, holds, { seen: view });

  if (order.incomplete === true)
    await until('it to wait for a person', async () => (await view()).stage === 'review');
  else await until('its work order', async () => (await view()).workOrderId !== null);
  for (const [type, data, shown] of reports) {
    await report(item, type, data);
    await until(`it to show ${shown.join(', ')}`, () => control.path(itemId).length === shown.length);
  }
  const own = ({ path }: Call) =>
    path.includes(itemId) || workOrdersOf(time, itemId).some((id) => path.includes(id));
  const calls = () => [...control.calls(), ...time.provider.control.calls()].filter(own);
  const isIt = ({ method, path, body }: Call) =>
    method === call.method &&
    call.path.test(path) &&
    (call.status === undefined || (body as { status: string }).status === call.status);
  if (call.system === 'offergrid') {
    const path = `/provider/orders/${itemId}${call.method === 'GET' ? '' : '/status'}`;
    const whenBody = call.status === undefined ? {} : { whenBody: { status: call.status } };
    hold({ kind: 'delay', ms: IN_HAND, times: 1, method: call.method, path, ...whenBody });
  }
  await scene.act(item, time);
  const inHand = () =>
    calls()
      .filter(isIt)
      .at((call.nth ?? 1) - 1);
  await until('the call to be in hand', () => inHand()?.status === null);

  const before = new Set(calls().map(wordsFor));
  if (source === 'customer') await withdrawn(item);
  else {
    control.cancelAsReseller(itemId, 'moved away');
    await item.handle.signal(platformEvent, { id: 'cancel', type: 'order.cancelled', occurredAt: TIME });
  }
  await until('the end', async () => (await item.handle.describe()).status.name === 'COMPLETED');
  const callsOff = ({ method, path, body }: Call) =>
    method === 'GET' ||
    path.endsWith('/cancel') ||
    (body as { status?: string }).status === ends[source].at(-1);
  return {
    path: control.path(itemId),
    view: await view(),
    sentAfterwards: calls()
      .filter((one) => !callsOff(one))
      .map(wordsFor)
      .filter((words) => !before.has(words)),
    openWorkOrders: time.provider.control
      .workOrders()
      .filter((one) => one.itemId === itemId && one.state !== 'cancelled'),
  };
}

const workOrdersOf = ({ provider }: SkippedTime, itemId: string) =>
  provider.control
    .workOrders()
    .filter((one) => one.itemId === itemId)
    .map(({ workOrderId }) => workOrderId);

const wordsFor = ({ method, path, body, at }: Call) => `${at} ${method} ${path} ${JSON.stringify(body)}`;
