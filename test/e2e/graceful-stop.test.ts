import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startCrew } from '../../sandbox/crew/crew.js';
import type { RunningProcess } from '../../sandbox/stack/child-process.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { startSecondWorker } from '../support/two-workers.js';
import { LIVE, placeAs, placeOrder, VISIT, type PlacedItem } from './placed-item.js';

/** The contract allows 5 s more than the grace. */
const GRACE_AND_MORE = 8_000;

/** Orders at a time. */
const UNDER_WAY = 6;
/** How soon the platform sends a webhook again that found nobody. */
/** A task given to a worker in the moment it stops polling is noticed when its time is up. */
const LOST_TASK_MS = 15_000;
const RETRY_MS = 500;
/** What an order takes of itself, on a busy machine, and the wait for the webhook's next try. */
const AT_ONCE_MS = 3_000;

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem({ env: { SHUTDOWN_GRACE: '3s' } });
});
afterAll(() => system?.stop());

test('the worker finishes the update in hand, ends with 0 in time, and the next one goes on', async () => {
  const itemId = `item-${randomUUID()}`;
  const path = `/provider/orders/${itemId}/status`;
  system.offergrid.control.setFaults([{ kind: 'delay', ms: 1_500, path, whenBody: { status: 'scheduled' } }]);
  const item = placeAs(system, itemId);
  await item.hasWorkOrder();
  await item.reported('appointment.scheduled', VISIT);
  await eventually('the update in hand', () => item.updates().length === 2);
  expect(item.path()).toEqual(['pending', 'accepted']);

  const worker = system.worker();
  const began = performance.now();
  worker.kill('SIGTERM');
  expect(await worker.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - began).toBeLessThan(GRACE_AND_MORE);
  expect(item.path()).toEqual(['pending', 'accepted', 'scheduled']);

  expect((await item.report('installation.completed', LIVE)).status).toBe(202);
  const meanwhile = await placeOrder(system);
  await system.startWorker();
  await item.ends('active');
  await meanwhile.reaches('pending', 'accepted');
  const sent = item.updates().map(({ status }) => status);
  expect(sent).toEqual(['accepted', 'scheduled', 'in_progress', 'active']);
  // Its end was heard of by the worker that did it, not found out by reading again.
  expect(item.platformCalls().filter(({ method }) => method === 'GET')).toHaveLength(1);
});

test('a worker that cannot finish in time hands back what it has, and still ends with 0', async () => {
  const itemId = `item-${randomUUID()}`;
  system.offergrid.control.setFaults([{ kind: 'hang', path: `/provider/orders/${itemId}/status`, times: 1 }]);
  const item = placeAs(system, itemId);
  await eventually('the update in hand', () => item.updates().length === 1);
  const worker = system.worker();
  const began = performance.now();
  worker.kill('SIGTERM');
  expect(await worker.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - began).toBeLessThan(GRACE_AND_MORE);
  await system.startWorker();
  await item.reaches('pending', 'accepted');
});

test('the api ends with 0 under load; what it took is kept, and what it did not take comes again', async () => {
  const items = await Promise.all(Array.from({ length: 5 }, () => placeOrder(system)));
  await Promise.all(items.map((item) => item.hasWorkOrder()));
  const answers = items.map((item) => item.report('appointment.scheduled', VISIT).catch(() => null));
  const orders = await Promise.all(Array.from({ length: 5 }, () => placeOrder(system)));
  const api = system.api();
  const began = performance.now();
  api.kill('SIGTERM');
  expect(await api.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - began).toBeLessThan(GRACE_AND_MORE);
  const taken = (await Promise.all(answers)).map((answer) => answer?.status === 202);
  await system.startApi();

  await Promise.all(orders.map((item) => item.reaches('pending', 'accepted')));
  for (const [at, item] of items.entries())
    if (taken[at] === true) await item.reaches('pending', 'accepted', 'scheduled');
    else expect((await item.report('appointment.scheduled', VISIT)).status).toBe(202);
  await Promise.all(items.map((item) => item.reaches('pending', 'accepted', 'scheduled')));
  for (const item of items) expect(item.updates()).toHaveLength(2);
});

test('rolling restarts under load: no order waits for longer than a restart or a lost task takes', async () => {
  const { apiUrl, keys, provider, offergrid } = system;
  const second = await startSecondWorker(system, 'dist');
  onTestFinished(async () => void (await second.stop()));
  offergrid.control.setWebhook({ firstRetryMs: RETRY_MS, maxRetryMs: RETRY_MS });
  const crew = startCrew({ apiUrl, apiKey: keys.admin, provider, pace: 300, maxAttempts: 50 });
  onTestFinished(() => crew.close());

  let over = false;
  const items: PlacedItem[] = [];
  const isOpen = (item: PlacedItem) => item.path().at(-1) !== 'active';
  const load = async () => {
    for (; !over; await wait(100))
      if (items.filter(isOpen).length < UNDER_WAY) items.push(placeAs(system, `item-${randomUUID()}`));
  };
  const loading = load();
  const restarts: number[] = [];
  const restart = async (process: RunningProcess, start: () => Promise<RunningProcess>) => {
    const began = performance.now();
    process.kill('SIGTERM');
    expect(await process.exited, process.name).toEqual({ code: 0, signal: null });
    expect(performance.now() - began, process.name).toBeLessThan(GRACE_AND_MORE);
    await start();
    restarts.push(performance.now() - began);
  };
  for (const seat of second.seats) await restart(seat.process(), seat.start);
  await restart(system.api(), () => system.startApi());
  over = true;
  await loading;

  for (const item of items) await item.ends('active');
  for (const item of items) {
    expect(item.path()).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'active']);
    expect(item.updates()).toHaveLength(4);
  }
  const waits = items.map(({ itemId }) => {
    const [placed, accepted] = offergrid.control.transitions(itemId).map(({ at }) => Date.parse(at));
    return accepted! - placed!;
  });
  expect(Math.max(...waits)).toBeLessThan(Math.max(...restarts, LOST_TASK_MS) + AT_ONCE_MS);
}, 150_000);
