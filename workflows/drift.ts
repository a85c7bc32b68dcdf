import type { Status } from '../domain/status.js';
import type { ItemState } from './item-state.js';

const STEP = 'the status at Offergrid';

/** Reconciliation finds the same every few minutes: it is looked into after an hour, then less and less often. */
const FIRST_PAUSE = 3_600_000;
const LONGEST_PAUSE = 8 * FIRST_PAUSE;

/**
 * The platform shows an earlier status than ours, or does not show the item (null), and that goes before a person;
 * `retry` looks again, and sends the updates again.
 */
export function fallBehind(item: ItemState, shown: Status | null, message: string, told = message): void {
  const pause = item.behind?.shown === shown ? Math.min(item.behind.pause * 2, LONGEST_PAUSE) : FIRST_PAUSE;
  item.behind = { shown, pause, lookAfter: Date.now() + pause };
  item.stuck[STEP] = { code: 'drift', retries: item.retries };
  item.raise('drift', message, told);
}

/** The platform shows what we have. */
export function catchUp(item: ItemState): void {
  item.behind = null;
  item.unstick(STEP);
}
