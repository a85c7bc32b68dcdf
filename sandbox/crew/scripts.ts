import type { WorkOrder } from '../provider/back-office.js';

/** A provider event without its id; the crew gives it one. `time` is set when it is sent. */
export interface CrewEvent {
  type: string;
  data: Record<string, unknown>;
}

export type ScriptName = 'standard' | 'no-activation-data' | 'fail' | 'no-show' | 'silent';
export type Script = ScriptName | readonly CrewEvent[];

const days = 24 * 60 * 60 * 1000;

/** The steps of a script for one work order. `now` in milliseconds; appointments are days ahead of it. */
export function stepsOf(script: Script, workOrder: WorkOrder, now: number): readonly CrewEvent[] {
  if (typeof script !== 'string') return script;
  const { workOrderId, itemId } = workOrder;
  const visit = (daysAhead: number) => ({
    scheduledFor: new Date(Math.floor(now / days + daysAhead) * days + 20 * 60 * 60 * 1000).toISOString(),
    appointmentWindow: '1-5 PM',
    ...{
      workOrderId,
      technicianId: 'tech-7',
      technicianName: 'Mike Johnson',
      technicianPhone: '+1-555-999-8888',
    },
  });
  const scheduled = { type: 'appointment.scheduled', data: visit(2) };
  const started = { type: 'installation.started', data: { technicianName: 'Mike Johnson' } };
  const completed = {
    type: 'installation.completed',
    data: { accountNumber: accountNumber(itemId), activationDate: new Date(now).toISOString().slice(0, 10) },
  };
  switch (script) {
    case 'standard':
      return [scheduled, started, completed];
    case 'no-activation-data':
      return [scheduled, started, { type: 'installation.completed', data: { note: 'Installed and tested' } }];
    case 'fail':
      return [
        scheduled,
        started,
        {
          type: 'installation.failed',
          data: { reason: 'No conduit into the building', alternative: 'Fixed wireless is available' },
        },
      ];
    case 'no-show':
      return [
        scheduled,
        { type: 'appointment.missed', data: { by: 'customer', note: 'Nobody at the door' } },
        { type: 'appointment.rescheduled', data: visit(4) },
        ...[started, completed],
      ];
    case 'silent':
      return [];
  }
}

/** The same item always gets the same account number. */
export function accountNumber(itemId: string): string {
  let sum = 7;
  for (const letter of itemId) sum = (sum * 31 + letter.charCodeAt(0)) % 100_000;
  return String(sum).padStart(5, '0');
}
