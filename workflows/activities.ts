import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  TimeoutFailure,
  proxyActivities,
} from '@temporalio/workflow';
import type {
  NotificationActivities,
  OffergridActivities,
  ProviderActivities,
  ReconcileActivities,
  RecordActivities,
  WatchActivities,
} from '../domain/activities.js';
import { OFFERGRID_QUEUE } from '../domain/workflow-names.js';

/**
 * Lower is sooner: answers close to their deadline, then all other updates, then reads, then reconciliation (the order the
 * call budget is spent in).
 */
const PRIORITY = {
  ...{ dueAnswer: 1, update: 2, read: 3, reconcile: 4 },
  /** On the other queue: what keeps the story, then the watch; both before calls to a provider's system that hangs. */
  ...{ own: 1, watch: 2 },
} as const;

/** Three calls of 10 s, each after up to a minute for its turn in the call budget, and a short pause. */
const OFFERGRID_ATTEMPT = '5m';

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
export const { updateStatus: giveDueAnswer } = offergrid(PRIORITY.dueAnswer, AFTER_ATTEMPT);

export const { compareStatus } = proxyActivities<ReconcileActivities>({
  taskQueue: OFFERGRID_QUEUE,
  // Ten thousand workflows may have to be started.
  startToCloseTimeout: '15m',
  heartbeatTimeout: HEARTBEAT,
  // The next list, and the next run, are better than the tenth attempt.
  retry: { initialInterval: '5s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 5 },
  priority: { priorityKey: PRIORITY.reconcile },
});

export const { watchItems, tellUnlisted } = proxyActivities<WatchActivities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '5s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 3 },
  priority: { priorityKey: PRIORITY.watch },
});

/** A channel that hangs must not go before calls to the provider's systems, nor they before it. */
export const { channelsFor, deliver } = proxyActivities<NotificationActivities>({
  startToCloseTimeout: '30s',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '5m' },
});

/*
 * None of these is a local activity, though that would be shorter in the history: a local activity that is in hand when its
 * workflow task has to report in, on a machine that is paused or out of breath, and a message or an answer that comes
 * meanwhile, are replayed in another order than they came, and the item is stuck for good.
 */

/** One quick attempt; whoever calls them knows another way. */
const quickly = proxyActivities<RecordActivities>({
  startToCloseTimeout: '5s',
  retry: { maximumAttempts: 1 },
  priority: { priorityKey: PRIORITY.own },
});
/** For as long as it takes. */
const patiently = proxyActivities<RecordActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  priority: { priorityKey: PRIORITY.own },
});
export const { findOffer, publish } = quickly;
export const { loadRules, announce, record } = patiently;

/** Some half an hour of growing pauses. Then a person should know; at once where their system asks for a longer one. */
export const PROVIDER_ATTEMPTS = 30;
/** Milliseconds. */
export const PROVIDER_PATIENCE = 30 * 60_000;

/** Milliseconds: the 10 s after which their client gives a call up, and some for the way. */
export const PROVIDER_ATTEMPT = 11_000;

export interface ProviderCallOptions {
  /** Milliseconds for all attempts together. */
  giveUpAfter?: number;
  /** Default: as many as it takes. */
  attempts?: number;
  /** An attempt that runs when the call is cancelled is waited for, because it may still succeed. */
  finishAttempt?: boolean;
}

/** The provider's systems. */
export function providerCalls(options: ProviderCallOptions = {}): ProviderActivities {
  return proxyActivities<ProviderActivities>({
    startToCloseTimeout: PROVIDER_ATTEMPT,
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '1m',
      ...(options.attempts === undefined ? {} : { maximumAttempts: options.attempts }),
    },
    cancellationType:
      options.finishAttempt === true
        ? ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
        : ActivityCancellationType.TRY_CANCEL,
    ...(options.giveUpAfter === undefined ? {} : { scheduleToCloseTimeout: options.giveUpAfter }),
  });
}

/** Whether a call failed in a way that may pass. */
export function mayPass(error: unknown): boolean {
  const failure = error instanceof ActivityFailure ? error.cause : error;
  if (failure instanceof ApplicationFailure) return failure.nonRetryable !== true;
  return failure instanceof TimeoutFailure;
}

/** Whether no worker came to a call in all the time it was given: that says nothing of the system it is for. */
export function wasLeftWaiting(error: unknown): boolean {
  return timeoutOf(error) === 'SCHEDULE_TO_START';
}

/** Whether a call ran out of its time as a whole, perhaps in the middle of an attempt, which nobody ends. */
export function mayBeInHand(error: unknown): boolean {
  return timeoutOf(error) === 'SCHEDULE_TO_CLOSE';
}

function timeoutOf(error: unknown): TimeoutFailure['timeoutType'] | undefined {
  const failure = error instanceof ActivityFailure ? error.cause : error;
  return failure instanceof TimeoutFailure ? failure.timeoutType : undefined;
}

/** Whether a call to Offergrid failed because all calls are stopped. One that is refused itself may be the only one. */
export function isStopOfAll(error: unknown): boolean {
  const failure = error instanceof ActivityFailure ? error.cause : error;
  return failure instanceof ApplicationFailure && failure.type === 'Offergrid.stopped';
}
