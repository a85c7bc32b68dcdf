import { expect, test } from 'vitest';
import { retryDelayMs } from '../../activities/offergrid-failure.js';
import type { OffergridErrorKind } from '../../integrations/offergrid/errors.js';

const HOUR = 3_600_000;

test.each<[OffergridErrorKind, number, number | undefined, number, number]>([
  // kind, attempt, what the platform asked for, least and most milliseconds
  ['unavailable', 1, undefined, 1_000, 1_500],
  ['network', 2, undefined, 2_000, 3_000],
  ['timeout', 4, undefined, 8_000, 12_000],
  ['bad_answer', 7, undefined, 60_000, 90_000],
  ['unavailable', 300, undefined, 60_000, 90_000],
  ['unavailable', 1, 7_000, 7_000, 10_500],
  ['unavailable', 6, 7_000, 32_000, 48_000],
  ['rate_limited', 1, undefined, 1_000, 1_500],
  ['rate_limited', 1, 60_000, 60_000, 90_000],
  ['rate_limited', 3, HOUR, HOUR, HOUR + 30_000],
  ['stopped', 1, undefined, 1_000, 1_500],
  ['unauthorized', 1, undefined, 30_000, 45_000],
  ['forbidden', 3, undefined, 120_000, 150_000],
  ['forbidden', 9, undefined, 300_000, 330_000],
])('%s, attempt %i, asked for %s: between %i and %i ms', (kind, attempt, retryAfterMs, least, most) => {
  const delay = (chance: number) => retryDelayMs({ kind, retryAfterMs }, attempt, chance);
  expect(delay(0)).toBe(least);
  expect(delay(1)).toBe(most);
  expect(delay(0.5)).toBe((least + most) / 2);
});
