import { expect, onTestFinished, test } from 'vitest';
import type { HttpFault } from '../../sandbox/http/fault-plan.js';
import { startCallWorkers } from '../support/call-workers.js';
import { eventually } from '../support/eventually.js';

const PAUSE = 4_000;
/** Calls that were on their way when the pause was asked for. */
const IN_FLIGHT = PAUSE / 2;
const TOLD_TO_WAIT: HttpFault = {
  ...{ kind: 'error', status: 429, body: { statusCode: 429, retryAfter: PAUSE / 1_000 }, times: 1 },
  headers: { 'X-RateLimit-Reset': '0' },
};

test('a 429 stops both workers for as long as it says', async () => {
  const system = await startCallWorkers();
  onTestFinished(() => system.stop());
  await system.startWorker();
  await system.startWorker();
  system.offergrid.control.setFaults([TOLD_TO_WAIT]);
  const items = await system.place(6);
  const calls = () => system.offergrid.control.calls();
  const told = await eventually('the 429', () => calls().find(({ status }) => status === 429));
  const isAnswered = (itemId: string) => system.offergrid.control.path(itemId).includes('accepted');
  await eventually('the answers', () => items.every(isAnswered), { within: PAUSE + 15_000 });

  const after = calls().map(({ at }) => Date.parse(at) - Date.parse(told.at));
  expect(after.filter((ms) => ms > IN_FLIGHT && ms < PAUSE - 100)).toEqual([]);
  expect(after.filter((ms) => ms >= PAUSE - 100).length).toBeGreaterThanOrEqual(8);
});
