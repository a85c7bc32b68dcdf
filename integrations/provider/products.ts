import { call, type ProviderClientOptions } from './call.js';
import { ProviderError } from './errors.js';
import { productPage, sortProducts, type ProductPage } from './schemas.js';

const OPERATION = 'listProducts';

/** Far beyond any catalogue; only a system that pages in circles with fresh addresses gets here. */
const MOST_PAGES = 1_000;

/**
 * The pages of `GET /products`, one after the other; `from` is a `next` of theirs, to go on there. Whoever uses them must
 * have all of them: a sync of half a catalogue would take offers off the market.
 */
export async function* listProducts(
  options: ProviderClientOptions,
  from: string | null,
): AsyncGenerator<ProductPage> {
  const first = `${options.baseUrl}/products`;
  const seen = new Set<string>();
  for (let url: string | null = nextPage(from ?? first, first); url !== null;) {
    if (seen.has(url) || seen.size >= MOST_PAGES) throw badAnswer('the pages have no end');
    seen.add(url);
    const { body } = await call(options, { operation: OPERATION, method: 'GET', url });
    const page = productPage.safeParse(body);
    if (!page.success) throw badAnswer('the answer has not the expected shape', page.error);
    url = nextPage(page.data.next, url);
    yield { ...sortProducts(page.data.products), next: url };
  }
}

/** The key goes along to the next page, so that must be on the same host. */
function nextPage(next: string | undefined, current: string): string | null {
  if (next === undefined) return null;
  if (!URL.canParse(next, current)) throw badAnswer('the next page has no usable address');
  const url = new URL(next, current);
  if (url.origin !== new URL(current).origin) throw badAnswer('the next page is on another host');
  return url.href;
}

function badAnswer(detail: string, cause?: unknown): ProviderError {
  return new ProviderError({ operation: OPERATION, kind: 'bad_answer', detail, cause });
}
