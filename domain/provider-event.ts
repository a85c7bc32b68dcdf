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

/**
 * The event in a message of which nothing is known, or undefined if there is none. Only what planning relies on is
 * looked at; the API's schemas are the ones that explain to a sender what is wrong. `now` (ISO 8601) stands for a
 * missing time.
 */
export function readProviderEvent(message: unknown, now: string): ProviderEvent | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { id, type, time, source, data = {} } = message as Record<string, unknown>;
  if (typeof id !== 'string' || typeof type !== 'string' || !Object.hasOwn(REQUIRED, type)) return undefined;
  if (typeof data !== 'object' || data === null) return undefined;
  const fields = data as Record<string, unknown>;
  const required: readonly string[] = REQUIRED[type as ProviderEventType];
  if (!required.every((field) => typeof fields[field] === 'string')) return undefined;
  if (required.includes('scheduledFor') && !isInstant(fields['scheduledFor'])) return undefined;
  return {
    id,
    type,
    time: isInstant(time) ? time : now,
    ...(typeof source === 'string' ? { source } : {}),
    data,
  } as ProviderEvent;
}

function isInstant(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

/** A hint from the platform that the item changed there; the item itself is read for the facts. */
export interface PlatformEvent {
  id: string;
  type: string;
  status?: string;
  /** ISO 8601. */
  occurredAt: string;
}
