import type { Pool } from './pool.js';

/** A time in which the platform does not take the key, or no call at all. `began`: ISO 8601. */
export interface Outage {
  id: string;
  status: number;
  began: string;
}

/** What all processes know. `mine`: this process is to probe now. */
export type StopState = { up: false } | { up: true; outage: Outage; announced: boolean; mine: boolean };

/** The status of a stop because the platform fails or cannot be reached, whatever its calls met with. */
export const UNAVAILABLE = 503;

/**
 * A key that works while one call of it is forbidden stops everything again and again, and so does a platform that fails
 * at some calls: within this time it is the same outage, of which people were told.
 */
const SAME_OUTAGE = '10 minutes';
const FORBIDDEN = 403;

/** Most outages are short: probes come soon at first, and then as far apart as it has lasted. */
const FIRST_PROBE = '2 seconds';
const probeAt = (status: string, began: string, every: string) =>
  `now() + case when ${status} = ${UNAVAILABLE}
                then least(${every}, greatest(interval '${FIRST_PROBE}', now() - ${began})) else ${every} end`;

/** The row that says whether all processes have stopped calling. Only Postgres's clock counts; durations are milliseconds. */
export function createCallStops(pool: Pool, budget: string) {
  return {
    /**
     * Stops all, unless the call that was refused had been sent before the last stop ended: that news is old. Whether
     * this began a stop.
     */
    async raise(
      { id, status, began: beganAt }: Outage,
      sentMsAgo: number,
      probeInMs: number,
    ): Promise<boolean> {
      const same = `known.status = $3 and $3 in (${FORBIDDEN}, ${UNAVAILABLE})
                    and known.ended_at > now() - interval '${SAME_OUTAGE}'`;
      const began = `case when ${same} then known.began_at else excluded.began_at end`;
      const every = 'make_interval(secs => $6::float8 / 1000)';
      const { rowCount } = await pool.query(
        `insert into call_stops as known (budget, outage, status, began_at, probe_at)
         values ($1, $2, $3::int, $4::timestamptz, ${probeAt('$3', '$4', every)})
         on conflict (budget) do update set
           outage = case when ${same} then known.outage else excluded.outage end,
           began_at = ${began}, announced = known.announced and ${same}, status = excluded.status,
           probe_at = ${probeAt('$3', `(${began})`, every)}, ended_at = null
         where known.ended_at <= now() - make_interval(secs => $5::float8 / 1000)`,
        [budget, id, status, beganAt, sentMsAgo, probeInMs],
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
           update call_stops
              set probe_at = ${probeAt('status', 'began_at', 'make_interval(secs => $2::float8 / 1000)')}
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
