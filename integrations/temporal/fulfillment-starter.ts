import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowOptions } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import type { PlatformEvent, ProviderEvent } from '../../domain/provider-event.js';
import type { Stage } from '../../domain/stage.js';
import {
  FULFILL_ORDER_ITEM,
  FULFILLMENT_QUEUE,
  fulfillmentWorkflowId,
  PLATFORM_EVENT,
  PROVIDER_EVENT,
  type FulfillOrderItemInput,
} from '../../domain/workflow-names.js';
import { heardBy } from './heard-events.js';

/** A webhook has 5 s in all, of which Postgres may have used 2 before Temporal is asked. */
const CALL_MS = 2_500;

/** For so long after a call that failed nobody is made to wait for the next. */
const DOUBT_MS = 1_000;

/** A worker that is out of breath is given so long for a task; one that dies with its worker waits as long. */
const WORKFLOW_TASK_TIMEOUT = '15s';

/** An item's run is found by these from its first moment on. */
export const ORDER_ID = defineSearchAttributeKey('OffergridOrderId', SearchAttributeType.KEYWORD);
export const STAGE = defineSearchAttributeKey('FulfillmentStage', SearchAttributeType.KEYWORD);

/** `finished`: the item's workflow ended already, and it gets no second one. */
export type Told = 'told' | 'finished';

/**
 * Brings items to their workflows, which are started where there is none yet. Every call may be repeated, takes 2.5 s at
 * most, and throws what `isTemporalAway` knows when Temporal cannot be reached.
 */
export function createFulfillmentStarter(client: Client) {
  const bounded = <T>(call: () => Promise<T>, ms = CALL_MS) => client.withDeadline(Date.now() + ms, call);
  let doubtedUntil = 0;

  async function toldUnlessFinished(tell: () => Promise<unknown>): Promise<Told> {
    try {
      await tell();
      doubtedUntil = 0;
      return 'told';
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return 'finished';
      doubtedUntil = Date.now() + DOUBT_MS;
      throw error;
    }
  }

  return {
    /** Whether a call is worth waiting for, as far as the last ones tell. */
    seemsUp: (): boolean => Date.now() >= doubtedUntil,

    start(item: FulfillOrderItemInput): Promise<Told> {
      return toldUnlessFinished(() =>
        bounded(() => client.workflow.start(FULFILL_ORDER_ITEM, optionsFor(item))),
      );
    },

    platformEvent(item: FulfillOrderItemInput, event: PlatformEvent): Promise<Told> {
      return toldUnlessFinished(() =>
        bounded(() =>
          client.workflow.signalWithStart(FULFILL_ORDER_ITEM, {
            ...optionsFor(item),
            signal: PLATFORM_EVENT,
            signalArgs: [event],
          }),
        ),
      );
    },

    /** Given up after `ms`; it may have arrived all the same. */
    providerEvent(item: FulfillOrderItemInput, event: ProviderEvent, ms = CALL_MS): Promise<Told> {
      return toldUnlessFinished(() =>
        bounded(
          () =>
            client.workflow.signalWithStart(FULFILL_ORDER_ITEM, {
              ...optionsFor(item),
              signal: PROVIDER_EVENT,
              signalArgs: [event],
            }),
          ms,
        ),
      );
    },

    /** Whether this event reached the item's workflow, as the history has it; false when Temporal forgot the item. */
    heard: (itemId: string, eventId: string): Promise<boolean> =>
      heardBy(client, bounded, { itemId, eventId }),

    /** The order's items that are under way, as Temporal's visibility knows them: for when Postgres is away. */
    openItemsOfOrder(orderId: string): Promise<string[]> {
      // Ids with other characters would need escaping that the query language does not document.
      if (!/^[\w.:-]+$/.test(orderId)) return Promise.resolve([]);
      const query = `WorkflowType = '${FULFILL_ORDER_ITEM}' and ExecutionStatus = 'Running' and OffergridOrderId = '${orderId}'`;
      return bounded(async () => {
        const itemIds: string[] = [];
        const prefix = fulfillmentWorkflowId('');
        for await (const { workflowId } of client.workflow.list({ query })) {
          itemIds.push(workflowId.slice(prefix.length));
        }
        return itemIds;
      });
    },
  };
}

export type FulfillmentStarter = ReturnType<typeof createFulfillmentStarter>;

function optionsFor(item: FulfillOrderItemInput) {
  const stage: Stage = 'intake';
  return {
    taskQueue: FULFILLMENT_QUEUE,
    workflowId: fulfillmentWorkflowId(item.itemId),
    args: [item],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
    staticSummary: `Order item ${item.itemId}`,
    typedSearchAttributes: new TypedSearchAttributes([
      { key: STAGE, value: stage },
      ...(item.orderId === '' ? [] : [{ key: ORDER_ID, value: item.orderId }]),
    ]),
  } satisfies WorkflowOptions & { args: [FulfillOrderItemInput] };
}
