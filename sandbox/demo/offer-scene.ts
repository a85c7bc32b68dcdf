import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { System } from '../system/start-system.js';
import { sampleProducts } from '../provider/products.js';
import type { SyncAnswer, ProductApi } from './product-api.js';

const LOOK_EVERY_MS = 100;
const LIMIT_MS = 20_000;

/** What the provider's catalogue becomes over night: a lower price, and something new. */
const MORNING = [
  ...sampleProducts.map((one) => (one.sku === 'NET-1000' ? { ...one, price: 54.99 } : one)),
  {
    sku: 'NET-300',
    productName: 'Internet 300 Mbps',
    type: 'internet',
    price: 34.99,
    isActive: true,
    details: { minBandwidth: 100, maxBandwidth: 300, connectionType: 'fiber' },
  },
];

/**
 * Before the orders: the offers follow the provider's catalogue, and a catalogue that comes up empty is not followed
 * until a person has looked. Prints what happens; resolves with everything that was not as it should be.
 */
export async function playOfferScene(
  system: System,
  api: ProductApi,
  signal: AbortSignal,
): Promise<string[]> {
  const differences: string[] = [];
  const compare = (what: string, wanted: unknown, seen: unknown) => {
    if (!isDeepStrictEqual(seen, wanted))
      differences.push(`${what}: expected ${String(wanted)}, saw ${String(seen)}`);
  };
  const offer = (sku: string) => system.offergrid.control.offers().find((one) => one.sku === sku);

  system.provider.control.setProducts(MORNING);
  const synced = await ran(api, signal);
  console.log(`The provider's catalogue has a lower price and a new plan. Offer sync: ${inWords(synced)}`);
  compare('offer sync', 'completed', synced.status);
  compare('price of NET-1000 at Offergrid', 54.99, offer('NET-1000')?.monthlyPrice);
  compare('status of NET-300 at Offergrid', 'active', offer('NET-300')?.status);

  system.provider.control.setProducts([]);
  const braked = await ran(api, signal);
  console.log(`The catalogue comes up empty. Offer sync: ${inWords(braked)}`);
  compare('offer sync of an empty catalogue', 'awaiting_approval', braked.status);
  const stopped = await api.stopSync(braked.runId);
  console.log(`An operator stops it: ${inWords(stopped)}\n`);
  compare('the stopped offer sync', 'stopped', stopped.status);
  compare('status of NET-1000 at Offergrid', 'active', offer('NET-1000')?.status);
  system.provider.control.setProducts(MORNING);
  return differences;
}

/** A run, once it is over or waits for a person. */
async function ran(api: ProductApi, signal: AbortSignal): Promise<SyncAnswer> {
  const runId = await api.startSync();
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    signal.throwIfAborted();
    const run = await api.sync(runId);
    if (run.status !== 'running' || Date.now() > end) return run;
    await sleep(LOOK_EVERY_MS);
  }
}

function inWords({ status, reason, created, updated, deactivated, unchanged, failed }: SyncAnswer): string {
  const why = reason === null ? '' : `, ${reason}`;
  const counts = { created, updated, deactivated, unchanged, failed };
  const some = Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [] : `${count} ${name}`));
  const would = status === 'awaiting_approval' ? 'would be: ' : '';
  return `${status}${why} (${would}${some.join(', ') || 'nothing done'})`;
}
