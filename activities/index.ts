import { Context } from '@temporalio/activity';
import { createNotificationActivities, type NotificationDependencies } from './notification-activities.js';
import { createOfferChangeActivities, type OfferChangeDependencies } from './offer-change-activities.js';
import { createOfferSyncActivities, type OfferSyncDependencies } from './offer-sync-activities.js';
import { createOffergridActivities, type OffergridDependencies } from './offergrid-activities.js';
import { createProviderActivities, type ProviderDependencies } from './provider-activities.js';
import { createReconcileActivities, type ReconcileDependencies } from './reconcile-activities.js';
import { createRecordActivities, type RecordDependencies } from './record-activities.js';

export type Dependencies = OffergridDependencies &
  NotificationDependencies &
  ProviderDependencies &
  RecordDependencies &
  ReconcileDependencies &
  OfferSyncDependencies &
  OfferChangeDependencies;

/** By task queue: what calls Offergrid keeps to a queue of its own, because its rate is the platform's call budget. */
export function createActivities(dependencies: Dependencies) {
  const { compareStatus, hintUnlisted } = createReconcileActivities(dependencies);
  return {
    offergrid: handedBack({
      ...createOffergridActivities(dependencies),
      ...createOfferChangeActivities(dependencies),
      compareStatus,
    }),
    fulfillment: {
      ...handedBack(createRecordActivities(dependencies)),
      ...handedBack(createProviderActivities(dependencies)),
      ...handedBack(createNotificationActivities(dependencies)),
      ...handedBack(createOfferSyncActivities(dependencies)),
      ...handedBack({ hintUnlisted }),
    },
  };
}

/**
 * What still runs when a stopping worker's grace is over is given up at once, so that another worker repeats it: Temporal
 * would otherwise wait for its timeout, and this worker for the answer.
 */
function handedBack<A extends object>(activities: A): A {
  const given = Object.entries(activities as Record<string, (...args: unknown[]) => Promise<unknown>>);
  const wrapped = given.map(
    ([name, run]) =>
      [name, (...args: unknown[]) => Promise.race([run(...args), Context.current().cancelled])] as const,
  );
  return Object.fromEntries(wrapped) as A;
}
