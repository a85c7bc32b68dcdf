import { Context } from '@temporalio/activity';
import type { ReconcileActivities } from '../domain/activities.js';
import { isUnanswered, type Status } from '../domain/status.js';
import type { OffergridClient } from '../integrations/offergrid/client.js';
import { asFailure } from './offergrid-failure.js';

/** What reconciliation knows of an item. */
interface KnownItem {
  itemId: string;
  orderId: string;
}

export interface ReconcileDependencies {
  offergrid: OffergridClient;
  reconciliation: {
    /** Those listed that we do not know, and those that the platform shows elsewhere than we do. */
    compare: (input: {
      status: Status;
      items: KnownItem[];
      startedAt: string;
    }) => Promise<{ unknown: KnownItem[]; adrift: KnownItem[] }>;
    /** Remembers that these items' workflows were told. */
    told: (items: KnownItem[]) => Promise<void>;
  };
  starter: {
    start: (item: KnownItem) => Promise<unknown>;
    platformEvent: (
      item: KnownItem,
      event: { id: string; type: string; occurredAt: string },
    ) => Promise<unknown>;
  };
}

/** Workflows told at a time: enough to be quick, not enough to be a storm. */
const AT_ONCE = 8;
/**
 * Items told in one run that they are adrift: each costs a call. Were there more, the list may well be cut short, which
 * the documentation does not rule out; the others' turn comes with the next runs.
 */
const MOST_TOLD = 500;

/** Listing changes nothing, and both ways of telling a workflow may be repeated. */
export function createReconcileActivities(dependencies: ReconcileDependencies): ReconcileActivities {
  const { offergrid, reconciliation, starter } = dependencies;
  return {
    async compareStatus({ status, startedAt }) {
      const items = await listed(offergrid, status);
      const { unknown, adrift } = await reconciliation.compare({ status, items, startedAt });
      // What was answered before we came is somebody else's work in progress: it is not begun again.
      const toStart = isUnanswered(status) ? unknown : [];
      await inTurn(toStart, (some) => Promise.all(some.map((item) => starter.start(item))));
      const toTell = adrift.slice(0, MOST_TOLD);
      const event = { id: `reconcile-${startedAt}`, type: 'reconciled', occurredAt: startedAt };
      await inTurn(toTell, async (some) => {
        await Promise.all(some.map((item) => starter.platformEvent(item, event)));
        await reconciliation.told(some);
      });
      return { listed: items.length, started: toStart.length, hinted: toTell.length };
    },
  };
}

/** No more is kept of the items than who they are: there may be ten thousand. */
async function listed(offergrid: OffergridClient, status: Status): Promise<KnownItem[]> {
  const { items } = await offergrid.listItems(status).catch((error: unknown) => {
    throw asFailure(error);
  });
  // A platform that does not know the filter would answer with everything.
  return items
    .filter((item) => item.status === status)
    .map(({ itemId, orderId }) => ({ itemId, orderId: orderId ?? '' }));
}

async function inTurn(items: KnownItem[], work: (some: KnownItem[]) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE) {
    await work(items.slice(from, from + AT_ONCE));
    Context.current().heartbeat();
  }
}
