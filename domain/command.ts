import type {
  AppointmentData,
  CancellationParty,
  ProviderEvent,
  ProviderEventData,
} from './provider-event.js';

/** What an operator can tell an item. */
export type Command =
  | { command: 'approve'; note?: string }
  | { command: 'reject'; reason: string; alternative?: string }
  | ({ command: 'schedule' } & AppointmentData)
  | ({ command: 'start' } & ProviderEventData['installation.started'])
  | ({ command: 'complete' } & ProviderEventData['installation.completed'])
  | ({ command: 'activate' } & ProviderEventData['service.activated'])
  | { command: 'fail'; reason: string; alternative?: string }
  | { command: 'cancel'; reason: string; requestedBy?: CancellationParty }
  | { command: 'retry' }
  | { command: 'note'; text: string };

/** A command with the name of the key it came by. */
export type OperatorCommand = Command & { actor: string };

/** Commands that say what a field system would otherwise have said. */
export type FieldCommand = Extract<
  Command,
  { command: 'schedule' | 'start' | 'complete' | 'activate' | 'fail' | 'cancel' }
>;

/** The event a field command stands for. `time` is ISO 8601. */
export function eventOf(command: FieldCommand, id: string, time: string): ProviderEvent {
  switch (command.command) {
    case 'schedule': {
      const { command: _, ...data } = command;
      return { id, time, type: 'appointment.scheduled', data };
    }
    case 'start': {
      const { command: _, ...data } = command;
      return { id, time, type: 'installation.started', data };
    }
    case 'complete': {
      const { command: _, ...data } = command;
      return { id, time, type: 'installation.completed', data };
    }
    case 'activate': {
      const { command: _, ...data } = command;
      return { id, time, type: 'service.activated', data };
    }
    case 'fail': {
      const { command: _, ...data } = command;
      return { id, time, type: 'installation.failed', data };
    }
    case 'cancel':
      return {
        id,
        time,
        type: 'order.cancelled',
        data: { reason: command.reason, requestedBy: command.requestedBy ?? 'provider' },
      };
    default:
      return command satisfies never;
  }
}
