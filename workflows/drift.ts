import type { Status } from '../domain/status.js';
import { isToEnd } from './ending.js';
import type { ItemState } from './item-state.js';

const STEP = 'the status at Offergrid';

/**
 * Reconciliation, which says so again every hour, finds the same when the item has moved on and no webhook told of it: it
 * is looked into each time. Milliseconds; a little less than its hour.
 */
const PAUSE = 50 * 60_000;

/**
 * The platform shows an earlier status than ours, or does not show the item (null), and that goes before a person;
 * `retry` looks again, and sends the updates again.
 */
export function fallBehind(item: ItemState, shown: Status | null, message: string, told = message): void {
  item.behind = { shown, lookAfter: Date.now() + PAUSE };
  item.stuck[STEP] = { code: 'drift', retries: item.retries };
  item.raise('drift', message, told);
}

/** The platform shows what we have. */
export function catchUp(item: ItemState): void {
  item.behind = null;
  item.unstick(STEP);
}

/** Minutes at first, and no longer than reconciliation takes. */
const FIRST_READ = 60_000;

/** Waits before an item that was not shown is read once more, with that before a person. `times` it was so before. */
export async function untilWorthReading(
  item: ItemState,
  times: number,
  message: string,
  told: string,
): Promise<void> {
  const { retries, hints } = item;
  const known = hints.length;
  item.stuck[STEP] = { code: 'drift', retries };
  item.raise('drift', message, told);
  const isAsked = () => item.retries > retries || item.hints.length > known || isToEnd(item);
  await item.fibers.rest(isAsked, Math.min(FIRST_READ * 2 ** times, PAUSE));
}
