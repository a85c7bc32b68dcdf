import type { z } from 'zod';
import { serviceDataFault, type newOffer, type Offer, type offerChange } from './offer-fields.js';
import { shortId } from './order-book.js';

export type { Offer } from './offer-fields.js';

type Stored =
  | { kind: 'stored'; offer: Offer }
  | { kind: 'sku-taken'; sku: string }
  | { kind: 'wrong-data'; error: z.ZodError };

/** The offers of the one provider the simulated platform knows. */
export class OfferShelf {
  private readonly offers = new Map<string, Offer>();

  constructor(offers: readonly Offer[]) {
    this.replace(offers);
  }

  /** Puts up exactly these, unchecked: what was taken long ago need not be what is taken today. */
  replace(offers: readonly Offer[]): void {
    this.offers.clear();
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
    return this.store({ ...body, id: shortId('off') }, body);
  }

  change(current: Offer, body: z.infer<typeof offerChange>): Stored {
    return this.store({ ...current, ...body, id: current.id } as Offer, body);
  }

  remove(id: string): void {
    this.offers.delete(id);
  }

  private store(next: Offer, { category, serviceSpecificData, sku }: z.infer<typeof offerChange>): Stored {
    if (category !== undefined || serviceSpecificData !== undefined) {
      const error = serviceDataFault(next);
      if (error !== undefined) return { kind: 'wrong-data', error };
    }
    if (sku !== undefined && this.isTaken(sku, next.id)) return { kind: 'sku-taken', sku };
    this.offers.set(next.id, next);
    return { kind: 'stored', offer: next };
  }

  private isTaken(sku: string, by: string): boolean {
    for (const other of this.offers.values()) if (other.sku === sku && other.id !== by) return true;
    return false;
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
