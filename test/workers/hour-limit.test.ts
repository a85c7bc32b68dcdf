import { expect, onTestFinished, test } from 'vitest';
import { ArrivalCounter } from '../db/sliding-window.js';
import { startCallWorkers } from '../support/call-workers.js';
import { eventually } from '../support/eventually.js';

/** All that is to be sent takes two such hours. */
const HOUR = { callsPerHour: 24, hourMs: 8_000 };
const ORDERS = 15;

test('two workers with more to send than an hour allows are never told 429, and leave none of it unused', async () => {
  const system = await startCallWorkers({ callsPerMinute: 20, minuteMs: 1_000, ...HOUR });
  onTestFinished(() => system.stop());
  await system.startWorker();
  await system.startWorker();
  const items = await system.place(ORDERS);
  const calls = () => system.offergrid.control.calls();
  const isAnswered = (itemId: string) => system.offergrid.control.path(itemId).includes('accepted');
  await eventually('the answers', () => items.every(isAnswered), {
    seen: () => calls().map(({ method, status }) => `${method} ${status}`),
  });

  expect(calls().filter(({ status }) => status === 429)).toEqual([]);
  const arrivals = new ArrivalCounter();
  arrivals.at.push(...calls().map(({ at }) => Date.parse(at)));
  expect(arrivals.most(HOUR.hourMs)).toBe(HOUR.callsPerHour);
});
