import type { CategoryPolicy, Fulfillment } from './policy.js';
import type { AppointmentData, ProviderEvent } from './provider-event.js';
import type { Stage } from './stage.js';
import { isFinal, isUnanswered, walk, type Status } from './status.js';
import type { Step } from './status-update.js';

/** The appointment that stands. */
export interface Appointment {
  scheduledFor: string;
  window: string | null;
  /** The `time` of the event that made it: an older event does not move it. ISO 8601. */
  asOf: string;
  /** The visit did not take place; a new appointment is wanted. */
  missed: boolean;
}

/** As much of an item as decides what an event does to it. */
export interface Situation {
  stage: Stage;
  status: Status;
  fulfillment: Fulfillment;
  ends: CategoryPolicy['ends'];
  appointment: Appointment | null;
  /** The `time` of the event that began or ended the installation, ISO 8601; null when no event said so. */
  begunAt?: string | null;
}

/**
 * What an event does. `noted` events go on record and change nothing; where they contradict what is known, rather than
 * come late, a person has to know. `refused` ones cannot apply.
 */
export type EventPlan =
  | { kind: 'availability'; available: true }
  | { kind: 'availability'; available: false; reason: string; alternative?: string }
  | { kind: 'withdrawn'; reason: string }
  | { kind: 'held' }
  | { kind: 'moves'; steps: Step[]; appointment?: Appointment }
  | { kind: 'missed'; by: 'customer' | 'technician' }
  | { kind: 'noted'; why: string; contradicts?: true }
  | { kind: 'refused'; why: string };

/**
 * What this event does to an item in this situation. Events come early, late, twice and out of order: before the answer
 * field events are held, after it a later one implies the steps before it, and one whose step is past is only noted.
 */
export function planEvent(event: ProviderEvent, item: Situation): EventPlan {
  if (item.stage === 'done' || isFinal(item.status)) return { kind: 'refused', why: 'the item is finished' };
  const answered = !isUnanswered(item.status);
  switch (event.type) {
    case 'availability.confirmed':
      return answered ? alreadyAnswered : { kind: 'availability', available: true };
    case 'availability.denied':
      return answered ? alreadyAnswered : { kind: 'availability', available: false, ...event.data };
    case 'order.cancelled':
      return answered ? planCancellation(event.data, item) : { kind: 'withdrawn', reason: event.data.reason };
    default:
      return answered ? planFieldEvent(event, item) : { kind: 'held' };
  }
}

const alreadyAnswered: EventPlan = { kind: 'refused', why: 'the order has been answered already' };

type FieldEvent = Exclude<
  ProviderEvent,
  { type: 'availability.confirmed' | 'availability.denied' | 'order.cancelled' }
>;

function planFieldEvent(event: FieldEvent, item: Situation): EventPlan {
  switch (event.type) {
    case 'appointment.scheduled':
    case 'appointment.rescheduled':
      return planAppointment(event.data, event.time, item);
    case 'appointment.missed':
      return planMissed(event.data.by, event.time, item);
    case 'installation.started':
      return item.status === 'in_progress' || item.status === 'completed'
        ? { kind: 'noted', why: 'the installation had started already' }
        : planWalk({ ...event.data, status: 'in_progress', recorded: true }, event.time, item);
    case 'installation.completed': {
      const { active, accountNumber, activationDate, note } = event.data;
      const live = active !== false && (accountNumber !== undefined || activationDate !== undefined);
      if (!live && item.status === 'completed')
        return { kind: 'noted', why: 'the installation was completed already' };
      const said = note === undefined ? {} : { note };
      const last: Step = live
        ? { status: 'active', ...said }
        : { status: 'completed', activationFollows: item.ends === 'active', ...said };
      return planWalk(last, event.time, item);
    }
    case 'installation.failed':
      if (item.status === 'completed') return { kind: 'refused', why: 'the installation has been completed' };
      return planWalk(
        { ...event.data, status: 'failed', reasonCode: 'installation_failed' },
        event.time,
        item,
      );
    case 'service.activated':
      return planWalk(
        { status: 'active', ...(event.data.note === undefined ? {} : { note: event.data.note }) },
        event.time,
        item,
      );
    default:
      return event satisfies never;
  }
}

