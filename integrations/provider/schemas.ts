import { z } from 'zod';
import type { Product } from '../../domain/offer-mapping.js';

/** Left out, null and blank are the same thing to us: not said. */
const said = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .transform((value) => (value === null || value?.trim() === '' ? undefined : value));

/** `null`: their system cannot tell, and a person decides. */
export interface Serviceability {
  serviceable: boolean | null;
  reason?: string;
  alternative?: string;
}

/** `activated: false`: the order was taken, and a `service.activated` event follows. */
export type Activation =
  | { activated: true; accountNumber?: string; policyNumber?: string; effectiveDate?: string }
  | { activated: false };

/** The usable products of a page, and why the others are not. */
export interface ProductList {
  products: Product[];
  unusable: { sku: string | null; problem: string }[];
}

export const serviceability = z
  .object({ serviceable: z.boolean().nullable(), reason: said, alternative: said })
  .transform((answer): Serviceability => withoutUnsaid(answer));

export const workOrder = z.object({
  workOrderId: said.pipe(z.string()),
});

export const activation = z
  .object({ activated: z.boolean(), accountNumber: said, policyNumber: said, effectiveDate: said })
  .transform(({ activated, ...facts }): Activation =>
    activated ? { activated, ...withoutUnsaid(facts) } : { activated },
  );

const product = z.looseObject({
  sku: z.string().trim().min(1),
  productName: z.string().trim().min(1),
  type: z.string().trim().min(1),
  price: z.number().min(0).nullable(),
  isActive: z.boolean(),
  description: z.string().nullish(),
  details: z.record(z.string(), z.unknown()).nullish(),
});

/** One page, bare or as `{products, next?}`. */
export const productPage = z.union([
  z.array(z.unknown()).transform((products) => ({ products, next: undefined })),
  z.object({ products: z.array(z.unknown()), next: said }),
]);

/** One page of the catalogue, and where the next one is; null: this was the last. */
export type ProductPage = ProductList & { next: string | null };

/** Sorts a page's entries into usable and not. */
export function sortProducts(entries: readonly unknown[]): ProductList {
  const list: ProductList = { products: [], unusable: [] };
  for (const entry of entries) {
    const result = product.safeParse(entry);
    if (result.success) list.products.push(result.data);
    else list.unusable.push({ sku: skuIn(entry), problem: problemsIn(result.error) });
  }
  return list;
}

/** One line, as it stands in a report. */
function problemsIn({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`))
    .join('; ');
}

function skuIn(entry: unknown): string | null {
  const sku = (entry as { sku?: unknown } | null)?.sku;
  return typeof sku === 'string' && sku.trim() !== '' ? sku.trim() : null;
}

type Said<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function withoutUnsaid<T extends object>(answer: T): Said<T> {
  return Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== undefined)) as Said<T>;
}
