import { isGrpcServiceError, type Client } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { fulfillmentWorkflowId, PROVIDER_EVENT } from '../../domain/workflow-names.js';

const NOT_FOUND = 5;

/**
 * Looks for a provider event's signal in the histories of the item's workflow, the latest run first. A delivery whose
 * answer was lost may have arrived, and the item may have ended by it. False too when Temporal has forgotten the item.
 */
export async function heardBy(
  client: Client,
  bounded: <T>(call: () => Promise<T>) => Promise<T>,
  { itemId, eventId }: { itemId: string; eventId: string },
): Promise<boolean> {
  const workflowId = fulfillmentWorkflowId(itemId);
  try {
    for (let runId: string | undefined; ;) {
      const handle = client.workflow.getHandle(workflowId, runId);
      const events = (await bounded(() => handle.fetchHistory())).events ?? [];
      for (const { workflowExecutionSignaledEventAttributes: signal } of events) {
        const payload = signal?.input?.payloads?.[0];
        if (signal?.signalName !== PROVIDER_EVENT || payload == null) continue;
        if ((await idIn(client, payload)) === eventId) return true;
      }
      const continued = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
      if (continued == null || continued === '') return false;
      runId = continued;
    }
  } catch (error) {
    if (isGrpcServiceError(error) && (error.code as number) === NOT_FOUND) return false;
    throw error;
  }
}

/** What anybody may have signalled; only events have an id. */
async function idIn(client: Client, payload: Payload): Promise<unknown> {
  const { payloadConverter, payloadCodecs } = client.options.loadedDataConverter;
  let decoded = [payload];
  for (const codec of [...payloadCodecs].reverse()) decoded = await codec.decode(decoded);
  const event =
    decoded[0] === undefined ? null : payloadConverter.fromPayload<{ id?: unknown } | null>(decoded[0]);
  return event?.id;
}
