import type { NotificationType } from '../../domain/notification.js';
import type { Outcome } from '../../domain/stage.js';
import type { Status } from '../../domain/status.js';
import type { CrewEvent } from '../../sandbox/crew/scripts.js';
import type { OrderOverrides } from '../../sandbox/offergrid/control.js';
import { LIVE, VISIT } from '../e2e/placed-item.js';

/** One kind of order, what happens to it on its way, and everything that is to come of it. */
export interface Kind {
  name: string;
  order: OrderOverrides;
  /** What the field reports once there is a work order. */
  field: CrewEvent[];
  /** Called off by its reseller once there is a work order. */
  resellerCancels?: true;
  /** What the platform is to take from us, in this order. */
  updates: Status[];
  outcome: Outcome;
  told: NotificationType[];
  workOrder: 'open' | 'cancelled' | 'none';
  activated: boolean;
}

const SCHEDULED: CrewEvent = { type: 'appointment.scheduled', data: VISIT };
const STARTED: CrewEvent = { type: 'installation.started', data: {} };
const COMPLETED: CrewEvent = { type: 'installation.completed', data: LIVE };
const RESCHEDULED: CrewEvent = {
  type: 'appointment.rescheduled',
  data: { ...VISIT, scheduledFor: '2031-01-20T09:00:00Z' },
};
const WITHDRAWN: CrewEvent = {
  type: 'order.cancelled',
  data: { reason: 'Customer withdrew', requestedBy: 'customer' },
};

const VISITED: Status[] = ['accepted', 'scheduled', 'in_progress', 'active'];
const VISIT_TOLD: NotificationType[] = ['order.accepted', 'order.scheduled', 'order.started', 'order.active'];

const installation: Kind = {
  name: 'installation',
  order: {},
  field: [SCHEDULED, STARTED, COMPLETED],
  updates: VISITED,
  outcome: 'active',
  told: VISIT_TOLD,
  workOrder: 'open',
  activated: false,
};

export const KINDS: readonly Kind[] = [
  installation,
  {
    ...installation,
    name: 'instant service',
    order: { items: [{ offerId: 'off-ins-1' }] },
    field: [],
    updates: ['accepted', 'active'],
    told: ['order.accepted', 'order.active'],
    workOrder: 'none',
    activated: true,
  },
  {
    ...installation,
    name: 'cancelled by the reseller',
    field: [],
    resellerCancels: true,
    updates: ['accepted'],
    outcome: 'cancelled',
    told: ['order.accepted', 'order.cancelled'],
    workOrder: 'cancelled',
  },
  {
    ...installation,
    name: 'visit moved',
    field: [SCHEDULED, RESCHEDULED, STARTED, COMPLETED],
    updates: ['accepted', 'scheduled', 'scheduled', 'in_progress', 'active'],
    told: [...VISIT_TOLD, 'order.scheduled'],
  },
  {
    ...installation,
    name: 'approved by a person',
    order: { serviceAddress: { street: '9 Unclear Road' } },
    told: [...VISIT_TOLD, 'order.attention'],
  },
  {
    ...installation,
    name: 'not serviceable',
    order: { serviceAddress: { street: '9 Nowhere Lane' } },
    field: [],
    updates: ['rejected'],
    outcome: 'rejected',
    told: ['order.rejected'],
    workOrder: 'none',
  },
  {
    ...installation,
    name: 'cancelled by the customer',
    field: [WITHDRAWN],
    updates: ['accepted', 'cancelled'],
    outcome: 'cancelled',
    told: ['order.accepted', 'order.cancelled'],
    workOrder: 'cancelled',
  },
  { ...installation, name: 'test order', order: { metadata: { test: true } }, field: [], workOrder: 'none' },
];
