import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { LIVE, placeAs, placeOrder, VISIT } from './placed-item.js';

/** The contract allows 5 s more than the grace. */
const GRACE_AND_MORE = 8_000;

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
