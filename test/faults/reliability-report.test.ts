import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { measuredNow, writeFinding, type Finding } from './reliability-report.js';

const REPORT = `# Report

<!-- figures -->

| experiment | passes when | counted | measured |
| --- | --- | --- | --- |
| a flood | no loss | webhooks: 10 | |
| a fire | no loss | webhooks: 20 | 2026-01-02, 0a1b2c3 |

<!-- end of figures -->
`;

/** The rows' cells, after this was found. */
async function rowsAfter(found: Finding['found'], name = 'a flood'): Promise<string[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'report-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'report.md');
  await writeFile(path, REPORT);
  await writeFinding({ name, passes: 'no loss', measured: '2026-02-03, f00f00f', found }, path);
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line.startsWith('| a '));
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
const FIRE = ['a fire', 'no loss', 'webhooks: 20', '2026-01-02, 0a1b2c3'];

test('figures take the place of the earlier ones, and say when and of what they are', async () => {
  expect(await rowsAfter({ figures: { webhooks: 11, lost: 0 } })).toEqual([
    ['a flood', 'no loss', 'webhooks: 11; lost: 0', '2026-02-03, f00f00f'],
    FIRE,
  ]);
});

test('a failure takes the place of figures, with the first line of its reason', async () => {
  const failure = 'acknowledged | stored: expected 3 to be 2\n\n- Expected\n+ Received';
  expect(await rowsAfter({ failure })).toEqual([
    ['a flood', 'no loss', '**FAILED**: acknowledged \\| stored: expected 3 to be 2', '2026-02-03, f00f00f'],
    FIRE,
  ]);
});

test('an experiment that has no row yet gets one', async () => {
  expect((await rowsAfter({ figures: { webhooks: 1 } }, 'a quake')).map(([name]) => name)).toEqual([
    'a flood',
    'a fire',
    'a quake',
  ]);
});

test('what is measured is named by day and commit', () => {
  expect(measuredNow()).toMatch(/^\d{4}-\d\d-\d\d(, [0-9a-f]{7,}(-dirty)?)?$/);
});
