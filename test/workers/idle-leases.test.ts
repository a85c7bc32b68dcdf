import { expect, onTestFinished, test } from 'vitest';
import type { HttpFault } from '../../sandbox/http/fault-plan.js';
import { startCallWorkers } from '../support/call-workers.js';
import { eventually } from '../support/eventually.js';

/** Item, offer, an update that fails, the item again, the update again: all that a window has room for. */
const CALLS = 5;
const WINDOW = 20_000;
const FAILS: HttpFault = { kind: 'error', status: 500, method: 'PATCH', path: '/provider/**', times: 1 };

test('what idle workers hold of a small budget is there for the one that has something to send', async () => {
  const system = await startCallWorkers({ callsPerMinute: CALLS, minuteMs: WINDOW });
  onTestFinished(() => system.stop());
  await system.startWorker();
  await system.startWorker();
  system.offergrid.control.setFaults([FAILS]);
  const [itemId] = await system.place(1);
  const placed = performance.now();
  const calls = () => system.offergrid.control.calls().map(({ method, status }) => `${method} ${status}`);
  await eventually('the answer', () => system.offergrid.control.path(itemId!).includes('accepted'), {
    within: 2 * WINDOW,
    seen: calls,
  });
  const took = performance.now() - placed;
  console.log(`idle leases: answered after ${Math.round(took)} ms, by ${calls().length} calls`);
  expect(calls()).toHaveLength(CALLS);
  // Were they held, it would take the whole window.
  expect(took).toBeLessThan(WINDOW * 0.9);
});
