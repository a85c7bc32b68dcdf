import {
  isGrpcServiceError,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  ServiceError,
  type Client,
  type ScheduleHandle,
  type ScheduleOptions,
} from '@temporalio/client';
import type { Policy } from '../../domain/policy.js';
import {
  FULFILLMENT_QUEUE,
  RECONCILE_ORDERS,
  RECONCILE_SCHEDULE,
  SYNC_OFFERS,
  SYNC_SCHEDULE,
} from '../../domain/workflow-names.js';

/** A run missed while Temporal was away is not made up for: the next one finds the same. */
const CATCH_UP = '1m';

/** A run that cannot go on, for whatever reason, must not keep the next ones from starting. */
const LONGEST_RUN_MS = 3_600_000;

/**
 * Makes the schedules what the policy says, and has reconciliation run now. May be repeated, by several processes too: a
 * run that is still going is not joined by another. Offers are synced only where the provider's systems are connected.
 * The ids of the schedules there are now.
 */
export async function applySchedules(
  client: Client,
  policy: Policy,
  providerConnected: boolean,
): Promise<string[]> {
  const reconcile = await apply(client, reconcileSchedule(policy));
  await reconcile.trigger(ScheduleOverlapPolicy.SKIP);
  if (providerConnected) await apply(client, syncSchedule(policy));
  else await remove(client, SYNC_SCHEDULE);
  return providerConnected ? [RECONCILE_SCHEDULE, SYNC_SCHEDULE] : [RECONCILE_SCHEDULE];
}

async function apply(
  client: Client,
  { scheduleId, action, ...settings }: ScheduleOptions,
): Promise<ScheduleHandle> {
  const handle = client.schedule.getHandle(scheduleId);
  try {
    await client.schedule.create({ scheduleId, action, ...settings });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await handle.update(({ state }) => ({
      ...settings,
      state,
      action: { ...action, workflowId: scheduleId },
    }));
  }
  return handle;
}

async function remove(client: Client, scheduleId: string): Promise<void> {
  try {
    await client.schedule.getHandle(scheduleId).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

function reconcileSchedule({ reconcileEvery }: Policy) {
  return {
    scheduleId: RECONCILE_SCHEDULE,
    spec: { intervals: [{ every: reconcileEvery }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP },
    action: {
      type: 'startWorkflow',
      workflowType: RECONCILE_ORDERS,
      workflowId: RECONCILE_SCHEDULE,
      taskQueue: FULFILLMENT_QUEUE,
      workflowExecutionTimeout: LONGEST_RUN_MS,
      args: [],
    },
  } satisfies ScheduleOptions;
}

/**
 * Its execution only asks for a run, and waits for Postgres until the next one would; a turn that was missed is made up
 * for, so that a day is not left out.
 */
function syncSchedule({ offerSync: { every } }: Policy) {
  return {
    scheduleId: SYNC_SCHEDULE,
    spec: { intervals: [{ every }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: every },
    action: {
      type: 'startWorkflow',
      workflowType: SYNC_OFFERS,
      workflowId: SYNC_SCHEDULE,
      taskQueue: FULFILLMENT_QUEUE,
      workflowExecutionTimeout: Math.max(every, LONGEST_RUN_MS),
      staticSummary: 'Asks for an offer sync',
      args: [],
    },
  } satisfies ScheduleOptions;
}

const PERMISSION_DENIED = 7;

/** Whether the server lets this key do everything but that. */
export function isPermissionDenied(error: unknown): boolean {
  const grpc = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(grpc) && (grpc.code as number) === PERMISSION_DENIED;
}
