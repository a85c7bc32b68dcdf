import type { Notification, NotificationType } from '../../domain/notification.js';

/** For each type: what the subject says, and what the reader should do, if anything. */
const WORDING: Readonly<Record<NotificationType, { subject: string; todo: string }>> = {
  'sla.warning': {
    subject: 'Answer due soon',
    todo: 'Accept or reject the order before the deadline.',
  },
  'sla.breached': {
    subject: 'DEADLINE MISSED, order not answered',
    todo: 'Answer the order now, and tell the reseller why it is late.',
  },
  'order.accepted': { subject: 'Order accepted', todo: 'Nothing to do.' },
  'order.rejected': { subject: 'Order rejected', todo: 'Nothing to do.' },
  'order.scheduled': { subject: 'Installation scheduled', todo: 'Nothing to do.' },
  'order.started': { subject: 'Installation started', todo: 'Nothing to do.' },
  'order.completed': { subject: 'Installation completed', todo: 'Nothing to do.' },
  'order.active': { subject: 'Service active', todo: 'Nothing to do.' },
  'order.failed': { subject: 'Order failed', todo: 'Settle the next steps with the reseller.' },
  'order.cancelled': {
    subject: 'Order cancelled',
    todo: 'Make sure that no technician is still on the way.',
  },
  'order.attention': {
    subject: 'Order needs a person',
    todo: 'Open the order and decide what happens next.',
  },
  'stage.overdue': {
    subject: 'Step overdue',
    todo: 'Find out what holds the order up; it waits for this step.',
  },
  'appointment.reminder': {
    subject: 'Appointment coming up',
    todo: 'Make sure that technician and customer are ready.',
  },
  'integration.down': {
    subject: 'Connection down',
    todo: 'Check the address and key of this system; orders wait and go on by themselves once it is back.',
  },
};

/** A run of the offer sync that its brake stopped: nothing is broken, a person decides. */
const BRAKED = {
  subject: 'Offers not synced',
  todo: 'Look at the changes of this run, and approve or stop it; nothing is sent before.',
};

export interface EmailText {
  subject: string;
  text: string;
}

/** The e-mail about a notification: what happened, what to do, and where to look, in that order. */
export function emailText({ type, timestamp, data }: Notification): EmailText {
  const { subject, todo } = data.integration === 'offer-sync' ? BRAKED : WORDING[type];
  const about = data.itemId ?? data.integration;
  const facts: [string, string | undefined | null][] = [
    ['Answer by', data.deadline === undefined ? undefined : readable(data.deadline)],
    ['Order item', data.itemId],
    ['Order', data.orderId],
    ['Stage', data.stage],
    ['System', data.integration],
    ['Happened', readable(timestamp)],
    ['Open it', data.url],
  ];
  const lines = facts.flatMap(([label, value]) =>
    value === undefined || value === null || value === '' ? [] : [`${`${label}:`.padEnd(12)}${value}`],
  );
  return {
    subject: `[Offergrid] ${subject}${about === undefined ? '' : `: ${about}`}`,
    text: [data.message, '', `What to do: ${todo}`, '', ...lines, ''].join('\n'),
  };
}

/** `2025-01-03T10:00:00.000Z` as `2025-01-03 10:00 UTC`; what is no instant is left as it is. */
function readable(instant: string): string {
  const at = new Date(instant);
  return Number.isNaN(at.getTime()) ? instant : `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
