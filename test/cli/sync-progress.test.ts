import { expect, test } from 'vitest';
import { createSyncProgress, type Screen } from '../../cli/sync-progress.js';
import type { OfferSyncRun } from '../../domain/offer-sync-run.js';

const run = (more: Partial<OfferSyncRun> = {}) => ({ dryRun: false, failed: 0, ...more }) as OfferSyncRun;

function screenOf(kind: Omit<Screen, 'write'>) {
  const written: string[] = [];
  return { written, progress: createSyncProgress({ ...kind, write: (text) => written.push(text) }) };
}

test('on a terminal one line is drawn over and over, and the terminal is left clean', () => {
  const { written, progress } = screenOf({ isTTY: true, columns: 80 });
  progress.show(run(), { settled: 0, planned: 0 });
  progress.show(run(), { settled: 0, planned: 120 });
  progress.show(run({ failed: 5 }), { settled: 30, planned: 120 });
  progress.show(run({ failed: 5 }), { settled: 120, planned: 120 });
  progress.end();
  const clear = '\u001b[K';
  expect(written).toEqual([
    `\rReading and comparing …${clear}`,
    `\r${'░'.repeat(24)} 0 % 0 of 120 changes, 0 failed${clear}`,
    `\r${'█'.repeat(6)}${'░'.repeat(18)} 25 % 30 of 120 changes, 5 failed${clear}`,
    `\r${'█'.repeat(24)} 100 % 120 of 120 changes, 5 failed${clear}`,
    `\r${clear}`,
  ]);
});

test('a narrow terminal is not overrun, which would leave lines behind', () => {
  const { written, progress } = screenOf({ isTTY: true, columns: 30 });
  progress.show(run(), { settled: 30, planned: 120 });
  expect(written[0]).toBe(`\r${'█'.repeat(6)}${'░'.repeat(18)} 25 %\u001b[K`);
});

test('elsewhere: a plain line for each tenth, none before the first change, none twice', () => {
  const { written, progress } = screenOf({});
  progress.show(run(), { settled: 0, planned: 0 });
  for (let settled = 0; settled <= 200; settled += 5) progress.show(run(), { settled, planned: 200 });
  progress.end();
  expect(written).toHaveLength(10);
  expect(written[0]).toBe('20 of 200 changes, 0 failed\n');
  expect(written.at(-1)).toBe('200 of 200 changes, 0 failed\n');
});

test('a dry run has nothing to show but that it reads and compares', () => {
  const plain = screenOf({});
  plain.progress.show(run({ dryRun: true }), { settled: 2, planned: 7 });
  expect(plain.written).toEqual([]);
  const terminal = screenOf({ isTTY: true });
  terminal.progress.show(run({ dryRun: true }), { settled: 2, planned: 7 });
  expect(terminal.written[0]).toContain('Reading and comparing');
});
