import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProviderClient } from '../../integrations/provider/client.js';
import { ProviderError } from '../../integrations/provider/errors.js';
import type { ProductList } from '../../integrations/provider/schemas.js';
import { deadUrl, json, startRecordingServer, type RecordingServer } from './recording-server.js';

let server: RecordingServer;
const client = (timeoutMs = 10_000) =>
  createProviderClient({ baseUrl: `${server.url}/base`, apiKey: 'provider-secret', timeoutMs });

beforeEach(async () => {
  server = await startRecordingServer();
});
afterEach(() => server.close());

/** All pages of the catalogue. */
async function catalogue(from?: string) {
  const all: ProductList = { products: [], unusable: [] };
  for await (const { products, unusable } of client().listProducts(from)) {
    all.products.push(...products);
    all.unusable.push(...unusable);
  }
  return all;
}

async function failure(call: Promise<unknown>): Promise<ProviderError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ProviderError);
  return error as ProviderError;
}

const OFFER = { id: 'off-1', name: 'Fiber', category: 'internet', sku: 'F1' };
const CUSTOMER = { fullName: 'Jo Doe', email: 'jo@example.com', phone: '5551234567' };
const ADDRESS = { street: '1 Main St', city: 'Reno', state: 'NV', zipCode: '89501', country: 'US' };
const ORDER = {
  itemId: 'i',
  orderId: 'o',
  offer: OFFER,
  customerInfo: CUSTOMER,
  serviceAddress: ADDRESS,
};
const QUESTION = {
  itemId: 'i',
  offerId: 'off-1',
  offerName: 'Fiber',
  category: null,
  serviceAddress: ADDRESS,
};

describe('calls', () => {
  it.each([
    [{ serviceable: true, reason: null }, { serviceable: true }],
    [
      { serviceable: false, reason: 'No line', alternative: 'DSL', extra: 1 },
      { serviceable: false, reason: 'No line', alternative: 'DSL' },
    ],
    [{ serviceable: null }, { serviceable: null }],
  ])('asks for serviceability (%j)', async (body, expected) => {
    server.answer = json(200, body);
    expect(await client().checkServiceability({ ...QUESTION, unitNumber: '4B' }, 'key-1')).toEqual(expected);
    const [request] = server.received;
    expect(request).toMatchObject({ method: 'POST', url: '/base/serviceability' });
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer provider-secret',
      'idempotency-key': 'key-1',
      'content-type': 'application/json',
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({ ...QUESTION, unitNumber: '4B' });
  });

  it('asks to contact the customer; any 2xx will do', async () => {
    server.answer = json(204, '');
    const purpose = 'schedule_installation' as const;
    const request = { itemId: 'i', customerInfo: CUSTOMER, contactBy: '2025-01-03T10:00:00Z', purpose };
    await client().contactCustomer(request, 'contact-i');
    expect(server.received[0]).toMatchObject({ url: '/base/customer-contacts' });
    expect(server.received[0]?.headers['idempotency-key']).toBe('contact-i');
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual(request);
  });

  it('makes a work order', async () => {
    server.answer = json(201, { workOrderId: 4711 });
    expect(await client().createWorkOrder(ORDER, 'wo-i')).toEqual({ workOrderId: '4711' });
    expect(server.received[0]).toMatchObject({ method: 'POST', url: '/base/work-orders' });
    expect(server.received[0]?.headers['idempotency-key']).toBe('wo-i');
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual(ORDER);
  });

  it('cancels a work order, and one that is not there is cancelled', async () => {
    server.answer = json(200, {});
    await client().cancelWorkOrder('wo/1', 'Customer withdrew', 'cancel-wo-1');
    server.answer = json(404, {});
    await client().cancelWorkOrder('wo-2', 'Customer withdrew', 'cancel-wo-2');
    expect(server.received.map(({ url }) => url)).toEqual([
      '/base/work-orders/wo%2F1/cancel',
      '/base/work-orders/wo-2/cancel',
    ]);
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual({ reason: 'Customer withdrew' });
    server.answer = json(409, {});
    expect(await failure(client().cancelWorkOrder('wo-3', 'r', 'k'))).toMatchObject({ kind: 'refused' });
  });

  it('activates at once or later', async () => {
    server.answer = json(200, { activated: true, policyNumber: 'P-1', accountNumber: null });
    expect(await client().activate(ORDER, 'act-i')).toEqual({ activated: true, policyNumber: 'P-1' });
    server.answer = json(202, '');
    expect(await client().activate(ORDER, 'act-i')).toEqual({ activated: false });
    expect(server.received.map(({ url, headers }) => [url, headers['idempotency-key']])).toEqual([
      ['/base/activations', 'act-i'],
      ['/base/activations', 'act-i'],
    ]);
  });
});

