import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  TimeoutFailure,
  condition,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type {
  NotificationActivities,
  OffergridActivities,
  ProviderActivities,
  ReconcileActivities,
  RecordActivities,
} from '../domain/activities.js';
import { OFFERGRID_QUEUE } from '../domain/workflow-names.js';

/** Lower is sooner: answers, then other updates, then reads, then reconciliation (the order the call budget is spent in). */
const PRIORITY = { answer: 1, update: 2, read: 3, reconcile: 4 } as const;

/** Two calls of 10 s, and up to a minute for the second's turn in the call budget. */
const OFFERGRID_ATTEMPT = '2m';

/**
 * A worker that died is noticed this soon, however long an attempt may take: every activity beats while it runs. Shorter
 * would take a worker that is merely out of breath for a dead one, and have its call made twice at a time.
 */
const HEARTBEAT = '10s';

/**
 * Some six to nine minutes of growing pauses, which the activities themselves choose (with jitter, and what the platform
 * asked for); Temporal's own are for attempts that did not end. Then a person should know, and it goes on from there.
 */
const OFFERGRID_ATTEMPTS = 12;

const offergrid = (priorityKey: number, cancellationType?: ActivityCancellationType) =>
  proxyActivities<OffergridActivities>({
    taskQueue: OFFERGRID_QUEUE,
    startToCloseTimeout: OFFERGRID_ATTEMPT,
    heartbeatTimeout: HEARTBEAT,
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '1m',
      maximumAttempts: OFFERGRID_ATTEMPTS,
    },
    priority: { priorityKey },
    ...(cancellationType === undefined ? {} : { cancellationType }),
  });

/** An attempt that runs when an update is taken back is waited for: what follows must not overtake it. */
const AFTER_ATTEMPT = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

export const { fetchItem, fetchOffer } = offergrid(PRIORITY.read);
export const { updateStatus } = offergrid(PRIORITY.update, AFTER_ATTEMPT);
export const { updateStatus: giveAnswer } = offergrid(PRIORITY.answer, AFTER_ATTEMPT);

export const { compareStatus } = proxyActivities<ReconcileActivities>({
  taskQueue: OFFERGRID_QUEUE,
  // Ten thousand workflows may have to be started.
  startToCloseTimeout: '15m',
  heartbeatTimeout: HEARTBEAT,
  // The next list, and the next run, are better than the tenth attempt.
  retry: { initialInterval: '5s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 5 },
  priority: { priorityKey: PRIORITY.reconcile },
});

export const { channelsFor, deliver } = proxyActivities<NotificationActivities>({
  startToCloseTimeout: '30s',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '5m' },
});

/** So short that several in a row are over long before their workflow task is; see who starts the workflow. */
const quickly = proxyLocalActivities<RecordActivities>({
  // The wait for its turn in a busy worker included.
  scheduleToCloseTimeout: '2s',
  retry: { maximumAttempts: 1 },
});
const patiently = proxyActivities<RecordActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});
export const { announce, record } = patiently;

/** One quick attempt; whoever calls them knows another way. */
export const findOffer: RecordActivities['findOffer'] = (input) => inTurn(() => quickly.findOffer(input));
export const publish: RecordActivities['publish'] = (input) => inTurn(() => quickly.publish(input));

/** Quick for once, and else for as long as it takes: without rules there is no story. */
export const loadRules: RecordActivities['loadRules'] = () =>
  inTurn(() => quickly.loadRules()).catch((error: unknown) => {
    if (!mayPass(error)) throw error;
    return patiently.loadRules();
  });

/**
 * The provider's systems. `giveUpAfter` (ms) bounds all attempts together. `finishAttempt`: an attempt that runs when the
 * call is cancelled is waited for, because it may still succeed. Ordinary activities, though a local one would be shorter
 * in the history: an attempt takes up to 10 s, and a local activity that outlives its workflow task cannot be replayed
 * beside a message that came meanwhile.
 */
export function providerCalls(
  options: { giveUpAfter?: number; finishAttempt?: boolean } = {},
): ProviderActivities {
  return proxyActivities<ProviderActivities>({
    startToCloseTimeout: '11s',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
    cancellationType:
      options.finishAttempt === true
        ? ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
        : ActivityCancellationType.TRY_CANCEL,
    ...(options.giveUpAfter === undefined ? {} : { scheduleToCloseTimeout: options.giveUpAfter }),
  });
}

/** Every run has modules of its own: this is about one item. */
let localRuns = false;

/**
 * One local activity at a time. Of several at once the results may come in another order when a history is replayed, and
 * a worker that takes the item over could then not go on.
 */
async function inTurn<T>(call: () => Promise<T>): Promise<T> {
  while (localRuns) await condition(() => !localRuns);
  localRuns = true;
  try {
    return await call();
  } finally {
    localRuns = false;
  }
}

/** Whether a call failed in a way that may pass. A local activity's failure comes bare, an ordinary one's wrapped. */
export function mayPass(error: unknown): boolean {
  const failure = error instanceof ActivityFailure ? error.cause : error;
  if (failure instanceof ApplicationFailure) return failure.nonRetryable !== true;
  return failure instanceof TimeoutFailure;
}
