import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  TimeoutFailure,
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

/** A worker that died is noticed sooner: the attempt is heard of at each call and while it waits. */
const OFFERGRID_HEARTBEAT = '30s';

/**
 * Some six to nine minutes of growing pauses, which the activities themselves choose (with jitter, and what the platform
 * asked for); Temporal's own are for attempts that did not end. Then a person should know, and it goes on from there.
 */
const OFFERGRID_ATTEMPTS = 12;

const offergrid = (priorityKey: number) =>
  proxyActivities<OffergridActivities>({
    taskQueue: OFFERGRID_QUEUE,
    startToCloseTimeout: OFFERGRID_ATTEMPT,
    heartbeatTimeout: OFFERGRID_HEARTBEAT,
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '1m',
      maximumAttempts: OFFERGRID_ATTEMPTS,
    },
    priority: { priorityKey },
  });

export const { fetchItem, fetchOffer } = offergrid(PRIORITY.read);
export const { updateStatus } = offergrid(PRIORITY.update);
export const { updateStatus: giveAnswer } = offergrid(PRIORITY.answer);

export const { compareStatus } = proxyActivities<ReconcileActivities>({
  taskQueue: OFFERGRID_QUEUE,
  // Ten thousand workflows may have to be started.
  startToCloseTimeout: '15m',
  heartbeatTimeout: OFFERGRID_HEARTBEAT,
  retry: { initialInterval: '5s', backoffCoefficient: 2, maximumInterval: '1m' },
  priority: { priorityKey: PRIORITY.reconcile },
});

export const { channelsFor, deliver } = proxyActivities<NotificationActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '5m' },
});

export const { loadRules } = localFirst<RecordActivities>({ attempt: 3_000 });

/** One quick attempt; whoever calls them knows another way. */
export const { findOffer, publish } = proxyLocalActivities<RecordActivities>({
  startToCloseTimeout: '3s',
  retry: { maximumAttempts: 1 },
});

export const { announce, record } = proxyActivities<RecordActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** Called when a quick attempt begins; what it returns, when the attempt is over. */
export type Hold = () => (succeeded: boolean) => void;

/**
 * The provider's systems. `hold` is told while a first attempt runs, `giveUpAfter` (ms) bounds all attempts together.
 * `finishAttempt`: an attempt that runs when the call is cancelled is waited for, because it may still succeed.
 */
export function providerCalls(options: {
  hold: Hold;
  giveUpAfter?: number;
  finishAttempt?: boolean;
}): ProviderActivities {
  return localFirst<ProviderActivities>({ attempt: 11_000, ...options });
}

/**
 * Short calls run first as a local activity, which costs one event instead of six; an attempt that fails goes on as an
 * ordinary activity, whose retries outlive any worker and show in the UI.
 */
function localFirst<A extends { [K in keyof A]: (...args: never[]) => Promise<unknown> }>(options: {
  /** Milliseconds. */
  attempt: number;
  giveUpAfter?: number;
  hold?: Hold;
  finishAttempt?: boolean;
}): A {
  const cancellationType =
    options.finishAttempt === true
      ? ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
      : ActivityCancellationType.TRY_CANCEL;
  const local = proxyLocalActivities<Record<string, (...args: unknown[]) => Promise<unknown>>>({
    startToCloseTimeout: options.attempt,
    retry: { maximumAttempts: 1 },
  });
  const lasting = proxyActivities<Record<string, (...args: unknown[]) => Promise<unknown>>>({
    startToCloseTimeout: options.attempt,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
    cancellationType,
    ...(options.giveUpAfter === undefined ? {} : { scheduleToCloseTimeout: options.giveUpAfter }),
  });
  return new Proxy({} as A, {
    get:
      (_, name: string) =>
      async (...args: unknown[]) => {
        const release = options.hold?.();
        try {
          const attempt = () => local[name]!(...args);
          const result = await (options.finishAttempt === true
            ? CancellationScope.nonCancellable(attempt)
            : attempt());
          release?.(true);
          return result;
        } catch (error) {
          release?.(false);
          if (!mayPass(error)) throw error;
        }
        return await lasting[name]!(...args);
      },
  });
}

/** Whether a call failed in a way that may pass. A local activity's failure comes bare, an ordinary one's wrapped. */
export function mayPass(error: unknown): boolean {
  const failure = error instanceof ActivityFailure ? error.cause : error;
  if (failure instanceof ApplicationFailure) return failure.nonRetryable !== true;
  return failure instanceof TimeoutFailure;
}
