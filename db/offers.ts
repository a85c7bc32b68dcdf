import type { Offer } from '../domain/order-item.js';
import { inTransaction, type Pool, type PoolClient } from './pool.js';
import { storable, toJsonb } from './text.js';

/** An offer as it was last read at Offergrid. */
export interface StoredOffer extends Offer {
  status: string | null;
  /** In the offer's own currency; null where it has none. */
  monthlyPrice: number | null;
  /** The platform's answer whole, unknown fields too. */
  raw: object;
}

/** Our own offers at the platform. */
export function createOffers(pool: Pool) {
  return {
    async find(offerId: string): Promise<Offer | null> {
      const { rows } = await pool.query<Offer>(
        'select offer_id as "offerId", name, category, sku from offers where offer_id = $1',
        [storable(offerId)],
      );
      return rows[0] ?? null;
    },

    async upsert(offer: StoredOffer): Promise<void> {
      await inTransaction(pool, (client) => write(client, [offer]));
    },

    /** Makes the table exactly these offers. */
    async replaceAll(offers: StoredOffer[]): Promise<void> {
      await inTransaction(pool, async (client) => {
        await write(client, offers);
        await client.query('delete from offers where offer_id <> all ($1)', [
          offers.map(({ offerId }) => storable(offerId)),
        ]);
      });
    },
  };
}

export type Offers = ReturnType<typeof createOffers>;

async function write(client: PoolClient, offers: StoredOffer[]): Promise<void> {
  await client.query(
    `insert into offers (offer_id, name, category, sku, status, monthly_price, raw, fetched_at)
     select distinct on ("offerId") "offerId", name, category, sku, status, "monthlyPrice", raw, now()
       from jsonb_to_recordset($1::jsonb)
            as offer ("offerId" text, name text, category text, sku text, status text, "monthlyPrice" numeric, raw jsonb)
      order by "offerId"
     on conflict (offer_id) do update set
       name = excluded.name, category = excluded.category, sku = excluded.sku, status = excluded.status,
       monthly_price = excluded.monthly_price, raw = excluded.raw, fetched_at = excluded.fetched_at`,
    [toJsonb(offers)],
  );
}
