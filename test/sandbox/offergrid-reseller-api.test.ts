import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandboxOffergrid, type SandboxOffergrid } from '../../sandbox/offergrid/sandbox-offergrid.js';
import type { PlacedOrder } from '../../sandbox/offergrid/platform.js';
import { caller } from './calling.js';

let sandbox: SandboxOffergrid;
let call: ReturnType<typeof caller>;

beforeAll(async () => {
  sandbox = await startSandboxOffergrid({ providerKey: 'pk_p', resellerKey: 'pk_r' });
  call = caller(sandbox.url, { 'x-api-key': 'pk_r' });
});
afterAll(() => sandbox.close());

const order = {
  items: [{ offerId: 'off-789-ghi' }],
  serviceAddress: {
    street: '123 Main St',
    city: 'San Francisco',
    state: 'CA',
    zipCode: '94102',
    country: 'US',
  },
  customerInfo: { fullName: 'John Doe', email: 'john@example.com', phone: '+1-555-123-4567' },
};
const place = (body: unknown) => call<PlacedOrder>('POST', '/reseller/orders', { body });
const without = (part: 'serviceAddress' | 'customerInfo', key: string) => ({
  ...order,
  [part]: Object.fromEntries(Object.entries(order[part]).filter(([name]) => name !== key)),
});

describe('placing an order', () => {
  it('makes one pending item for each offer', async () => {
    const items = [{ offerId: 'off-789-ghi' }, { offerId: 'off-ins-1' }];
    const answer = await place({ ...order, items, notes: 'mornings', metadata: { unitNumber: '4B' } });
    expect(answer.status).toBe(201);
    const { orderId, createdAt } = answer.body;
    expect(answer.body.items.map(({ offerId, status }) => [offerId, status])).toEqual([
      ['off-789-ghi', 'pending'],
      ['off-ins-1', 'pending'],
    ]);
    const kept = sandbox.control.items().filter((item) => item.orderId === orderId);
    expect(kept.map((item) => item.id)).toEqual(answer.body.items.map((item) => item.itemId));
    expect(kept[1]).toMatchObject({ ...{ createdAt, notes: 'mornings' }, metadata: { unitNumber: '4B' } });
    expect(kept[1]).toMatchObject({ customerInfo: order.customerInfo, serviceAddress: order.serviceAddress });
  });

  it.each([
    ['items', { ...order, items: undefined }],
    ['items', { ...order, items: [] }],
    ['items[0].offerId', { ...order, items: [{}] }],
    ['items[1].offerId', { ...order, items: [{ offerId: 'off-789-ghi' }, { offerId: 7 }] }],
    ['serviceAddress', { ...order, serviceAddress: undefined }],
    ...Object.keys(order.serviceAddress).map((key) => [
      `serviceAddress.${key}`,
      without('serviceAddress', key),
    ]),
    ['customerInfo', { ...order, customerInfo: 'John Doe' }],
    ...Object.keys(order.customerInfo).map((key) => [`customerInfo.${key}`, without('customerInfo', key)]),
    ['serviceAddress.zipCode', { ...order, serviceAddress: { ...order.serviceAddress, zipCode: 94102 } }],
    ['notes', { ...order, notes: ['x'] }],
    ['metadata', { ...order, metadata: 'x' }],
  ] as [string, unknown][])(
    'refuses a missing or wrong %s in the order-validation shape',
    async (field, body) => {
      const before = sandbox.control.items().length;
      const answer = await call('POST', '/reseller/orders', { body });
      expect(answer.status).toBe(400);
      expect(Object.keys(answer.body).sort()).toEqual(['error', 'field']);
      expect(answer.body['field']).toBe(field);
      expect(sandbox.control.items()).toHaveLength(before);
    },
  );

  it.each(['off-draft-1', 'off-nobody'])('answers 404 when %s is among the offers', async (offerId) => {
    const before = sandbox.control.items().length;
    const answer = await place({ ...order, items: [...order.items, { offerId }] });
    expect(answer.status).toBe(404);
    expect(sandbox.control.items()).toHaveLength(before);
  });
});

