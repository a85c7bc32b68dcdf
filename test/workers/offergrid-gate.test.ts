import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createCallBudget, type CallBudget } from '../../db/call-budget.js';
import { createPool } from '../../db/pool.js';
import { createCallSlots, MOST_CALLS_AT_ONCE } from '../../workers/call-slots.js';
import { MOST_SCOUTS, MOST_CHANGES_UNDER_WAY } from '../../workflows/sync-changes.js';
import { offergridGate } from '../../workers/offergrid-gate.js';
import { OffergridError } from '../../integrations/offergrid/errors.js';
import { eventually } from '../support/eventually.js';
import { openTestDatabase, type TestDatabase } from '../db/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** What one process has, with pools of its own. */
function open(budget: string, more: { holdMs?: number } = {}): CallBudget {
  const pool = createPool(database.url);
  const opened = createCallBudget({ pool, budget, callsPerMinute: 10, callsPerHour: 100, ...more });
  onTestFinished(async () => {
    await opened.close();
    await pool.end();
  });
  return opened;
}

/** An activity of a process, with the lease in hand that it was taken up with. */
async function activityWithLease(name: string, from: (name: string) => CallBudget = open) {
  const budget = from(name);
  const slots = createCallSlots(budget);
  onTestFinished(() => slots.close());
  await slots.supplier.reserveSlot({} as never, new AbortController().signal);
  const activity = new MockActivityEnvironment();
  const gate = offergridGate(budget, slots, () => {});
  /** When its calls were sent, by `performance.now()`. */
  const sent: number[] = [];
  const send = () => Promise.resolve(sent.push(performance.now()));
  return {
    budget,
    activity,
    sent,
    call: () => activity.run(() => slots.during(() => gate('getItem', send))),
  };
}

test.each<[string, (other: CallBudget) => Promise<unknown>, string]>([
  ['a pause', (other) => other.pause(30_000), 'rate_limited'],
  ['a stop', (other) => other.stop.raise(401, performance.now()), 'stopped'],
])(
  '%s that another process was told of holds for a lease that is in hand already',
  async (name, told, kind) => {
    const { call, sent } = await activityWithLease(name);
    await told(open(name));
    await expect(call()).rejects.toMatchObject({ kind });
    expect(sent).toEqual([]);
  },
);

// The longer of them is what a 429 that does not say how long is taken to mean.
test.concurrent.each([700, 5_000])(
  'a pause of %i ms is waited for with the lease in hand, and the call is made then',
  async (ms) => {
    const { call, sent } = await activityWithLease(`a pause of ${ms} ms`);
    await open(`a pause of ${ms} ms`).pause(ms);
    const from = performance.now();
    await call();
    // Postgres counts from when it was told.
    expect(sent[0]! - from).toBeGreaterThan(ms - 200);
  },
);

test('what is taken back in a short pause is not sent, and its lease goes back', async () => {
  const { budget, activity, call, sent } = await activityWithLease('taken back in a pause');
  await budget.pause(2_500);
  setTimeout(() => activity.cancel('CANCELLED'), 200);
  await expect(call()).rejects.toThrow('CANCELLED');
  await eventually('the lease to be free', () => budget.hasFree(1));
  expect(sent).toEqual([]);
});

test.each([
  ['getItem', true],
  // What orders must not wait for.
  ['getOffer', false],
  ['listItems', false],
])('ten calls in a row that fail stop all calls: %s, %s', async (operation, stops) => {
  const budget = open(`failing ${operation}`);
  const slots = createCallSlots(budget);
  onTestFinished(() => slots.close());
  let told = 0;
  const gate = offergridGate(budget, slots, () => (told += 1));
  const send = () =>
    Promise.reject(new OffergridError({ operation, kind: 'unavailable', status: 503, detail: '' }));
  for (let n = 0; n < 10; n += 1)
    await expect(new MockActivityEnvironment().run(() => gate(operation, send))).rejects.toThrow();
  expect([budget.stop.isUp, told]).toEqual(stops ? [true, 1] : [false, 0]);
});

test('what was held up until its lease had run out is not sent', async () => {
  /** How long its leases may be used for is half of this, in milliseconds. */
  const holdMs = 2_000;
  const { activity, call, sent } = await activityWithLease('held up', (name) => {
    const budget = open(name, { holdMs });
    const standing: CallBudget['standing'] = async () => {
      const now = await budget.standing();
      // The process is paused here, as by SIGSTOP, and knows nothing of it.
      for (const end = performance.now() + holdMs; performance.now() < end;);
      return now;
    };
    return { ...budget, standing };
  });
  await expect(call()).rejects.toMatchObject({ kind: 'rate_limited' });
  expect(sent).toEqual([]);
  expect(activity.context.cancellationSignal.aborted).toBe(false);
});

test('calls of the shop window, however many at once, leave to orders what is kept for them', async () => {
  let sent = 0;
  /** Of a process of its own. */
  const process = () => {
    const budget = open('kept for orders');
    const slots = createCallSlots(budget);
    onTestFinished(() => slots.close());
    const gate = offergridGate(budget, slots, () => {}, { keptForOrders: 0.2 });
    const send = () => Promise.resolve((sent += 1));
    return { budget, call: () => new MockActivityEnvironment().run(() => gate('updateOffer', send)) };
  };
  const [one, other] = [process(), process()];
  for (let used = 0; used < 7; used += 1) {
    const got = await one.budget.acquire();
    if (!('waitMs' in got)) got.answered();
  }
  // Three calls are left: room for one of these, and for none where each sees what the others hold.
  const ends = await Promise.allSettled([one.call(), other.call(), one.call(), other.call()]);
  expect(sent).toBeLessThanOrEqual(1);
  for (const end of ends)
    if (end.status === 'rejected') expect(end.reason).toMatchObject({ kind: 'kept_free' });
  const left = (10 - 7 - sent) / 10;
  await eventually('those that were not sent to be free', () => one.budget.hasFree(left));
  await one.call().catch(() => undefined);
  await other.call().catch(() => undefined);
  expect(sent).toBe(1);
});

test('what was taken back while it waited is not sent, and its lease goes back', async () => {
  const { budget, activity, call, sent } = await activityWithLease('taken back');
  activity.cancel('CANCELLED');
  await expect(call()).rejects.toThrow();
  await eventually('the lease to be free', () => budget.hasFree(1));
  expect(sent).toEqual([]);
});

test('however many calls of the offer sync hang, a worker has some left for orders', () => {
  expect(MOST_CHANGES_UNDER_WAY + MOST_SCOUTS).toBeLessThan(MOST_CALLS_AT_ONCE);
});
