import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { projectRoot } from '../../sandbox/stack/project-root.js';

/** What an experiment counted, by name. */
export type Figures = Record<string, number | string>;

export interface Finding {
  name: string;
  passes: string;
  figures: Figures;
}

const TABLE = /(<!-- figures -->\n)([\s\S]*?)(\n<!-- end of figures -->)/;

/** Puts one experiment's figures into docs/reliability.md, in place of its earlier ones. */
export async function writeFigures(finding: Finding): Promise<void> {
  const path = join(projectRoot(), 'docs/reliability.md');
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

function rowOf({ name, passes, figures }: Finding): string {
  const counted = Object.entries(figures).map(([what, figure]) => `${what}: ${figure}`);
  return `| ${name} | ${passes} | ${counted.join('; ')} |`;
}