describe('following and cancelling', () => {
  it('shows status and history', async () => {
    const { orderId, items } = (await place(order)).body;
    const itemId = items[0]!.itemId;
    const provider = caller(sandbox.url, { 'x-api-key': 'pk_p' });
    const body = { status: 'accepted', providerNotes: 'We will call you.' };
    expect((await provider('PATCH', `/provider/orders/${itemId}/status`, { body })).status).toBe(200);
    const read = await call('GET', `/reseller/orders/${orderId}`);
    expect(read.body).toMatchObject({
      ...{ orderId, status: 'accepted' },
      items: [{ itemId, status: 'accepted', providerNotes: 'We will call you.' }],
      history: [{ status: 'pending' }, { status: 'accepted', providerNotes: 'We will call you.' }],
    });
    const listed = await call<{ orderId: string }[]>('GET', '/reseller/orders?status=accepted');
    expect(listed.body.map((one) => one.orderId)).toContain(orderId);
    expect((await call('GET', '/reseller/orders/ord-nobody')).status).toBe(404);
  });

  it.each(['pending', 'submitted_to_provider', 'accepted', 'scheduled', 'in_progress'] as const)(
    'cancels an order that is %s',
    async (status) => {
      const { orderId, items } = (await place(order)).body;
      const itemId = items[0]!.itemId;
      sandbox.control.setStatus(itemId, status);
      const cancel = { body: { reason: 'Customer no longer needs service' } };
      const answer = await call('PATCH', `/reseller/orders/${orderId}/cancel`, cancel);
      expect(answer.status).toBe(200);
      expect(sandbox.control.transitions(itemId).at(-1)).toMatchObject({
        ...{ from: status, to: 'cancelled', by: 'reseller', reason: 'Customer no longer needs service' },
      });
      expect((await call('PATCH', `/reseller/orders/${orderId}/cancel`, cancel)).status).toBe(409);
    },
  );

  it.each(['completed', 'active', 'rejected', 'failed'] as const)(
    'does not cancel what is %s',
    async (status) => {
      const { orderId, items } = (await place(order)).body;
      sandbox.control.setStatus(items[0]!.itemId, status);
      expect((await call('PATCH', `/reseller/orders/${orderId}/cancel`, { body: {} })).status).toBe(409);
      expect(sandbox.control.path(items[0]!.itemId).at(-1)).toBe(status);
    },
  );
});

describe('catalogue', () => {
  const ids = async (query: string) =>
    (await call<{ id: string }[]>('GET', `/reseller/catalog${query}`)).body.map((offer) => offer.id);

  it('shows active offers only, by the documented filters', async () => {
    expect(await ids('')).toEqual(['off-789-ghi', 'off-sec-1', 'off-ins-1']);
    expect(await ids('?category=insurance')).toEqual(['off-ins-1']);
    expect(await ids('?search=FIBER&maxPrice=100')).toEqual(['off-789-ghi']);
    expect(await ids('?minPrice=20&sortBy=price')).toEqual(['off-sec-1', 'off-789-ghi']);
    expect((await call('GET', '/reseller/catalog/off-sec-1')).status).toBe(200);
    expect((await call('GET', '/reseller/catalog/off-draft-1')).status).toBe(404);
    expect((await call('GET', '/reseller/catalog?minPrice=cheap')).status).toBe(400);
  });

  it('hides an offer that is not active at once, and shows it when it is again', async () => {
    const provider = caller(sandbox.url, { 'x-api-key': 'pk_p' });
    const seen = async () => [
      (await ids('')).includes('off-sec-1'),
      (await call('GET', '/reseller/catalog/off-sec-1')).status,
      (await place({ ...order, items: [{ offerId: 'off-sec-1' }] })).status,
    ];
    for (const status of ['draft', 'inactive', 'archived']) {
      await provider('PATCH', '/provider/offers/off-sec-1', { body: { status } });
      expect([status, ...(await seen())]).toEqual([status, false, 404, 404]);
    }
    await provider('PATCH', '/provider/offers/off-sec-1', { body: { status: 'active' } });
    expect(await seen()).toEqual([true, 200, 201]);
  });

  it('keeps what is internal from resellers', async () => {
    const provider = caller(sandbox.url, { 'x-api-key': 'pk_p' });
    const body = { internalName: 'margin 40 %', internalDescription: 'old stock', overview: 'For homes' };
    await provider('PATCH', '/provider/offers/off-ins-1', { body });
    const shown = (await call('GET', '/reseller/catalog/off-ins-1')).body;
    expect(shown).toMatchObject({ overview: 'For homes' });
    expect(Object.keys(shown).filter((key) => key.startsWith('internal'))).toEqual([]);
  });
});
