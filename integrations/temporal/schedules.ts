import {
  isGrpcServiceError,
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  ServiceError,
  type Client,
  type ScheduleOptions,
} from '@temporalio/client';
import type { Policy } from '../../domain/policy.js';
import { FULFILLMENT_QUEUE, RECONCILE_ORDERS, RECONCILE_SCHEDULE } from '../../domain/workflow-names.js';

/** A run missed while Temporal was away is not made up for: the next one finds the same. */
const CATCH_UP = '1m';

/** A run that cannot go on, for whatever reason, must not keep the next ones from starting. */
const LONGEST_RUN = '1h';

/**
 * Makes the schedules what the policy says, and has each run now. May be repeated, by several processes too: a run that
 * is still going is not joined by another.
 */
export async function applySchedules(client: Client, policy: Policy): Promise<void> {
  const { scheduleId, action, ...settings } = reconcileSchedule(policy);
  const handle = client.schedule.getHandle(scheduleId);
  try {
    await client.schedule.create({ scheduleId, action, ...settings });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await handle.update(({ state }) => ({ ...settings, state, action }));
  }
  await handle.trigger(ScheduleOverlapPolicy.SKIP);
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
      workflowExecutionTimeout: LONGEST_RUN,
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
