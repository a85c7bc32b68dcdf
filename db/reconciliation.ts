import type { Status } from '../domain/status.js';
import type { Pool } from './pool.js';
import { storable } from './text.js';

/** A row this fresh may be behind its workflow, or ahead of the list it is compared with. */
const SETTLED_AFTER_SECONDS = 5;
/** A webhook's item has its workflow long before. Starting one that is there changes nothing. */
const HANDED_OVER_AFTER_SECONDS = 60;
/** Before an item that is still adrift, though its workflow was told, is told again. */
const TELL_AGAIN = '1 hour';
const IDS_AT_ONCE = 1_000;

interface KnownItem {
  itemId: string;
  orderId: string;
}

/** What we believe of the platform's items, set beside what it lists. */
export function createReconciliation(pool: Pool) {
  /**
   * Those that `order_items` has no row of, or one that a webhook left and no workflow has written to for a while: it may
   * have been put aside. And those of open items whose status was never read.
   */
  const notBelieved = async (items: KnownItem[], worthTelling: string, startedAt: string) => {
    const { rows } = await pool.query<{ itemId: string; unread: boolean; unheard: boolean }>(
      `select item_id as "itemId", stage <> 'done' and offergrid_status is null and ${worthTelling} as unread,
              revision < 0 and updated_at < $1::timestamptz - make_interval(secs => ${HANDED_OVER_AFTER_SECONDS})
                as unheard
         from order_items where item_id = any($2)`,
      [startedAt, items.map(({ itemId }) => itemId)],
    );
    const rowOf = new Map(rows.map((row) => [row.itemId, row]));
    return {
      unknown: items.filter(({ itemId }) => rowOf.get(itemId)?.unheard !== false),
      unread: items.filter(({ itemId }) => rowOf.get(itemId)?.unread === true),
    };
  };

  return {
    /**
     * Compares everything listed in `status` by the run that began at `startedAt` (ISO 8601) with what we believe there.
     * `unknown`: nobody told us of these. `adrift`: open items that we believe there and the platform does not list
     * there, and those that it lists though it did not know them when they were read. Reads only.
     */
    async compare(input: {
      status: Status;
      items: KnownItem[];
      startedAt: string;
    }): Promise<{ unknown: KnownItem[]; adrift: KnownItem[] }> {
      const { status, startedAt } = input;
      const worthTelling = `revision >= 0
        and updated_at < $1::timestamptz - make_interval(secs => ${SETTLED_AFTER_SECONDS})
        and (hinted_at is null or hinted_at < updated_at or hinted_at < now() - interval '${TELL_AGAIN}')`;
      const { rows: believed } = await pool.query<KnownItem & { tell: boolean }>(
        `select item_id as "itemId", order_id as "orderId", ${worthTelling} as tell
           from order_items where stage <> 'done' and offergrid_status = $2 order by item_id`,
        [startedAt, status],
      );
      const listed = new Map(
        input.items.map(({ itemId, orderId }) => [
          storable(itemId),
          { itemId: storable(itemId), orderId: storable(orderId) },
        ]),
      );
      const missing = believed.filter(({ itemId, tell }) => !listed.delete(itemId) && tell);
      const adrift = missing.map(({ itemId, orderId }) => ({ itemId, orderId }));
      const unknown: KnownItem[] = [];
      const elsewhere = [...listed.values()];
      for (let from = 0; from < elsewhere.length; from += IDS_AT_ONCE) {
        const some = elsewhere.slice(from, from + IDS_AT_ONCE);
        const found = await notBelieved(some, worthTelling, startedAt);
        unknown.push(...found.unknown);
        adrift.push(...found.unread);
      }
      return { unknown, adrift };
    },

    /** The workflows of these were told that they are adrift. */
    async told(items: KnownItem[]): Promise<void> {
      await pool.query('update order_items set hinted_at = now() where item_id = any($1)', [
        items.map(({ itemId }) => itemId),
      ]);
    },
  };
}

export type Reconciliation = ReturnType<typeof createReconciliation>;
