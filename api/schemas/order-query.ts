import { z } from 'zod';
import type { OrderQuery } from '../../db/order-list.js';
import { OUTCOMES, STAGES } from '../../domain/stage.js';
import { SLA_STATES } from '../../domain/response-deadline.js';
import { identifier, present, withoutBlanks } from './fields.js';
import { checked } from './json-object.js';

/** How many to a page: 50 unless told, 200 at most. */
export const pageLimit = z
  .string()
  .regex(/^\d{1,3}$/, 'must be a whole number from 1 to 200')
  .transform(Number)
  .pipe(z.number().min(1).max(200))
  .default(50);

const orderQuery = z.object({
  stage: z.enum(STAGES).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  slaState: z.enum(SLA_STATES).optional(),
  attention: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional(),
  orderId: identifier.optional(),
  limit: pageLimit,
  cursor: z.string().optional(),
});

/** The list's query; a parameter left empty is none. @throws Problem 400 with a path for each wrong one */
export function parseOrderQuery(query: object): OrderQuery {
  return present(checked(orderQuery, withoutBlanks(query)));
}
