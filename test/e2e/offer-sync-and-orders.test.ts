import { expect, onTestFinished, test } from 'vitest';
import { createOfferSyncRuns } from '../../db/offer-sync-runs.js';
import { offerSyncNudge } from '../../integrations/temporal/offer-sync-starter.js';
import { startCallWorkers, type CallWorkers } from '../support/call-workers.js';
import { eventually } from '../support/eventually.js';
import { product, skus } from './shop.js';

const CALLS_PER_MINUTE = 10;
const MINUTE_MS = 3_000;
const PRICES = 90;
/** Two calls each, the read and the answer: more than a minute's. */
const ORDERS = 8;

/** A world in which {@link PRICES} new prices are being sent. */
async function startPricing(callsPerMinute: number, minuteMs: number): Promise<CallWorkers> {
  const world = await startCallWorkers({ callsPerMinute, minuteMs });
  onTestFinished(() => world.stop());
  await world.startWorker();
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
  return world;
}

/** New prices that were sent so far. */
const prices = ({ offergrid }: CallWorkers) =>
  offergrid.control
    .calls()
    .filter(({ method, path }) => method === 'PATCH' && path.startsWith('/provider/offers/'));

const accepted = ({ offergrid }: CallWorkers, items: string[]) =>
  items.filter((itemId) => offergrid.control.path(itemId).includes('accepted')).length;

test('orders that come while new prices use up the call budget are answered before the prices that still wait', async () => {
  const world = await startPricing(CALLS_PER_MINUTE, MINUTE_MS);
  const sent = () => prices(world).length;
  await eventually("a minute's calls to be used up", () => sent() >= CALLS_PER_MINUTE - 1, {
    within: 50_000,
  });

  const before = sent();
  const items = await world.place(ORDERS);
  const seen = () => ({ accepted: accepted(world, items), sent: sent() });
  await eventually('the answers', () => accepted(world, items) === ORDERS, { within: 50_000, seen });
  // Those that were in a worker's hands already, and what fitted between an order's read and its answer.
  expect(sent() - before).toBeLessThanOrEqual(CALLS_PER_MINUTE);
  expect(world.offergrid.control.calls().filter(({ status }) => status === 429)).toEqual([]);
  // The prices do follow.
  const later = sent();
  await eventually('more prices', () => sent() > later, { within: 50_000 });
});

test('the list of offers, too, leaves a tenth of the calls to orders; the products are not read before it may come', async () => {
  const minuteMs = 6_000;
  const world = await startCallWorkers({ callsPerMinute: 20, minuteMs });
  onTestFinished(() => world.stop());
  const { budget } = await world.startWorker();
  const begun = Date.now();
  // Two are left, exactly the tenth: the list would be one of them. A worker that asks for tasks has some in its hand
  // for a moment.
  for (let used = 0; used < 18;) {
    const got = await budget.acquire();
    if ('waitMs' in got) continue;
    used += 1;
    got.answered();
  }
  await createOfferSyncRuns(world.pool).request({ dryRun: false, skus: null });
  await offerSyncNudge(world.client)(false);
  const listed = () => world.offergrid.control.calls().find(({ path }) => path === '/provider/offers');
  const list = await eventually('the list', listed, { within: 50_000 });
  expect(Date.parse(list.at) - begun).toBeGreaterThanOrEqual(minuteMs);
  // What was read before would be as old as the wait was long.
  const reads = world.provider.control.calls().filter(({ path }) => path === '/products');
  expect(reads).toHaveLength(1);
  expect(Date.parse(reads[0]!.at) - begun).toBeGreaterThanOrEqual(minuteMs);
});

test('an order that comes when new prices have used up all they may is answered at once', async () => {
  const [callsPerMinute, minuteMs] = [60, 60_000];
  const world = await startPricing(callsPerMinute, minuteMs);
  // All but a tenth, the list of offers, and what is in the hand of a worker that asks for more.
  await eventually('the prices to stop', () => prices(world).length >= callsPerMinute * 0.9 - 4);
  const [item = ''] = await world.place(1);
  const transitions = () => world.offergrid.control.transitions(item);
  const answer = await eventually('the answer', () => transitions().find(({ to }) => to === 'accepted'));
  // Before any of the calls that were used comes free again.
  const [first] = world.offergrid.control.calls();
  expect(Date.parse(answer.at) - Date.parse(first!.at)).toBeLessThan(minuteMs);
  const ofOffers = world.offergrid.control.calls().filter(({ path }) => path.startsWith('/provider/offers'));
  expect(ofOffers.length).toBeLessThanOrEqual(callsPerMinute * 0.9);
});
