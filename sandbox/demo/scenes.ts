import { sampleOrder } from '../offergrid/control.js';
import type { CreateOrder } from '../offergrid/create-order.js';
import type { ItemStatus } from '../offergrid/order-item.js';
import type { ScriptName } from '../crew/scripts.js';
import { WARNINGS_AFTER_S } from './demo-policy.js';

/** What has to be so once an order has run to its end. */
export interface Expectation {
  /** As Offergrid sees it. */
  path: readonly ItemStatus[];
  sla: 'met' | 'met_late';
  /** At the provider. */
  workOrders: 'none' | 'made' | 'made and cancelled';
  contacts: number;
  activations: number;
  /** Reminders of the answer, in order; only where the order is kept waiting on purpose. */
  alarms?: readonly string[];
}

/** What happens to the order from outside while it runs. */
export type Intervention =
  | { kind: 'none' }
  /** Once the field service has its work order. */
  | { kind: 'reseller cancels' | 'customer cancels'; reason: string }
  /** Nobody answers until the deadline is past; then an operator approves. */
  | { kind: 'approved late'; note: string };

/** One order of the demo, from placing it to how it must end. */
export interface Scene {
  name: string;
  order: CreateOrder;
  /** How the field service behaves. */
  crew: ScriptName;
  intervention: Intervention;
  expected: Expectation;
}

const { customerInfo, serviceAddress } = sampleOrder;
const INTERNET = 'off-789-ghi';
const INSURANCE = 'off-ins-1';

const order = (offerId: string, more: Partial<CreateOrder> = {}): CreateOrder => ({
  items: [{ offerId }],
  customerInfo,
  serviceAddress,
  ...more,
});

const none: Intervention = { kind: 'none' };
const installed: readonly ItemStatus[] = ['accepted', 'scheduled', 'in_progress', 'active'];
const nothingAtProvider = { workOrders: 'none', contacts: 0, activations: 0 } as const;
const visit = { workOrders: 'made', contacts: 1, activations: 0 } as const;
const calledOff = { workOrders: 'made and cancelled', contacts: 1, activations: 0 } as const;

/** The four workflows of the platform's documentation, and what providers worry about. The slowest comes first. */
export const scenes: readonly Scene[] = [
  {
    name: 'SLA breach',
    order: order(INTERNET, { serviceAddress: { ...serviceAddress, zipCode: '' } }),
    crew: 'standard',
    intervention: { kind: 'approved late', note: 'The customer gave the ZIP code by telephone.' },
    expected: {
      path: ['pending', 'submitted_to_provider', ...installed],
      sla: 'met_late',
      ...visit,
      alarms: [...WARNINGS_AFTER_S.map(() => 'sla.warning'), 'sla.breached'],
    },
  },
  {
    name: 'standard',
    order: order(INTERNET, { notes: 'Afternoon visits, please.', metadata: { unitNumber: '4B' } }),
    crew: 'standard',
    intervention: none,
    expected: { path: ['pending', ...installed], sla: 'met', ...visit },
  },
  {
    name: 'instant',
    order: order(INSURANCE),
    crew: 'standard',
    intervention: none,
    expected: {
      path: ['pending', 'accepted', 'active'],
      sla: 'met',
      ...nothingAtProvider,
      activations: 1,
    },
  },
  {
    name: 'rejection',
    order: order(INTERNET, { serviceAddress: { ...serviceAddress, street: '9 Nowhere Lane' } }),
    crew: 'standard',
    intervention: none,
    expected: { path: ['pending', 'rejected'], sla: 'met', ...nothingAtProvider },
  },
  {
    name: 'customer cancels',
    order: order(INTERNET),
    crew: 'silent',
    intervention: {
      kind: 'customer cancels',
      reason: 'Customer requested cancellation before installation. No fees charged.',
    },
    expected: { path: ['pending', 'accepted', 'cancelled'], sla: 'met', ...calledOff },
  },
  {
    name: 'reseller cancels',
    order: order(INTERNET),
    crew: 'silent',
    intervention: { kind: 'reseller cancels', reason: 'The tenant is not moving in.' },
    expected: { path: ['pending', 'accepted', 'cancelled'], sla: 'met', ...calledOff },
  },
  {
    name: 'test order',
    order: order(INTERNET, { metadata: { test: true } }),
    crew: 'standard',
    intervention: none,
    expected: { path: ['pending', ...installed], sla: 'met', ...nothingAtProvider },
  },
];
