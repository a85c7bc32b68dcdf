import { z } from 'zod';

/** Text, or a number where text was meant (a ZIP, an id); anything else counts as missing. */
export const looseText = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .transform((value) => (value === undefined || value?.trim() === '' ? null : value))
  .catch(null);

const FIRST_INSTANT = Date.parse('0001-01-01T00:00:00Z');
const AFTER_LAST_INSTANT = Date.parse('+010000-01-01T00:00:00Z');

/** Any object; anything else counts as an empty one. */
export const looseObject = z.record(z.string(), z.unknown()).catch({});

/** A number, or a decimal written as text; anything else counts as missing. */
export const looseNumber = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^-?\d+(\.\d+)?$/)
      .transform(Number),
  ])
  .nullish()
  .transform((value) => value ?? null)
  .catch(null);

/**
 * An instant in ISO 8601 UTC. The platform's times are UTC, so one without an offset is read as that. Beyond the years 1
 * to 9999 it would be written in a form that Postgres does not read.
 */
export const looseInstant = looseText.transform((text) => {
  if (text === null) return null;
  const zoned = /(Z|[+-]\d{2}:?\d{2})$/i.test(text) || !text.includes('T') ? text : `${text}Z`;
  const at = Date.parse(zoned);
  return at >= FIRST_INSTANT && at < AFTER_LAST_INSTANT ? new Date(at).toISOString() : null;
});

/** The object in the answer; the documentation does not say whether it is wrapped. */
export function unwrapped(body: unknown, ids: readonly string[], wrappers: readonly string[]): unknown {
  if (!isObject(body) || ids.some((id) => body[id] !== undefined)) return body;
  const inner = wrappers.map((name) => body[name]).find(isObject);
  return inner ?? body;
}

/** The list in the answer, bare or wrapped; undefined when there is none. */
export function listIn(body: unknown, wrappers: readonly string[]): unknown[] | undefined {
  if (Array.isArray(body)) return body as unknown[];
  if (!isObject(body)) return undefined;
  return wrappers.map((name) => body[name]).find((value): value is unknown[] => Array.isArray(value));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
