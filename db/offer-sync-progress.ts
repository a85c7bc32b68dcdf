import type { Pool } from './pool.js';

/** Of a run's changes: those that are through, one way or the other, and all that are planned so far; errors in both. */
export interface OfferSyncProgress {
  settled: number;
  planned: number;
}

/** How far the sending of a run is, for those who look on. */
export function createOfferSyncProgress(pool: Pool) {
  return async (runId: string): Promise<OfferSyncProgress> => {
    const { rows } = await pool.query<OfferSyncProgress>(
      `select (count(*) filter (where state not in ('planned', 'sending')))::int as settled, count(*)::int as planned
         from offer_sync_changes where run_id = $1`,
      [runId],
    );
    return rows[0]!;
  };
}
