import { z } from 'zod';
import type { Command } from '../../domain/command.js';
import { malformed } from '../problem.js';
import { EVENT_DATA } from './event-data.js';
import { present, text, withoutBlanks } from './fields.js';
import { checked } from './json-object.js';

/** What each command carries beside its name. */
const COMMAND_FIELDS = {
  approve: z.object({ note: text.optional() }).transform(present),
  reject: z.object({ reason: text, alternative: text.optional() }).transform(present),
  schedule: EVENT_DATA['appointment.scheduled'],
  start: EVENT_DATA['installation.started'],
  complete: EVENT_DATA['installation.completed'],
  activate: EVENT_DATA['service.activated'],
  fail: EVENT_DATA['installation.failed'],
  cancel: z
    .object({ reason: text, requestedBy: z.enum(['customer', 'provider', 'reseller']).optional() })
    .transform(present),
  retry: z.object({}),
  note: z.object({ text }),
} satisfies { [C in Command['command']]: z.ZodType<Omit<Extract<Command, { command: C }>, 'command'>> };

const COMMANDS = Object.keys(COMMAND_FIELDS) as Command['command'][];

/** An operator's command. @throws Problem 400 with a path for each wrong field, `command` for an unknown one */
export function parseCommand(body: Record<string, unknown>): Command {
  const command = COMMANDS.find((name) => name === body['command']);
  if (command === undefined)
    throw malformed([{ path: 'command', message: `must be one of ${COMMANDS.join(', ')}` }]);
  return { command, ...checked(COMMAND_FIELDS[command], withoutBlanks(body)) } as Command;
}
