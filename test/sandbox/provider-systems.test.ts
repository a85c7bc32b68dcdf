import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { generatedProducts } from '../../sandbox/provider/products.js';
import { startSandboxProvider, type SandboxProvider } from '../../sandbox/provider/sandbox-provider.js';
import { sampleRules } from '../../sandbox/provider/serviceability.js';
import { caller } from './calling.js';

let sandbox: SandboxProvider;
let call: ReturnType<typeof caller>;
let keys = 0;

beforeAll(async () => {
  sandbox = await startSandboxProvider({ apiKey: 'crm-key' });
  call = caller(sandbox.url, { authorization: 'Bearer crm-key' });
});
beforeEach(() => {
  sandbox.control.clearFaults();
  sandbox.control.setServiceability(sampleRules);
  sandbox.control.setActivation('at-once');
});
afterAll(() => sandbox.close());

const post = <T = Record<string, unknown>>(path: string, body: unknown, key = `key-${(keys += 1)}`) =>
  call<T>('POST', path, { body, headers: { 'idempotency-key': key } });

const serviceAddress = {
  street: '123 Main St',
  city: 'San Francisco',
  state: 'CA',
  zipCode: '94102',
  country: 'US',
};
const customerInfo = { fullName: 'John Doe', email: 'john@example.com', phone: '+1-555-123-4567' };
const offer = { id: 'off-1', name: 'Fiber', category: 'internet' };
const ids = { itemId: 'item-1', orderId: 'ord-1' };
const query = {
  itemId: 'item-1',
  offerId: 'off-1',
  offerName: 'Fiber',
  category: 'internet',
  serviceAddress,
};
const workOrder = { ...ids, offer, customerInfo, serviceAddress, unitNumber: '4B' };

describe('every call', () => {
  it('needs the bearer key', async () => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { 'x-api-key': 'crm-key' }]) {
      const answer = await caller(sandbox.url, headers)('GET', '/products');
      expect(answer.status).toBe(401);
    }
  });

  it.each([
    '/serviceability',
    '/customer-contacts',
    '/work-orders',
    '/work-orders/wo-1/cancel',
    '/activations',
  ])('POST %s needs an Idempotency-Key and a right body', async (path) => {
    const answer = await call('POST', path, { body: { ...query, ...workOrder, reason: 'r' } });
    expect([answer.status, answer.body['error']]).toEqual([400, 'Idempotency-Key is required']);
    expect((await post(path, { itemId: 7 })).status).toBe(400);
    expect((await post(path, '{')).status).toBe(400);
  });

  it('does a repeated POST once and gives the first answer again', async () => {
    const before = sandbox.control.workOrders().length;
    const [first, second] = await Promise.all([
      post('/work-orders', workOrder, 'same'),
      post('/work-orders', workOrder, 'same'),
    ]);
    const third = await post('/work-orders', workOrder, 'same');
    expect([first.status, second.status, third.status]).toEqual([201, 201, 201]);
    expect(second.body).toEqual(first.body);
    expect(third.body).toEqual(first.body);
    expect(sandbox.control.workOrders()).toHaveLength(before + 1);
    const calls = sandbox.control.calls().filter((one) => one.idempotencyKey === 'same');
    expect(calls.map((one) => [one.repeat, one.applied])).toEqual([
      [false, true],
      [true, false],
      [true, false],
    ]);
  });

  it('refuses a key that was used for something else', async () => {
    expect((await post('/work-orders', workOrder, 'used')).status).toBe(201);
    expect((await post('/work-orders', { ...workOrder, notes: 'x' }, 'used')).status).toBe(422);
    expect((await post('/serviceability', workOrder, 'used')).status).toBe(422);
  });

  it('does not hold a failure against a key', async () => {
    sandbox.control.setServiceability(() => {
      throw new Error('map server down');
    });
    expect((await post('/serviceability', query, 'again')).status).toBe(500);
    sandbox.control.setServiceability(sampleRules);
    expect((await post('/serviceability', query, 'again')).status).toBe(200);
  });
});

describe('serviceability', () => {
  const at = (street: string, zipCode = '94102') =>
    post('/serviceability', { ...query, serviceAddress: { ...serviceAddress, street, zipCode } });

  it('says yes, no with a reason and an alternative, or that it cannot tell', async () => {
    expect((await at('123 Main St')).body).toEqual({ serviceable: true });
    expect((await at('5 Nowhere Lane')).body).toEqual({
      serviceable: false,
      reason: 'Building does not have fiber infrastructure.',
      alternative: 'Cable internet available as alternative.',
    });
    expect((await at('5 Unclear Ave')).body).toMatchObject({ serviceable: null });
  });

  it('goes by ZIP list or by a function when told to', async () => {
    sandbox.control.setServiceability({ ...sampleRules, zipCodes: ['10001'] });
    expect((await at('1 Main St', '10001')).body).toEqual({ serviceable: true });
    expect((await at('1 Main St', '94102')).body).toMatchObject({ serviceable: false });
    sandbox.control.setServiceability(({ itemId }) => ({ serviceable: null, reason: itemId }));
    expect((await at('1 Main St')).body).toEqual({ serviceable: null, reason: 'item-1' });
  });
});

