import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { Notification } from '../../domain/notification.js';
import { FULFILLMENT_QUEUE, notificationWorkflowId, SEND_NOTIFICATION } from '../../domain/workflow-names.js';

/** Starts the run that sends a notification, once by its id however often it is asked for. */
export function notificationStarter(client: Client): (notification: Notification) => Promise<void> {
  return async (notification) => {
    try {
      await client.workflow.start(SEND_NOTIFICATION, {
        taskQueue: FULFILLMENT_QUEUE,
        workflowId: notificationWorkflowId(notification.id),
        args: [notification],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: notification.type,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  };
}
