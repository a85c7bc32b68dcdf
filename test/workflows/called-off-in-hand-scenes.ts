import type { AttentionCode } from '../../domain/attention.js';
import type { ProviderEvent, ProviderEventType } from '../../domain/provider-event.js';
import { operate, platformEvent, providerEvent } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import type { HeardItem, SkippedTime } from '../support/skipped-time.js';

export const TIME = '2031-01-02T00:00:00Z';
const VISIT = { scheduledFor: '2031-01-15T13:00:00Z', appointmentWindow: '1-5 PM' };

export type Source = 'platform' | 'customer';

/** A call that the table of cancellations has no row for, and how an order comes to make it. */
export interface Scene {
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

export const report = (item: HeardItem, type: ProviderEventType, data: object) =>
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
export const withdrawn = (item: HeardItem, id = 'cancel') =>
  item.handle.signal(providerEvent, {
    ...{ id, type: 'order.cancelled', time: TIME },
    data: { reason: 'No need', requestedBy: 'customer' },
  });

const UPDATE = { system: 'offergrid', method: 'PATCH', path: /status$/ } as const;

const BOOKED_ALREADY = { platform: 'cancelled_in_field' } as const;

export const SCENES: Scene[] = [
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
