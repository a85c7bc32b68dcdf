import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PROVIDER_EVENT_TYPES, type ProviderEvent } from '../../domain/provider-event.js';
import { malformed, type FieldProblem } from '../problem.js';
import { EVENT_DATA } from './event-data.js';
import { identifier, text, utcInstant, withoutBlanks } from './fields.js';
import { problemsIn } from './json-object.js';

export interface ReceivedEvent {
  event: ProviderEvent;
  /** Of what the sender said: a time we filled in is no part of it. */
  contentHash: string;
}

/** CloudEvents 1.0 structured mode is a superset of this; its other attributes are let pass. */
const envelope = z.object({
  id: identifier,
  type: z.enum(PROVIDER_EVENT_TYPES, {
    error: `must be one of ${PROVIDER_EVENT_TYPES.join(', ')}`,
  }),
  time: utcInstant.optional(),
  source: text.optional().catch(undefined),
  data: z.looseObject({}).default({}).transform(withoutBlanks),
});

/**
 * An event from one of the provider's systems. The body's id goes before the `Idempotency-Key`. `now` is ISO 8601 UTC.
 * @throws Problem 400 with a path for each wrong field
 */
export function parseProviderEvent(
  body: Record<string, unknown>,
  idempotencyKey: string | undefined,
  now: string,
): ReceivedEvent {
  const given: Record<string, unknown> = withoutBlanks(body);
  if (given['id'] === undefined && idempotencyKey !== undefined) given['id'] = idempotencyKey;

  const outer = envelope.safeParse(given);
  const problems: FieldProblem[] = outer.success ? [] : problemsIn(outer.error);
  const type = envelope.shape.type.safeParse(given['type']).data;
  const data = type === undefined ? undefined : EVENT_DATA[type].safeParse(dataOf(given['data']));
  const dataIsWrong = problems.some(({ path }) => path === 'data');
  if (data?.success === false && !dataIsWrong) problems.push(...problemsIn(data.error, 'data'));
  if (!outer.success || data?.success !== true) throw malformed(problems);

  const { id, time, source } = outer.data;
  const said = { type: outer.data.type, data: data.data };
  const event = { id, time: time ?? now, ...said, ...(source === undefined ? {} : { source }) };
  return {
    event: event as ProviderEvent,
    contentHash: contentHash(time === undefined ? said : { ...said, time }),
  };
}

/** SHA-256 in hex. Schemas give fields in their own order, so the same content has the same hash. */
export function contentHash(content: object): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

function dataOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? withoutBlanks(value) : {};
}
