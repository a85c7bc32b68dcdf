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

/** A hint from the platform that the item changed there; the item itself is read for the facts. */
export interface PlatformEvent {
  id: string;
  type: string;
  status?: string;
  /** ISO 8601. */
  occurredAt: string;
}
