import type { Pool } from './pool.js';

/** Rates are 0 to 1; whatever there is nothing to divide by is null. */
export interface FulfillmentReport {
  acceptanceRate: number | null;
  /** Seconds from the item's creation at Offergrid to its acceptance. */
  timeToAccept: { p50: number | null; p90: number | null; p99: number | null };
  completionRate: number | null;
  /** Days from acceptance to the end, over items that ended well. */
  averageFulfillmentDays: number | null;
  /** Answered in time. */
  slaMet: number;
  /** Answered late, or not at all by the deadline. */
  slaBreached: number;
  counts: {
    received: number;
    open: number;
    accepted: number;
    rejected: number;
    cancelled: number;
    failed: number;
    completed: number;
    active: number;
  };
}

export async function fulfillmentReport(
  pool: Pool,
  from: string | null,
  to: string | null,
): Promise<FulfillmentReport> {
  const { rows } = await pool.query<Figures>(FIGURES, [from, to]);
  const { p50, p90, p99, fulfilled, average_days, sla_met, sla_breached, ...counts } = rows[0] as Figures;
  return {
    acceptanceRate: ratio(counts.accepted, counts.accepted + counts.rejected),
    timeToAccept: { p50, p90, p99 },
    completionRate: ratio(fulfilled, counts.accepted),
    averageFulfillmentDays: average_days,
    slaMet: sla_met,
    slaBreached: sla_breached,
    counts,
  };
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

type Figures = FulfillmentReport['counts'] & {
  p50: number | null;
  p90: number | null;
  p99: number | null;
  /** Accepted and ended well. */
  fulfilled: number;
  average_days: number | null;
  sla_met: number;
  sla_breached: number;
};

const FIGURES = `
  with item as (
    select *, outcome in ('completed', 'active') and accepted_at is not null as fulfilled,
           greatest(0, extract(epoch from accepted_at - created_at))::float8 as seconds_to_accept
      from order_items
     where created_at >= coalesce($1::timestamptz, '-infinity')
       and created_at < coalesce($2::timestamptz, 'infinity')
  )
  select count(*)::int as received,
         count(*) filter (where stage <> 'done')::int as open,
         count(accepted_at)::int as accepted,
         count(*) filter (where outcome = 'rejected')::int as rejected,
         count(*) filter (where outcome = 'cancelled')::int as cancelled,
         count(*) filter (where outcome = 'failed')::int as failed,
         count(*) filter (where outcome = 'completed')::int as completed,
         count(*) filter (where outcome = 'active')::int as active,
         count(*) filter (where fulfilled)::int as fulfilled,
         count(*) filter (where sla_state = 'met')::int as sla_met,
         count(*) filter (where sla_state in ('breached', 'met_late'))::int as sla_breached,
         percentile_cont(0.5) within group (order by seconds_to_accept) filter (where accepted_at is not null) as p50,
         percentile_cont(0.9) within group (order by seconds_to_accept) filter (where accepted_at is not null) as p90,
         percentile_cont(0.99) within group (order by seconds_to_accept) filter (where accepted_at is not null) as p99,
         avg(extract(epoch from finished_at - accepted_at) / 86400) filter (where fulfilled)::float8 as average_days
    from item`;
