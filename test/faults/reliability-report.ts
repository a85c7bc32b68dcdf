import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { projectRoot } from '../../sandbox/stack/project-root.js';

/** What an experiment counted, by name. */
export type Figures = Record<string, number | string>;

export interface Finding {
  name: string;
  passes: string;
  /** When, and what was measured; see {@link measuredNow}. */
  measured: string;
  /** What was counted, or why it failed. */
  found: { figures: Figures } | { failure: string };
}

const REPORT = 'docs/reliability.md';
const TABLE = /(<!-- figures -->\n)([\s\S]*?)(\n<!-- end of figures -->)/;
/** A failure's first line may carry whole lists. */
const LONGEST_REASON = 200;

/** Puts one experiment's finding into the report's table, in place of its earlier one, whichever way it went. */
export async function writeFinding(finding: Finding, path = join(projectRoot(), REPORT)): Promise<void> {
  const text = await readFile(path, 'utf8');
  const table = TABLE.exec(text)?.[2];
  if (table === undefined) throw new Error(`${path} has no table of figures`);
  const rows = table.split('\n').filter((line) => line.startsWith('|'));
  const name = (row: string) => row.split('|')[1]?.trim();
  const at = rows.findIndex((row) => name(row) === finding.name);
  rows.splice(at < 0 ? rows.length : at, at < 0 ? 0 : 1, rowOf(finding));
  const written = text.replace(
    TABLE,
    (_, begin: string, __, end: string) => `${begin}\n${rows.join('\n')}\n${end}`,
  );
  const style = await resolveConfig(path);
  await writeFile(path, await format(written, { ...style, parser: 'markdown' }));
}

/** Today and the commit of the checkout, `-dirty` where files other than the report differ from it. */
export function measuredNow(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: projectRoot(), stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  const today = new Date().toISOString().slice(0, 10);
  try {
    const changed = git('status', '--porcelain', '--', '.', `:!${REPORT}`) !== '';
    return `${today}, ${git('rev-parse', '--short', 'HEAD')}${changed ? '-dirty' : ''}`;
  } catch {
    // Not from a checkout.
    return today;
  }
}

function rowOf({ name, passes, measured, found }: Finding): string {
  const cell =
    'failure' in found
      ? `**FAILED**: ${reasonOf(found.failure)}`
      : Object.entries(found.figures)
          .map(([what, figure]) => `${what}: ${figure}`)
          .join('; ');
  return `| ${name} | ${passes} | ${cell} | ${measured} |`;
}

/** The first line, as a cell of the table can hold it. */
function reasonOf(failure: string): string {
  const [line = ''] = stripVTControlCharacters(failure).trim().split('\n');
  const short = line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line;
  return short.replace(/[\\|`*_<[\]]/g, '\\$&');
}
