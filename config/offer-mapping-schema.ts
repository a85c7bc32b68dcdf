import { z } from 'zod';
import { OFFER_CATEGORIES } from '../domain/offer-categories.js';
import { OFFER_FIELDS } from '../domain/offer-mapping.js';

const path = z
  .string()
  .regex(/^[^.\s]+(\.[^.\s]+)*$/, 'must be the path of a product field, such as details.speed');
const plain = z.union(
  [z.string(), z.number(), z.boolean(), z.null()],
  'must be text, a number, true, false or null',
);

const source = z.union(
  [
    path,
    z.strictObject({ from: path, values: z.record(z.string(), plain) }),
    z.strictObject({ value: plain }),
  ],
  'must be the path of a product field, {"from": path, "values": {…}} or {"value": …}',
);

const category = z.enum(OFFER_CATEGORIES, `must be one of ${OFFER_CATEGORIES.join(', ')}`);

/** `offerSync.mapping`: how a product becomes an offer where that is not the usual way. */
export const offerMapping = z
  .strictObject({
    categories: z.record(z.string(), category).default({}),
    fields: z.strictObject(mapped(OFFER_FIELDS, source.exactOptional())).default({}),
    serviceSpecificData: z
      .strictObject(mapped(OFFER_CATEGORIES, z.record(z.string(), source).exactOptional()))
      .default({}),
  })
  .prefault({});

function mapped<K extends string, S extends z.ZodType>(keys: readonly K[], schema: S): Record<K, S> {
  return Object.fromEntries(keys.map((key) => [key, schema])) as Record<K, S>;
}
