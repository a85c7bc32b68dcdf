import type { KnownOffer } from '../domain/offer-difference.js';
import type { Offer } from '../domain/order-item.js';
import { inTransaction, type Pool, type PoolClient } from './pool.js';
import { storable, toJsonb } from './text.js';

/** So many rows to a statement: each stays well within the time a statement has. */
const AT_ONCE = 1_000;

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

    /** What was changed at the platform, in what is known of the offer; nothing where that is nothing. */
    async amend(offerId: string, changed: Record<string, unknown>): Promise<void> {
      await pool.query(
        `update offers set
           raw = raw || said, name = coalesce(said ->> 'name', name),
           category = coalesce(said ->> 'category', category), status = coalesce(said ->> 'status', status),
           monthly_price = coalesce((said ->> 'monthlyPrice')::numeric, monthly_price)
           from (select $2::jsonb as said) as change where offer_id = $1`,
        [storable(offerId), toJsonb(changed)],
      );
    },

    /** All of them, as the platform showed them. */
    async all(): Promise<KnownOffer[]> {
      const { rows } = await pool.query<{ raw: KnownOffer }>('select raw from offers order by offer_id');
      return rows.map(({ raw }) => raw);
    },

    /** Makes the table exactly these offers; one that is read by itself meanwhile stays. */
    async replaceAll(offers: StoredOffer[]): Promise<void> {
      // Always in the same order: of two that replace at a time, one waits for the other.
      const inOrder = [...offers].sort((a, b) => (a.offerId < b.offerId ? -1 : 1));
      await inTransaction(pool, async (client) => {
        for (let from = 0; from < inOrder.length; from += AT_ONCE)
          await write(client, inOrder.slice(from, from + AT_ONCE));
        await client.query('delete from offers where fetched_at < now()');
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
