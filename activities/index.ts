import { Context } from '@temporalio/activity';
import { createNotificationActivities, type NotificationDependencies } from './notification-activities.js';
import { createOfferChangeActivities, type OfferChangeDependencies } from './offer-change-activities.js';
import { createOfferSyncActivities, type OfferSyncDependencies } from './offer-sync-activities.js';
import { createOffergridActivities, type OffergridDependencies } from './offergrid-activities.js';
import { createProviderActivities, type ProviderDependencies } from './provider-activities.js';
import { createReconcileActivities, type ReconcileDependencies } from './reconcile-activities.js';
import { createWatchActivities, type WatchDependencies } from './watch-activities.js';
import { createSyncWatchActivities, type SyncWatchDependencies } from './sync-watch-activities.js';
import { createRecordActivities, type RecordDependencies } from './record-activities.js';

export type Dependencies = OffergridDependencies &
  NotificationDependencies &
  ProviderDependencies &
  RecordDependencies &
  ReconcileDependencies &
  WatchDependencies &
  SyncWatchDependencies &
  OfferSyncDependencies &
  OfferChangeDependencies;

/** By task queue: what calls Offergrid keeps to a queue of its own, because its rate is the platform's call budget. */
export function createActivities(dependencies: Dependencies) {
  return {
    offergrid: handedOn({
      ...createOffergridActivities(dependencies),
      ...createReconcileActivities(dependencies),
      ...createOfferChangeActivities(dependencies),
    }),
    fulfillment: {
      ...handedOn(createRecordActivities(dependencies)),
      ...handedOn(createWatchActivities(dependencies)),
      ...handedOn(createSyncWatchActivities(dependencies)),
      ...handedOn(createProviderActivities(dependencies)),
      ...handedOn(createNotificationActivities(dependencies)),
      ...handedOn(createOfferSyncActivities(dependencies)),
    },
  };
}

/**
 * So that another worker soon repeats what this one does not finish. A worker that dies is missed at its next beats. What
 * still runs when a stopping worker's grace is over is given up at once: Temporal would otherwise wait for its timeout,
 * and this worker for the answer.
 */
function handedOn<A extends object>(activities: A): A {
  const given = Object.entries(activities as Record<string, (...args: unknown[]) => Promise<unknown>>);
  const wrapped = given.map(
    ([name, run]) => [name, (...args: unknown[]) => whileBeating(() => run(...args))] as const,
  );
  return Object.fromEntries(wrapped) as A;
}

/** Milliseconds. Several beats fit into a heartbeat timeout: a late one is not yet a death. */
const BEAT_EVERY = 2_500;

async function whileBeating<T>(run: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const beats = (context.info.heartbeatTimeoutMs ?? 0) > 0;
  const beating = beats ? setInterval(() => context.heartbeat(), BEAT_EVERY) : undefined;
  // Whoever takes a call back has to know what came of it: it is not left running behind a cancellation.
  const givenUp = context.cancelled.catch((error: unknown) => {
    if (context.cancellationDetails?.cancelRequested === true) return new Promise<never>(() => undefined);
    throw error;
  });
  try {
    return await Promise.race([run(), givenUp]);
  } finally {
    clearInterval(beating);
  }
}
