import { z } from 'zod';

/** What Postgres cannot hold; better refused here than stuck later. */
const UNSTORABLE = /[\p{Surrogate}\0]/u;

/** Text that says something. */
export const text = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(10_000)
  .refine((value) => !UNSTORABLE.test(value), 'holds characters that cannot be stored');

/** Names something at the sender's: no control characters, short enough for an index. */
export const identifier = text.max(200).regex(/^\P{Cc}*$/u, 'holds control characters');

/** ISO 8601 with an offset or `Z`, as it was given. */
export const instant = z.iso.datetime({
  offset: true,
  error: 'must be an ISO 8601 date and time with an offset or Z',
});

/** The same instant in UTC with milliseconds: instants are compared as text further on. */
export const utcInstant = instant.transform((value) => new Date(value).toISOString());

/** Senders write null or blanks where they have nothing to say. */
export function withoutBlanks(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => value !== null && !(typeof value === 'string' && value.trim() === ''),
    ),
  );
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Optional fields that are absent, rather than there and undefined. */
export function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
