import type { WantedOffer } from './offer-mapping.js';

/** An offer as the platform shows it. */
export interface KnownOffer {
  offerId: string;
  sku: string | null;
  name: string | null;
  category: string | null;
  status: string | null;
  monthlyPrice: number | null;
  description: string | null;
  externalId: string | null;
  serviceSpecificData: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

export type FieldChanges = Record<string, { from: unknown; to: unknown }>;

const PLAIN_FIELDS = [
  'name',
  'category',
  'status',
  'monthlyPrice',
  'description',
  'externalId',
] as const satisfies (keyof KnownOffer & keyof WantedOffer)[];

/**
 * The fields in which the offer is not as the product wants it. What the product does not say (null, or a key of
 * `serviceSpecificData` that is not there) stays as the platform has it, and `serviceSpecificData` is one field: sent
 * whole, with the keys that only the platform has.
 */
export function difference(wanted: WantedOffer, known: KnownOffer): FieldChanges {
  const changes: FieldChanges = {};
  for (const field of PLAIN_FIELDS) {
    const to = wanted[field] ?? null;
    if (to !== null && to !== known[field]) changes[field] = { from: known[field], to };
  }
  const from = known.serviceSpecificData;
  const to = { ...from, ...wanted.serviceSpecificData };
  if (!sameJson(from, to)) changes['serviceSpecificData'] = { from, to };
  return changes;
}

/** The body that makes the changes. */
export function bodyOf(changes: FieldChanges): Record<string, unknown> {
  return Object.fromEntries(Object.entries(changes).map(([field, { to }]) => [field, to]));
}

/** The body of a new offer: what the product says, and nothing else. */
export function newOfferBody({ serviceSpecificData, ...plain }: WantedOffer): Record<string, unknown> {
  const said = Object.entries(plain).filter(([, value]) => value !== null);
  const described = Object.keys(serviceSpecificData).length > 0;
  return { ...Object.fromEntries(said), ...(described ? { serviceSpecificData } : {}) };
}

/** Equal as JSON, whatever the order of the keys. */
function sameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const left = Object.entries(one);
  const right = new Map<string, unknown>(Object.entries(other));
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && sameJson(value, right.get(key)))
  );
}
