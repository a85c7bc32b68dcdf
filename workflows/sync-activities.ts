import { proxyActivities } from '@temporalio/workflow';
import type {
  OfferChangeActivities,
  OfferSyncActivities,
  SyncWatchActivities,
} from '../domain/offer-sync-activities.js';
import { OFFERGRID_QUEUE } from '../domain/workflow-names.js';

/** After everything that an order needs: an answer never waits for a price. */
const LOWEST_PRIORITY = 5;

/** A worker that died is noticed this soon, however long an attempt may take: every activity beats while it runs. */
const HEARTBEAT = '10s';

const backOff = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' } as const;

/** Some two minutes in all: then the run fails, and the next one finds the same. */
const patient = { ...backOff, maximumAttempts: 8 } as const;

/** Our own records: the run waits for them however long it takes. */
export const {
  requestOfferSync,
  openSyncRun,
  takeWanted,
  waitForRoom,
  planOffers,
  awaitApproval,
  approveSync,
  finishSync,
  announceBrake,
  announceFailure,
  giveUpChanges,
} = proxyActivities<OfferSyncActivities>({
  startToCloseTimeout: '2m',
  heartbeatTimeout: HEARTBEAT,
  retry: backOff,
});

export const { readProducts } = proxyActivities<OfferSyncActivities>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: HEARTBEAT,
  retry: patient,
});

const offergrid = {
  taskQueue: OFFERGRID_QUEUE,
  startToCloseTimeout: '2m',
  heartbeatTimeout: HEARTBEAT,
  priority: { priorityKey: LOWEST_PRIORITY },
} as const;

export const { listOffers } = proxyActivities<OfferChangeActivities>({ ...offergrid, retry: patient });

/** As patient by itself: only what came as far as the platform counts. */
export const { applyOfferChange } = proxyActivities<OfferChangeActivities>({ ...offergrid, retry: backOff });

/** The next look is better than the tenth attempt. */
export const { watchOfferSync } = proxyActivities<SyncWatchActivities>({
  startToCloseTimeout: '1m',
  heartbeatTimeout: HEARTBEAT,
  retry: { ...backOff, maximumAttempts: 3 },
});
