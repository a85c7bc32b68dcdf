import { activityInfo, ApplicationFailure } from '@temporalio/activity';
import { OffergridError } from '../integrations/offergrid/errors.js';

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;
/** While a key is not taken nothing is sent but a probe in this time; one call that is forbidden for good comes rarer. */
const KEY_FIRST_MS = 30_000;
const KEY_LONGEST_MS = 300_000;
/** Those who wait as long as they were told come back over half as long again, and this at most. */
const LONGEST_JITTER_MS = 30_000;

/** Never final: whatever went wrong, the item must go on once it is mended. */
export function asFailure(error: unknown): unknown {
  if (!(error instanceof OffergridError)) return error;
  return ApplicationFailure.create({
    message: error.message,
    type: `Offergrid.${error.kind}`,
    nextRetryDelay: retryDelayMs(error, activityInfo().attempt, Math.random()),
  });
}

/**
 * Milliseconds until the next attempt: growing, and never sooner than the platform asked. `chance` is between 0 and 1:
 * Temporal's own retries have no jitter, and what failed together would come back together.
 */
export function retryDelayMs(
  { kind, retryAfterMs = 0 }: Pick<OffergridError, 'kind' | 'retryAfterMs'>,
  attempt: number,
  chance: number,
): number {
  const keyTrouble = kind === 'unauthorized' || kind === 'forbidden';
  const [first, longest] = keyTrouble ? [KEY_FIRST_MS, KEY_LONGEST_MS] : [FIRST_MS, LONGEST_MS];
  const least = Math.max(retryAfterMs, Math.min(longest, first * 2 ** (attempt - 1)));
  return Math.round(least + chance * Math.min(least / 2, LONGEST_JITTER_MS));
}
