import type { Comparison } from '../domain/activities.js';
import { OPEN_STATUSES } from '../domain/status.js';
import { compareStatus } from './activities.js';

/**
 * Finds what no webhook told us: items that wait for an answer, and items that the platform shows elsewhere than we do.
 * A list call per status, whatever the number of items. The statuses are listed in the order in which items go through
 * them, so that a new one that moves meanwhile is in a later list rather than in none.
 */
export async function reconcileOrders(): Promise<Comparison> {
  const startedAt = new Date().toISOString();
  const found: Comparison = { listed: 0, started: 0, hinted: 0 };
  for (const status of OPEN_STATUSES) {
    const { listed, started, hinted } = await compareStatus({ status, startedAt });
    found.listed += listed;
    found.started += started;
    found.hinted += hinted;
  }
  return found;
}