describe('products', () => {
  const product = (sku: string) => ({ sku, productName: sku, type: 'internet', price: 10, isActive: true });

  it('reads a bare list and says which products cannot be used', async () => {
    server.answer = json(200, [
      { ...product('A'), details: { maxBandwidth: 1000 }, colour: 'blue' },
      { ...product('B'), price: '10 dollars' },
      { productName: ' ' },
      null,
    ]);
    const { products, unusable } = await catalogue();
    expect(products).toMatchObject([{ sku: 'A', details: { maxBandwidth: 1000 }, colour: 'blue' }]);
    expect(unusable.map(({ sku }) => sku)).toEqual(['B', null, null]);
    expect(unusable[0]?.problem).toMatch(/^price: [^\n;]+$/);
    expect(unusable[1]?.problem).toMatch(/^sku: .+; productName: .+; type: .+; price: .+; isActive: [^\n]+$/);
    expect(server.received[0]?.headers.authorization).toBe('Bearer provider-secret');
  });

  it('follows the pages, relative addresses too', async () => {
    server.answer = (request, response) => {
      const pages: Record<string, unknown> = {
        '/base/products': { products: [product('A')], next: '/base/products?page=2' },
        '/base/products?page=2': { products: [product('B')], next: `${server.url}/base/products?page=3` },
        '/base/products?page=3': { products: [product('C')], next: null },
      };
      json(200, pages[request.url])(request, response);
    };
    expect((await catalogue()).products.map(({ sku }) => sku)).toEqual(['A', 'B', 'C']);
    // From a page on.
    expect((await catalogue(`${server.url}/base/products?page=3`)).products.map(({ sku }) => sku)).toEqual([
      'C',
    ]);
  });

  it('does not follow pages in circles', async () => {
    server.answer = json(200, { products: [], next: '/base/products' });
    expect(await failure(catalogue())).toMatchObject({ kind: 'bad_answer', retryable: false });
    expect(server.received).toHaveLength(1);
  });

  it('does not take the key to another host', async () => {
    const elsewhere = await startRecordingServer();
    try {
      server.answer = json(200, { products: [], next: `${elsewhere.url}/base/products` });
      expect(await failure(catalogue())).toMatchObject({ kind: 'bad_answer' });
      expect(elsewhere.received).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });

  it('is whole or nothing', async () => {
    server.answer = (request, response) =>
      request.url === '/base/products'
        ? json(200, { products: [product('A')], next: '?page=2' })(request, response)
        : json(503, {})(request, response);
    expect(await failure(catalogue())).toMatchObject({ kind: 'unavailable', retryable: true });
  });
});

describe('failures', () => {
  it.each([
    [307, 'refused', false],
    [400, 'refused', false],
    [401, 'unauthorized', false],
    [403, 'unauthorized', false],
    [404, 'not_found', false],
    [408, 'timeout', true],
    [422, 'refused', false],
    [429, 'rate_limited', true],
    [500, 'unavailable', true],
    [502, 'unavailable', true],
  ])('%i is %s, retryable: %s, after one attempt', async (status, kind, retryable) => {
    server.answer = json(status, { error: 'jo@example.com is unknown' });
    const error = await failure(client().createWorkOrder(ORDER, 'k'));
    expect(error).toMatchObject({ kind, status, retryable });
    expect(error.message).not.toContain('jo@example.com');
    expect(server.received).toHaveLength(1);
  });

  it('does not carry the key and the customer after a redirect', async () => {
    const elsewhere = await startRecordingServer();
    try {
      server.answer = json(307, '', { location: `${elsewhere.url}/work-orders` });
      expect(await failure(client().createWorkOrder(ORDER, 'k'))).toMatchObject({ kind: 'refused' });
      expect(elsewhere.received).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });

  it('reads Retry-After', async () => {
    server.answer = json(429, {}, { 'retry-after': '12' });
    expect((await failure(client().createWorkOrder(ORDER, 'k'))).retryAfterMs).toBe(12_000);
    server.answer = json(503, {}, { 'retry-after': 'soon' });
    expect((await failure(client().createWorkOrder(ORDER, 'k'))).retryAfterMs).toBeUndefined();
  });

  it.each(['', '{}', '{"serviceable":"yes"}', '[]'])('cannot use %j for an answer', async (body) => {
    server.answer = json(200, body);
    const error = await failure(client().checkServiceability(QUESTION, 'k'));
    expect(error).toMatchObject({ kind: 'bad_answer', retryable: false });
  });

  it('gives up on a silent server and on none', async () => {
    server.answer = () => undefined;
    expect(await failure(client(50).activate(ORDER, 'k'))).toMatchObject({
      kind: 'timeout',
      retryable: true,
    });
    const dead = createProviderClient({ baseUrl: await deadUrl(), apiKey: 'k' });
    expect(await failure(dead.activate(ORDER, 'k'))).toMatchObject({ kind: 'network', retryable: true });
  });
});
