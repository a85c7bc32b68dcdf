import { log } from '@temporalio/activity';
import type { WatchedItem, WatchedItems } from '../db/watched-items.js';
import type { Rules, WatchActivities } from '../domain/activities.js';
import type { Notification } from '../domain/notification.js';
import { unreadView } from '../domain/order-view.js';
import type { SlaState } from '../domain/response-deadline.js';
import { fulfillmentWorkflowId } from '../domain/workflow-names.js';
import type { ItemWatch, TroubledRun } from '../integrations/temporal/item-watch.js';

export interface WatchDependencies {
  watched: WatchedItems;
  itemWatch: ItemWatch;
  /** Once by its id. */
  startNotification: (notification: Notification) => Promise<void>;
  rules: Rules;
}

const NOT_NOTICED: ReadonlySet<SlaState | null> = new Set(['on_track', 'at_risk', null]);

const MESSAGES = {
  ended: 'The workflow of this item was ended before the item: nobody carries it out.',
  failing: 'The workflow of this item fails again and again: nobody carries it out until that is mended.',
};

/**
 * An item's alarms are raised by its workflow, which somebody may have ended, and which a fault in our code may stop: for
 * such an item they are raised from here. Each by itself: one that cannot be looked at keeps no other from being told of.
 */
export function createWatchActivities(dependencies: WatchDependencies): WatchActivities {
  const { watched, itemWatch, startNotification, rules } = dependencies;

  const { workflowUrlBase } = rules;
  const urlOf = (itemId: string) =>
    workflowUrlBase && `${workflowUrlBase}/${encodeURIComponent(fulfillmentWorkflowId(itemId))}`;

  async function tell(
    { itemId, orderId, stage, deadline, testOrder }: WatchedItem,
    { id, type, message }: { id: string; type: Notification['type']; message: string },
  ): Promise<void> {
    log.error('an open item is not looked after', { itemId, message });
    await startNotification({
      id,
      type,
      timestamp: new Date().toISOString(),
      data: {
        ...{ itemId, orderId, stage, message },
        ...(deadline === null ? {} : { deadline: deadline.toISOString() }),
        url: urlOf(itemId),
        ...(testOrder === true ? { testOrder } : {}),
      },
    });
  }

  async function tellOfRun(run: TroubledRun): Promise<boolean> {
    const { itemId, runId, trouble } = run;
    const which = `${trouble}-${runId}`;
    const known = await watched.untold(itemId, which);
    if (known === 'settled' || (known === null && run.done)) return false;
    if (trouble === 'ended' && (await itemWatch.isLookedAfter(itemId))) return false;
    const item = known ?? (await makeKnown(run));
    // The same run may fail again when it has been mended: that is told again, and a repetition of this call is not.
    const hour = new Date().toISOString().slice(0, 13);
    const id = `${itemId}-order.attention-${which}-${hour}`;
    await tell(item, { id, type: 'order.attention', message: MESSAGES[trouble] });
    await watched.toldTrouble(itemId, which);
    return true;
  }

  /** It came to nothing before its first line was written: from now on people find it in the list. */
  function makeKnown({ itemId, orderId, startedAt }: TroubledRun): Promise<WatchedItem> {
    const workflow = { workflowId: fulfillmentWorkflowId(itemId), url: urlOf(itemId) };
    return watched.makeKnown(unreadView({ itemId, orderId, heardAt: startedAt.toISOString(), workflow }));
  }

  async function tellOverdue(item: WatchedItem): Promise<boolean> {
    const { itemId, deadline } = item;
    // What is written of an item comes late after an outage of the database: it may have been answered.
    if (!NOT_NOTICED.has(await itemWatch.slaStateOf(itemId))) return false;
    const message = `Not answered by ${deadline?.toISOString() ?? 'its deadline'}, and its workflow does not say so.`;
    // The workflow's own id for it: should it go on, people are not told twice.
    await tell(item, { id: `${itemId}-sla.breached-1`, type: 'sla.breached', message });
    await watched.toldOverdue(itemId);
    return true;
  }

  return {
    async watchItems() {
      const found = { unattended: 0, overdue: 0, leftOut: 0 };
      const leaveOut = ({ itemId }: { itemId: string }) => {
        return (error: unknown) => {
          log.error('it could not be seen whether an item is looked after', { itemId, error });
          found.leftOut += 1;
          return false;
        };
      };
      const troubled = await itemWatch.troubled();
      await watched.forgetTroubles(troubled.map(({ itemId }) => itemId));
      for (const run of troubled) if (await tellOfRun(run).catch(leaveOut(run))) found.unattended += 1;
      for (const item of await watched.overdue())
        if (await tellOverdue(item).catch(leaveOut(item))) found.overdue += 1;
      return found;
    },

    async tellUnlisted({ unlisted, at, workflowId }) {
      const message = `Orders cannot all be compared with Offergrid, run after run: ${unlisted.join('; ')}. What no webhook tells of them goes unnoticed.`;
      log.error('reconciliation fails again and again', { unlisted });
      const url = workflowUrlBase && `${workflowUrlBase}/${encodeURIComponent(workflowId)}`;
      await startNotification({
        ...{ id: `unlisted-${workflowId}`, type: 'integration.down', timestamp: at },
        data: { integration: 'offergrid', message, url },
      });
    },
  };
}
