import type { Notification } from '../domain/notification.js';
import { offerSyncWorkflowId } from '../domain/workflow-names.js';

/** What people are told of the offer sync, once by `id`. `at`: ISO 8601. */
export function syncNotice(
  { workflowUrlBase }: { workflowUrlBase: string | null },
  { id, message, at, workflowId = offerSyncWorkflowId(false) }: SyncNotice,
): Notification {
  const url = workflowUrlBase === null ? null : `${workflowUrlBase}/${workflowId}`;
  return { id, type: 'integration.down', timestamp: at, data: { integration: 'offer-sync', message, url } };
}

export interface SyncNotice {
  id: string;
  message: string;
  at: string;
  /** Where to look; default the workflow of all that is not a dry run. */
  workflowId?: string;
}
