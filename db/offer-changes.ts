import type { MappedProduct } from '../domain/offer-mapping.js';
import type { OfferChange } from '../domain/offer-sync.js';
import { inTransaction, type Pool, type PoolClient } from './pool.js';
import { storable, toJsonb } from './text.js';

/** So many rows to a statement: each stays well within the time a statement has. */
const AT_ONCE = 1_000;

/** A change that is to be sent now. */
export interface ClaimedChange {
  sku: string;
  action: 'create' | 'update' | 'deactivate';
  /** Null when it is to be created. */
  offerId: string | null;
  body: Record<string, unknown>;
  /** An earlier attempt may have got through. */
  repeated: boolean;
}

/** What a run of the offer sync works on: the catalogue it read, and the changes that came of it. */
export function createOfferChanges(pool: Pool) {
  return {
    /** The whole catalogue, in place of what the run kept before. */
    async keepProducts(runId: string, products: readonly MappedProduct[]): Promise<void> {
      await inTransaction(pool, async (client) => {
        await client.query('delete from offer_sync_products where run_id = $1', [runId]);
        await inChunks(products, (chunk, from) =>
          client.query(
            `insert into offer_sync_products (run_id, position, product)
             select $1, $2 + position, product
               from jsonb_array_elements($3::jsonb) with ordinality as listed (product, position)`,
            [runId, from, toJsonb(chunk)],
          ),
        );
      });
    },

    async products(runId: string): Promise<MappedProduct[]> {
      const { rows } = await pool.query<{ product: MappedProduct }>(
        'select product from offer_sync_products where run_id = $1 order by position',
        [runId],
      );
      return rows.map(({ product }) => product);
    },

    /**
     * Keeps a plan, its changes numbered from `first` on: those to be sent before the errors. What had been planned from
     * there on is replaced, and so are earlier errors of the same SKUs. The products have done their duty.
     */
    async keepPlan(
      runId: string,
      plan: {
        first: number;
        toSend: readonly OfferChange[];
        errors: readonly OfferChange[];
        unchanged: number;
      },
    ): Promise<void> {
      const changes = [...plan.toSend, ...plan.errors];
      await inTransaction(pool, async (client) => {
        await client.query('delete from offer_sync_changes where run_id = $1 and seq >= $2', [
          runId,
          plan.first,
        ]);
        await inChunks(changes, (chunk, from) => insertChanges(client, runId, plan.first + from, chunk));
        await client.query(
          `delete from offer_sync_changes as earlier using offer_sync_changes as now
            where earlier.run_id = $1 and now.run_id = $1 and earlier.seq < $2 and now.seq >= $2
              and earlier.sku = now.sku and earlier.state = 'failed'`,
          [runId, plan.first],
        );
        await client.query('update offer_sync_runs set unchanged = $2 where run_id = $1', [
          runId,
          plan.unchanged,
        ]);
      });
    },

    /** The change, noted as being sent; how it ended, when it has. Null: there is none of that number. */
    async claim(runId: string, seq: number): Promise<ClaimedChange | 'applied' | 'failed' | null> {
      const { rows } = await pool.query<ClaimedChange & { state: string }>(
        `with before as (
           select * from offer_sync_changes where run_id = $1 and seq = $2 for update
         ), claimed as (
           update offer_sync_changes as change set state = 'sending'
             from before
            where change.run_id = before.run_id and change.seq = before.seq and before.state = 'planned')
         select sku, action, offer_id as "offerId", body, state, state = 'sending' as repeated from before`,
        [runId, seq],
      );
      const [row] = rows;
      if (row === undefined) return null;
      const { state, ...change } = row;
      return state === 'applied' || state === 'failed' ? state : change;
    },

    /** Takes a claim back: it was certainly not sent. */
    async release(runId: string, seq: number): Promise<void> {
      await pool.query(
        `update offer_sync_changes set state = 'planned' where run_id = $1 and seq = $2 and state = 'sending'`,
        [runId, seq],
      );
    },

    async settle(
      runId: string,
      seq: number,
      state: 'applied' | 'failed',
      reason: string | null,
    ): Promise<void> {
      await pool.query(
        'update offer_sync_changes set state = $3, reason = $4 where run_id = $1 and seq = $2',
        [...[runId, seq, state], reason === null ? null : storable(reason)],
      );
    },

    /** Those of these changes that did not get through fail. */
    async giveUp(runId: string, first: number, last: number, reason: string): Promise<void> {
      await pool.query(
        `update offer_sync_changes set state = 'failed', reason = $4
          where run_id = $1 and seq between $2 and $3 and state in ('planned', 'sending')`,
        [runId, first, last, storable(reason)],
      );
    },
  };
}

export type OfferChanges = ReturnType<typeof createOfferChanges>;

async function insertChanges(
  client: PoolClient,
  runId: string,
  first: number,
  changes: readonly OfferChange[],
): Promise<void> {
  await client.query(
    `insert into offer_sync_changes (run_id, seq, sku, action, offer_id, body, fields, reason, state)
     select $1, $2 + position - 1, change ->> 'sku', change ->> 'action', change ->> 'offerId', change -> 'body',
            change -> 'fields', change ->> 'reason',
            case change ->> 'action' when 'error' then 'failed' else 'planned' end
       from jsonb_array_elements($3::jsonb) with ordinality as listed (change, position)`,
    [runId, first, toJsonb(changes)],
  );
}

/** `work` gets each chunk with the number of entries before it. */
async function inChunks<T>(
  entries: readonly T[],
  work: (chunk: readonly T[], from: number) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < entries.length; from += AT_ONCE)
    await work(entries.slice(from, from + AT_ONCE), from);
}
