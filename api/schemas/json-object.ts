import type { z } from 'zod';
import { malformed, type FieldProblem } from '../problem.js';

/** The JSON object in these bytes. @throws Problem 400 */
export function jsonObject(bytes: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw malformed([{ path: '', message: 'is not JSON' }]);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed([{ path: '', message: 'is not a JSON object' }]);
  return value as Record<string, unknown>;
}

/** What is wrong, with paths dotted from the body's root; `under` is where the checked part lies. */
export function problemsIn(error: z.ZodError, ...under: string[]): FieldProblem[] {
  return error.issues.map(({ path, message }) => ({ path: [...under, ...path].join('.'), message }));
}

/** What the schema makes of the value. @throws Problem 400 with a path for each wrong field */
export function checked<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (!result.success) throw malformed(problemsIn(result.error));
  return result.data;
}
