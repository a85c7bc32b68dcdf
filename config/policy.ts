import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { Policy } from '../domain/policy.js';
import { ConfigError } from './config-error.js';
import { policySchema } from './policy-schema.js';

/**
 * Reads and checks the policy file.
 * @throws ConfigError with one line per problem: `FULFILLMENT_POLICY: …` for the file, `policy <path>: …` inside it.
 */
export function loadPolicy(path: string): Policy {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([`FULFILLMENT_POLICY: cannot read ${path} (${codeOf(error)})`]);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ConfigError([`FULFILLMENT_POLICY: ${path} is not JSON${placeOf(error, text)}`]);
  }
  return parsePolicy(json);
}

/**
 * The policy with every key that was left out filled in, and durations in milliseconds.
 * @throws ConfigError with a line `policy <dotted path>: …` per problem.
 */
export function parsePolicy(json: unknown): Policy {
  const result = policySchema.safeParse(json);
  if (!result.success) throw new ConfigError(result.error.issues.flatMap(linesFor));
  return result.data;
}

function linesFor(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `policy ${[...issue.path, key].join('.')}: unknown key`);
  }
  const path = ['policy', issue.path.join('.')].filter((part) => part !== '').join(' ');
  return [`${path}: ${issue.message}`];
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
}

/** The parser's own message repeats the text around the fault; the line is enough. */
function placeOf(error: unknown, text: string): string {
  const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined ? '' : ` (line ${text.slice(0, Number(position)).split('\n').length})`;
}
