import type { OfferSyncActivities } from '../domain/offer-sync-activities.js';
import { planOfferSync, type KnownOffer } from '../domain/offer-sync.js';
import type { Notification } from '../domain/notification.js';
import type { Policy } from '../domain/policy.js';
import type { CallBudget } from '../db/call-budget.js';
import type { OfferCatalogue } from '../db/offer-catalogue.js';
import type { OfferChanges } from '../db/offer-changes.js';
import type { OfferSyncRuns } from '../db/offer-sync-runs.js';
import type { ProviderClient } from '../integrations/provider/client.js';
import { readCatalogue } from './catalogue-reading.js';
import { leaveRoomForOrders } from './room-for-orders.js';
import { syncNotice } from './sync-notice.js';

export interface OfferSyncDependencies {
  provider: ProviderClient | undefined;
  rules: { policy: Policy; workflowUrlBase: string | null };
  offers: { all: () => Promise<KnownOffer[]> };
  offerSync: {
    runs: OfferSyncRuns;
    catalogue: OfferCatalogue;
    changes: OfferChanges;
    nudge: (dryRun: boolean) => Promise<void>;
    budget: Pick<CallBudget, 'hasFree'>;
  };
  startNotification: (notification: Notification) => Promise<void>;
}

/** Everything of the offer sync but its calls to Offergrid. */
export function createOfferSyncActivities(dependencies: OfferSyncDependencies): OfferSyncActivities {
  const { provider, rules, offers, startNotification } = dependencies;
  const { runs, catalogue, changes, nudge, budget } = dependencies.offerSync;
  return {
    async requestOfferSync() {
      await runs.request({ dryRun: false, skus: null, isTurn: true });
      await nudge(false);
    },

    openSyncRun: ({ dryRun }) => runs.open(dryRun),
    takeWanted: ({ runId, pass }) => runs.take(runId, pass),
    awaitApproval: ({ runId, reason }) => runs.awaitApproval(runId, reason),
    approveSync: ({ runId, pass }) => runs.approve(runId, pass),
    finishSync: ({ runId, status, reason }) => runs.finish(runId, { status, reason }),

    readProducts: ({ runId, pass }) =>
      readCatalogue({ provider, catalogue, mapping: rules.policy.offerSync.mapping, runId, pass }),

    waitForRoom: () => leaveRoomForOrders(budget, { calls: 1 }),

    async planOffers({ runId, pass }) {
      const only = await runs.inHand(runId);
      const plan = planOfferSync({
        products: await catalogue.products(runId, pass),
        offers: await offers.all(),
        policy: rules.policy.offerSync,
        only: only ?? undefined,
        seen: await changes.approved(runId),
        takenOff: await changes.takenOff(runId),
        pricesBefore: await changes.pricesBefore(runId),
      });
      return await changes.keepPlan(runId, pass, { ...plan, only });
    },

    announceBrake: ({ runId, pass, reason, at }) => {
      const message = `The offer sync stopped before its first change and waits for approval: ${reason}. Run ${runId}.`;
      return startNotification(syncNotice(rules, { id: `offer-sync-${runId}-${pass}`, message, at }));
    },

    async announceFailure({ runId, reason, at }) {
      if (!(await runs.hasFailedAnew(runId))) return;
      const message = `The offer sync failed, and is tried again at its next turn: ${reason}. Run ${runId}.`;
      await startNotification(syncNotice(rules, { id: `offer-sync-failed-${runId}`, message, at }));
    },

    giveUpChanges: ({ runId, first, last, reason }) => changes.giveUp(runId, first, last, reason),
  };
}
