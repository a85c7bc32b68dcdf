import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createCallBudget, type CallBudget } from '../../db/call-budget.js';
import { createPool } from '../../db/pool.js';
import { createCallSlots, MOST_CALLS_AT_ONCE } from '../../workers/call-slots.js';
import { MOST_SCOUTS, MOST_CHANGES_UNDER_WAY } from '../../workflows/sync-changes.js';
import { offergridGate } from '../../workers/offergrid-gate.js';
import { eventually } from '../support/eventually.js';
import { openTestDatabase, type TestDatabase } from '../db/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** What one process has, with pools of its own. */
function open(budget: string): CallBudget {
  const pool = createPool(database.url);
  const opened = createCallBudget({ pool, budget, callsPerMinute: 10, callsPerHour: 100 });
  onTestFinished(async () => {
    await opened.close();
    await pool.end();
  });
  return opened;
}

test.each<[string, (other: CallBudget) => Promise<unknown>, string]>([
  ['a pause', (other) => other.pause(30_000), 'rate_limited'],
  ['a stop', (other) => other.stop.raise(401, performance.now()), 'stopped'],
])(
  '%s that another process was told of holds for a lease that is in hand already',
  async (name, told, kind) => {
    const budget = open(name);
    const slots = createCallSlots(budget);
    onTestFinished(() => slots.close());
    const signal = new AbortController().signal;
    await slots.supplier.reserveSlot({} as never, signal);
    await told(open(name));
    let sent = 0;
    const send = () => Promise.resolve((sent += 1));
    const call = () => offergridGate(budget, slots, () => {})('getItem', send);
    await expect(new MockActivityEnvironment().run(() => slots.during(call))).rejects.toMatchObject({ kind });
    expect(sent).toBe(0);
  },
);

test('a short pause is waited for with the lease in hand, and the call is made then', async () => {
  const budget = open('a short pause');
  const slots = createCallSlots(budget);
  onTestFinished(() => slots.close());
  await slots.supplier.reserveSlot({} as never, new AbortController().signal);
  await open('a short pause').pause(700);
  const from = performance.now();
  const call = () =>
    offergridGate(budget, slots, () => {})('getItem', () => Promise.resolve(performance.now() - from));
  const sentAfter = await new MockActivityEnvironment().run(() => slots.during(call));
  // Postgres counts from when it was told.
  expect(sentAfter).toBeGreaterThan(600);
});

test('what is taken back in a short pause is not sent, and its lease goes back', async () => {
  const budget = open('taken back in a pause');
  const slots = createCallSlots(budget);
  onTestFinished(() => slots.close());
  await slots.supplier.reserveSlot({} as never, new AbortController().signal);
  await budget.pause(2_500);
  let sent = 0;
  const activity = new MockActivityEnvironment();
  const call = () =>
    offergridGate(budget, slots, () => {})('updateStatus', () => Promise.resolve((sent += 1)));
  setTimeout(() => activity.cancel('CANCELLED'), 200);
  await expect(activity.run(() => slots.during(call))).rejects.toThrow('CANCELLED');
  await eventually('the lease to be free', () => budget.hasFree(1));
  expect(sent).toBe(0);
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
  const budget = open('taken back');
  const slots = createCallSlots(budget);
  onTestFinished(() => slots.close());
  await slots.supplier.reserveSlot({} as never, new AbortController().signal);
  let sent = 0;
  const send = () => Promise.resolve((sent += 1));
  const activity = new MockActivityEnvironment();
  const call = async () => {
    activity.cancel('CANCELLED');
    await offergridGate(budget, slots, () => {})('updateStatus', send);
  };
  await expect(activity.run(() => slots.during(call))).rejects.toThrow();
  await eventually('the lease to be free', () => budget.hasFree(1));
  expect(sent).toBe(0);
});

test('however many calls of the offer sync hang, a worker has some left for orders', () => {
  expect(MOST_CHANGES_UNDER_WAY + MOST_SCOUTS).toBeLessThan(MOST_CALLS_AT_ONCE);
});
