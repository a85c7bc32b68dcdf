import { brakeReasons } from './offer-brake.js';
import { bodyOf, difference, newOfferBody, type FieldChanges, type KnownOffer } from './offer-difference.js';
import type { MappedProduct, WantedOffer } from './offer-mapping.js';
import type { OfferSyncPolicy } from './policy.js';

export { mapProduct } from './offer-mapping.js';
export type { MappedProduct, OfferMapping, Product, WantedOffer } from './offer-mapping.js';
export type { FieldChanges, KnownOffer } from './offer-difference.js';

export type OfferChange =
  | { action: 'create'; sku: string; body: Record<string, unknown> }
  | {
      action: 'update' | 'deactivate';
      sku: string;
      offerId: string;
      body: Record<string, unknown>;
      fields: FieldChanges;
    }
  | { action: 'skip'; sku: string; reason: string }
  | { action: 'error'; sku: string | null; reason: string };

export interface OfferSyncPlan {
  changes: OfferChange[];
  /** SKUs of products that need nothing: the SKU of each product is either here or in `changes`. */
  unchanged: string[];
  /** Why a person should look before the first change is sent; empty: nothing. */
  brake: string[];
}

export interface OfferSyncInput {
  /** All of the provider's, also when only some are to be synced. */
  products: readonly MappedProduct[];
  /** All of the team's. */
  offers: readonly KnownOffer[];
  policy: OfferSyncPolicy;
  /** Only these SKUs; default all. What is not among them is neither changed nor missing. */
  only?: readonly string[] | undefined;
  /** By SKU: changes that a person has seen and let go on. The brake asks about others only. */
  seen?: ReadonlyMap<string, FieldChanges> | undefined;
  /** How many offers the same run took off the market before, unseen; default none. The brake counts them as well. */
  takenOff?: number;
  /** By SKU: what offers cost before the same run first changed that, unseen; default none. The brake looks that far back. */
  pricesBefore?: ReadonlyMap<string, number>;
}

/** All that is known of one SKU. */
interface Match {
  sku: string;
  products: MappedProduct[];
  offers: KnownOffer[];
}

/**
 * What brings the platform's offers in step with the products: by SKU, never deleting, never guessing. The brake's share
 * is of all active offers that a full run answers for, so that taking one offer off by itself is not 100 %.
 */
export function planOfferSync({
  products,
  offers,
  policy,
  only,
  seen,
  takenOff = 0,
  pricesBefore = new Map<string, number>(),
}: OfferSyncInput): OfferSyncPlan {
  const chosen = only === undefined ? null : new Set(only.map((sku) => sku.trim()));
  const nameless = products.filter((product) => skuOf(product) === null);
  const changes: OfferChange[] = chosen === null ? nameless.map((product) => unusable(null, product)) : [];
  const unchanged: string[] = [];
  let active = 0;
  for (const match of bySku(products, offers)) {
    const isLost = match.products.length === 0 && policy.onMissing === 'inactive';
    if ((match.products.length > 0 || isLost) && isOnTheMarket(match)) active += 1;
    if (chosen !== null && !chosen.has(match.sku)) continue;
    const change = changeFor(match, isLost, nameless.length > 0);
    if (change !== null) changes.push(change);
    else if (match.products.length > 0) unchanged.push(match.sku);
  }
  const sent = changes.filter((change) => 'fields' in change);
  const brake = brakeReasons(
    {
      ...{ active, takenOff, pricesBefore },
      nothingListed: products.length === 0,
      changes: sent,
      seen: seen ?? new Map<string, FieldChanges>(),
    },
    policy.brake,
  );
  return { changes, unchanged, brake };
}

