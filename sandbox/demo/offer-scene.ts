import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { System } from '../system/start-system.js';
import { sampleProducts } from '../provider/products.js';
import type { SyncAnswer, ProductApi } from './product-api.js';

const LOOK_EVERY_MS = 100;
const LIMIT_MS = 20_000;

const NEW_PLAN = {
  sku: 'NET-300',
  productName: 'Internet 300 Mbps',
  type: 'internet',
  price: 34.99,
  isActive: true,
  details: { minBandwidth: 100, maxBandwidth: 300, connectionType: 'fiber' },
};

/** What the provider's catalogue becomes over night: a lower price, and something new. */
const MORNING = [
  ...sampleProducts.map((one) => (one.sku === 'NET-1000' ? { ...one, price: 54.99 } : one)),
  NEW_PLAN,
];

/** All that Offergrid may be sent for it. */
const SENT = [
  { monthlyPrice: 54.99 },
  {
    ...{ sku: NEW_PLAN.sku, name: NEW_PLAN.productName, category: 'internet', status: 'active' },
    ...{ monthlyPrice: NEW_PLAN.price, serviceSpecificData: NEW_PLAN.details },
  },
];

/**
 * Before the orders: the offers follow the provider's catalogue, once a dry run has shown what would change, and a
 * catalogue that comes up empty is not followed until a person has looked. Prints what happens; resolves with everything
 * that was not as it should be.
 */
export async function playOfferScene(
  system: System,
  api: ProductApi,
  signal: AbortSignal,
): Promise<string[]> {
  const { offergrid, provider } = system;
  const differences: string[] = [];
  const compare = (what: string, wanted: unknown, seen: unknown) => {
    if (!isDeepStrictEqual(seen, wanted))
      differences.push(`${what}: expected ${JSON.stringify(wanted)}, saw ${JSON.stringify(seen)}`);
  };
  const before = offergrid.control.calls().length;
  const sent = () =>
    offergrid.control
      .calls()
      .slice(before)
      .filter(({ method, path }) => method !== 'GET' && path.startsWith('/provider/offers'))
      .map(({ body }) => body);
  const active = () => offergrid.control.offers().filter(({ status }) => status === 'active').length;

  provider.control.setProducts(MORNING);
  const preview = await ran(api, true, signal);
  console.log(
    "The provider's catalogue has a lower price and a new plan. A dry run shows what would change:",
  );
  for (const change of preview.changes) console.log(`  ${changeInWords(change)}`);
  compare('sent to Offergrid by a dry run', [], sent());

  const synced = await ran(api, false, signal);
  console.log(`Offer sync: ${inWords(synced)}`);
  compare('offer sync', 'completed', synced.status);
  compare('changes of the offer sync', preview.changes, synced.changes);
  compare('sent to Offergrid', inOrder(SENT), inOrder(sent()));
  compare('offers on the market', 4, active());

  provider.control.setProducts([]);
  const braked = await ran(api, false, signal);
  console.log(`The catalogue comes up empty. Offer sync: ${inWords(braked)}`);
  compare('offer sync of an empty catalogue', 'awaiting_approval', braked.status);
  const stopped = await api.stopSync(braked.runId);
  console.log(`An operator stops it: ${inWords(stopped)}\n`);
  compare('the stopped offer sync', 'stopped', stopped.status);
  compare('sent to Offergrid after that', SENT.length, sent().length);
  compare('offers on the market after that', 4, active());
  provider.control.setProducts(MORNING);
  return differences;
}

/** A run, once it is over or waits for a person. */
async function ran(api: ProductApi, dryRun: boolean, signal: AbortSignal): Promise<SyncAnswer> {
  const runId = await api.startSync({ dryRun });
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    signal.throwIfAborted();
    const run = await api.sync(runId);
    if (run.status !== 'running' || Date.now() > end) return run;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Bodies as the changes are listed, whichever was sent first. */
const inOrder = (bodies: unknown[]) =>
  [...bodies].sort((a, b) => JSON.stringify(a).length - JSON.stringify(b).length);

function changeInWords({ sku, action, fields = {} }: SyncAnswer['changes'][number]): string {
  const changed = Object.entries(fields).map(
    ([name, { from, to }]) => `${name} ${JSON.stringify(from)} → ${JSON.stringify(to)}`,
  );
  return [sku, action, ...changed].join('  ');
}

function inWords({ status, reason, created, updated, deactivated, unchanged, failed }: SyncAnswer): string {
  const why = reason === null ? '' : `, ${reason}`;
  const counts = { created, updated, deactivated, unchanged, failed };
  const some = Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [] : `${count} ${name}`));
  const would = status === 'awaiting_approval' ? 'would be: ' : '';
  return `${status}${why} (${would}${some.join(', ') || 'nothing done'})`;
}
