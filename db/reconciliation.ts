import type { Status } from '../domain/status.js';
import type { Pool } from './pool.js';
import { storable, toJsonb } from './text.js';

/** A row this fresh may be behind its workflow, or ahead of the list it is compared with. */
const SETTLED_AFTER_SECONDS = 5;

interface KnownItem {
  itemId: string;
  orderId: string;
}

/** What we believe of the platform's items, set beside what it lists. */
export function createReconciliation(pool: Pool) {
  return {
    /**
     * Remembers that these items were listed in `status` by the run that began at `startedAt` (ISO 8601). Gives those
     * nobody told us of, and the open ones that we believe elsewhere.
     */
    async compare(input: {
      status: Status;
      items: KnownItem[];
      startedAt: string;
    }): Promise<{ unknown: KnownItem[]; elsewhere: KnownItem[] }> {
      const items = input.items.map(({ itemId, orderId }) => ({
        itemId: storable(itemId),
        orderId: storable(orderId),
      }));
      const { rows } = await pool.query<KnownItem & { known: boolean; elsewhere: boolean }>(
        `with listed as (
           select distinct on ("itemId") * from jsonb_to_recordset($1::jsonb) as item ("itemId" text, "orderId" text)
         ), marked as (
           update order_items set listed_at = $2::timestamptz
             from listed where order_items.item_id = listed."itemId"
         )
         select "itemId", "orderId", item_id is not null as known,
                coalesce(revision >= 0 and stage <> 'done' and offergrid_status is distinct from $3
                         and updated_at < $2::timestamptz - make_interval(secs => ${SETTLED_AFTER_SECONDS}), false)
                  as elsewhere
           from listed left join order_items on item_id = "itemId"`,
        [toJsonb(items), input.startedAt, input.status],
      );
      const bare = ({ itemId, orderId }: KnownItem) => ({ itemId, orderId });
      return {
        unknown: rows.filter((row) => !row.known).map(bare),
        elsewhere: rows.filter((row) => row.elsewhere).map(bare),
      };
    },

    /** Items we believe open that no list has held since the run began. */
    async unlisted(startedAt: string): Promise<KnownItem[]> {
      const { rows } = await pool.query<KnownItem>(
        `select item_id as "itemId", order_id as "orderId" from order_items
          where stage <> 'done' and revision >= 0
            and (listed_at is null or listed_at < $1::timestamptz)
            and updated_at < $1::timestamptz - make_interval(secs => ${SETTLED_AFTER_SECONDS})
          order by item_id`,
        [startedAt],
      );
      return rows;
    },
  };
}

export type Reconciliation = ReturnType<typeof createReconciliation>;