function planAppointment(data: AppointmentData, time: string, item: Situation): EventPlan {
  const { appointment } = item;
  const again = item.status === 'scheduled';
  const same =
    appointment !== null &&
    Date.parse(appointment.scheduledFor) === Date.parse(data.scheduledFor) &&
    appointment.window === (data.appointmentWindow ?? null);
  if (item.status !== 'accepted' && !again)
    // Where none was recorded, this is the one of the visit that has begun.
    return same || appointment === null ? begunAlready : notedSinceBegun(time, item);
  if (again && appointment !== null) {
    if (isBefore(time, appointment.asOf)) return { kind: 'noted', why: 'a later appointment stands' };
    if (same && !appointment.missed) return { kind: 'noted', why: 'this appointment stands already' };
  }
  const step: Step = { status: 'scheduled', scheduledFor: data.scheduledFor, recorded: true, again };
  if (data.appointmentWindow !== undefined) step.window = data.appointmentWindow;
  if (data.note !== undefined) step.note = data.note;
  return {
    kind: 'moves',
    steps: [step],
    appointment: {
      scheduledFor: data.scheduledFor,
      window: data.appointmentWindow ?? null,
      asOf: time,
      missed: false,
    },
  };
}

function planMissed(by: 'customer' | 'technician', time: string, item: Situation): EventPlan {
  if (item.status === 'accepted') return { kind: 'noted', why: 'no appointment was recorded' };
  if (item.status !== 'scheduled') return notedSinceBegun(time, item);
  if (item.appointment !== null && isBefore(time, item.appointment.asOf))
    return { kind: 'noted', why: 'a later appointment stands' };
  if (item.appointment?.missed === true)
    return { kind: 'noted', why: 'the visit was reported missed already' };
  return { kind: 'missed', by };
}

/** News of a visit to come, or missed, when one has begun: late, unless it is newer than the beginning. */
function notedSinceBegun(time: string, { begunAt = null }: Situation): EventPlan {
  return begunAt !== null && !isBefore(begunAt, time) ? begunAlready : { ...begunAlready, contradicts: true };
}

const begunAlready = { kind: 'noted', why: 'the visit had begun already' } as const;

function planCancellation(
  { reason, requestedBy }: Extract<ProviderEvent, { type: 'order.cancelled' }>['data'],
  item: Situation,
): EventPlan {
  if (item.status === 'completed') {
    return {
      kind: 'refused',
      why: 'the installation is completed; the customer ends the service with the provider',
    };
  }
  const failed = item.status === 'in_progress' && requestedBy === 'provider';
  return {
    kind: 'moves',
    steps: [
      failed
        ? { status: 'failed', reason, reasonCode: 'provider_decision' }
        : { status: 'cancelled', reason, requestedBy },
    ],
  };
}

function isBefore(time: string, other: string): boolean {
  return Date.parse(time) < Date.parse(other);
}

/** The drawn way to the last step; what lies between was implied by it, and says so. */
function planWalk(last: Step, time: string, item: Situation): EventPlan {
  const way = walk(item.status, last.status, item.fulfillment);
  if (way === undefined || way.length === 0) {
    return { kind: 'refused', why: `no move from ${item.status} to ${last.status} is drawn` };
  }
  return { kind: 'moves', steps: [...way.slice(0, -1).map((status) => impliedStep(status, time)), last] };
}

function impliedStep(status: Status, time: string): Step {
  switch (status) {
    case 'scheduled':
      return { status, scheduledFor: time, recorded: false, again: false };
    case 'in_progress':
      return { status, recorded: false };
    case 'completed':
      return { status, activationFollows: true };
    default:
      throw new RangeError(`no event implies ${status}`);
  }
}
