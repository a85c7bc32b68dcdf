import type { MappedProduct } from '../domain/offer-mapping.js';
import { inChunks } from './chunks.js';
import { inTransaction, type Pool } from './pool.js';
import { storable, toJsonb } from './text.js';

/** What is older belongs to another hour's catalogue, and is read again rather than gone on with. */
const FRESH_MINUTES = 10;

/** How far the catalogue is read. */
export interface ReadSoFar {
  products: number;
  /** Null: nothing is read, or everything is. */
  next: string | null;
  complete: boolean;
}

/** The provider's catalogue as a run of the offer sync reads it, page by page; gone once the run is over. */
export function createOfferCatalogue(pool: Pool) {
  return {
    /** For an attempt that goes on where another, in the same pass, did not get further. */
    async soFar(runId: string, pass: number): Promise<ReadSoFar> {
      const { rows } = await pool.query<ReadSoFar>(
        `select read_products as products, read_next as next, read_next is null as complete
           from offer_sync_runs
          where run_id = $1 and read_pass = $2 and read_at > now() - interval '${FRESH_MINUTES} minutes'`,
        [runId, pass],
      );
      return rows[0] ?? { products: 0, next: null, complete: false };
    },

    /**
     * Keeps a page, `before` products being there already; the first one takes the place of all that was kept. Throws
     * where somebody else reads on, and where the pass is over: a page that comes late belongs to nothing any more.
     */
    async keepPage(
      runId: string,
      pass: number,
      page: { before: number; products: readonly MappedProduct[]; next: string | null },
    ): Promise<void> {
      const { before, products, next } = page;
      await inTransaction(pool, async (client) => {
        const { rowCount } = await client.query(
          `update offer_sync_runs
              set read_pass = $2, read_products = $3::integer + $4::integer, read_next = $5, read_at = now()
            where run_id = $1 and pass = $2 and planned_pass < $2 and finished_at is null
              and ($3 = 0 or (read_pass = $2 and read_products = $3))`,
          [runId, pass, before, products.length, next === null ? null : storable(next)],
        );
        if (rowCount !== 1) throw new Error('the catalogue is read by somebody else, or no longer wanted');
        if (before === 0) await client.query('delete from offer_sync_products where run_id = $1', [runId]);
        await inChunks(products, (chunk, from) =>
          client.query(
            `insert into offer_sync_products (run_id, position, product)
             select $1, $2 + position, product
               from jsonb_array_elements($3::jsonb) with ordinality as listed (product, position)`,
            [runId, before + from, toJsonb(chunk)],
          ),
        );
      });
    },

    /** All of them. Throws while they are not all there: half a catalogue would take offers off the market. */
    async products(runId: string, pass: number): Promise<MappedProduct[]> {
      return await inTransaction(pool, async (client) => {
        const { rowCount } = await client.query(
          `select from offer_sync_runs
            where run_id = $1 and read_pass = $2 and read_at is not null and read_next is null for share`,
          [runId, pass],
        );
        if (rowCount !== 1) throw new Error('the catalogue is not read to its end');
        const { rows } = await client.query<{ product: MappedProduct }>(
          'select product from offer_sync_products where run_id = $1 order by position',
          [runId],
        );
        return rows.map(({ product }) => product);
      });
    },
  };
}

export type OfferCatalogue = ReturnType<typeof createOfferCatalogue>;
