import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';

/** More orders at once than the budget has calls for, under the limit as documented. */
const ORDERS = 300;
const CALLS = 100;
/** Of a reconciliation. */
const LISTS = 6;

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem({
    programs: '/tmp/wt-reads/dist/planted/before',
    policy: { reconcileEvery: '1h' },
    offergrid: { callsPerMinute: CALLS, callsPerHour: 10_000 },
    env: { OFFERGRID_CALLS_PER_MINUTE: undefined },
  });
});
afterAll(() => system?.stop());

test('many reads that wait are answered by few lists', { timeout: 600_000 }, async () => {
  const { control } = system.offergrid;
  await eventually('the first reconciliation', () => control.calls().length === LISTS);
  const began = Date.now();
  const items = Array.from({ length: ORDERS }, () => control.placeOrder().items[0]!.itemId);
  const isAnswered = (itemId: string) => control.transitions(itemId).length > 1;
  await eventually('all answers', () => items.every(isAnswered), {
    within: 500_000,
    seen: () => ({ answered: items.filter(isAnswered).length, calls: control.calls().length }),
  });
  const seconds = (Date.now() - began) / 1_000;
  const calls = control.calls();
  const of = (method: string, list: boolean) =>
    calls.filter((call) => call.method === method && (call.path === '/provider/orders') === list).length;
  console.log(
    `waiting reads: ${ORDERS} orders answered in ${seconds.toFixed(0)} s with ${of('GET', true) - LISTS} lists, ` +
      `${of('GET', false)} reads and ${of('PATCH', false)} updates`,
  );
  expect(calls.filter(({ status, faults }) => status === 429 && faults.length === 0)).toEqual([]);
});
