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

const CONNECTIONS = ['fiber', 'cable', 'dsl', 'fixed_wireless'];

/**
 * `count` products that are the same whenever they are asked for: internet plans with details, priced 20.00 to 119.99,
 * all of them sold. SKUs are `GEN-00001` and so on.
 */
export function generatedProducts(count: number): Product[] {
  return Array.from({ length: count }, (_, index) => {
    const megabits = 100 * (1 + (index % 10));
    return {
      sku: `GEN-${String(index + 1).padStart(5, '0')}`,
      productName: `Internet plan ${index + 1}, ${megabits} Mbps`,
      type: 'internet',
      price: (2_000 + ((index * 37) % 10_000)) / 100,
      isActive: true,
      description: `Up to ${megabits} Mbps for homes in market area ${1 + (index % 50)}`,
      details: {
        minBandwidth: megabits / 2,
        maxBandwidth: megabits,
        connectionType: CONNECTIONS[index % CONNECTIONS.length],
        dataCap: index % 3 === 0 ? null : 1_000,
      },
    };
  });
}

/** `GET /products`: a bare array, or one page and the address of the next when `pageSize` is set. */
export function productList(
  products: readonly object[],
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
