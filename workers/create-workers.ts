import { Worker, type NativeConnection, type WorkflowBundleOption } from '@temporalio/worker';
import type { DataConverter } from '@temporalio/common';
import { createActivities, type Dependencies } from '../activities/index.js';
import { FULFILLMENT_QUEUE, OFFERGRID_QUEUE } from '../domain/workflow-names.js';
import type { CallSlots } from './call-slots.js';

export interface WorkersOptions {
  connection: NativeConnection;
  namespace: string;
  workflowBundle: WorkflowBundleOption;
  /** The same as the clients'. */
  dataConverter?: DataConverter;
  dependencies: Dependencies;
  /** Decides when a call to Offergrid may begin; the client in `dependencies` sends through the same. */
  callSlots: CallSlots;
  /** Milliseconds that in-flight activities get after a shutdown was asked for. */
  shutdownGrace: number;
}

/** After the grace time activities are told to stop; what still does not end then is left to another worker. */
const FORCE_AFTER_GRACE = 3_000;

/** An item that a dead worker had in its cache is asked of the others after so long. */
const STICKY_PATIENCE = '5s';

/** Activities beat every 2.5 s; beats held back until most of their timeout is over would allow for no late one. */
const MOST_BEAT_PAUSE = '2s';

/** An idle worker holds as many leases as it polls with; two fetch some hundred tasks a second. */
const OFFERGRID_POLLS = 2;

/** This worker does nothing but activities; the SDK wants at least one. */
const NONE = { type: 'fixed-size', numSlots: 1 } as const;

/**
 * How long one step of a workflow may take before its thread is taken for stuck. The SDK's own 5 s, which it has no public
 * option for, pass on a machine that is out of breath or was paused, and what the interrupted step had left to do would
 * then be done in the next step of another workflow: an order's commands must not get into another's history.
 */
export const PATIENT_STEPS = { isolateExecutionTimeout: '1m' };

/** The two workers of a worker process: the stories with everything they do, and the calls to Offergrid. */
export async function createWorkers(options: WorkersOptions): Promise<Worker[]> {
  const { callSlots } = options;
  const activities = createActivities(options.dependencies);
  const base = {
    connection: options.connection,
    namespace: options.namespace,
    ...(options.dataConverter === undefined ? {} : { dataConverter: options.dataConverter }),
    shutdownGraceTime: options.shutdownGrace,
    shutdownForceTime: options.shutdownGrace + FORCE_AFTER_GRACE,
    stickyQueueScheduleToStartTimeout: STICKY_PATIENCE,
    maxHeartbeatThrottleInterval: MOST_BEAT_PAUSE,
  };
  return await Promise.all([
    Worker.create({
      ...base,
      ...PATIENT_STEPS,
      taskQueue: FULFILLMENT_QUEUE,
      workflowBundle: options.workflowBundle,
      activities: activities.fulfillment,
      maxCachedWorkflows: 1_000,
    }),
    Worker.create({
      ...base,
      taskQueue: OFFERGRID_QUEUE,
      activities: activities.offergrid,
      maxConcurrentActivityTaskPolls: OFFERGRID_POLLS,
      tuner: {
        activityTaskSlotSupplier: callSlots.supplier,
        workflowTaskSlotSupplier: NONE,
        localActivityTaskSlotSupplier: NONE,
        nexusTaskSlotSupplier: NONE,
      },
      interceptors: {
        activity: [() => ({ inbound: { execute: (input, next) => callSlots.during(() => next(input)) } })],
      },
    }),
  ]);
}
