import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startSandboxOffergrid, type SandboxOffergrid } from '../../sandbox/offergrid/sandbox-offergrid.js';
import type { PlacedOrder } from '../../sandbox/offergrid/platform.js';
import { caller } from './calling.js';
import { startReceiver } from './receiver.js';

let sandbox: SandboxOffergrid;
let control: ReturnType<typeof caller>;
let provider: ReturnType<typeof caller>;

beforeAll(async () => {
  sandbox = await startSandboxOffergrid({ providerKey: 'pk_p', resellerKey: 'pk_r' });
  control = caller(`${sandbox.url}/control`);
  provider = caller(sandbox.url, { 'x-api-key': 'pk_p' });
});
afterAll(() => sandbox.close());

describe('over HTTP', () => {
  it('places an order with chosen ids, age and gaps', async () => {
    const createdAt = new Date(Date.now() - 25 * 3600_000).toISOString();
    const body = {
      ...{ orderId: 'ord-old', itemIds: ['item-a', 'item-b'], createdAt },
      items: [{ offerId: 'off-789-ghi' }, { offerId: 'off-draft-1' }],
      customerInfo: { email: null },
      serviceAddress: { street: '9 Nowhere Rd', zipCode: null },
    };
    const placed = await control<PlacedOrder>('POST', '/orders', { body });
    expect(placed.status).toBe(201);
    expect(placed.body).toMatchObject({ orderId: 'ord-old', createdAt });
    const { body: item } = await provider('GET', '/provider/orders/item-b');
    expect(item).toMatchObject({ createdAt, offerId: 'off-draft-1' });
    expect(item['customerInfo']).toEqual({ fullName: 'John Doe', phone: '+1-555-123-4567' });
    expect(item['serviceAddress']).toMatchObject({ street: '9 Nowhere Rd', city: 'San Francisco' });
    expect(item['serviceAddress']).not.toHaveProperty('zipCode');
  });

  it.each([
    ['a taken id', { itemIds: ['item-taken'] }],
    ['too many ids', { itemIds: ['item-c', 'item-d'] }],
    ['an unknown offer', { items: [{ offerId: 'off-nobody' }] }],
    ['an unknown key', { adress: {} }],
  ])('refuses an order with %s', async (_what, body) => {
    await control('POST', '/orders', { body: { itemIds: ['item-taken'], orderId: 'ord-taken' } });
    const before = sandbox.control.items().length;
    expect((await control('POST', '/orders', { body })).status).toBe(400);
    expect(sandbox.control.items()).toHaveLength(before);
  });

  it('sets a status as the dashboard and tells the path', async () => {
    await control('POST', '/orders', { body: { itemIds: ['item-path'] } });
    const set = { itemId: 'item-path', status: 'failed', providerNotes: 'by hand' };
    expect((await control('POST', '/status', { body: set })).status).toBe(204);
    expect((await control('GET', '/items/item-path/path')).body).toEqual(['pending', 'failed']);
    expect((await control('GET', '/items/item-path/transitions')).body).toMatchObject([
      { from: null, to: 'pending', by: 'platform' },
      { from: 'pending', to: 'failed', by: 'dashboard', providerNotes: 'by hand' },
    ]);
    expect((await control('POST', '/status', { body: { ...set, status: 'lost' } })).status).toBe(400);
    expect((await control('POST', '/status', { body: { ...set, itemId: 'item-nobody' } })).status).toBe(400);
  });

  it('cancels one item of an order, or what is left of the order', async () => {
    const items = [{ offerId: 'off-789-ghi' }, { offerId: 'off-ins-1' }];
    await control('POST', '/orders', { body: { items, itemIds: ['item-x', 'item-y'], orderId: 'ord-xy' } });
    expect((await control('POST', '/cancel', { body: { id: 'item-x', reason: 'r' } })).status).toBe(204);
    expect([sandbox.control.path('item-x').at(-1), sandbox.control.path('item-y').at(-1)]).toEqual([
      'cancelled',
      'pending',
    ]);
    expect((await control('POST', '/cancel', { body: { id: 'ord-xy' } })).status).toBe(204);
    expect(sandbox.control.path('item-x')).toHaveLength(2);
    expect(sandbox.control.path('item-y').at(-1)).toBe('cancelled');
    expect((await control('POST', '/cancel', { body: { id: 'ord-xy' } })).status).toBe(400);
    expect((await control('POST', '/cancel', { body: { id: 'ord-nobody' } })).status).toBe(400);
  });

  it('sets faults and webhook, and lists calls and deliveries', async () => {
    const receiver = await startReceiver();
    try {
      const webhook = { url: receiver.url, secret: 's', envelope: 'nested' };
      expect((await control('PUT', '/webhook', { body: webhook })).status).toBe(204);
      await control('POST', '/webhook/send', { body: { event: 'offer.ordered' } });
      await vi.waitFor(() => expect(receiver.received[0]?.json).toEqual({ event: 'offer.ordered' }));
      await control('PUT', '/webhook', { body: 'null' });
      expect((await control<unknown[]>('GET', '/deliveries')).body).toHaveLength(1);
      expect(
        (await control('PUT', '/faults', { body: { faults: [{ kind: 'error', status: 599 }] } })).status,
      ).toBe(204);
      expect((await provider('GET', '/provider/offers')).status).toBe(599);
      expect((await control('DELETE', '/faults')).status).toBe(204);
      expect((await provider('GET', '/provider/offers')).status).toBe(200);
      expect((await control('PUT', '/faults', { body: { faults: [{ kind: 'eror' }] } })).status).toBe(400);
      const calls = (await control<{ path: string; status: number }[]>('GET', '/calls')).body.slice(-2);
      expect(calls.map((one) => [one.path, one.status])).toEqual([
        ['/provider/offers', 599],
        ['/provider/offers', 200],
      ]);
    } finally {
      await receiver.close();
    }
  });
});

describe('in process', () => {
  it('notes who called, what, and whether it changed anything', async () => {
    const itemId = sandbox.control.placeOrder().items[0]!.itemId;
    const path = `/provider/orders/${itemId}/status`;
    const body = { status: 'accepted', providerNotes: 'ok' };
    await provider('PATCH', path, { body });
    await provider('PATCH', path, { body });
    await provider('GET', '/provider/orders?status=accepted');
    await caller(sandbox.url)('GET', '/provider/orders');
    expect(sandbox.control.calls().slice(-4)).toMatchObject([
      { method: 'PATCH', path, role: 'provider', body, status: 200, applied: true, faults: [] },
      { method: 'PATCH', path, role: 'provider', body, status: 409, applied: false },
      { path: '/provider/orders', query: { status: 'accepted' }, status: 200, applied: false },
      { path: '/provider/orders', role: 'none', status: 401, applied: false },
    ]);
  });

  it('hands out copies', () => {
    const itemId = sandbox.control.placeOrder().items[0]!.itemId;
    const copy = sandbox.control.items().find((item) => item.id === itemId)!;
    copy.status = 'failed';
    expect(sandbox.control.items().find((item) => item.id === itemId)!.status).toBe('pending');
  });

  it('frees its port', async () => {
    const one = await startSandboxOffergrid({ providerKey: 'p', resellerKey: 'r' });
    await one.close();
    const other = await startSandboxOffergrid({ providerKey: 'p', resellerKey: 'r', port: one.port });
    expect(other.url).toBe(one.url);
    const clash = startSandboxOffergrid({ providerKey: 'p', resellerKey: 'r', port: one.port });
    await expect(clash).rejects.toThrow('EADDRINUSE');
    await other.close();
  });
});
