import { ApplicationFailure, Context, log } from '@temporalio/activity';
import type { ReconcileActivities } from '../domain/activities.js';
import { RECONCILED } from '../domain/provider-event.js';
import { isUnanswered, type Status } from '../domain/status.js';
import type { OffergridClient } from '../integrations/offergrid/client.js';
import { OffergridError } from '../integrations/offergrid/errors.js';
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
/** Were more of one list left out, it would not be these items that are the trouble. */
const MOST_LEFT_OUT = 100;

/** Listing changes nothing, and both ways of telling a workflow may be repeated. */
export function createReconcileActivities(dependencies: ReconcileDependencies): ReconcileActivities {
  const { offergrid, reconciliation, starter } = dependencies;
  return {
    async compareStatus({ status, startedAt }) {
      const { items, unreadable } = await listed(offergrid, status);
      const { unknown, adrift } = await reconciliation.compare({ status, items, startedAt });
      // What was answered before we came is somebody else's work in progress: it is not begun again.
      const toStart = isUnanswered(status) ? unknown : [];
      const started = await inTurn(toStart, (item) => starter.start(item));
      const event = { id: `reconcile-${startedAt}`, type: RECONCILED, occurredAt: startedAt };
      const tell = (item: KnownItem) => starter.platformEvent(item, event);
      const told = await inTurn(adrift.slice(0, MOST_TOLD), tell, (some) => reconciliation.told(some));
      return {
        listed: items.length,
        started: started.done,
        hinted: told.done,
        leftOut: unreadable + started.leftOut + told.leftOut,
      };
    },
  };
}

/** No more is kept of the items than who they are: there may be ten thousand. */
async function listed(
  offergrid: OffergridClient,
  status: Status,
): Promise<{ items: KnownItem[]; unreadable: number }> {
  const { items, unreadable } = await offergrid.listItems(status).catch((error: unknown) => {
    throw isForGood(error) ? ApplicationFailure.nonRetryable(error.message) : asFailure(error);
  });
  for (const { itemId, problem } of unreadable.slice(0, MOST_LOGGED))
    log.error('a listed item could not be read', { status, itemId, problem });
  // A platform that does not know the filter would answer with everything.
  const asked = items.filter((item) => item.status === status);
  return {
    items: asked.map(({ itemId, orderId }) => ({ itemId, orderId: orderId ?? '' })),
    unreadable: unreadable.length,
  };
}

/** Asked again at once it would be answered the same; the other lists, and the next run, must not wait for that. */
function isForGood(error: unknown): error is OffergridError {
  return error instanceof OffergridError && FOR_GOOD.has(error.kind);
}

const FOR_GOOD: ReadonlySet<string> = new Set(['refused', 'not_found', 'bad_answer']);
const MOST_LOGGED = 10;

/** Each item by itself: one that Temporal does not take keeps no other waiting. */
async function inTurn(
  items: KnownItem[],
  work: (item: KnownItem) => Promise<unknown>,
  afterwards: (done: KnownItem[]) => Promise<unknown> = () => Promise.resolve(),
): Promise<{ done: number; leftOut: number }> {
  let leftOut = 0;
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const some = items.slice(from, from + AT_ONCE);
    const results = await Promise.allSettled(some.map(work));
    await afterwards(some.filter((_, n) => results[n]?.status === 'fulfilled'));
    for (const [n, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      leftOut += 1;
      if (leftOut > MOST_LEFT_OUT) throw result.reason;
      const itemId = some[n]?.itemId.slice(0, LONGEST_LOGGED);
      if (leftOut <= MOST_LOGGED)
        log.error('the workflow of an item could not be told', { itemId, error: result.reason as unknown });
    }
    Context.current().heartbeat();
  }
  return { done: items.length - leftOut, leftOut };
}

const LONGEST_LOGGED = 200;
