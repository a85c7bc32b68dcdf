import type { ProviderEventType } from '../../domain/provider-event.js';
import type { Outcome, Stage } from '../../domain/stage.js';
import type { Status } from '../../domain/status.js';
import { LIVE, VISIT } from './placed-item.js';

/*
 * What section 5 of the contract says of each of its events at each place the story of an accepted item can stand in.
 * Written from its words: it does not ask the code that plans.
 */

const ANOTHER_VISIT = { ...VISIT, scheduledFor: '2031-02-03T09:00:00Z', appointmentWindow: '9-12 AM' };
const cancelledBy = (requestedBy: string) => ({ reason: 'Moves elsewhere', requestedBy });

export interface Sent {
  type: ProviderEventType;
  data: object;
}

export const EVENTS = {
  'availability.confirmed': {},
  'availability.denied': { reason: 'No duct to the house' },
  'appointment.scheduled': ANOTHER_VISIT,
  'appointment.rescheduled': ANOTHER_VISIT,
  'appointment.missed': { by: 'customer' },
  'installation.started': {},
  'installation.completed': {},
  'installation.completed, live': LIVE,
  'installation.completed, not active': { ...LIVE, active: false },
  'installation.failed': { reason: 'No conduit' },
  'service.activated': LIVE,
  'order.cancelled, customer': cancelledBy('customer'),
  'order.cancelled, reseller': cancelledBy('reseller'),
  'order.cancelled, provider': cancelledBy('provider'),
} as const;
export type EventName = keyof typeof EVENTS;

export const sent = (name: EventName): Sent => ({
  type: name.split(',')[0] as ProviderEventType,
  data: EVENTS[name],
});

/** The answer to an event that cannot apply. */
export const REFUSED = 'refused';
/** Taken and on record, and nothing moves: it comes early, late or again, and nobody has to know. */
export const RECORDED = 'recorded';
/** The same, and a person has to know: it is newer than what it contradicts. */
export const DISPUTED = 'disputed';
/** Another appointment is wanted, and the platform is told nothing of it. */
export const MISSED = 'missed';
/** Else the statuses that the platform gets to see, in this order. */
export type Expected = typeof REFUSED | typeof RECORDED | typeof DISPUTED | typeof MISSED | Status[];

const VISITED: Status[] = ['scheduled', 'in_progress'];

/** Where an accepted item can stand. */
export type Open =
  'accepted' | 'activation awaited' | 'scheduled' | 'visit missed' | 'in progress' | 'completed';

/** The same of every accepted item whose visit has not begun. */
const NOT_BEGUN = {
  'availability.confirmed': REFUSED,
  'availability.denied': REFUSED,
  'order.cancelled, customer': ['cancelled'],
  'order.cancelled, reseller': ['cancelled'],
  'order.cancelled, provider': ['cancelled'],
} satisfies Partial<Record<EventName, Expected>>;

const ACCEPTED: Record<EventName, Expected> = {
  ...NOT_BEGUN,
  'appointment.scheduled': ['scheduled'],
  'appointment.rescheduled': ['scheduled'],
  'appointment.missed': RECORDED,
  'installation.started': VISITED,
  'installation.completed': [...VISITED, 'completed'],
  'installation.completed, live': [...VISITED, 'active'],
  'installation.completed, not active': [...VISITED, 'completed'],
  'installation.failed': [...VISITED, 'failed'],
  'service.activated': [...VISITED, 'active'],
};

const SCHEDULED: Record<EventName, Expected> = {
  ...NOT_BEGUN,
  'appointment.scheduled': ['scheduled'],
  'appointment.rescheduled': ['scheduled'],
  'appointment.missed': MISSED,
  'installation.started': ['in_progress'],
  'installation.completed': ['in_progress', 'completed'],
  'installation.completed, live': ['in_progress', 'active'],
  'installation.completed, not active': ['in_progress', 'completed'],
  'installation.failed': ['in_progress', 'failed'],
  'service.activated': ['in_progress', 'active'],
};

/** Events that an accepted item takes, by where it stands. */
export const AFTER: Record<Open, Record<EventName, Expected>> = {
  accepted: ACCEPTED,
  // Nothing has to be installed before it is live, and what is reported of a visit is true all the same.
  'activation awaited': {
    ...ACCEPTED,
    'installation.completed, live': ['active'],
    'service.activated': ['active'],
  },
  scheduled: SCHEDULED,
  'visit missed': { ...SCHEDULED, 'appointment.missed': RECORDED },
  'in progress': {
    'availability.confirmed': REFUSED,
    'availability.denied': REFUSED,
    'appointment.scheduled': RECORDED,
    'appointment.rescheduled': RECORDED,
    'appointment.missed': DISPUTED,
    'installation.started': RECORDED,
    'installation.completed': ['completed'],
    'installation.completed, live': ['active'],
    'installation.completed, not active': ['completed'],
    'installation.failed': ['failed'],
    'service.activated': ['active'],
    'order.cancelled, customer': ['cancelled'],
    'order.cancelled, reseller': ['cancelled'],
    'order.cancelled, provider': ['failed'],
  },
  completed: {
    'availability.confirmed': REFUSED,
    'availability.denied': REFUSED,
    'appointment.scheduled': RECORDED,
    'appointment.rescheduled': RECORDED,
    'appointment.missed': DISPUTED,
    'installation.started': RECORDED,
    'installation.completed': RECORDED,
    'installation.completed, live': ['active'],
    'installation.completed, not active': RECORDED,
    'installation.failed': REFUSED,
    'service.activated': ['active'],
    'order.cancelled, customer': REFUSED,
    'order.cancelled, reseller': REFUSED,
    'order.cancelled, provider': REFUSED,
  },
};

export const PATH: Record<Open, Status[]> = {
  accepted: ['pending', 'accepted'],
  'activation awaited': ['pending', 'accepted'],
  scheduled: ['pending', 'accepted', 'scheduled'],
  'visit missed': ['pending', 'accepted', 'scheduled'],
  'in progress': ['pending', 'accepted', 'scheduled', 'in_progress'],
  completed: ['pending', 'accepted', 'scheduled', 'in_progress', 'completed'],
};

export const STAGE_AT: Record<Status, { stage: Stage; outcome: Outcome | null }> = {
  pending: { stage: 'intake', outcome: null },
  submitted_to_provider: { stage: 'intake', outcome: null },
  accepted: { stage: 'scheduling', outcome: null },
  scheduled: { stage: 'installation', outcome: null },
  in_progress: { stage: 'installation', outcome: null },
  completed: { stage: 'activation', outcome: null },
  active: { stage: 'done', outcome: 'active' },
  rejected: { stage: 'done', outcome: 'rejected' },
  cancelled: { stage: 'done', outcome: 'cancelled' },
  failed: { stage: 'done', outcome: 'failed' },
};