describe('work', () => {
  it('keeps customer contacts', async () => {
    const contact = { itemId: 'item-1', customerInfo, contactBy: '2026-01-02T18:00:00Z' };
    expect((await post('/customer-contacts', contact)).status).toBe(400);
    expect((await post('/customer-contacts', { ...contact, purpose: 'schedule_installation' })).status).toBe(
      201,
    );
    expect(sandbox.control.contacts().at(-1)).toMatchObject(contact);
  });

  it('makes and cancels work orders', async () => {
    const made = await post<{ workOrderId: string }>('/work-orders', workOrder);
    expect(made.status).toBe(201);
    const { workOrderId } = made.body;
    expect(sandbox.control.workOrders().at(-1)).toMatchObject({ workOrderId, ...workOrder, state: 'open' });
    expect((await post(`/work-orders/${workOrderId}/cancel`, {})).status).toBe(400);
    expect((await post(`/work-orders/${workOrderId}/cancel`, { reason: 'Moved' })).status).toBe(200);
    expect((await post(`/work-orders/${workOrderId}/cancel`, { reason: 'Again' })).status).toBe(200);
    expect(sandbox.control.workOrders().at(-1)).toMatchObject({ state: 'cancelled', cancelReason: 'Moved' });
    expect((await post('/work-orders/wo-nobody/cancel', { reason: 'r' })).status).toBe(404);
  });

  it('activates at once, by policy for insurance and by account otherwise', async () => {
    const insurance = await post('/activations', {
      ...workOrder,
      offer: { ...offer, category: 'insurance' },
    });
    expect(insurance.status).toBe(200);
    expect(insurance.body).toEqual({
      activated: true,
      policyNumber: expect.stringMatching(/^POL-\d+$/) as string,
      effectiveDate: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) as string,
    });
    const energy = await post('/activations', { ...workOrder, offer: { ...offer, category: 'energy' } });
    expect(energy.body).toEqual({ activated: true, accountNumber: expect.stringMatching(/^\d+$/) as string });
  });

  it('activates later when switched so', async () => {
    sandbox.control.setActivation('later');
    const answer = await post('/activations', workOrder);
    expect(answer.status).toBe(202);
    expect(answer.body).not.toHaveProperty('activated');
    expect(sandbox.control.activations().at(-1)).toMatchObject({ itemId: 'item-1', pending: true });
  });

  it('lists products, bare or in pages', async () => {
    const product = (n: number) => ({
      sku: `S${n}`,
      productName: `P${n}`,
      type: 'internet',
      price: n,
      isActive: true,
    });
    const products = [1, 2, 3, 4, 5].map(product);
    sandbox.control.setProducts(products);
    expect((await call('GET', '/products')).body).toEqual(products);
    sandbox.control.setProducts(products, 2);
    const seen: unknown[] = [];
    let next: string | undefined = `${sandbox.url}/products`;
    while (next !== undefined) {
      type Page = { products: unknown[]; next?: string };
      const page: Page = (await call<Page>('GET', next.slice(sandbox.url.length))).body;
      expect(page.products.length).toBeLessThanOrEqual(2);
      seen.push(...page.products);
      next = page.next;
    }
    expect(seen).toEqual(products);
  });

  it('lists what it is given, of any shape, and keeps it from the hand that gave it', async () => {
    const products = [{ sku: 'S1', price: 'free' }, { productName: 'no SKU' }];
    sandbox.control.setProducts(products);
    products[0]!.sku = 'S2';
    expect((await call('GET', '/products')).body).toEqual([
      { sku: 'S1', price: 'free' },
      { productName: 'no SKU' },
    ]);
    expect(sandbox.control.products()).toHaveLength(2);
  });

  it('makes ten thousand products, each with a SKU of its own, the same every time', async () => {
    const products = generatedProducts(10_000);
    expect(new Set(products.map(({ sku }) => sku)).size).toBe(10_000);
    expect(generatedProducts(10_000)).toEqual(products);
    sandbox.control.setProducts(products, 4_000);
    const pages = [1, 2, 3].map((page) => call<{ products: unknown[] }>('GET', `/products?page=${page}`));
    const lengths = (await Promise.all(pages)).map(({ body }) => body.products.length);
    expect(lengths).toEqual([4_000, 4_000, 2_000]);
  });
});

describe('misbehaviour', () => {
  it('error and drop-reply: the second is done, and its repeat gets the first answer', async () => {
    sandbox.control.setFaults([
      { kind: 'error', status: 503, path: '/work-orders', times: 1 },
      { kind: 'drop-reply', path: '/work-orders', times: 1 },
    ]);
    const before = sandbox.control.workOrders().length;
    expect((await post('/work-orders', workOrder, 'faulty')).status).toBe(503);
    expect(sandbox.control.workOrders()).toHaveLength(before);
    await expect(post('/work-orders', workOrder, 'faulty')).rejects.toThrow('fetch failed');
    expect(sandbox.control.workOrders()).toHaveLength(before + 1);
    const third = await post('/work-orders', workOrder, 'faulty');
    expect(third.body['workOrderId']).toBe(sandbox.control.workOrders().at(-1)?.workOrderId);
    expect(sandbox.control.workOrders()).toHaveLength(before + 1);
  });

  it('hang: never answers, and closing does not wait for it', async () => {
    const other = await startSandboxProvider({ apiKey: 'k' });
    other.control.setFaults([{ kind: 'hang' }]);
    const hanging = caller(other.url)('GET', '/products').then(
      () => 'answered',
      (error: Error) => error.message,
    );
    await vi.waitFor(() => expect(other.control.calls()[0]?.faults).toEqual(['hang']));
    await other.close();
    expect(await hanging).toBe('fetch failed');
  });
});
