import { z } from 'zod';
import type { ProviderEventData, ProviderEventType } from '../../domain/provider-event.js';
import { identifier, instant, present, text } from './fields.js';

const note = text.optional();

const appointmentFields = {
  scheduledFor: instant,
  workOrderId: identifier.optional(),
  technicianId: text.optional(),
  technicianName: text.optional(),
  technicianPhone: text.optional(),
  confirmationNumber: text.optional(),
  note,
};

const appointment = z.object({ ...appointmentFields, appointmentWindow: text });

/** Each event type's data. What is not named here is left out. */
export const EVENT_DATA = {
  'availability.confirmed': z.object({ note }).transform(present),
  'availability.denied': z.object({ reason: text, alternative: text.optional() }).transform(present),
  'appointment.scheduled': appointment.transform(present),
  'appointment.rescheduled': appointment.transform(present),
  'appointment.missed': z.object({ by: z.enum(['customer', 'technician']), note }).transform(present),
  'installation.started': z.object({ technicianName: text.optional(), note }).transform(present),
  'installation.completed': z
    .object({
      note,
      accountNumber: text.optional(),
      activationDate: text.optional(),
      active: z.boolean().optional(),
    })
    .transform(present),
  'installation.failed': z.object({ reason: text, alternative: text.optional() }).transform(present),
  'service.activated': z
    .object({
      accountNumber: text.optional(),
      policyNumber: text.optional(),
      activationDate: text.optional(),
      effectiveDate: text.optional(),
      note,
    })
    .transform(present),
  'order.cancelled': z.object({ reason: text, requestedBy: z.enum(['customer', 'provider', 'reseller']) }),
} satisfies { [T in ProviderEventType]: z.ZodType<ProviderEventData[T]> };
