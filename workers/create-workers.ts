import { Worker, type NativeConnection, type WorkflowBundleOption } from '@temporalio/worker';
import type { DataConverter } from '@temporalio/common';
import { createActivities, type Dependencies } from '../activities/index.js';
import { FULFILLMENT_QUEUE, OFFERGRID_QUEUE } from '../domain/workflow-names.js';

export interface WorkersOptions {
  connection: NativeConnection;
  namespace: string;
  workflowBundle: WorkflowBundleOption;
  /** The same as the clients'. */
  dataConverter?: DataConverter;
  dependencies: Dependencies;
  /** What Offergrid allows; shared by all workers through the queue's own rate. */
  offergridCallsPerMinute: number;
  /** Milliseconds that in-flight activities get after a shutdown was asked for. */
  shutdownGrace: number;
}

/** After the grace time activities are told to stop; what still does not end then is left to another worker. */
const FORCE_AFTER_GRACE = 3_000;

/** The two workers of a worker process: the stories with everything they do, and the calls to Offergrid. */
export async function createWorkers(options: WorkersOptions): Promise<Worker[]> {
  const activities = createActivities(options.dependencies);
  const base = {
    connection: options.connection,
    namespace: options.namespace,
    ...(options.dataConverter === undefined ? {} : { dataConverter: options.dataConverter }),
    shutdownGraceTime: options.shutdownGrace,
    shutdownForceTime: options.shutdownGrace + FORCE_AFTER_GRACE,
  };
  return await Promise.all([
    Worker.create({
      ...base,
      taskQueue: FULFILLMENT_QUEUE,
      workflowBundle: options.workflowBundle,
      activities: activities.fulfillment,
      maxCachedWorkflows: 1_000,
    }),
    Worker.create({
      ...base,
      taskQueue: OFFERGRID_QUEUE,
      activities: activities.offergrid,
      maxTaskQueueActivitiesPerSecond: options.offergridCallsPerMinute / 60,
    }),
  ]);
}
