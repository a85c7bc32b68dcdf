import { inTransaction, type Pool } from './pool.js';

export type Span = 'minute' | 'hour';

/** So many calls in any stretch of `ms` milliseconds. */
export interface CallLimit {
  span: Span;
  calls: number;
  ms: number;
}

/** The rows that one call holds, by span. */
export type HeldSlots = Record<string, number>;

/** Whether calls may be sent at all. `pausedMs`: how long all are told to wait. `stopped`: the key is not taken. */
export interface Standing {
  pausedMs: number;
  stopped: boolean;
}

export type Taking = { slots: HeldSlots } | ({ slots: null; waitMs: number } & Standing);

/** As many rows as one statement makes well within its timeout. */
const ROWS_AT_ONCE = 20_000;

/**
 * The table that all processes take slots from. Only Postgres's clock counts. All durations are milliseconds. A slot
 * that is not settled by its holder frees itself.
 */
export function createCallSlots(pool: Pool, budget: string, limits: readonly CallLimit[]) {
  const spans = limits.map(({ span }) => span);
  const changeHeld = async (holder: string, slots: HeldSlots, freeIn: (limit: CallLimit) => number) => {
    await pool.query(
      `update call_slots as held set holder = null, free_at = now() + make_interval(secs => mine.ms / 1000)
         from unnest($3::text[], $4::int[], $5::float8[]) as mine (span, slot, ms)
        where held.budget = $1 and held.holder = $2 and held.span = mine.span and held.slot = mine.slot`,
      [budget, holder, spans, spans.map((span) => slots[span]), limits.map(freeIn)],
    );
  };
  return {
    /**
     * Makes the number of slots what the limits say. Of too many only free ones go, so that what they were used for
     * goes on counting. False: some could not go yet, and none may be taken before they have.
     */
    async fit(): Promise<boolean> {
      return await inTransaction(pool, async (client) => {
        await client.query(ONE_AT_A_TIME, [budget]);
        let fitting = true;
        for (const { span, calls } of limits) {
          const { rows } = await client.query<{ count: number; highest: number }>(
            `select count(*)::int as count, coalesce(max(slot), -1) as highest from call_slots
              where budget = $1 and span = $2`,
            [budget, span],
          );
          const { count = 0, highest = -1 } = rows[0] ?? {};
          for (let made = 0; made < calls - count; made += ROWS_AT_ONCE) {
            const from = highest + 1 + made;
            const most = Math.min(ROWS_AT_ONCE, calls - count - made);
            await client.query(
              `insert into call_slots (budget, span, slot, free_at)
               select $1, $2, slot, now() from generate_series($3::int, $4::int) as slot`,
              [budget, span, from, from + most - 1],
            );
          }
          if (count <= calls) continue;
          const { rowCount } = await client.query(
            `with spare as materialized (
               select slot from call_slots where budget = $1 and span = $2 and free_at <= now()
                order by slot desc limit $3 for update skip locked)
             delete from call_slots using spare
              where budget = $1 and span = $2 and call_slots.slot = spare.slot`,
            [budget, span, count - calls],
          );
          if ((rowCount ?? 0) < count - calls) fitting = false;
        }
        return fitting;
      });
    },

    /**
     * The slot of each span that has been free longest, all or none, for a call that is over within `holdMs`. A probe
     * is let through a stop.
     */
    async take(holder: string, holdMs: number, isProbe: boolean): Promise<Taking> {
      const { rows } = await pool.query<{ slots: HeldSlots | null; waitMs: number } & Standing>(
        `with wanted as (
           select span, ms from unnest($2::text[], $3::float8[]) as wanted (span, ms)
         ), pause as (
           select paused_until from call_pauses where budget = $1 and paused_until > now()
         ), stop as (
           select from call_stops where budget = $1 and ended_at is null
         ), picked as materialized (
           select wanted.span, wanted.ms, found.slot
             from wanted cross join lateral (
               select slot from call_slots
                where budget = $1 and span = wanted.span and free_at <= now()
                  and not exists (select from pause) and ($5 or not exists (select from stop))
                order by free_at limit 1 for update skip locked) as found
         ), taken as (
           update call_slots as slots set holder = $4, free_at = now() + make_interval(secs => picked.ms / 1000)
             from picked
            where slots.budget = $1 and slots.span = picked.span and slots.slot = picked.slot
              and (select count(*) from picked) = cardinality($2)
           returning slots.span, slots.slot
         ), earliest as (
           select max(first.free_at) as free_at
             from wanted cross join lateral (
               select free_at from call_slots where budget = $1 and span = wanted.span
                order by free_at limit 1) as first
         )
         select (select jsonb_object_agg(span, slot) from taken) as slots,
                coalesce(ceil(extract(epoch from earliest.free_at - now()) * 1000), 0)::float8 as "waitMs",
                coalesce(ceil(extract(epoch from (select paused_until from pause) - now()) * 1000), 0)::float8
                  as "pausedMs",
                exists (select from stop) as stopped
           from earliest`,
        [budget, spans, limits.map(({ ms }) => ms + holdMs), holder, isProbe],
      );
      const { slots = null, waitMs = 0, pausedMs = 0, stopped = false } = rows[0] ?? {};
      return slots === null ? { slots, waitMs: Math.max(waitMs, pausedMs, 0), pausedMs, stopped } : { slots };
    },

    /**
     * Whether at least this share (0 to 1) of every span's slots is free, and `beside` more. Where there are few, a share
     * is not all of them.
     */
    async hasFree(share: number, beside = 0): Promise<boolean> {
      const most = (calls: number) => (share < 1 ? calls - 1 : calls);
      const wanted = limits
        .map(({ span, calls }) => ({ span, free: Math.min(Math.ceil(calls * share), most(calls)) + beside }))
        .filter(({ free }) => free > 0);
      if (wanted.length === 0) return true;
      const { rows } = await pool.query<{ free: boolean | null }>(
        `select bool_and(last.free_at <= now()) as free
           from unnest($2::text[], $3::int[]) as wanted (span, before) cross join lateral (
             select free_at from call_slots where budget = $1 and span = wanted.span
              order by free_at offset wanted.before limit 1) as last`,
        [budget, wanted.map(({ span }) => span), wanted.map(({ free }) => free - 1)],
      );
      return rows[0]?.free === true;
    },

    /** Asked right before a call: another process may have been told since its slot was taken. */
    async standing(): Promise<Standing> {
      const { rows } = await pool.query<Standing>(
        `select coalesce(ceil(extract(epoch from (
                  select paused_until from call_pauses where budget = $1 and paused_until > now()
                ) - now()) * 1000), 0)::float8 as "pausedMs",
                exists (select from call_stops where budget = $1 and ended_at is null) as stopped`,
        [budget],
      );
      return rows[0] ?? { pausedMs: 0, stopped: false };
    },

    /** The call was counted no later than `lateMs` from now: from then on the slot rests for its span. */
    settle: (holder: string, slots: HeldSlots, lateMs: number) =>
      changeHeld(holder, slots, ({ ms }) => ms + lateMs),

    /** Nothing was sent. */
    giveBack: (holder: string, slots: HeldSlots) => changeHeld(holder, slots, () => 0),

    /** Nobody takes a slot for so long. */
    async pause(ms: number): Promise<void> {
      await pool.query(PAUSE, [budget, ms]);
    },

    /**
     * Enters calls that were sent while Postgres was away: `rests` says by span for how long each of them still counts.
     * All wait for `graceMs` then, so that the others' reports come in before anything is taken.
     */
    async report(rests: Record<Span, number[]>, graceMs: number): Promise<void> {
      await inTransaction(pool, async (client) => {
        await client.query(ONE_AT_A_TIME, [budget]);
        await client.query(PAUSE, [budget, graceMs]);
        for (const span of spans) {
          await client.query(
            `with used as (
               select ms, row_number() over () as n from unnest($3::float8[]) as ms
             ), spare as materialized (
               select slot, row_number() over () as n from (
                 select slot from call_slots where budget = $1 and span = $2 and free_at <= now()
                  order by free_at limit cardinality($3) for update skip locked) as free
             )
             update call_slots as slots set free_at = now() + make_interval(secs => used.ms / 1000)
               from used join spare using (n)
              where slots.budget = $1 and slots.span = $2 and slots.slot = spare.slot`,
            [budget, span, rests[span]],
          );
        }
      });
    },
  };
}

/** Until the transaction's end. */
const ONE_AT_A_TIME = 'select pg_advisory_xact_lock(hashtextextended($1, 5))';

const PAUSE = `insert into call_pauses as known (budget, paused_until)
  values ($1, now() + make_interval(secs => $2::float8 / 1000))
  on conflict (budget) do update set paused_until = greatest(known.paused_until, excluded.paused_until)`;
