import type { Situation } from '../domain/event-plan.js';
import type { OrderView, TimelineEntry } from '../domain/order-view.js';
import type { Transition } from '../domain/transition.js';
import { fulfillmentReport, type FulfillmentReport } from './fulfillment-report.js';
import { listOrders, type OrderPage, type OrderQuery } from './order-list.js';
import { inTransaction, type Pool } from './pool.js';
import { storable } from './text.js';
import { writeLateLine, writeLines, writeView } from './transition-record.js';

export interface OrderRecord {
  view: OrderView;
  /** Null until the item's workflow has written. */
  situation: Situation | null;
}

/** What people search: each item's last view, its story and the figures made of them. The workflow is the truth. */
export function createOrderRecords(pool: Pool) {
  return {
    /** Writes a transition once: repeated or overtaken, it leaves the view alone; its lines are written all the same. */
    async record(transition: Transition): Promise<void> {
      await inTransaction(pool, async (client) => {
        await writeView(client, transition);
        await writeLines(client, transition);
      });
    },

    /** Adds a line to the story of an item whose workflow has ended, once by its number (from 0). */
    recordLate: (itemId: string, number: number, line: TimelineEntry): Promise<void> =>
      writeLateLine(pool, itemId, number, line),

    async find(itemId: string): Promise<OrderRecord | null> {
      const { rows } = await pool.query<OrderRecord>(
        'select view, situation from order_items where item_id = $1',
        [storable(itemId)],
      );
      return rows[0] ?? null;
    },

    /** The item's story, oldest line first. */
    async timeline(itemId: string): Promise<TimelineEntry[]> {
      const { rows } = await pool.query<Omit<TimelineEntry, 'at'> & { at: Date }>(
        `select at, type, from_state as "from", to_state as "to", actor, note
           from timeline where item_id = $1 order by sequence`,
        [storable(itemId)],
      );
      return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
    },

    /** Every item of this order that has been heard of. */
    async itemsOfOrder(orderId: string): Promise<string[]> {
      const { rows } = await pool.query<{ item_id: string }>(
        'select item_id from order_items where order_id = $1 order by item_id',
        [storable(orderId)],
      );
      return rows.map((row) => row.item_id);
    },

    /** Ascending by deadline (unread items, which have none yet, last), then item id. @throws BadCursorError */
    list: (query: OrderQuery): Promise<OrderPage> => listOrders(pool, query),

    /** Over items created at or after `from` and before `to` (ISO 8601); null is open-ended. */
    report: (from: string | null, to: string | null): Promise<FulfillmentReport> =>
      fulfillmentReport(pool, from, to),
  };
}

export type OrderRecords = ReturnType<typeof createOrderRecords>;
