import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { systemOnKeptTemporal } from '../support/kept-temporal.js';

const ORDERS = 8;
/** Milliseconds that the platform takes for an answer: enough for the server to be gone when it comes. */
const SLOW = 4_000;
/** Milliseconds, longer than a worker may be silent: its calls are given to one that may know nothing of them. */
const OUTAGE = 13_000;

test('Temporal killed while answers are with Offergrid: that they were taken cannot be reported, and none is sent twice', async () => {
  const system = await systemOnKeptTemporal({ policy: { reconcileEvery: '1d', acknowledgeAfter: null } });
  const { control } = system.offergrid;
  control.setFaults([{ kind: 'delay', ms: SLOW, method: 'PATCH' }]);
  const items = Array.from({ length: ORDERS }, () => control.placeOrder().items[0]!.itemId);
  const answers = () => control.calls().filter(({ method }) => method === 'PATCH');
  await eventually('the answers', () => answers().length === ORDERS, { seen: () => answers().length });

  const before = control.calls().length;
  await system.killTemporal();
  // Their replies come now, and nobody takes what the worker says of them.
  const areTaken = () => items.every((itemId) => control.path(itemId).includes('accepted'));
  await eventually('all to be taken', areTaken);
  control.clearFaults();
  await wait(OUTAGE);
  await system.restartTemporal();

  const ordered = () => new Set(system.provider.control.workOrders().map(({ itemId }) => itemId));
  await eventually('all to go on', () => ordered().size === ORDERS, {
    within: 90_000,
    seen: () => ordered().size,
  });
  expect(answers()).toHaveLength(ORDERS);
  for (const itemId of items) expect(control.path(itemId)).toEqual(['pending', 'accepted']);
  // They had to be asked for, but for a report that got through in the last moment.
  const asked = control
    .calls()
    .slice(before)
    .filter(({ method, path }) => method === 'GET' && path.startsWith('/provider/orders/'));
  expect(new Set(asked.map(({ path }) => path)).size).toBeGreaterThan(ORDERS / 2);
}, 180_000);
