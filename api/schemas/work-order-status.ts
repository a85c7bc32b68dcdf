import { z } from 'zod';
import type { ProviderEvent } from '../../domain/provider-event.js';
import { identifier, instant, present, text, withoutBlanks } from './fields.js';
import { checked } from './json-object.js';
import { contentHash, type ReceivedEvent } from './provider-event.js';

/** As in the provider guide's work-order sync. */
const workOrderStatus = z
  .object({
    offergridItemId: identifier,
    status: z.enum(['scheduled', 'in_progress', 'completed', 'failed']),
    notes: text.optional(),
    appointmentDate: instant.optional(),
    appointmentWindow: text.optional(),
    technicianId: text.optional(),
    technicianName: text.optional(),
    technicianPhone: text.optional(),
    accountNumber: text.optional(),
    activationDate: text.optional(),
  })
  .refine(({ status, appointmentDate }) => status !== 'scheduled' || appointmentDate !== undefined, {
    path: ['appointmentDate'],
    message: 'is needed for scheduled',
  });

type WorkOrderStatus = z.output<typeof workOrderStatus>;

/**
 * The provider event that a work order's status stands for. `now` is ISO 8601 UTC; it is the event's time, for the body
 * has none. Without an `Idempotency-Key` the id is made of the work order and the content.
 * @throws Problem 400 with a path for each wrong field
 */
export function parseWorkOrderStatus(
  workOrderId: string,
  body: Record<string, unknown>,
  idempotencyKey: string | undefined,
  now: string,
): ReceivedEvent & { itemId: string } {
  const status = checked(workOrderStatus, withoutBlanks(body));
  const id =
    idempotencyKey === undefined
      ? `wo-${contentHash({ workOrderId, ...status })}`
      : checked(z.object({ 'Idempotency-Key': identifier }), { 'Idempotency-Key': idempotencyKey })[
          'Idempotency-Key'
        ];
  const said = eventFor(workOrderId, status);
  return {
    itemId: status.offergridItemId,
    event: { id, time: now, source: 'work-orders', ...said } as ProviderEvent,
    contentHash: contentHash(said),
  };
}

function eventFor(workOrderId: string, status: WorkOrderStatus): Pick<ProviderEvent, 'type' | 'data'> {
  const { notes: note, technicianId, technicianName, technicianPhone } = status;
  const { accountNumber, activationDate, appointmentDate: scheduledFor, appointmentWindow } = status;
  switch (status.status) {
    case 'scheduled':
      return {
        type: 'appointment.scheduled',
        data: present({
          ...{ scheduledFor: scheduledFor ?? '', appointmentWindow, workOrderId },
          ...{ technicianId, technicianName, technicianPhone, note },
        }),
      };
    case 'in_progress':
      return { type: 'installation.started', data: present({ technicianName, note, workOrderId }) };
    case 'completed':
      return {
        type: 'installation.completed',
        data: present({ note, accountNumber, activationDate, workOrderId }),
      };
    case 'failed':
      return {
        type: 'installation.failed',
        data: { reason: note ?? 'Installation failed.', workOrderId },
      };
    default:
      return status.status satisfies never;
  }
}
