import { proxyActivities } from '@temporalio/workflow';
import type { OfferChangeActivities, OfferSyncActivities } from '../domain/offer-sync-activities.js';
import { OFFERGRID_QUEUE } from '../domain/workflow-names.js';

/** After everything that an order needs: an answer never waits for a price. */
const LOWEST_PRIORITY = 5;

const backOff = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' } as const;

/** Our own records: the run waits for them however long it takes. */
export const {
  requestOfferSync,
  openSyncRun,
  takeWanted,
  recordSync,
  finishSync,
  announceBrake,
  giveUpChanges,
} = proxyActivities<OfferSyncActivities>({ startToCloseTimeout: '30s', retry: backOff });

/** Some two minutes in all: then the run fails, and the next one finds the same. */
export const { readProducts } = proxyActivities<OfferSyncActivities>({
  startToCloseTimeout: '10m',
  retry: { ...backOff, maximumAttempts: 8 },
});

export const { planOffers } = proxyActivities<OfferSyncActivities>({
  startToCloseTimeout: '2m',
  retry: backOff,
});

/** As long: then this one change is left to the next run, so that the rest need not wait for it. */
export const { listOffers, applyOfferChange } = proxyActivities<OfferChangeActivities>({
  taskQueue: OFFERGRID_QUEUE,
  startToCloseTimeout: '2m',
  heartbeatTimeout: '30s',
  retry: { ...backOff, maximumAttempts: 8 },
  priority: { priorityKey: LOWEST_PRIORITY },
});
