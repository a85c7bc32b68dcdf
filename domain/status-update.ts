import type { Facts } from './facts.js';
import type { Fulfillment } from './policy.js';
import type { CancellationParty } from './provider-event.js';
import type { Status } from './status.js';

/** Why an item was rejected or failed, in a form programs can read. */
export type ReasonCode =
  | 'not_available'
  | 'provider_decision'
  | 'withdrawn'
  | 'test_order'
  | 'response_overdue'
  | 'installation_failed';

/** One move to tell the platform, with what its note needs. */
export type Step =
  | { status: 'submitted_to_provider' }
  | { status: 'accepted'; fulfillment: Fulfillment }
  | { status: 'rejected'; reason: string; reasonCode: ReasonCode; alternative?: string }
  | {
      status: 'scheduled';
      /** ISO 8601 instant. */
      scheduledFor: string;
      window?: string;
      /** False where a later event implied the visit and nobody told us its date. */
      recorded: boolean;
      /** The visit was moved. */
      again: boolean;
      note?: string;
    }
  | { status: 'in_progress'; recorded: boolean; technicianName?: string; note?: string }
  | { status: 'completed'; activationFollows: boolean; note?: string }
  | { status: 'active'; note?: string }
  | { status: 'cancelled'; reason: string; requestedBy: CancellationParty }
  | { status: 'failed'; reason: string; reasonCode: ReasonCode; alternative?: string };

/** The body of one `PATCH /provider/orders/{itemId}/status`. */
export interface StatusUpdate {
  status: Status;
  providerNotes: string;
  scheduledFor?: string;
  metadata: Record<string, string>;
}

/** What a note needs beside the step itself. */
export interface NoteContext {
  /** IANA name; appointments are written in it. */
  timeZone: string;
  /** How soon the customer hears from the provider after acceptance, in milliseconds. */
  contactWithin: number;
  facts: Facts;
}

/** The update that tells the platform of a step: always what happened and what comes next, and all facts so far. */
export function updateFor(step: Step, context: NoteContext): StatusUpdate {
  const update: StatusUpdate = {
    status: step.status,
    providerNotes: noteFor(step, context),
    metadata: { ...context.facts },
  };
  if (step.status === 'scheduled') update.scheduledFor = step.scheduledFor;
  if (step.status === 'rejected' || step.status === 'failed') {
    update.metadata['reasonCode'] = step.reasonCode;
    if (step.alternative !== undefined) update.metadata['alternative'] = step.alternative;
  }
  return update;
}

/** What the reseller reads, and relays to the customer: nothing internal belongs here. */
export function noteFor(step: Step, { timeZone, contactWithin, facts }: NoteContext): string {
  switch (step.status) {
    case 'submitted_to_provider':
      return 'Order received and under review. We will accept or reject it as soon as our checks are done.';
    case 'accepted':
      return step.fulfillment === 'instant'
        ? 'Order accepted. The service is being activated; no visit is needed.'
        : `Order accepted. The customer will be contacted within ${hours(contactWithin)} to schedule the installation.`;
    case 'rejected':
      return sentences(
        step.reason,
        alternativeOf(step),
        'This order is closed; nothing more will happen on it.',
      );
    case 'scheduled':
      return sentences(
        step.recorded
          ? `Installation ${step.again ? 'moved to' : 'scheduled for'} ${appointment(step, timeZone)}`
          : 'The installation visit took place; no appointment was recorded for it',
        facts.technicianName === undefined ? undefined : `Technician: ${facts.technicianName}`,
        step.note,
        step.recorded
          ? 'An adult should be at home to let the technician in.'
          : 'The installation goes on from here.',
      );
    case 'in_progress':
      return sentences(
        step.recorded ? 'Technician on site, installation in progress' : 'The installation was carried out',
        step.note,
        'We will report the result of the visit next.',
      );
    case 'completed':
      return sentences(
        'Installation completed',
        step.note,
        step.activationFollows
          ? 'The service will be activated next.'
          : 'Nothing is left to be done on this order.',
      );
    case 'active':
      return sentences(
        'Service activated',
        step.note,
        accountOf(facts),
        'The customer can use the service now.',
      );
    case 'cancelled':
      return sentences(
        step.reason,
        `The order was cancelled ${step.requestedBy === 'provider' ? 'by us' : `at the ${step.requestedBy}'s request`}`,
        'No further work will be done.',
      );
    case 'failed':
      return sentences(step.reason, alternativeOf(step), 'We will settle the next steps with you.');
    default:
      return step satisfies never;
  }
}

function alternativeOf(step: { alternative?: string }): string | undefined {
  return step.alternative === undefined ? undefined : `Alternative: ${step.alternative}`;
}

function accountOf(facts: Facts): string | undefined {
  if (facts.policyNumber !== undefined) return `Policy number ${facts.policyNumber}`;
  if (facts.accountNumber !== undefined) return `Account number ${facts.accountNumber}`;
  return undefined;
}

function appointment(step: { scheduledFor: string; window?: string }, timeZone: string): string {
  const at = new Date(step.scheduledFor);
  const day = at.toLocaleDateString('en-US', { weekday: 'short', month: 'short', day: 'numeric', timeZone });
  const time =
    step.window ?? at.toLocaleTimeString('en-US', { hour: 'numeric', minute: '2-digit', timeZone });
  return `${day}, ${time} (${timeZone})`;
}

function hours(milliseconds: number): string {
  const whole = Math.max(1, Math.round(milliseconds / 3_600_000));
  return whole === 1 ? '1 hour' : `${whole} hours`;
}

/** Joins what there is to sentences, each with one full stop. */
function sentences(...parts: (string | undefined)[]): string {
  return parts
    .filter((part): part is string => part !== undefined && part.trim() !== '')
    .map((part) => part.trim())
    .map((part) => (/[.!?]$/.test(part) ? part : `${part}.`))
    .join(' ');
}
