import { ApplicationFailure } from '@temporalio/activity';
import type { OfferCatalogue, ReadSoFar } from '../db/offer-catalogue.js';
import { mapProduct, type MappedProduct, type OfferMapping } from '../domain/offer-mapping.js';
import type { ProviderClient } from '../integrations/provider/client.js';
import { ProviderError } from '../integrations/provider/errors.js';
import type { ProductList } from '../integrations/provider/schemas.js';

export interface Reading {
  provider: ProviderClient | undefined;
  catalogue: OfferCatalogue;
  mapping: OfferMapping;
  runId: string;
  pass: number;
}

/** The longest we let the provider's system put us off, in milliseconds: a run has not many attempts, and others join it. */
const LONGEST_WAIT_MS = 60_000;

const FROM_THE_START: ReadSoFar = { products: 0, next: null, complete: false };

/** Keeps the provider's catalogue page by page, and goes on where an attempt before was cut off; how many products. */
export async function readCatalogue(reading: Reading): Promise<number> {
  const { catalogue, runId, pass } = reading;
  const begun = await catalogue.soFar(runId, pass);
  if (begun.complete) return begun.products;
  try {
    return await readFrom(begun, reading);
  } catch (error) {
    const isFinal = error instanceof ProviderError && !error.retryable;
    if (begun.next === null || !isFinal) throw asFailure(error);
    // The address of a page may not be good for long.
    return await readFrom(FROM_THE_START, reading).catch((again: unknown) => {
      throw asFailure(again);
    });
  }
}

async function readFrom({ products: begun, next: from }: ReadSoFar, reading: Reading): Promise<number> {
  const { provider, catalogue, mapping, runId, pass } = reading;
  if (provider === undefined) {
    const message = 'no products system is connected: PROVIDER_API_URL is not set';
    throw ApplicationFailure.create({ message, type: 'Provider.none', nonRetryable: true });
  }
  let before = begun;
  for await (const { next, ...page } of provider.listProducts(from)) {
    const products = mapped(page, mapping);
    await catalogue.keepPage(runId, pass, { before, products, next });
    before += products.length;
  }
  return before;
}

function mapped({ products, unusable }: ProductList, mapping: OfferMapping): MappedProduct[] {
  // Where the SKU stands elsewhere, what an unusable product calls so is another thing: it stands for nobody knows which.
  const namesSku = mapping.fields.sku === undefined;
  return [
    ...products.map((product) => mapProduct(product, mapping)),
    ...unusable.map(({ sku, problem }) => ({
      kind: 'unusable' as const,
      sku: namesSku ? sku : null,
      reason: problem,
    })),
  ];
}

function asFailure(error: unknown): unknown {
  if (!(error instanceof ProviderError)) return error;
  return ApplicationFailure.create({
    message: error.message,
    type: `Provider.${error.kind}`,
    nonRetryable: !error.retryable,
    ...(error.retryAfterMs === undefined
      ? {}
      : { nextRetryDelay: Math.min(error.retryAfterMs, LONGEST_WAIT_MS) }),
  });
}
