import { describe, expect, test } from 'vitest';
import { planEvent, type Appointment, type EventPlan, type Situation } from '../../domain/event-plan.js';
import {
  PROVIDER_EVENT_TYPES,
  type ProviderEvent,
  type ProviderEventType,
} from '../../domain/provider-event.js';
import { STATUSES, type Status } from '../../domain/status.js';

const TIME = '2026-01-05T09:00:00Z';
const VISIT = '2026-01-10T21:00:00Z';

const EVENTS: { [T in ProviderEventType]: Extract<ProviderEvent, { type: T }>['data'] } = {
  'availability.confirmed': {},
  'availability.denied': { reason: 'No fiber.', alternative: 'Cable.' },
  'appointment.scheduled': { scheduledFor: VISIT, appointmentWindow: '1-5 PM' },
  'appointment.rescheduled': { scheduledFor: VISIT, appointmentWindow: '1-5 PM' },
  'appointment.missed': { by: 'customer' },
  'installation.started': {},
  'installation.completed': { accountNumber: 'A-1' },
  'installation.failed': { reason: 'No access.' },
  'service.activated': { accountNumber: 'A-1' },
  'order.cancelled': { reason: 'Changed their mind.', requestedBy: 'customer' },
};

function event<T extends ProviderEventType>(
  type: T,
  data: object = EVENTS[type],
  time = TIME,
): ProviderEvent {
  return { id: 'evt-1', type, time, data } as ProviderEvent;
}

const stages: Record<Status, Situation['stage']> = {
  pending: 'decision',
  submitted_to_provider: 'decision',
  accepted: 'scheduling',
  scheduled: 'installation',
  in_progress: 'installation',
  completed: 'activation',
  rejected: 'done',
  active: 'done',
  cancelled: 'done',
  failed: 'done',
};

function at(status: Status, changes: Partial<Situation> = {}): Situation {
  return {
    stage: stages[status],
    status,
    fulfillment: 'installation',
    ends: 'active',
    appointment: null,
    ...changes,
  };
}

/** A plan in a word: the platform's path for moves, the kind for the rest. */
function inAWord(plan: EventPlan): string {
  return plan.kind === 'moves' ? plan.steps.map(({ status }) => status).join('>') : plan.kind;
}

/** Every event at every status, as the contract has it; the columns are the statuses an item can be open in. */
const TABLE: Record<ProviderEventType, [string, string, string, string, string, string]> = {
  //                          pending         submitted       accepted                        scheduled             in_progress  completed
  'availability.confirmed': ['availability', 'availability', 'refused', 'refused', 'refused', 'refused'],
  'availability.denied': ['availability', 'availability', 'refused', 'refused', 'refused', 'refused'],
  'appointment.scheduled': ['held', 'held', 'scheduled', 'scheduled', 'noted', 'noted'],
  'appointment.rescheduled': ['held', 'held', 'scheduled', 'scheduled', 'noted', 'noted'],
  'appointment.missed': ['held', 'held', 'noted', 'missed', 'noted', 'noted'],
  'installation.started': ['held', 'held', 'scheduled>in_progress', 'in_progress', 'noted', 'noted'],
  'installation.completed': [
    'held',
    'held',
    'scheduled>in_progress>active',
    'in_progress>active',
    'active',
    'active',
  ],
  'installation.failed': [
    'held',
    'held',
    'scheduled>in_progress>failed',
    'in_progress>failed',
    'failed',
    'refused',
  ],
  'service.activated': [
    'held',
    'held',
    'scheduled>in_progress>active',
    'in_progress>active',
    'active',
    'active',
  ],
  'order.cancelled': ['withdrawn', 'withdrawn', 'cancelled', 'cancelled', 'cancelled', 'refused'],
};
const OPEN: Status[] = [
  'pending',
  'submitted_to_provider',
  'accepted',
  'scheduled',
  'in_progress',
  'completed',
];

describe.each(PROVIDER_EVENT_TYPES)('%s', (type) => {
  test.each(OPEN.map((status, column) => [status, TABLE[type][column]] as const))(
    'at %s: %s',
    (status, expected) => {
      expect(inAWord(planEvent(event(type), at(status)))).toBe(expected);
    },
  );

  test.each(STATUSES.filter((status) => !OPEN.includes(status)))(
    'at %s, which is final: refused',
    (status) => {
      expect(planEvent(event(type), at(status)).kind).toBe('refused');
    },
  );

  test('on an item that is done at completed: refused', () => {
    expect(planEvent(event(type), at('completed', { stage: 'done' })).kind).toBe('refused');
  });
});

