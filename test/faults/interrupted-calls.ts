import { randomUUID } from 'node:crypto';
import type { Call } from '../../sandbox/http/call-log.js';
import type { HttpFault } from '../../sandbox/http/fault-plan.js';
import type { OrderOverrides } from '../../sandbox/offergrid/control.js';
import type { System } from '../../sandbox/system/start-system.js';
import { LIVE, VISIT, type PlacedItem } from '../e2e/placed-item.js';

/** From the first call in hand until the platform applies it: the worker has to be stopped by then. */
const APPLIED_AFTER = 8_000;
/** Applied when the worker is gone already. */
export const APPLIED_LATE = 10_000;
export type Fault = 'never-arrives' | 'applied' | 'applied-late';

/** One item, and the one call of it that the worker is killed over. */
export interface Case {
  name: string;
  itemId: string;
  call: { method: string; path: string; whenBody?: Record<string, unknown> };
  of: 'platform' | 'provider' | 'people';
  fault: Fault;
  order?: OrderOverrides;
  /** Statuses the platform is to see after `pending`; default: an installation's. */
  moves?: string[];
  /** Those of them that it is to hear of from us; default: all. */
  updates?: string[];
  /** Where the item is brought first, before the call in question. */
  ready?: (item: PlacedItem) => Promise<unknown>;
  /** What leads to the call; default: placing the order. */
  trigger?: (item: PlacedItem) => Promise<unknown>;
  /** What is left to be reported afterwards. */
  rest: string[];
}

const INSTANT: OrderOverrides = { items: [{ offerId: 'off-ins-1' }] };
/** Ordered once only: nobody has read it before. */
const UNREAD: OrderOverrides = { items: [{ offerId: 'off-sec-1' }] };
const MOVED = { ...VISIT, scheduledFor: '2031-01-20T09:00:00Z' };
/** What an installation's events carry. */
export const REPORTS: Record<string, object> = {
  'appointment.scheduled': VISIT,
  'installation.started': {},
  'installation.completed': LIVE,
};
export const WHOLE_VISIT = Object.keys(REPORTS);

const visitArranged = async (item: PlacedItem) => {
  await item.hasWorkOrder();
  await item.reported('appointment.scheduled', VISIT);
  await item.shows({ offergridStatus: 'scheduled' });
};
const started = async (item: PlacedItem) => {
  await visitArranged(item);
  await item.reported('installation.started');
  await item.shows({ offergridStatus: 'in_progress' });
};

function platformCase(
  name: string,
  method: string,
  status: string | null,
  more: Partial<Case> & { scheduledFor?: string },
): Case {
  const { scheduledFor } = more;
  const itemId = `item-${randomUUID()}`;
  const path = `/provider/orders/${itemId}${status === null ? '' : '/status'}`;
  const call = {
    method,
    path,
    ...(status === null ? {} : { whenBody: { status, ...(scheduledFor && { scheduledFor }) } }),
  };
  return { name, itemId, call, of: 'platform', fault: 'never-arrives', rest: WHOLE_VISIT, ...more };
}

function providerCase(name: string, path: string, more: Partial<Case>): Case {
  const itemId = `item-${randomUUID()}`;
  const call = { method: 'POST', path, whenBody: { itemId } };
  return { name, itemId, call, of: 'provider', fault: 'never-arrives', rest: WHOLE_VISIT, ...more };
}

