import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOfferSyncRuns } from '../../db/offer-sync-runs.js';
import { offerSyncNudge } from '../../integrations/temporal/offer-sync-starter.js';
import { startCallWorkers, type CallWorkers } from '../support/call-workers.js';
import { eventually } from '../support/eventually.js';
import { product, skus } from './shop.js';

const CALLS_PER_MINUTE = 10;
const MINUTE_MS = 3_000;
const PRICES = 60;
/** Two calls each, the read and the answer: more than a minute's. */
const ORDERS = 8;

let world: CallWorkers;
beforeAll(async () => {
  world = await startCallWorkers({ callsPerMinute: CALLS_PER_MINUTE, minuteMs: MINUTE_MS });
  await world.startWorker();
});
afterAll(() => world?.stop());

/** New prices that were sent so far. */
const sent = () =>
  world.offergrid.control
    .calls()
    .filter(({ method, path }) => method === 'PATCH' && path.startsWith('/provider/offers/')).length;

const accepted = (items: string[]) =>
  items.filter((itemId) => world.offergrid.control.path(itemId).includes('accepted')).length;

test('orders that come while new prices use up the call budget are answered before the prices that still wait', async () => {
  const { offergrid, provider, pool, client } = world;
  const priced = skus(PRICES).map((sku) => product(sku, { price: 21 }));
  offergrid.control.setOffers([
    ...offergrid.control.offers(),
    ...priced.map(({ sku, productName: name }) => ({
      ...{ id: `off-${sku}`, sku, name, category: 'other' as const },
      ...{ status: 'active' as const, monthlyPrice: 20 },
    })),
  ]);
  provider.control.setProducts([...provider.control.products(), ...priced]);
  await createOfferSyncRuns(pool).request({ dryRun: false, skus: null });
  await offerSyncNudge(client)(false);
  await eventually("a minute's calls to be used up", () => sent() >= CALLS_PER_MINUTE - 1, {
    within: 50_000,
  });

  const before = sent();
  const items = await world.place(ORDERS);
  const seen = () => ({ accepted: accepted(items), sent: sent() });
  await eventually('the answers', () => accepted(items) === ORDERS, { within: 50_000, seen });
  // Those that were in a worker's hands already, and what fitted between an order's read and its answer.
  expect(sent() - before).toBeLessThanOrEqual(CALLS_PER_MINUTE);
  expect(offergrid.control.calls().filter(({ status }) => status === 429)).toEqual([]);
  // The prices do follow.
  const later = sent();
  await eventually('more prices', () => sent() > later, { within: 50_000 });
});
