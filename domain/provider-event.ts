/** An appointment as the field-service system made it. */
export interface AppointmentData {
  /** ISO 8601 with an offset or `Z`. */
  scheduledFor: string;
  /** For people, in the customer's own time: "1-5 PM". Work-order sync may leave it out. */
  appointmentWindow?: string;
  workOrderId?: string;
  technicianId?: string;
  technicianName?: string;
  technicianPhone?: string;
  confirmationNumber?: string;
  note?: string;
}

export type CancellationParty = 'customer' | 'provider' | 'reseller';

/** What each event type carries. `workOrderId` on installation events comes from work-order sync only. */
export interface ProviderEventData {
  'availability.confirmed': { note?: string };
  'availability.denied': { reason: string; alternative?: string };
  'appointment.scheduled': AppointmentData;
  'appointment.rescheduled': AppointmentData;
  'appointment.missed': { by: 'customer' | 'technician'; note?: string };
  'installation.started': { technicianName?: string; note?: string; workOrderId?: string };
  'installation.completed': {
    note?: string;
    accountNumber?: string;
    activationDate?: string;
    active?: boolean;
    workOrderId?: string;
  };
  'installation.failed': { reason: string; alternative?: string; workOrderId?: string };
  'service.activated': {
    accountNumber?: string;
    policyNumber?: string;
    activationDate?: string;
    effectiveDate?: string;
    note?: string;
  };
  'order.cancelled': { reason: string; requestedBy: CancellationParty };
}

export type ProviderEventType = keyof ProviderEventData;

/** A message from one of the provider's own systems about one order item; the field names are CloudEvents' own. */
export type ProviderEvent = {
  [T in ProviderEventType]: {
    id: string;
    type: T;
    /** ISO 8601. */
    time: string;
    source?: string;
    data: ProviderEventData[T];
  };
}[ProviderEventType];

export const PROVIDER_EVENT_TYPES = [
  'availability.confirmed',
  'availability.denied',
  'appointment.scheduled',
  'appointment.rescheduled',
  'appointment.missed',
  'installation.started',
  'installation.completed',
  'installation.failed',
  'service.activated',
  'order.cancelled',
] as const satisfies readonly ProviderEventType[];

const REQUIRED: { [T in ProviderEventType]: readonly (keyof ProviderEventData[T] & string)[] } = {
  'availability.confirmed': [],
  'availability.denied': ['reason'],
  'appointment.scheduled': ['scheduledFor'],
  'appointment.rescheduled': ['scheduledFor'],
  'appointment.missed': ['by'],
  'installation.started': [],
  'installation.completed': [],
  'installation.failed': ['reason'],
  'service.activated': [],
  'order.cancelled': ['reason', 'requestedBy'],
};

type Field = 'text' | 'instant' | 'flag' | readonly string[];

const APPOINTMENT = {
  scheduledFor: 'instant',
  appointmentWindow: 'text',
  workOrderId: 'text',
  technicianId: 'text',
  technicianName: 'text',
  technicianPhone: 'text',
  confirmationNumber: 'text',
  note: 'text',
} as const;

const FIELDS: { [T in ProviderEventType]: Readonly<Record<keyof ProviderEventData[T], Field>> } = {
  'availability.confirmed': { note: 'text' },
  'availability.denied': { reason: 'text', alternative: 'text' },
  'appointment.scheduled': APPOINTMENT,
  'appointment.rescheduled': APPOINTMENT,
  'appointment.missed': { by: ['customer', 'technician'], note: 'text' },
  'installation.started': { technicianName: 'text', note: 'text', workOrderId: 'text' },
  'installation.completed': {
    note: 'text',
    accountNumber: 'text',
    activationDate: 'text',
    active: 'flag',
    workOrderId: 'text',
  },
  'installation.failed': { reason: 'text', alternative: 'text', workOrderId: 'text' },
  'service.activated': {
    accountNumber: 'text',
    policyNumber: 'text',
    activationDate: 'text',
    effectiveDate: 'text',
    note: 'text',
  },
  'order.cancelled': { reason: 'text', requestedBy: ['customer', 'provider', 'reseller'] },
};

/**
 * The event in a message of which nothing is known, or undefined if there is none. Fields that are not the event's, or of
 * another type than it has there, are left aside; the API's schemas are the ones that explain to a sender what is wrong.
 * `now` (ISO 8601) stands for a missing time.
 */
export function readProviderEvent(message: unknown, now: string): ProviderEvent | undefined {
  if (!isObject(message)) return undefined;
  const { id, type, time, source } = message;
  if (!isText(id) || typeof type !== 'string' || !Object.hasOwn(FIELDS, type)) return undefined;
  const given = message['data'] ?? {};
  if (!isObject(given)) return undefined;
  const fields: Readonly<Record<string, Field>> = FIELDS[type as ProviderEventType];
  const data = Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) =>
      isOf(field, given[name]) ? [[name, given[name]] as const] : [],
    ),
  );
  const required: readonly string[] = REQUIRED[type as ProviderEventType];
  if (!required.every((name) => Object.hasOwn(data, name))) return undefined;
  return {
    id,
    type,
    time: isInstant(time) ? time : now,
    ...(isText(source) ? { source } : {}),
    data,
  } as ProviderEvent;
}

function isOf(field: Field, value: unknown): boolean {
  switch (field) {
    case 'text':
      return isText(value);
    case 'instant':
      return isInstant(value);
    case 'flag':
      return typeof value === 'boolean';
    default:
      return typeof value === 'string' && field.includes(value);
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function isInstant(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A hint from the platform that the item changed there; the item itself is read for the facts. */
export interface PlatformEvent {
  id: string;
  type: string;
  status?: string;
  /** ISO 8601. */
  occurredAt: string;
}

/** The type of what reconciliation says of an item that it finds elsewhere than its workflow has it. */
export const RECONCILED = 'reconciled';

/** Whatever it says, it is worth a look at the item; what is told apart of it is text. `now` (ISO 8601) as above. */
export function readPlatformEvent(message: unknown, now: string): PlatformEvent {
  const { id, type, status, occurredAt } = isObject(message) ? message : {};
  return {
    id: isText(id) ? id : '',
    type: isText(type) ? type : 'unknown',
    ...(isText(status) ? { status } : {}),
    occurredAt: isInstant(occurredAt) ? occurredAt : now,
  };
}
