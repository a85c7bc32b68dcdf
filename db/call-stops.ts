import type { Pool } from './pool.js';

/** A time in which the platform does not take the key. `began`: ISO 8601. */
export interface Outage {
  id: string;
  status: number;
  began: string;
}

/** What all processes know. `mine`: this process is to probe now. */
export type StopState = { up: false } | { up: true; outage: Outage; announced: boolean; mine: boolean };

/**
 * A key that works while one call of it is forbidden stops everything again and again: within this time it is the same
 * outage, of which people were told.
 */
const SAME_OUTAGE = '10 minutes';
const FORBIDDEN = 403;

/** The row that says whether all processes have stopped calling. Only Postgres's clock counts; durations are milliseconds. */
export function createCallStops(pool: Pool, budget: string) {
  return {
    /**
     * Stops all, unless the call that was refused had been sent before the last stop ended: that news is old. Whether
     * this began a stop.
     */
    async raise({ id, status, began }: Outage, sentMsAgo: number, probeInMs: number): Promise<boolean> {
      const same = `known.status = $3 and $3 = ${FORBIDDEN} and known.ended_at > now() - interval '${SAME_OUTAGE}'`;
      const { rowCount } = await pool.query(
        `insert into call_stops as known (budget, outage, status, began_at, probe_at)
         values ($1, $2, $3, $4, now() + make_interval(secs => $6::float8 / 1000))
         on conflict (budget) do update set
           outage = case when ${same} then known.outage else excluded.outage end,
           began_at = case when ${same} then known.began_at else excluded.began_at end,
           announced = known.announced and ${same},
           status = excluded.status, probe_at = excluded.probe_at, ended_at = null
         where known.ended_at <= now() - make_interval(secs => $5::float8 / 1000)`,
        [budget, id, status, began, sentMsAgo, probeInMs],
      );
      return rowCount === 1;
    },

    /** How it stands; when a probe is due it is this process's to make, and the next is due in `everyMs`. */
    async turn(everyMs: number): Promise<StopState> {
      const { rows } = await pool.query<{
        ended: boolean;
        outage: string;
        status: number;
        began: Date;
        announced: boolean;
        mine: boolean;
      }>(
        `with claimed as (
           update call_stops set probe_at = now() + make_interval(secs => $2::float8 / 1000)
            where budget = $1 and ended_at is null and probe_at <= now() returning budget
         )
         select ended_at is not null as ended, outage, status, began_at as began, announced,
                exists (select from claimed) as mine
           from call_stops where budget = $1`,
        [budget, everyMs],
      );
      const [row] = rows;
      if (row === undefined || row.ended) return { up: false };
      const { outage: id, status, began, announced, mine } = row;
      return { up: true, outage: { id, status, began: began.toISOString() }, announced, mine };
    },

    async announced({ id }: Outage): Promise<void> {
      await pool.query('update call_stops set announced = true where budget = $1 and outage = $2', [
        budget,
        id,
      ]);
    },

    async end({ id }: Outage): Promise<void> {
      await pool.query(
        'update call_stops set ended_at = now() where budget = $1 and outage = $2 and ended_at is null',
        [budget, id],
      );
    },
  };
}

export type CallStops = ReturnType<typeof createCallStops>;
