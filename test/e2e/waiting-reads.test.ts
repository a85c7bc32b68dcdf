import { expect, test } from 'vitest';
import type { OrderView } from '../../domain/order-view.js';
import { eventually } from '../support/eventually.js';
import { systemForTest } from '../support/test-system.js';

const QUIET = 3;
const AT_ONCE = 40;
/** Three times what a worker has under way at a time. */
const MOVED = 60;
/** Seconds, for all to be asked for on a slow machine and to have waited for as long as makes a list worth while. */
const pause = { status: 429, body: { retryAfter: 15 }, headers: { 'X-RateLimit-Reset': '0' } };

test('reads are single calls on a quiet day, and few lists when many have to wait', async () => {
  const { offergrid } = await systemForTest({ policy: { reconcileEvery: '1h' } });
  const { control } = offergrid;
  const isAnswered = (itemId: string) => control.path(itemId).includes('accepted');
  const place = () => control.placeOrder().items[0]!.itemId;
  const counted = () => {
    const reads = control.calls().filter(({ method, path }) => method === 'GET' && path.includes('/orders'));
    const lists = reads.filter(({ path }) => path === '/provider/orders').length;
    return { lists, singly: reads.length - lists };
  };

  await eventually('the first reconciliation', () => counted().lists === 6);
  for (let n = 0; n < QUIET; n += 1) {
    const itemId = place();
    await eventually('its acceptance', () => isAnswered(itemId));
  }
  expect(counted()).toEqual({ lists: 6, singly: QUIET });

  control.setFaults([{ kind: 'error', ...pause, method: 'GET', times: 1 }]);
  const items = [place()];
  await eventually('the pause', () => control.calls().some(({ status }) => status === 429));
  items.push(...Array.from({ length: AT_ONCE }, place));
  await eventually('all acceptances', () => items.every(isAnswered), { within: 40_000, seen: counted });
  const { lists, singly } = counted();
  expect(lists - 6).toBeGreaterThanOrEqual(1);
  // The first, and those that were asked for just before a list.
  expect(lists - 6 + singly - QUIET).toBeLessThan(AT_ONCE / 2);
}, 120_000);

test('items that moved while no webhook told of it are read from few lists when many have to wait', async () => {
  const { offergrid, apiUrl, keys } = await systemForTest({ policy: { reconcileEvery: '5s' } });
  const { control } = offergrid;
  const items = Array.from({ length: MOVED }, () => control.placeOrder().items[0]!.itemId);
  const views = async () => {
    const headers = { authorization: `Bearer ${keys.admin}` };
    const response = await fetch(`${apiUrl}/v1/orders?limit=${MOVED}`, { headers });
    return ((await response.json()) as { items: OrderView[] }).items;
  };
  // What was written a moment ago is not compared: of these all are, by one run.
  const isAtRest = ({ workOrderId, updatedAt }: OrderView) =>
    workOrderId !== null && Date.parse(updatedAt) < Date.now() - 6_000;
  const areAtRest = async () => (await views()).filter(isAtRest).length === MOVED;
  await eventually('all to wait for their appointment', areAtRest, { within: 60_000 });

  const since = control.calls().length;
  const singly = () =>
    control
      .calls()
      .slice(since)
      .filter(({ method, path }) => method === 'GET' && path.startsWith('/provider/orders/'));
  control.setFaults([{ kind: 'error', ...pause, path: '/provider/orders/*', times: 1 }]);
  for (const itemId of items) control.setStatus(itemId, 'scheduled');
  const known = async () =>
    (await views()).filter(({ offergridStatus }) => offergridStatus === 'scheduled').length;
  await eventually('all to be known as scheduled', async () => (await known()) === MOVED, {
    within: 60_000,
    seen: () => ({ singly: singly().length }),
  });
  // The one that was refused, and those that were on their way with it.
  expect(singly().length).toBeLessThan(MOVED / 2);
}, 150_000);
