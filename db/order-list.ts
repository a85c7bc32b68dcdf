import type { OrderView } from '../domain/order-view.js';
import type { SlaState } from '../domain/response-deadline.js';
import type { Outcome, Stage } from '../domain/stage.js';
import type { Pool } from './pool.js';
import { storable } from './text.js';

export interface OrderQuery {
  stage?: Stage;
  outcome?: Outcome;
  slaState?: SlaState;
  /** Whether a person should look at it. */
  attention?: boolean;
  orderId?: string;
  limit: number;
  /** As `nextCursor` of the page before. */
  cursor?: string;
}

export interface OrderPage {
  items: OrderView[];
  nextCursor: string | null;
}

/** A cursor that no page gave out. */
export class BadCursorError extends Error {
  override name = 'BadCursorError';
}

/** Items without a deadline come last. */
const DUE = `coalesce(deadline, 'infinity')`;

export async function listOrders(pool: Pool, query: OrderQuery): Promise<OrderPage> {
  const after = query.cursor === undefined ? null : parseCursor(query.cursor);
  const params: unknown[] = [];
  const conditions: string[] = [];
  const where = (condition: (...names: string[]) => string, ...values: unknown[]) => {
    conditions.push(condition(...values.map((value) => `$${params.push(value)}`)));
  };
  if (query.stage !== undefined) where((p) => `stage = ${p}`, query.stage);
  if (query.outcome !== undefined) where((p) => `outcome = ${p}`, query.outcome);
  if (query.slaState !== undefined) where((p) => `sla_state = ${p}`, query.slaState);
  if (query.orderId !== undefined) where((p) => `order_id = ${p}`, storable(query.orderId));
  if (query.attention !== undefined)
    where(() => `attention_code is ${query.attention ? 'not null' : 'null'}`);
  if (after !== null)
    where((due, id) => `(${DUE}, item_id) > (${due}::timestamptz, ${id})`, after.due, after.itemId);

  const { rows } = await pool.query<{ view: OrderView; item_id: string; deadline: Date | null }>(
    `select view, item_id, deadline from order_items
      ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`}
      order by ${DUE}, item_id limit $${params.push(query.limit + 1)}`,
    params,
  );
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const more = rows.length > query.limit && last !== undefined;
  return {
    items: page.map((row) => row.view),
    nextCursor: more ? toCursor(last.deadline?.toISOString() ?? 'infinity', last.item_id) : null,
  };
}

function toCursor(due: string, itemId: string): string {
  return Buffer.from(JSON.stringify([due, itemId])).toString('base64url');
}

function parseCursor(cursor: string): { due: string; itemId: string } {
  const parts: unknown = parseJson(Buffer.from(cursor, 'base64url').toString());
  if (!Array.isArray(parts) || parts.length !== 2) throw new BadCursorError();
  const [due, itemId] = parts as unknown[];
  if (typeof due !== 'string' || typeof itemId !== 'string') throw new BadCursorError();
  const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(due) && !Number.isNaN(Date.parse(due));
  if (due !== 'infinity' && !instant) throw new BadCursorError();
  return { due, itemId: storable(itemId) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadCursorError();
  }
}
