const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Beyond ten years a duration is a mistake, and dates made from it would leave the calendar. */
const LONGEST = 3_650 * UNITS.d;

/** Milliseconds of a whole number and `s`, `m`, `h` or `d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+)([smhd])$/.exec(text);
  if (match === null) return undefined;
  const milliseconds = Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  return milliseconds <= LONGEST ? milliseconds : undefined;
}

export const DURATION_FORM = 'must be a whole number and s, m, h or d (like 20s), at most 3650d';
