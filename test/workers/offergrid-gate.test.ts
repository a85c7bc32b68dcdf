import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createCallBudget, type CallBudget } from '../../db/call-budget.js';
import { createPool } from '../../db/pool.js';
import { createCallSlots } from '../../workers/call-slots.js';
import { offergridGate } from '../../workers/offergrid-gate.js';
import { openTestDatabase, type TestDatabase } from '../db/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const READ = { operation: 'getItem', method: 'GET', path: '/provider/orders/item-1' } as const;

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
    const call = () => offergridGate(budget, slots, () => {})(READ, send);
    await expect(new MockActivityEnvironment().run(() => slots.during(call))).rejects.toMatchObject({ kind });
    expect(sent).toBe(0);
  },
);

test('what is refused again though the key works is forbidden by itself; another call, or old news, is not', async () => {
  const [one, other] = [open('alone'), open('alone')];
  const sent = performance.now();
  const refused = (budget: CallBudget, call: string, at = performance.now()) =>
    budget.stop.forbidsOnly(call, at);
  expect(await refused(one, 'PATCH a')).toBe(false);
  expect(await one.stop.raise(403, performance.now())).toBe(true);
  expect(await refused(other, 'PATCH a')).toBe(false);
  const state = await one.stop.turn();
  if (state.up) await one.stop.end(state.outage);

  expect(await refused(other, 'PATCH a', sent)).toBe(false);
  expect(await refused(other, 'GET a')).toBe(false);
  // However often, and whoever it meets.
  for (const budget of [one, other, one]) expect(await refused(budget, 'PATCH a')).toBe(true);
  await database.pool.query(`update forbidden_calls set last_at = now() - interval '11 minutes'`);
  expect(await refused(one, 'PATCH a')).toBe(false);
});
