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
    /** Remembers that these were listed; gives those we do not know, and those we believe elsewhere. */
    compare: (input: {
      status: Status;
      items: KnownItem[];
      startedAt: string;
    }) => Promise<{ unknown: KnownItem[]; elsewhere: KnownItem[] }>;
    /** Items we believe open that were not listed since. */
    unlisted: (startedAt: string) => Promise<KnownItem[]>;
  };
  starter: {
    start: (item: KnownItem) => Promise<unknown>;
    platformEvent: (
      item: KnownItem,
      event: { id: string; type: string; status?: string; occurredAt: string },
    ) => Promise<unknown>;
  };
}

/** Workflows told at a time: enough to be quick, not enough to be a storm. */
const AT_ONCE = 8;

/** Listing changes nothing, and both ways of telling a workflow may be repeated. */
export function createReconcileActivities(dependencies: ReconcileDependencies): ReconcileActivities {
  const { offergrid, reconciliation, starter } = dependencies;
  const hint = (item: KnownItem, startedAt: string, status?: Status) =>
    starter.platformEvent(item, {
      id: `reconcile-${startedAt}`,
      type: 'reconciled',
      occurredAt: startedAt,
      ...(status === undefined ? {} : { status }),
    });
  return {
    async compareStatus({ status, startedAt }) {
      const { items: listed } = await offergrid.listItems(status).catch((error: unknown) => {
        throw asFailure(error);
      });
      // A platform that does not know the filter would answer with everything.
      const items = listed
        .filter((item) => item.status === status)
        .map(({ itemId, orderId }) => ({ itemId, orderId: orderId ?? '' }));
      const { unknown, elsewhere } = await reconciliation.compare({ status, items, startedAt });
      // What was answered before we came is somebody else's work in progress: it is not begun again.
      const toStart = isUnanswered(status) ? unknown : [];
      await inTurn(toStart, (item) => starter.start(item));
      await inTurn(elsewhere, (item) => hint(item, startedAt, status));
      return { listed: items.length, started: toStart.length, hinted: elsewhere.length };
    },

    async hintUnlisted({ startedAt }) {
      const items = await reconciliation.unlisted(startedAt);
      await inTurn(items, (item) => hint(item, startedAt));
      return items.length;
    },
  };
}

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE) {
    await Promise.all(items.slice(from, from + AT_ONCE).map(work));
  }
}
