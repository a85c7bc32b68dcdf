import type { Product } from './requests.js';

/** The simulated provider's own catalogue. */
export const sampleProducts: readonly Product[] = [
  {
    sku: 'NET-1000',
    productName: 'High-Speed Internet 1000 Mbps',
    type: 'internet',
    price: 59.99,
    isActive: true,
    description: 'Fiber to the home',
    details: { minBandwidth: 500, maxBandwidth: 1000, connectionType: 'fiber', dataCap: null },
  },
  { sku: 'SEC-PRO', productName: 'Home Security Complete', type: 'security', price: 39.99, isActive: true },
  {
    sku: 'INS-BASIC',
    productName: 'Renters Insurance Basic',
    type: 'insurance',
    price: 14.5,
    isActive: true,
  },
  { sku: 'TV-OLD', productName: 'Cable TV Classic', type: 'television', price: 29, isActive: false },
];

/** `GET /products`: a bare array, or one page and the address of the next when `pageSize` is set. */
export function productList(
  products: readonly Product[],
  pageSize: number | null,
  page: number,
  base: string,
): unknown {
  if (pageSize === null) return products;
  const start = (page - 1) * pageSize;
  const more = start + pageSize < products.length;
  return {
    products: products.slice(start, start + pageSize),
    ...(more && { next: `${base}/products?page=${page + 1}` }),
  };
}
