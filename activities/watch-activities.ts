import { log } from '@temporalio/activity';
import type { Rules, WatchActivities } from '../domain/activities.js';
import type { Notification } from '../domain/notification.js';
import type { SlaState } from '../domain/response-deadline.js';
import { fulfillmentWorkflowId } from '../domain/workflow-names.js';

interface WatchedItem {
  itemId: string;
  orderId: string;
  stage: string;
  deadline: Date | null;
  testOrder: boolean | null;
}

export interface WatchDependencies {
  reconciliation: {
    /** Of these items those that are not over. */
    openAmong: (itemIds: readonly string[]) => Promise<WatchedItem[]>;
    /** Unanswered after their deadline, and not said to be. */
    overdue: () => Promise<WatchedItem[]>;
  };
  starter: {
    /** Items whose workflow ended since then, and not by itself. */
    abandonedSince: (since: Date) => Promise<string[]>;
    /** Where the item's own workflow has its answer; null where it cannot say. */
    slaStateOf: (itemId: string) => Promise<SlaState | null>;
  };
  /** Once by its id. */
  startNotification: (notification: Notification) => Promise<void>;
  rules: Rules;
}

/** An item that was ended longer ago has been told of many times over. */
const LOOK_BACK_MS = 25 * 3_600_000;

const NOT_NOTICED: ReadonlySet<SlaState | null> = new Set(['on_track', 'at_risk', null]);

/**
 * An item's alarms are raised by its workflow, which somebody may have ended, and which a fault in our code may stop: for
 * such an item they are raised from here.
 */
export function createWatchActivities(dependencies: WatchDependencies): WatchActivities {
  const { reconciliation, starter, startNotification, rules } = dependencies;
  const tell = async (
    { itemId, orderId, stage, deadline, testOrder }: WatchedItem,
    type: Notification['type'],
    about: string,
    message: string,
  ) => {
    log.error('an open item is not looked after', { itemId, message });
    const { workflowUrlBase } = rules;
    await startNotification({
      id: `${itemId}-${about}`,
      type,
      timestamp: new Date().toISOString(),
      data: {
        ...{ itemId, orderId, stage, message },
        ...(deadline === null ? {} : { deadline: deadline.toISOString() }),
        url: workflowUrlBase && `${workflowUrlBase}/${encodeURIComponent(fulfillmentWorkflowId(itemId))}`,
        ...(testOrder === true ? { testOrder } : {}),
      },
    });
  };
  return {
    async watchItems() {
      const ended = await starter.abandonedSince(new Date(Date.now() - LOOK_BACK_MS));
      const abandoned = await reconciliation.openAmong(ended);
      for (const item of abandoned)
        await tell(
          item,
          'order.attention',
          'order.attention-abandoned',
          `The workflow of this item was ended before the item: nobody carries it out (stage ${item.stage}).`,
        );
      const overdue: WatchedItem[] = [];
      // What is written of an item comes late after an outage of the database: it may have been answered.
      for (const item of await reconciliation.overdue())
        if (NOT_NOTICED.has(await starter.slaStateOf(item.itemId))) overdue.push(item);
      for (const item of overdue)
        // The workflow's own id for it: should it go on, people are not told twice.
        await tell(
          item,
          'sla.breached',
          'sla.breached-1',
          `Not answered by ${item.deadline?.toISOString() ?? 'its deadline'}, and its workflow does not say so.`,
        );
      return { abandoned: abandoned.length, overdue: overdue.length };
    },
  };
}
