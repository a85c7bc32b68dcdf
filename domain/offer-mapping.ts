import {
  asAmount,
  asText,
  checkServiceData,
  isOfferCategory,
  type OfferCategory,
} from './offer-categories.js';

/** One product of the provider's catalogue; keys we do not know are kept. */
export interface Product {
  sku: string;
  productName: string;
  type: string;
  /** Per month; null where the price varies. */
  price: number | null;
  isActive: boolean;
  description?: string | null | undefined;
  details?: Record<string, unknown> | null | undefined;
  [unknownKey: string]: unknown;
}

/**
 * Where a value comes from: the dotted path of a product's field; the same with some values put into other words (what
 * is not among them stays as it is); or one value for all products.
 */
export type OfferSource =
  | string
  | { from: string; values: Record<string, string | number | boolean | null> }
  | { value: string | number | boolean | null };

export const OFFER_FIELDS = [
  'sku',
  'name',
  'category',
  'status',
  'monthlyPrice',
  'description',
  'externalId',
] as const;
export type OfferField = (typeof OFFER_FIELDS)[number];

/** How a product becomes an offer, where that is not the usual way. */
export interface OfferMapping {
  /** By the product's type. A type that is a category's name needs no entry. */
  categories: Record<string, OfferCategory>;
  fields: Partial<Record<OfferField, OfferSource>>;
  /** By category: the keys of `serviceSpecificData`. */
  serviceSpecificData: Partial<Record<OfferCategory, Record<string, OfferSource>>>;
}

/** What the platform is to show. Null, and a key that is not there, is what the product does not say. */
export interface WantedOffer {
  sku: string;
  name: string;
  category: OfferCategory;
  status: 'active' | 'inactive';
  monthlyPrice: number | null;
  description: string | null;
  serviceSpecificData: Record<string, unknown>;
  externalId?: string;
}

export type MappedProduct =
  { kind: 'offer'; offer: WantedOffer } | { kind: 'unusable'; sku: string | null; reason: string };

const USUAL_SOURCES: Record<OfferField, OfferSource> = {
  sku: 'sku',
  name: 'productName',
  category: 'type',
  status: 'isActive',
  monthlyPrice: 'price',
  description: 'description',
  externalId: { value: null },
};

/** The offer a product stands for, or every reason why it stands for none. */
export function mapProduct(product: Product, mapping: OfferMapping): MappedProduct {
  const field = (name: OfferField) => read(product, mapping.fields[name] ?? USUAL_SOURCES[name]);
  const sku = asText(field('sku'));
  const name = asText(field('name'));
  const type = asText(field('category'));
  const category = type === undefined ? undefined : categoryOf(type, mapping);
  const status = asStatus(field('status'));
  const price = field('monthlyPrice');
  const monthlyPrice = price === null ? null : asAmount(price);
  const service = checkServiceData(
    category ?? 'other',
    category === undefined ? {} : serviceData(product, category, mapping),
  );
  if (
    sku === undefined ||
    name === undefined ||
    category === undefined ||
    status === undefined ||
    monthlyPrice === undefined ||
    service.problems.length > 0
  ) {
    const reasons = [
      sku === undefined ? 'sku: missing' : [],
      name === undefined ? 'name: missing' : [],
      category === undefined ? categoryProblem(type) : [],
      status === undefined ? 'status: must be true or false, or active or inactive' : [],
      monthlyPrice === undefined ? 'monthlyPrice: must be a number of at least 0, or null' : [],
      service.problems,
    ];
    return { kind: 'unusable', sku: sku ?? null, reason: reasons.flat().join('; ') };
  }
  const externalId = asText(field('externalId'));
  return {
    kind: 'offer',
    offer: {
      ...{ sku, name, category, status, monthlyPrice },
      description: asText(field('description')) ?? null,
      serviceSpecificData: service.data,
      ...(externalId === undefined ? {} : { externalId }),
    },
  };
}

function categoryOf(type: string, { categories }: OfferMapping): OfferCategory | undefined {
  if (Object.hasOwn(categories, type)) return categories[type];
  const usual = type.toLowerCase();
  return isOfferCategory(usual) ? usual : undefined;
}

function categoryProblem(type: string | undefined): string {
  if (type === undefined) return 'category: missing';
  return `category: ${JSON.stringify(type)} is none of the platform's, and offerSync.mapping.categories has no word for it`;
}

function asStatus(value: unknown): WantedOffer['status'] | undefined {
  if (value === true || value === 'active') return 'active';
  return value === false || value === 'inactive' ? 'inactive' : undefined;
}

/** `details` under its own names, except for what the mapping takes from there under others. */
function serviceData(product: Product, category: OfferCategory, mapping: OfferMapping) {
  const sources = Object.entries(mapping.serviceSpecificData[category] ?? {});
  const renamed = new Set(sources.map(([, source]) => detailOf(source)));
  const own = Object.entries(product.details ?? {}).filter(([key]) => !renamed.has(key));
  const mapped = sources.map(([key, source]) => [key, read(product, source)] as const);
  return Object.fromEntries([...own, ...mapped.filter(([, value]) => value !== undefined)]);
}

function detailOf(source: OfferSource): string | undefined {
  const path = typeof source === 'string' ? source : 'from' in source ? source.from : '';
  return /^details\.([^.]+)/.exec(path)?.[1];
}

function read(product: Product, source: OfferSource): unknown {
  if (typeof source === 'string') return at(product, source);
  if ('value' in source) return source.value;
  const found = at(product, source.from);
  const word = String(found);
  return typeof found !== 'object' && Object.hasOwn(source.values, word) ? source.values[word] : found;
}

function at(product: Product, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    const inside = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    return inside ? (value as Record<string, unknown>)[key] : undefined;
  }, product);
}
