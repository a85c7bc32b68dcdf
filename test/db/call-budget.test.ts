import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  budgetName,
  createCallBudget,
  type CallBudget,
  type CallBudgetOptions,
  type Lease,
} from '../../db/call-budget.js';
import { createPool, type Pool } from '../../db/pool.js';
import { startOutageProxy } from '../api/outage-proxy.js';
import { eventually } from '../support/eventually.js';
import { openTestDatabase, type TestDatabase } from './database.js';
import { ArrivalCounter } from './sliding-window.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** The hour is out of the way unless a test says otherwise. */
type Options = Partial<CallBudgetOptions> & { budget: string };
function open(options: Options): CallBudget {
  const budget = createCallBudget({
    ...{ pool: database.pool, callsPerMinute: 20, callsPerHour: 10_000 },
    spans: { minute: 2_000, hour: 3_600_000 },
    ...options,
  });
  onTestFinished(() => budget.close());
  return budget;
}

function ownPool(url: string = database.url): Pool {
  const pool = createPool(url);
  onTestFinished(() => pool.end());
  return pool;
}

async function takeAtOnce(budget: CallBudget): Promise<Lease | null> {
  const got = await budget.acquire();
  return 'waitMs' in got ? null : got;
}
/** A moment, or a signal. */
type Until = number | AbortSignal;
const isOver = (until: Until) => (typeof until === 'number' ? performance.now() >= until : until.aborted);
async function take(budget: CallBudget, until: Until = Infinity): Promise<Lease | null> {
  while (!isOver(until)) {
    const got = await budget.acquire();
    if (!('waitMs' in got)) return got;
    await wait(got.waitMs);
  }
  return null;
}
async function takeAll(budget: CallBudget): Promise<Lease[]> {
  const leases: Lease[] = [];
  for (;;) {
    const lease = await takeAtOnce(budget);
    if (lease === null) return leases;
    leases.push(lease);
  }
}

/**
 * Sends without a pause until the deadline. The platform counts by turns a whole window's worth of calls just before
 * their answers and the next just as they are sent: what comes closest together.
 */
async function sendOn(budget: CallBudget, arrivals: ArrivalCounter, until: Until, callMs = 0) {
  for (;;) {
    const lease = await take(budget, until);
    if (lease === null) return;
    const way = arrivals.next(20) ? 0 : callMs;
    await wait(way);
    arrivals.arrive();
    await wait(callMs - way);
    lease.answered();
  }
}

