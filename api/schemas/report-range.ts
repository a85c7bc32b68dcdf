import { z } from 'zod';
import { utcInstant, withoutBlanks } from './fields.js';
import { checked } from './json-object.js';

/** A day stands for its beginning, UTC. */
const bound = z.union([z.iso.date().transform((day) => `${day}T00:00:00.000Z`), utcInstant], {
  error: 'must be a date, or a date and time with an offset or Z',
});

const reportRange = z
  .object({ from: bound.nullable().default(null), to: bound.nullable().default(null) })
  .refine(({ from, to }) => from === null || to === null || from <= to, {
    path: ['to'],
    message: 'lies before from',
  });

/** `from` counts, `to` does not; each may be left out. ISO 8601 UTC. @throws Problem 400 */
export function parseReportRange(query: object): { from: string | null; to: string | null } {
  return checked(reportRange, withoutBlanks(query));
}