/** Null: nothing to do. */
function changeFor(
  { sku, products, offers }: Match,
  isLost: boolean,
  hasNameless: boolean,
): OfferChange | null {
  const ambiguous = twice(products, offers);
  if (ambiguous !== '') return { action: 'error', sku, reason: ambiguous };
  const [product] = products;
  const [offer] = offers;
  if (product?.kind === 'unusable') return unusable(sku, product);
  if (offer === undefined) return product === undefined ? null : creation(product.offer);
  if (!isOurs(offer)) return product === undefined ? null : leftAlone(product.offer, offer);
  if (product !== undefined) return update(sku, offer, difference(product.offer, offer));
  if (!isLost || offer.status === 'inactive') return null;
  if (hasNameless) {
    const reason = 'no product has this SKU, but one without a SKU may be it: the offer stays as it is';
    return { action: 'error', sku, reason };
  }
  return update(sku, offer, { status: { from: offer.status, to: 'inactive' } });
}

/** Why the SKU does not tell one product or one offer; empty: it does. */
function twice(products: unknown[], offers: unknown[]): string {
  const counts = [
    products.length > 1 ? `${products.length} products have this SKU` : [],
    offers.length > 1 ? `${offers.length} offers have this SKU` : [],
  ];
  return counts.flat().join('; ');
}

/** A product that nobody can order yet needs no offer. */
function creation(offer: WantedOffer): OfferChange | null {
  return offer.status === 'active' ? { action: 'create', sku: offer.sku, body: newOfferBody(offer) } : null;
}

function update(sku: string, { offerId }: KnownOffer, fields: FieldChanges): OfferChange | null {
  if (Object.keys(fields).length === 0) return null;
  const action = fields['status']?.to === 'inactive' ? 'deactivate' : 'update';
  return { action, sku, offerId, body: bodyOf(fields), fields };
}

/** What a person marked as theirs is no news; that something sold is on no market, for its offer's status, is. */
function leftAlone({ sku, status }: WantedOffer, offer: KnownOffer): OfferChange | null {
  if (isByHand(offer) || status === 'inactive') return null;
  const reason = `the product is sold, but its offer is ${offer.status}: to put it on the market is left to a person`;
  return { action: 'skip', sku, reason };
}

function unusable(sku: string | null, product: MappedProduct): OfferChange {
  return { action: 'error', sku, reason: product.kind === 'unusable' ? product.reason : 'sku: missing' };
}

/**
 * The sync moves offers between active and inactive. A draft is somebody's test or not finished, and publishing it is
 * their decision; archived is for good; a status we do not know was set for a reason we do not know. Those, and what is
 * marked as managed by hand, are left alone whole: a price is no more ours than a status there. Their SKU is taken.
 */
function isOurs(offer: KnownOffer): boolean {
  const { status } = offer;
  return !isByHand(offer) && (status === null || status === 'active' || status === 'inactive');
}

function isByHand({ metadata }: KnownOffer): boolean {
  return metadata['managedBy'] === 'hand';
}

/** One offer that can be told by its SKU, that we may move, and that resellers see. */
function isOnTheMarket({ products, offers: [offer, ...others] }: Match): boolean {
  if (offer === undefined || others.length > 0 || products.length > 1) return false;
  return isOurs(offer) && offer.status !== 'inactive';
}

/** In the products' order, then the offers that no product stands for in theirs. */
function bySku(products: readonly MappedProduct[], offers: readonly KnownOffer[]): Iterable<Match> {
  const matches = new Map<string, Match>();
  const of = (sku: string) => {
    const match = matches.get(sku) ?? { sku, products: [], offers: [] };
    matches.set(sku, match);
    return match;
  };
  for (const product of products) {
    const sku = skuOf(product);
    if (sku !== null) of(sku).products.push(product);
  }
  for (const offer of offers) {
    const sku = offer.sku?.trim() ?? '';
    if (sku !== '') of(sku).offers.push(offer);
  }
  return matches.values();
}

function skuOf(product: MappedProduct): string | null {
  const sku = product.kind === 'offer' ? product.offer.sku : product.sku;
  const trimmed = sku?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}