describe('the limit', () => {
  test('is kept by many that share it, and nearly all of it is used', async () => {
    const arrivals = new ArrivalCounter();
    const until = performance.now() + 16_000;
    const senders = [0, 1, 2].flatMap(() => {
      const budget = open({ budget: 'shared', pool: ownPool(), spans: { minute: 5_000, hour: 3_600_000 } });
      return [0, 1, 2, 3].map(() => sendOn(budget, arrivals, until));
    });
    await Promise.all(senders);
    expect(arrivals.at.length).toBeGreaterThan(60);
    expect(arrivals.most(5_000)).toBe(20);
    expect(arrivals.utilisation(20, 5_000)).toBeGreaterThanOrEqual(0.98);
  });

  test('is kept whenever within its call the platform counts', async () => {
    const arrivals = new ArrivalCounter();
    const until = performance.now() + 6_000;
    const senders = [0, 1].flatMap(() => {
      const budget = open({ budget: 'slow', pool: ownPool(), spans: { minute: 500, hour: 3_600_000 } });
      return Array.from({ length: 20 }, () => sendOn(budget, arrivals, until, 300));
    });
    await Promise.all(senders);
    expect(arrivals.at.length).toBeGreaterThan(60);
    expect(arrivals.most(500)).toBeLessThanOrEqual(20);
  });

  test('of the hour counts beside that of the minute', async () => {
    const spans = { minute: 200, hour: 60_000 };
    const budget = open({ budget: 'hour', callsPerMinute: 10, callsPerHour: 25, spans });
    const arrivals = new ArrivalCounter();
    await sendOn(budget, arrivals, performance.now() + 1_500);
    expect(arrivals.at).toHaveLength(25);
    expect(arrivals.most(200)).toBeLessThanOrEqual(10);
  });

  test('lets a burst go at once when nothing was sent before', async () => {
    const budget = open({ budget: 'burst', callsPerMinute: 100, spans: { minute: 60_000, hour: 3_600_000 } });
    const began = performance.now();
    expect(await takeAll(budget)).toHaveLength(100);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('says whether a share of it is free', async () => {
    const budget = open({ budget: 'share', callsPerMinute: 20 });
    const lease = await takeAtOnce(budget);
    expect(await budget.hasFree(0.95)).toBe(true);
    expect(await budget.hasFree(1)).toBe(false);
    for (let taken = 1; taken < 18; taken += 1) (await takeAtOnce(budget))!.answered();
    expect(await budget.hasFree(0.1)).toBe(true);
    expect(await budget.hasFree(0.1, 1), 'a share, and a call beside it').toBe(false);
    (await takeAtOnce(budget))!.answered();
    expect(await budget.hasFree(0.1)).toBe(false);
    lease!.unused();
    await eventually('what was not used', () => budget.hasFree(0.1));
    const ofTheHour = open({ budget: 'share of the hour', callsPerMinute: 20, callsPerHour: 30 });
    expect(await takeAll(ofTheHour)).toHaveLength(20);
    expect(await ofTheHour.hasFree(0.3)).toBe(false);
    const single = open({ budget: 'one call', callsPerMinute: 1 });
    const only = await takeAtOnce(single);
    expect(await single.hasFree(0.1), 'a share of one call').toBe(true);
    expect(await single.hasFree(0.1, 1)).toBe(false);
    only!.unused();
    await eventually('the only call', () => single.hasFree(0.1, 1));
  });

  test('is each key’s own', async () => {
    const one = open({ budget: budgetName('https://api.offergrid.io', 'key-1') });
    const other = open({ budget: budgetName('https://api.offergrid.io', 'key-2') });
    expect(await takeAll(one)).toHaveLength(20);
    expect(await takeAll(other)).toHaveLength(20);
    const { rows } = await database.pool.query<{ budget: string }>('select distinct budget from call_slots');
    expect(rows.filter(({ budget }) => budget.includes('key-'))).toEqual([]);
  });

  test('grows and shrinks, and what was sent before counts under the new one', async () => {
    const long = { minute: 60_000, hour: 3_600_000 };
    const before = await takeAll(open({ budget: 'changing', callsPerMinute: 10, spans: long }));
    expect(before).toHaveLength(10);
    const wider = open({ budget: 'changing', callsPerMinute: 15, spans: long });
    const more = await takeAll(wider);
    expect(more).toHaveLength(5);
    for (const lease of before.slice(0, 4)) lease.unused();
    await eventually('four to be free', async () => (await freeSlots('changing')) === 4);
    const narrower = open({ budget: 'changing', callsPerMinute: 12, spans: long });
    expect(await takeAll(narrower)).toHaveLength(1);
    const narrowest = open({ budget: 'changing', callsPerMinute: 8, spans: long });
    const out = [...before.slice(4), ...more];
    for (const lease of out.slice(0, 3)) lease.unused();
    await eventually('three to be free', async () => (await freeSlots('changing')) === 3);
    expect(await takeAll(narrowest)).toEqual([]);
    for (const lease of out.slice(3, 5)) lease.unused();
    await eventually('room for one', async () => (await takeAtOnce(narrowest)) ?? undefined);
    expect(await takeAll(narrowest)).toEqual([]);
  });
});

const freeSlots = async (budget: string) => {
  const { rows } = await database.pool.query<{ free: number }>(
    `select count(*)::int as free from call_slots where budget = $1 and span = 'minute' and free_at <= now()`,
    [budget],
  );
  return rows[0]?.free;
};

describe('a lease', () => {
  test('that was not needed can be taken again at once', async () => {
    const budget = open({ budget: 'unused', callsPerMinute: 1 });
    (await takeAtOnce(budget))?.unused();
    await eventually('it is free', () => takeAtOnce(budget).then((lease) => lease ?? undefined), {
      within: 1_000,
    });
  });

  test('whose holder died frees itself, after the call could be over and counted', async () => {
    const options = { budget: 'crash', callsPerMinute: 1, holdMs: 600, spans: { minute: 400, hour: 500 } };
    const taken = performance.now();
    expect(await takeAtOnce(open({ ...options, pool: ownPool() }))).not.toBeNull();
    expect(await take(open(options), taken + 10_000)).not.toBeNull();
    expect(performance.now() - taken).toBeGreaterThanOrEqual(1_000);
  });

  test('that expired changes nothing for the one who has its slot now', async () => {
    const options = { budget: 'expired', callsPerMinute: 1, holdMs: 200, spans: { minute: 300, hour: 300 } };
    const budget = open(options);
    const first = await take(budget);
    const second = await take(budget);
    expect(second).not.toBeNull();
    first?.unused();
    await budget.close();
    const others = open({ ...options, pool: ownPool() });
    expect(await takeAtOnce(others)).toBeNull();
  });

  test('without an answer rests longer: its call may still be on its way', async () => {
    const budget = open({ budget: 'stray', callsPerMinute: 1, spans: { minute: 200, hour: 200 } });
    (await takeAtOnce(budget))?.unanswered();
    expect(await take(budget, performance.now() + 1_500)).toBeNull();
  });
});

describe('a pause', () => {
  test('that the platform asked for holds for all processes', async () => {
    const one = open({ budget: 'paused' });
    const other = open({ budget: 'paused', pool: ownPool() });
    expect(await takeAtOnce(other)).not.toBeNull();
    await one.pause(1_000);
    const paused = performance.now();
    expect(await other.acquire()).toMatchObject({ pausedMs: expect.any(Number) as number });
    expect(other.knownStanding().pausedMs).toBeGreaterThan(500);
    expect(await take(other, paused + 10_000)).not.toBeNull();
    expect(performance.now() - paused).toBeGreaterThanOrEqual(950);
  });
});

describe('without Postgres', () => {
  async function withLine(options: Options) {
    const { hostname, port } = new URL(database.url);
    const line = await startOutageProxy(hostname, Number(port));
    onTestFinished(() => line.close());
    const through = new URL(database.url);
    through.port = String(line.port);
    const events: string[] = [];
    const budget = open({
      ...options,
      pool: ownPool(through.href),
      onAway: () => events.push('away'),
      onBack: () => events.push('back'),
    });
    return { line, budget, events };
  }

  const SPANS = { minute: 1_000, hour: 60_000 };
  const HOLD = 1_000;
  /** Until what was taken through Postgres before counts no more. */
  const QUIET = SPANS.minute + HOLD;
  const SHORT = { spans: SPANS, holdMs: HOLD, reportsMs: 3_000 };

  test('a process keeps to a quarter, less what it has sent', async () => {
    const { line, budget, events } = await withLine({ budget: 'away', ...SHORT });
    // Two calls that are under way all the time.
    expect([await takeAtOnce(budget), await takeAtOnce(budget)]).not.toContain(null);
    await line.cut();
    expect(await takeAll(budget)).toEqual([]);
    await eventually('the share', async () => (await takeAtOnce(budget)) ?? undefined);
    expect(await takeAll(budget)).toHaveLength(2);
    expect(events).toEqual(['away']);
  });

  test('one that starts then sends nothing at first, and then has its share too, which fills again', async () => {
    const { line, budget } = await withLine({ budget: 'away-from-start', ...SHORT });
    await line.cut();
    const arrivals = new ArrivalCounter();
    const began = performance.now();
    await sendOn(budget, arrivals, began + QUIET + 2_500);
    expect(arrivals.at[0]! - began).toBeGreaterThan(QUIET);
    expect(arrivals.at.length).toBeGreaterThanOrEqual(10);
    expect(arrivals.most(SPANS.minute)).toBe(5);
  });

  test('the limit is kept by those it goes away from and those that start meanwhile, and when it is back', async () => {
    const arrivals = new ArrivalCounter();
    const [busy, idle, late] = await Promise.all(
      Array.from({ length: 3 }, () => withLine({ budget: 'through', ...SHORT })),
    );
    const ends = new AbortController();
    const sending: Promise<void>[] = [];
    const sendTo = (budget: CallBudget) => sending.push(sendOn(budget, arrivals, ends.signal));
    const lines = [busy!.line, idle!.line, late!.line];
    const shares = () => arrivals.at.length;

    sendTo(busy!.budget);
    await eventually('a full window', () => shares() >= 20);
    for (const line of lines) await line.cut();
    sendTo(idle!.budget);
    const before = shares();
    await eventually('calls of both without Postgres', () => shares() >= before + 12);
    sendTo(late!.budget);
    await eventually('calls of all three', () => shares() >= before + 40);
    // The last one that comes back has calls to report.
    for (const line of lines) {
      await line.mend();
      await wait(500);
    }
    const back = shares();
    await eventually('full windows', () => shares() >= back + 45);
    ends.abort();
    await Promise.all(sending);
    expect(arrivals.most(SPANS.minute)).toBe(20);
  });

  test('who had nothing to report waits for what others have', async () => {
    const arrivals = new ArrivalCounter();
    const [idle, busy] = await Promise.all([1, 2].map(() => withLine({ budget: 'reports', ...SHORT })));
    for (const { line, budget } of [idle!, busy!]) {
      (await takeAtOnce(budget))!.unused();
      await line.cut();
      expect(await takeAtOnce(budget)).toBeNull();
    }
    const ends = new AbortController();
    const sending = [sendOn(busy!.budget, arrivals, ends.signal)];
    await eventually('calls without Postgres', () => arrivals.at.length >= 5);
    await idle!.line.mend();
    await eventually('its end for one', () => idle!.events.includes('back'));
    sending.push(sendOn(idle!.budget, arrivals, ends.signal));
    await wait(1_500);
    await busy!.line.mend();
    await eventually('its end for the other', () => busy!.events.includes('back'));
    const back = arrivals.at.length;
    await eventually('full windows', () => arrivals.at.length >= back + 25);
    ends.abort();
    await Promise.all(sending);
    expect(arrivals.most(SPANS.minute)).toBe(20);
  });

  test('what one sent that died before it could say so counts for all', async () => {
    const spans = { minute: 3_000, hour: 60_000 };
    const options = { budget: 'died', spans, holdMs: 500 };
    const [dies, lives] = await Promise.all([1, 2].map(() => withLine(options)));
    for (const { line, budget } of [lives!, dies!]) {
      (await takeAtOnce(budget))!.unused();
      await line.cut();
      expect(await takeAtOnce(budget)).toBeNull();
    }
    const arrivals = new ArrivalCounter();
    const death = new AbortController();
    const sending = sendOn(dies!.budget, arrivals, death.signal);
    await eventually('calls without Postgres', () => arrivals.at.length >= 5);
    death.abort();
    await sending;
    await lives!.line.mend();
    await eventually('the end of the outage', () => lives!.events.includes('back'));
    await sendOn(lives!.budget, arrivals, performance.now() + 2 * spans.minute);
    expect(arrivals.at.length).toBeGreaterThanOrEqual(25);
    expect(arrivals.most(spans.minute)).toBe(20);
  });

  test('where the hour’s limit binds, nothing is sent before what it counted is past', async () => {
    const spans = { minute: 500, hour: 3_000 };
    const options = { budget: 'bound by the hour', callsPerMinute: 10, callsPerHour: 20, spans, holdMs: 500 };
    const arrivals = new ArrivalCounter();
    const [before, then] = await Promise.all([1, 2].map(() => withLine(options)));
    await sendOn(before!.budget, arrivals, performance.now() + 1_500);
    expect(arrivals.at).toHaveLength(20);
    await before!.line.cut();
    await then!.line.cut();
    const until = performance.now() + 6_000;
    await Promise.all([before!, then!].map(({ budget }) => sendOn(budget, arrivals, until)));
    expect(arrivals.at.length).toBeGreaterThanOrEqual(30);
    expect(arrivals.most(spans.hour)).toBe(20);
  });

  test('a connection that breaks is no outage', async () => {
    const { budget, events } = await withLine({ budget: 'reset', ...SHORT });
    (await takeAtOnce(budget))!.unused();
    const blocking = await database.pool.connect();
    await blocking.query('begin; lock table call_slots in access exclusive mode');
    const taking = takeAtOnce(budget);
    await eventually('a query to be cut off', async () => {
      const { rowCount } = await database.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like '%call_slots%'`,
      );
      return rowCount !== 0;
    });
    await blocking.query('rollback');
    blocking.release();
    expect(await taking).not.toBeNull();
    expect(events).toEqual([]);
  });

  test('what was sent meanwhile counts for all when it is back', async () => {
    const spans = { minute: 4_000, hour: 60_000 };
    const { line, budget, events } = await withLine({ budget: 'back', spans, holdMs: 500, reportsMs: 500 });
    (await takeAtOnce(budget))?.unused();
    await eventually('it to be free', async () => (await freeSlots('back')) === 20);
    await line.cut();
    const first = await eventually('the share', async () => (await takeAtOnce(budget)) ?? undefined);
    const alone = [first, ...(await takeAll(budget))];
    expect(alone).toHaveLength(5);
    for (const lease of alone) lease.answered();
    await line.mend();
    await eventually('the end of the outage', () => events.includes('back'));
    const other = open({ budget: 'back', spans });
    expect(await takeAtOnce(other)).toBeNull();
    expect(await take(other, performance.now() + 10_000)).not.toBeNull();
    expect(await takeAll(other)).toHaveLength(14);
  });
});