describe('a visit to come, or missed, when one has begun', () => {
  const BEGUN = '2026-01-10T20:00:00Z';
  const standing = { scheduledFor: VISIT, window: '1-5 PM', asOf: TIME, missed: false };
  const contradicts = (type: ProviderEventType, time: string, more: Partial<Situation> = {}) => {
    const other = { ...standing, scheduledFor: BEGUN };
    const item = at('in_progress', { begunAt: BEGUN, appointment: other, ...more });
    const plan = planEvent(event(type, undefined, time), item);
    expect(plan.kind).toBe('noted');
    return plan.kind === 'noted' && plan.contradicts === true;
  };

  test.each(['appointment.scheduled', 'appointment.rescheduled', 'appointment.missed'] as const)(
    '%s contradicts it unless it is older news',
    (type) => {
      expect(contradicts(type, '2026-01-10T19:00:00Z')).toBe(false);
      expect(contradicts(type, BEGUN)).toBe(false);
      expect(contradicts(type, '2026-01-10T20:30:00Z')).toBe(true);
      expect(contradicts(type, '2026-01-10T20:30:00Z', { status: 'completed', stage: 'activation' })).toBe(
        true,
      );
      // Begun by another's word.
      expect(contradicts(type, TIME, { begunAt: null })).toBe(true);
    },
  );

  test('the appointment of the visit that has begun, told late or once more, contradicts nothing', () => {
    const later = '2026-01-10T20:30:00Z';
    expect(contradicts('appointment.rescheduled', later, { appointment: standing })).toBe(false);
    expect(contradicts('appointment.scheduled', later, { appointment: null })).toBe(false);
  });
});

describe('how an installation ends', () => {
  const ending = (data: object, ends: Situation['ends'] = 'active') =>
    inAWord(planEvent(event('installation.completed', data), at('in_progress', { ends })));

  test.each([
    [{ accountNumber: 'A-1' }, 'active'],
    [{ activationDate: '2026-01-10' }, 'active'],
    [{ active: true, accountNumber: 'A-1' }, 'active'],
    [{ active: false, accountNumber: 'A-1' }, 'completed'],
    [{ active: true }, 'completed'],
    [{}, 'completed'],
  ])('%j: %s', (data, status) => {
    expect(ending(data)).toBe(status);
    expect(ending(data, 'completed')).toBe(status);
  });

  test('the note says whether an activation follows', () => {
    const plan = (ends: Situation['ends']) =>
      planEvent(event('installation.completed', {}), at('in_progress', { ends }));
    expect(plan('active')).toMatchObject({ steps: [{ activationFollows: true }] });
    expect(plan('completed')).toMatchObject({ steps: [{ activationFollows: false }] });
  });

  test('completed twice without activation data is only noted', () => {
    expect(planEvent(event('installation.completed', {}), at('completed')).kind).toBe('noted');
  });
});

test('an instant service is active right after its acceptance', () => {
  expect(inAWord(planEvent(event('service.activated'), at('accepted', { fulfillment: 'instant' })))).toBe(
    'active',
  );
});

test('an implied visit carries the time of the event, and says that no appointment was recorded', () => {
  expect(planEvent(event('installation.started', {}), at('accepted'))).toEqual({
    kind: 'moves',
    steps: [
      { status: 'scheduled', scheduledFor: TIME, recorded: false, again: false },
      { status: 'in_progress', recorded: true },
    ],
  });
});

describe('a visit that is moved', () => {
  const standing: Appointment = { scheduledFor: VISIT, window: '1-5 PM', asOf: TIME, missed: false };
  const move = (data: object, time: string, appointment = standing) =>
    planEvent(event('appointment.rescheduled', data, time), at('scheduled', { appointment }));

  test('to another time goes to the platform again', () => {
    const plan = move(
      { scheduledFor: '2026-01-11T21:00:00Z', appointmentWindow: '1-5 PM' },
      '2026-01-06T09:00:00Z',
    );
    expect(plan).toMatchObject({ kind: 'moves', steps: [{ status: 'scheduled', again: true }] });
  });

  test('to the same instant, written otherwise, is an exact repeat', () => {
    expect(
      move({ scheduledFor: '2026-01-10T13:00:00-08:00', appointmentWindow: '1-5 PM' }, '2026-01-06T09:00:00Z')
        .kind,
    ).toBe('noted');
  });

  test('by an event older than the one that stands changes nothing', () => {
    expect(move({ scheduledFor: '2026-01-12T21:00:00Z' }, '2026-01-05T00:30:00-08:00').kind).toBe('noted');
  });

  test('after a missed visit the same time again is a new appointment', () => {
    const missed = { ...standing, missed: true };
    const data = { scheduledFor: VISIT, appointmentWindow: '1-5 PM' };
    expect(inAWord(move(data, '2026-01-11T09:00:00Z', missed))).toBe('scheduled');
  });

  test('a visit is missed once', () => {
    const missed = { ...standing, missed: true };
    expect(planEvent(event('appointment.missed'), at('scheduled', { appointment: missed })).kind).toBe(
      'noted',
    );
  });
});

describe('cancelled by the field', () => {
  test.each([
    ['customer', 'cancelled'],
    ['reseller', 'cancelled'],
    ['provider', 'failed'],
  ])('in progress, at the request of the %s: %s', (requestedBy, status) => {
    const plan = planEvent(event('order.cancelled', { reason: 'R', requestedBy }), at('in_progress'));
    expect(inAWord(plan)).toBe(status);
  });

  test.each(['customer', 'reseller', 'provider'])('scheduled, by the %s: cancelled', (requestedBy) => {
    expect(inAWord(planEvent(event('order.cancelled', { reason: 'R', requestedBy }), at('scheduled')))).toBe(
      'cancelled',
    );
  });
});
