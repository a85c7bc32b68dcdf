import { z } from 'zod';
import { shortId } from './order-book.js';

const fields = {
  category: z.enum(['internet', 'television', 'security', 'energy', 'insurance', 'other']),
  status: z.enum(['draft', 'active', 'inactive', 'archived']),
  sku: z.string().nullable().optional(),
  monthlyPrice: z.number().min(0).nullable().optional(),
  description: z.string().nullable().optional(),
  serviceSpecificData: z.record(z.string(), z.unknown()).nullable().optional(),
  externalId: z.string().nullable().optional(),
  metadata: z.record(z.string(), z.unknown()).nullable().optional(),
  keyFeatures: z.array(z.string()).optional(),
  pricingType: z.enum(['fixed', 'variable', 'tiered', 'custom']).optional(),
};

/** An offer as the simulated platform keeps it. Keys it does not know are kept as they are. */
export const offer = z.looseObject({ id: z.string(), name: z.string(), ...fields });
export type Offer = z.infer<typeof offer>;

/** Body of `POST /provider/offers`: only `name` is required, and a new offer is a draft. */
export const newOffer = z.looseObject({
  ...fields,
  name: z.string().min(1),
  category: fields.category.default('other'),
  status: fields.status.default('draft'),
});

/** Body of `PATCH /provider/offers/{id}`. */
export const offerChange = z.looseObject({ ...fields, name: z.string().min(1) }).partial();

type Stored = { kind: 'stored'; offer: Offer } | { kind: 'sku-taken'; sku: string };

/** The offers of the one provider the simulated platform knows. */
export class OfferShelf {
  private readonly offers = new Map<string, Offer>();

  constructor(offers: readonly Offer[]) {
    for (const one of offers) this.offers.set(one.id, { ...one });
  }

  all(): Offer[] {
    return [...this.offers.values()];
  }

  find(id: string): Offer | undefined {
    return this.offers.get(id);
  }

  /** The offer if a reseller may see and order it. */
  orderable(id: string): Offer | undefined {
    const found = this.offers.get(id);
    return found?.status === 'active' ? found : undefined;
  }

  create(body: z.infer<typeof newOffer>): Stored {
    return this.store({ ...body, id: shortId('off') });
  }

  change(current: Offer, body: z.infer<typeof offerChange>): Stored {
    return this.store({ ...current, ...body, id: current.id } as Offer);
  }

  remove(id: string): void {
    this.offers.delete(id);
  }

  private store(next: Offer): Stored {
    const { sku } = next;
    if (sku != null && this.all().some((other) => other.sku === sku && other.id !== next.id)) {
      return { kind: 'sku-taken', sku };
    }
    this.offers.set(next.id, next);
    return { kind: 'stored', offer: next };
  }
}

/** One offer for each way of fulfilment, and a draft that nobody can order. */
export const sampleOffers: readonly Offer[] = [
  {
    id: 'off-789-ghi',
    name: 'High-Speed Internet 1000 Mbps',
    category: 'internet',
    status: 'active',
    sku: 'NET-1000',
    monthlyPrice: 59.99,
    description: 'Fiber to the home',
    keyFeatures: ['1000 Mbps down', 'No data cap'],
    serviceSpecificData: { minBandwidth: 500, maxBandwidth: 1000, connectionType: 'fiber', dataCap: null },
  },
  {
    id: 'off-sec-1',
    name: 'Home Security Complete',
    category: 'security',
    status: 'active',
    sku: 'SEC-PRO',
    monthlyPrice: 39.99,
    description: 'Professionally monitored home security',
  },
  {
    id: 'off-ins-1',
    name: 'Renters Insurance Basic',
    category: 'insurance',
    status: 'active',
    sku: 'INS-BASIC',
    monthlyPrice: 14.5,
    description: 'Personal property and liability',
  },
  {
    id: 'off-draft-1',
    name: 'Test Offer - Do Not Order',
    category: 'internet',
    status: 'draft',
    sku: 'NET-TEST',
    monthlyPrice: 0.01,
    description: 'Not visible to resellers',
  },
];
