import type { RawEnv } from '../config/read-env.js';

/** What a command has to tell: the same facts for people and, with `--json`, for programs. */
export interface Told {
  text: string;
  json: unknown;
  /** Why the command counts as failed all the same. */
  failure?: string;
}

/** As they were given; a boolean one is true or not there. */
export type Options = Record<string, string | true | undefined>;

/** One command of the CLI. */
export interface Command {
  /** Its words, such as `orders show`. */
  name: string;
  /** What follows the words, for the usage text: `ITEM_ID`. */
  operands: string[];
  options: Record<string, { type: 'string' | 'boolean' }>;
  summary: string;
  /** @throws CommandFailed with what people should read */
  run: (env: RawEnv, operands: string[], options: Options) => Promise<Told>;
}

/** It could not be done; the message says why, to people. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
}

/** The words were right and their use was not. */
export class WrongUsage extends Error {
  override name = 'WrongUsage';
}

/** Columns as wide as their widest cell. */
export function table(rows: (string | null)[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => (cell ?? '').padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
