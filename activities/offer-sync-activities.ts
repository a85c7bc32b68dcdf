import { ApplicationFailure } from '@temporalio/activity';
import type { OfferSyncActivities } from '../domain/offer-sync-activities.js';
import { mapProduct, planOfferSync, type KnownOffer, type MappedProduct } from '../domain/offer-sync.js';
import type { Notification } from '../domain/notification.js';
import type { Policy } from '../domain/policy.js';
import type { OfferChanges } from '../db/offer-changes.js';
import type { OfferSyncRuns } from '../db/offer-sync-runs.js';
import type { ProviderClient } from '../integrations/provider/client.js';
import { ProviderError } from '../integrations/provider/errors.js';

export interface OfferSyncDependencies {
  provider: ProviderClient | undefined;
  rules: { policy: Policy; workflowUrlBase: string | null };
  offers: { all: () => Promise<KnownOffer[]> };
  offerSync: { runs: OfferSyncRuns; changes: OfferChanges; nudge: (dryRun: boolean) => Promise<void> };
  startNotification: (notification: Notification) => Promise<void>;
}

/** Everything of the offer sync but its calls to Offergrid. */
export function createOfferSyncActivities(dependencies: OfferSyncDependencies): OfferSyncActivities {
  const { provider, rules, offers, startNotification } = dependencies;
  const { runs, changes, nudge } = dependencies.offerSync;
  return {
    async requestOfferSync() {
      await runs.request({ dryRun: false, skus: null });
      await nudge(false);
    },

    openSyncRun: ({ dryRun }) => runs.open(dryRun),
    takeWanted: ({ runId, pass }) => runs.take(runId, pass),
    recordSync: ({ runId, status, reason }) => runs.setStatus(runId, status, reason),
    finishSync: ({ runId, status, reason }) => runs.finish(runId, { status, reason }),

    async readProducts({ runId }) {
      const products = await mappedProducts(provider, rules.policy);
      await changes.keepProducts(runId, products);
      return products.length;
    },

    async planOffers({ runId, first, unchangedBefore }) {
      const only = await runs.inHand(runId);
      const plan = planOfferSync({
        products: await changes.products(runId),
        offers: await offers.all(),
        policy: rules.policy.offerSync,
        ...(only === null ? {} : { only }),
      });
      const errors = plan.changes.filter(({ action }) => action === 'error');
      const toSend = plan.changes.filter(({ action }) => action !== 'error');
      const unchanged = unchangedBefore + plan.unchanged;
      await changes.keepPlan(runId, { first, toSend, errors, unchanged });
      const last = first + toSend.length - 1;
      return { first, last, planned: last + errors.length, unchanged, brake: plan.brake };
    },

    announceBrake: ({ runId, pass, reason, at }) =>
      startNotification({
        id: `offer-sync-${runId}-${pass}`,
        type: 'integration.down',
        timestamp: at,
        data: {
          integration: 'offer-sync',
          message: `The offer sync stopped before its first change and waits for approval: ${reason}. Run ${runId}.`,
          url: rules.workflowUrlBase === null ? null : `${rules.workflowUrlBase}/offer-sync`,
        },
      }),

    giveUpChanges: ({ runId, first, last, reason }) => changes.giveUp(runId, first, last, reason),
  };
}

async function mappedProducts(
  provider: ProviderClient | undefined,
  { offerSync }: Policy,
): Promise<MappedProduct[]> {
  if (provider === undefined) {
    const message = 'no products system is connected: PROVIDER_API_URL is not set';
    throw ApplicationFailure.create({ message, type: 'Provider.none', nonRetryable: true });
  }
  try {
    const { products, unusable } = await provider.listProducts();
    // Where the SKU stands elsewhere, what an unusable product calls so is another thing: it stands for nobody knows which.
    const namesSku = offerSync.mapping.fields.sku === undefined;
    return [
      ...products.map((product) => mapProduct(product, offerSync.mapping)),
      ...unusable.map(({ sku, problem }) => ({
        kind: 'unusable' as const,
        sku: namesSku ? sku : null,
        reason: problem,
      })),
    ];
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    throw ApplicationFailure.create({
      message: error.message,
      type: `Provider.${error.kind}`,
      nonRetryable: !error.retryable,
      ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
    });
  }
}
