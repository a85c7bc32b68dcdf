import { z } from 'zod';
import type { OrderItem } from '../../domain/order-item.js';
import { STATUSES } from '../../domain/status.js';
import {
  isObject,
  listIn,
  looseInstant,
  looseNumber,
  looseObject,
  looseText,
  unwrapped,
} from './tolerant.js';

/** An order item as read, under our names; keys we do not know are kept beside them. */
export interface PlatformItem extends Omit<OrderItem, 'orderId'> {
  orderId: string | null;
  [unknownKey: string]: unknown;
}

/** An offer as read, under our names; keys we do not know are kept beside them. */
export interface PlatformOffer {
  offerId: string;
  name: string | null;
  category: string | null;
  status: string | null;
  sku: string | null;
  monthlyPrice: number | null;
  description: string | null;
  externalId: string | null;
  serviceSpecificData: Record<string, unknown>;
  metadata: Record<string, unknown>;
  [unknownKey: string]: unknown;
}

/** The readable items of a list, and why the others are not: one odd item must not hide the rest. */
export interface ItemList {
  items: PlatformItem[];
  /** Ids of those that leave nothing to be read: that a list shows as much as a single read is not documented. */
  whole: ReadonlySet<string>;
  unreadable: { itemId: string | null; problem: string }[];
}

const id = looseText.pipe(z.string());

const customer = z.looseObject({ fullName: looseText, email: looseText, phone: looseText });
const address = z.looseObject({
  street: looseText,
  city: looseText,
  state: looseText,
  zipCode: looseText,
  country: looseText,
});
const NOBODY = { fullName: null, email: null, phone: null };
const NOWHERE = { street: null, city: null, state: null, zipCode: null, country: null };

const item = z.looseObject({
  itemId: id,
  orderId: looseText,
  offerId: looseText,
  offerName: looseText,
  status: z.enum(STATUSES),
  createdAt: looseInstant,
  scheduledFor: looseInstant,
  customerInfo: customer.catch(NOBODY),
  serviceAddress: address.catch(NOWHERE),
  notes: looseText,
  metadata: looseObject,
});

const offer = z.looseObject({
  offerId: id,
  name: looseText,
  category: looseText,
  status: looseText,
  sku: looseText,
  monthlyPrice: looseNumber,
  description: looseText,
  externalId: looseText,
  serviceSpecificData: looseObject,
  metadata: looseObject,
});

/** One item. @throws ZodError unless it has an id and a status we know; everything else may be missing. */
export function parseItem(body: unknown): PlatformItem {
  const raw = unwrapped(body, ['id', 'itemId'], ['data', 'item', 'order']);
  return item.parse(isObject(raw) ? underOurNames(raw) : raw);
}

/** @throws ZodError when the answer holds no list. */
export function parseItems(body: unknown): ItemList {
  const whole = new Set<string>();
  const list: ItemList = { items: [], whole, unreadable: [] };
  for (const entry of z.array(z.unknown()).parse(listIn(body, ['data', 'items', 'orders']))) {
    const result = item.safeParse(isObject(entry) ? underOurNames(entry) : entry);
    if (!result.success) {
      list.unreadable.push({ itemId: idIn(entry), problem: z.prettifyError(result.error) });
      continue;
    }
    list.items.push(result.data);
    if (isWhole(entry, result.data)) whole.add(result.data.itemId);
  }
  return list;
}

/** One offer. @throws ZodError without an id. */
export function parseOffer(body: unknown): PlatformOffer {
  const raw = unwrapped(body, ['id', 'offerId'], ['data', 'offer']);
  return offer.parse(isObject(raw) ? { ...raw, offerId: raw['id'] ?? raw['offerId'] } : raw);
}

/** All offers or none: a sync that overlooked one would create it again. @throws ZodError */
export function parseOffers(body: unknown): PlatformOffer[] {
  return z
    .array(z.unknown())
    .parse(listIn(body, ['data', 'items', 'offers']))
    .map(parseOffer);
}

/** How the fragments of an item nest is not documented: what is not on the item is looked for on its order and offer. */
function underOurNames(raw: Record<string, unknown>): Record<string, unknown> {
  const order = isObject(raw['order']) ? raw['order'] : {};
  const itsOffer = isObject(raw['offer']) ? raw['offer'] : {};
  return {
    ...raw,
    itemId: raw['itemId'] ?? raw['id'],
    orderId: raw['orderId'] ?? order['id'],
    offerId: raw['offerId'] ?? itsOffer['id'],
    offerName: raw['offerName'] ?? itsOffer['name'],
    customerInfo: raw['customerInfo'] ?? order['customerInfo'],
    serviceAddress: raw['serviceAddress'] ?? order['serviceAddress'],
    notes: raw['notes'] ?? order['notes'],
    metadata: raw['metadata'] ?? order['metadata'],
  };
}

/**
 * Everything an order must have is there, and so are notes, if only as null. Metadata has to be an object: a test order
 * that does not show as one would send out a technician.
 */
function isWhole(entry: unknown, shown: PlatformItem): boolean {
  if (!isObject(entry)) return false;
  const order = isObject(entry['order']) ? entry['order'] : {};
  const { fullName, email, phone } = shown.customerInfo;
  const { street, city, state, zipCode, country } = shown.serviceAddress;
  const needed = [shown.orderId, shown.offerId, shown.offerName, shown.createdAt, fullName, email, phone];
  return (
    [...needed, street, city, state, zipCode, country].every((value) => value != null) &&
    ('notes' in entry || 'notes' in order) &&
    isObject(entry['metadata'] ?? order['metadata'])
  );
}

function idIn(entry: unknown): string | null {
  return isObject(entry) ? looseText.parse(entry['itemId'] ?? entry['id']) : null;
}