/** A call of every stage, each in a new item of its own. */
export const interruptedCalls = (): Case[] => [
  platformCase('the item is read', 'GET', null, {}),
  platformCase('the offer is read', 'GET', null, {
    call: { method: 'GET', path: '/provider/offers/off-sec-1' },
    order: UNREAD,
  }),
  providerCase('availability is asked', '/serviceability', {}),
  platformCase('acceptance on its way', 'PATCH', 'accepted', {}),
  platformCase('acceptance applied, its reply lost', 'PATCH', 'accepted', { fault: 'applied' }),
  platformCase('acceptance applied after the kill', 'PATCH', 'accepted', { fault: 'applied-late' }),
  providerCase('the work order is made', '/work-orders', { fault: 'applied' }),
  providerCase('the customer is to be called', '/customer-contacts', {}),
  platformCase('scheduled applied', 'PATCH', 'scheduled', {
    fault: 'applied',
    ready: (item) => item.hasWorkOrder(),
    trigger: (item) => item.reported('appointment.scheduled', VISIT),
    rest: ['installation.started', 'installation.completed'],
  }),
  platformCase('in_progress on its way', 'PATCH', 'in_progress', {
    ready: visitArranged,
    trigger: (item) => item.reported('installation.started'),
    rest: ['installation.completed'],
  }),
  platformCase('active applied', 'PATCH', 'active', {
    fault: 'applied',
    ready: started,
    trigger: (item) => item.reported('installation.completed', LIVE),
    rest: [],
  }),
  providerCase('an instant service is activated', '/activations', {
    fault: 'applied',
    order: INSTANT,
    moves: ['accepted', 'active'],
    rest: [],
  }),
  platformCase('active of an instant service', 'PATCH', 'active', {
    order: INSTANT,
    moves: ['accepted', 'active'],
    rest: [],
  }),
  platformCase('the visit is moved', 'PATCH', 'scheduled', {
    fault: 'applied',
    scheduledFor: MOVED.scheduledFor,
    ready: visitArranged,
    trigger: (item) => item.reported('appointment.rescheduled', MOVED),
    moves: ['accepted', 'scheduled', 'scheduled', 'in_progress', 'active'],
    rest: ['installation.started', 'installation.completed'],
  }),
  platformCase('the order is called off', 'PATCH', 'cancelled', {
    fault: 'applied',
    ready: (item) => item.hasWorkOrder(),
    trigger: (item) =>
      item.reported('order.cancelled', { reason: 'Customer withdrew', requestedBy: 'customer' }),
    moves: ['accepted', 'cancelled'],
    rest: [],
  }),
  providerCase('the work order is cancelled', '/work-orders/*/cancel', {
    // It names no item; the first of all is this one's.
    call: { method: 'POST', path: '/work-orders/*/cancel' },
    fault: 'applied',
    ready: (item) => item.hasWorkOrder(),
    trigger: (item) => Promise.resolve(item.cancelledByReseller()),
    moves: ['accepted', 'cancelled'],
    updates: ['accepted'],
    rest: [],
  }),
  {
    ...providerCase('people are told', '/notifications', {}),
    call: { method: 'POST', path: '/notifications', whenBody: { type: 'order.scheduled' } },
    of: 'people',
    ready: (item) => item.hasWorkOrder(),
    trigger: (item) => item.reported('appointment.scheduled', VISIT),
    rest: ['installation.started', 'installation.completed'],
  },
];

/** What keeps the call in hand for as long as it takes to kill the worker. */
export function faultsOf({ call, fault }: Case): HttpFault[] {
  const strike = { ...call, times: 1 };
  if (fault === 'never-arrives') return [{ kind: 'hang', ...strike }];
  return [{ kind: 'delay', ms: fault === 'applied' ? APPLIED_AFTER : APPLIED_LATE, ...strike }];
}

/** The calls that the case is about, oldest first. */
export function callsOf(system: System, one: Case): Pick<Call, 'status' | 'applied'>[] {
  const { of, call } = one;
  if (of === 'people') return deliveriesOf(system, one);
  const { control } = of === 'platform' ? system.offergrid : system.provider;
  return control.calls().filter(({ method, path, body }) => {
    if (method !== call.method || !isAt(path, call.path)) return false;
    const sent = (body ?? {}) as Record<string, unknown>;
    return Object.entries(call.whenBody ?? {}).every(([field, value]) => sent[field] === value);
  });
}

function deliveriesOf({ notifications }: System, { itemId, call }: Case) {
  return notifications
    .received()
    .filter(({ data, type }) => data['itemId'] === itemId && type === call.whenBody?.['type'])
    .map(({ answered }) => ({ status: answered ? 204 : null, applied: true }));
}

/** `*` stands for one segment. */
function isAt(path: string, pattern: string): boolean {
  const wanted = pattern.split('/');
  const segments = path.split('/');
  return segments.length === wanted.length && wanted.every((one, at) => one === '*' || one === segments[at]);
}
