import { z } from 'zod';
import { INBOX_STATES, type InboxState } from '../../db/inbox-row.js';
import { present, withoutBlanks } from './fields.js';
import { checked } from './json-object.js';
import { pageLimit } from './order-query.js';

const inboxQuery = z.object({
  state: z.enum(INBOX_STATES).optional(),
  limit: pageLimit,
  cursor: z
    .string()
    .regex(/^\d{1,18}$/, 'no page gave this out')
    .optional(),
});

/** The inbox list's query. @throws Problem 400 with a path for each wrong parameter */
export function parseInboxQuery(query: object): { state?: InboxState; limit: number; before?: string } {
  const { cursor: before, ...rest } = checked(inboxQuery, withoutBlanks(query));
  return present({ ...rest, before });
}
