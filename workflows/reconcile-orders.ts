import type { Comparison } from '../domain/activities.js';
import { OPEN_STATUSES } from '../domain/status.js';
import { compareStatus, hintUnlisted } from './activities.js';

/** What one reconciliation found. */
export interface Reconciliation extends Comparison {
  /** Items we believe open that the platform lists in no open status. */
  unlisted: number;
}

/**
 * Finds what no webhook told us: items that wait for an answer, and items that the platform shows elsewhere than we do.
 * A list call per status, whatever the number of items. The statuses are listed in the order in which items go through
 * them, so that one that moves meanwhile is in a later list rather than in none.
 */
export async function reconcileOrders(): Promise<Reconciliation> {
  const startedAt = new Date().toISOString();
  const found: Reconciliation = { listed: 0, started: 0, hinted: 0, unlisted: 0 };
  for (const status of OPEN_STATUSES) {
    const { listed, started, hinted } = await compareStatus({ status, startedAt });
    found.listed += listed;
    found.started += started;
    found.hinted += hinted;
  }
  found.unlisted = await hintUnlisted({ startedAt });
  return found;
}
