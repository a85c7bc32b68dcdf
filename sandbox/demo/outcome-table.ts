import { styleText } from 'node:util';
import { isColourful } from './live-lines.js';
import type { Verdict } from './judge.js';

const HEAD = ['order', 'item', 'path as Offergrid saw it', 'answered', 'SLA', 'expected'] as const;
const PATH_COLUMN = 2;
const GAP = '  ';

/**
 * The table at the end, and below it what differed.
 * @param width columns of the screen: paths are wrapped to fit it; Infinity wraps nothing
 */
export function outcomeTable(verdicts: readonly Verdict[], width: number): string {
  const rows = verdicts.map((verdict) => [
    verdict.scene,
    verdict.itemId,
    verdict.path.join(' → '),
    verdict.answeredAfter === null ? 'never' : `${(verdict.answeredAfter / 1000).toFixed(1)} s`,
    verdict.sla ?? 'unknown',
    verdict.differences.length === 0 ? 'yes' : 'NO',
  ]);
  const widths = HEAD.map((head, column) =>
    Math.max(...[head, ...rows.map((row) => row[column] ?? '')].map(({ length }) => length)),
  );
  const others = widths.reduce((sum, one, column) => sum + (column === PATH_COLUMN ? 0 : one), 0);
  const room = width - others - GAP.length * (HEAD.length - 1);
  widths[PATH_COLUMN] = Math.max(HEAD[PATH_COLUMN].length, Math.min(widths[PATH_COLUMN] ?? 0, room));

  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(GAP)
      .trimEnd();
  const body = rows.flatMap((row) => {
    const [first = '', ...rest] = wrapped(row[PATH_COLUMN] ?? '', widths[PATH_COLUMN] ?? 0);
    const head = line(row.map((cell, column) => (column === PATH_COLUMN ? first : cell)));
    return [coloured(head, row.at(-1) === 'yes'), ...rest.map((part) => line(['', '', part]))];
  });
  const differences = verdicts.flatMap(({ scene, itemId, differences: found }) =>
    found.map((difference) => `NO  ${scene} (${itemId}): ${difference}`),
  );
  const rule = widths.map((one) => '─'.repeat(one)).join(GAP);
  return [line(HEAD), rule, ...body, ...(differences.length === 0 ? [] : ['', ...differences])].join('\n');
}

/** Breaks a path after its arrows. */
function wrapped(path: string, width: number): string[] {
  const lines: string[] = [];
  for (const part of path.split(/(?<=→) /)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + part.length <= width)
      lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(part);
  }
  return lines;
}

const coloured = (text: string, good: boolean) =>
  isColourful() ? styleText(good ? 'green' : 'red', text) : text;
