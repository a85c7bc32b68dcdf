import type { Status } from '../domain/status.js';
import type { OffergridClient } from '../integrations/offergrid/client.js';
import { OffergridError } from '../integrations/offergrid/errors.js';
import type { ItemList, PlatformItem } from '../integrations/offergrid/schemas.js';

/** A read that waits this long for its turn is not alone: the call budget is short. */
const WAITED_MS = 5_000;
/**
 * By how much Temporal's clock, which says when a read was asked for, may be behind ours, which says when a list was.
 * Were they further apart, a read could be answered with what was true some seconds before it was asked for; the
 * webhook or reconciliation that tells of a change since then has the item read again.
 */
const CLOCKS_APART_MS = 5_000;
/** Customers are in it: no longer than a queue may need it. */
const KEPT_MS = 60_000;
const MOST_KEPT = 5_000;
/** Before a list that answered nobody is asked for again. */
const IN_VAIN_MS = 60_000;

interface KeptList {
  /** By our clock; nothing in it is older. */
  askedForAt: number;
  /** What it showed in full, by item id; empty when it failed. */
  items: Promise<Map<string, PlatformItem>>;
  /** How many reads it has answered. */
  answers: number;
}

/**
 * One list in place of many reads: those that have waited in the queue are answered from a list that was asked for after
 * all of them. A read that comes to its turn at once never causes one.
 */
export class ListedItems {
  readonly #kept = new Map<Status, KeptList>();

  constructor(
    private readonly offergrid: Pick<OffergridClient, 'listItems'>,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * The item as a list in one of the statuses `among` shows it, if the list is newer than the question: `askedAt` is
   * epoch milliseconds by Temporal's clock. Null: it has to be read. Never rejects.
   */
  async find(itemId: string, among: readonly Status[], askedAt: number): Promise<PlatformItem | null> {
    if (this.now() - askedAt < WAITED_MS) return null;
    for (const status of among) {
      const list = this.#listSince(askedAt + CLOCKS_APART_MS, status);
      const items = await list?.items;
      const item = items?.get(itemId);
      if (list === null || items === undefined || item === undefined) continue;
      list.answers += 1;
      items.delete(itemId);
      return item;
    }
    return null;
  }

  #listSince(since: number, status: Status): KeptList | null {
    const kept = this.#kept.get(status);
    const askedForAt = this.now();
    if (kept !== undefined && kept.askedForAt >= since && askedForAt - kept.askedForAt < KEPT_MS) return kept;
    if (kept?.answers === 0 && askedForAt - kept.askedForAt < IN_VAIN_MS) return null;
    const items = this.offergrid.listItems(status).then(inFull, (error: unknown) => {
      if (wasNotLetThrough(error)) this.#kept.delete(status);
      return new Map<string, PlatformItem>();
    });
    const list: KeptList = { askedForAt, items, answers: 0 };
    this.#kept.set(status, list);
    setTimeout(() => void items.then((held) => held.clear()), KEPT_MS).unref();
    return list;
  }
}

/** That there was no room for a list says nothing of the list. */
function wasNotLetThrough(error: unknown): boolean {
  return error instanceof OffergridError && (error.kind === 'rate_limited' || error.kind === 'stopped');
}

function inFull({ items, whole }: ItemList): Map<string, PlatformItem> {
  const shown = items.filter(({ itemId }) => whole.has(itemId)).slice(0, MOST_KEPT);
  return new Map(shown.map((item) => [item.itemId, item]));
}
