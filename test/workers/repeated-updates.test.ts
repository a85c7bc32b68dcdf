import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import type { HttpFault } from '../../sandbox/http/fault-plan.js';
import { startCallWorkers } from '../support/call-workers.js';
import { eventually } from '../support/eventually.js';

type Fate = number | 'reply lost';
/** What becomes of an item's updates one after the other, and the calls about it then. */
const CASES: [fates: Fate[], calls: string[]][] = [
  [[429], ['GET', 'PATCH 429', 'PATCH 200']],
  [[500], ['GET', 'PATCH 500', 'GET', 'PATCH 200']],
  [[408], ['GET', 'PATCH 408', 'GET', 'PATCH 200']],
  [['reply lost'], ['GET', 'PATCH null', 'GET']],
  [
    [500, 429],
    // The first may yet be applied.
    ['GET', 'PATCH 500', 'GET', 'PATCH 429', 'GET', 'PATCH 200'],
  ],
  [
    [429, 500],
    ['GET', 'PATCH 429', 'PATCH 500', 'GET', 'PATCH 200'],
  ],
];

function faultOf(itemId: string, fate: Fate): HttpFault {
  const strike = { method: 'PATCH', path: `/provider/orders/${itemId}/status`, times: 1 };
  if (fate === 'reply lost') return { kind: 'drop-reply', ...strike };
  // Without the header the pause would be the simulated platform's own minute.
  const pause = { body: { retryAfter: 1 }, headers: { 'X-RateLimit-Reset': '0' } };
  return { kind: 'error', status: fate, ...(fate === 429 ? pause : {}), ...strike };
}

test('before an update is repeated the item is read, unless it was refused unseen', async () => {
  const system = await startCallWorkers();
  onTestFinished(() => system.stop());
  await system.startWorker();
  const items = CASES.map(([fates, calls]) => ({ itemId: `item-${randomUUID()}`, fates, calls }));
  system.offergrid.control.setFaults(
    items.flatMap(({ itemId, fates }) => fates.map((fate) => faultOf(itemId, fate))),
  );
  await system.place(items.map(({ itemId }) => itemId));
  for (const { itemId, fates, calls } of items) {
    const seen = () =>
      system.offergrid.control
        .calls()
        .filter(({ path }) => path.includes(itemId))
        .map(({ method, status }) => (method === 'GET' ? method : `${method} ${status}`));
    await eventually(`the calls after ${fates.join(', ')}`, () => seen().length >= calls.length, { seen });
    expect(seen(), fates.join(', ')).toEqual(calls);
    expect(system.offergrid.control.path(itemId)).toEqual(['pending', 'accepted']);
  }
});
