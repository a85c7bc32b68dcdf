import { z } from 'zod';
import type { Offer } from './offers.js';

/** The documented filters of `GET /reseller/catalog`, all of them combinable. */
export const catalogQuery = z.object({
  category: z.string().optional(),
  zipCode: z.string().optional(),
  search: z.string().optional(),
  minPrice: z.coerce.number().optional(),
  maxPrice: z.coerce.number().optional(),
  sortBy: z.string().optional(),
  sortOrder: z.enum(['asc', 'desc']).optional(),
});

/** Active offers that pass the filters. Coverage by ZIP is undocumented: every offer is sold everywhere. */
export function catalog(
  offers: readonly Offer[],
  query: z.infer<typeof catalogQuery>,
): Record<string, unknown>[] {
  const { category, search, minPrice = 0, maxPrice = Infinity, sortBy, sortOrder = 'asc' } = query;
  const found = offers.filter((offer) => {
    const price = offer.monthlyPrice ?? 0;
    const text = `${offer.name} ${offer.description ?? ''}`.toLowerCase();
    return (
      offer.status === 'active' &&
      (category === undefined || offer.category === category) &&
      (search === undefined || text.includes(search.toLowerCase())) &&
      price >= minPrice &&
      price <= maxPrice
    );
  });
  if (sortBy === 'price') {
    const sign = sortOrder === 'asc' ? 1 : -1;
    found.sort((a, b) => sign * ((a.monthlyPrice ?? 0) - (b.monthlyPrice ?? 0)));
  }
  return found.map((offer) => ({
    ...{ id: offer.id, name: offer.name, category: offer.category, monthlyPrice: offer.monthlyPrice ?? null },
    ...{ description: offer.description ?? null, keyFeatures: offer.keyFeatures ?? [] },
    providerName: 'Simulated Provider',
  }));
}

/** One offer as a reseller reads it: whole, save what is the provider's own. */
export function resellerOffer(found: Offer): Record<string, unknown> {
  const { internalName, internalDescription, ...shown } = found;
  return shown;
}
