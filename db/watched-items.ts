import type { OrderView } from '../domain/order-view.js';
import type { Pool } from './pool.js';
import { storable } from './text.js';
import { insertUnread, unreadParameters } from './unread-item.js';

/** An open item as people are told of it. */
export interface WatchedItem {
  itemId: string;
  orderId: string;
  stage: string;
  /** Of its answer; null where it was never read. */
  deadline: Date | null;
  testOrder: boolean | null;
}

const WATCHED = `item_id as "itemId", order_id as "orderId", stage, deadline, test_order as "testOrder"`;
/** A workflow says so in the same second, and what it says is written down once the database is there. */
const NOTICED_AFTER_SECONDS = 300;

/** Open items that their workflows do not look after, and what people were told of them. */
export function createWatchedItems(pool: Pool) {
  return {
    /** The item; `settled` if it is over or people were told of this trouble of its workflow; null without a record. */
    async untold(itemId: string, trouble: string): Promise<WatchedItem | 'settled' | null> {
      const { rows } = await pool.query<WatchedItem & { settled: boolean }>(
        `select ${WATCHED}, stage = 'done' or told_trouble is not distinct from $2 as settled
           from order_items where item_id = $1`,
        [storable(itemId), trouble],
      );
      if (rows[0] === undefined) return null;
      const { settled, ...item } = rows[0];
      return settled ? 'settled' : item;
    },

    /** Makes an item known that neither a webhook nor its workflow left a record of. */
    async makeKnown(unread: OrderView): Promise<WatchedItem> {
      await pool.query(insertUnread('(values (1)) as one', 1), unreadParameters(unread));
      const { itemId, orderId, stage, testOrder } = unread;
      return { itemId, orderId, stage, deadline: null, testOrder };
    },

    /** All others are out of trouble: should it come again, people are told again. */
    async forgetTroubles(troubled: readonly string[]): Promise<void> {
      await pool.query(
        'update order_items set told_trouble = null where told_trouble is not null and item_id <> all($1)',
        [troubled.map(storable)],
      );
    },

    /** Unanswered items whose deadline passed a while ago, and whose workflows have not noticed; told of ones left out. */
    async overdue(): Promise<WatchedItem[]> {
      const { rows } = await pool.query<WatchedItem>(
        `select ${WATCHED} from order_items
          where stage <> 'done' and sla_state in ('on_track', 'at_risk') and told_overdue_at is null
            and deadline < now() - make_interval(secs => ${NOTICED_AFTER_SECONDS})
          order by deadline, item_id`,
      );
      return rows;
    },

    async toldTrouble(itemId: string, trouble: string): Promise<void> {
      await pool.query('update order_items set told_trouble = $2 where item_id = $1', [itemId, trouble]);
    },

    async toldOverdue(itemId: string): Promise<void> {
      await pool.query('update order_items set told_overdue_at = now() where item_id = $1', [itemId]);
    },
  };
}

export type WatchedItems = ReturnType<typeof createWatchedItems>;
