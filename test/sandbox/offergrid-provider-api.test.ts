import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandboxOffergrid, type SandboxOffergrid } from '../../sandbox/offergrid/sandbox-offergrid.js';
import type { ItemStatus } from '../../sandbox/offergrid/order-item.js';
import { caller } from './calling.js';

const keys = { providerKey: 'pk_p', resellerKey: 'pk_r', hybridKey: 'pk_h' };
let sandbox: SandboxOffergrid;
let call: ReturnType<typeof caller>;

beforeAll(async () => {
  sandbox = await startSandboxOffergrid({ ...keys, callsPerMinute: 100_000, callsPerHour: 100_000 });
  call = caller(sandbox.url, { 'x-api-key': keys.providerKey });
});
afterAll(() => sandbox.close());

const newItem = (status?: ItemStatus): string => {
  const itemId = sandbox.control.placeOrder({ silent: true }).items[0]!.itemId;
  if (status !== undefined) sandbox.control.setStatus(itemId, status);
  return itemId;
};
const patch = (itemId: string, body: unknown) => call('PATCH', `/provider/orders/${itemId}/status`, { body });

describe('keys and roles', () => {
  it.each([
    ['no key', {}],
    ['an unknown key', { 'x-api-key': 'pk_x' }],
    ['a bearer token', { authorization: `Bearer ${keys.providerKey}` }],
  ])('refuses %s with 401', async (_what, headers: Record<string, string>) => {
    const answer = await caller(sandbox.url, headers)('GET', '/provider/orders');
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({
      statusCode: 401,
      message: 'Unauthorized - invalid API key',
      error: 'Unauthorized',
    });
  });

  it('keeps each side to its role, and lets a hybrid key reach both', async () => {
    const reseller = await caller(sandbox.url, { 'x-api-key': keys.resellerKey })('GET', '/provider/orders');
    expect(reseller.status).toBe(403);
    expect(reseller.body).toEqual({
      statusCode: 403,
      message: 'Forbidden - Provider role required',
      error: 'Forbidden',
    });
    expect((await call('GET', '/reseller/orders')).body).toMatchObject({
      message: 'Forbidden - Reseller role required',
    });
    const hybrid = caller(sandbox.url, { 'x-api-key': keys.hybridKey });
    expect((await hybrid('GET', '/provider/orders')).status).toBe(200);
    expect((await hybrid('GET', '/reseller/orders')).status).toBe(200);
  });

  it('answers / and /health without a key', async () => {
    const anyone = caller(sandbox.url);
    expect((await anyone('GET', '/')).status).toBe(200);
    expect((await anyone('GET', '/health')).status).toBe(200);
  });
});

describe('reading', () => {
  it('shows an item with everything the documentation names', async () => {
    const { orderId, items } = sandbox.control.placeOrder({
      createdAt: '2025-01-02T10:00:00Z',
      silent: true,
    });
    const itemId = items[0]!.itemId;
    const answer = await call('GET', `/provider/orders/${itemId}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      id: itemId,
      orderId,
      offerId: 'off-789-ghi',
      offerName: 'High-Speed Internet 1000 Mbps',
      status: 'pending',
      createdAt: '2025-01-02T10:00:00Z',
      customerInfo: { fullName: 'John Doe', email: 'john@example.com', phone: '+1-555-123-4567' },
      serviceAddress: {
        street: '123 Main St',
        city: 'San Francisco',
        state: 'CA',
        zipCode: '94102',
        country: 'US',
      },
      notes: 'Customer prefers afternoon installations',
      metadata: { referralSource: 'property-listing', unitNumber: '4B', moveInDate: '2025-01-15' },
      providerNotes: null,
      scheduledFor: null,
      providerMetadata: null,
    });
  });

  it('lists a bare array, filtered by one of the ten statuses', async () => {
    const pending = newItem();
    const scheduled = newItem('scheduled');
    const all = await call<{ id: string }[]>('GET', '/provider/orders');
    expect(all.body.map((item) => item.id)).toEqual(expect.arrayContaining([pending, scheduled]));
    const some = await call<{ id: string; status: string }[]>('GET', '/provider/orders?status=scheduled');
    expect(some.body.map((item) => item.id)).toContain(scheduled);
    expect(new Set(some.body.map((item) => item.status))).toEqual(new Set(['scheduled']));
    expect((await call('GET', '/provider/orders?status=new')).status).toBe(400);
    expect((await call('GET', '/provider/orders?status=pending&status=active')).status).toBe(400);
  });

  it('answers 404 for unknown ids and routes', async () => {
    expect((await call('GET', '/provider/orders/item-nobody')).body).toMatchObject({ statusCode: 404 });
    expect((await patch('item-nobody', { status: 'accepted' })).status).toBe(404);
    expect((await call('GET', '/provider/offers/off-nobody')).status).toBe(404);
    expect((await call('GET', '/provider/things')).status).toBe(404);
  });
});

describe('changing a status', () => {
  it('keeps notes, date and metadata, and the reseller metadata apart', async () => {
    const itemId = newItem('accepted');
    const sent = {
      status: 'scheduled',
      providerNotes: 'Tuesday 1-5 PM',
      scheduledFor: '2025-01-15T13:00:00-08:00',
      metadata: { technicianName: 'Mike Johnson', appointmentWindow: '1-5 PM' },
    };
    expect((await patch(itemId, sent)).status).toBe(200);
    const { body } = await call('GET', `/provider/orders/${itemId}`);
    expect(body).toMatchObject({
      status: 'scheduled',
      providerNotes: sent.providerNotes,
      scheduledFor: sent.scheduledFor,
      providerMetadata: sent.metadata,
      metadata: { unitNumber: '4B' },
    });
    expect(sandbox.control.transitions(itemId).at(-1)).toMatchObject({
      ...{ from: 'accepted', to: 'scheduled', by: 'provider' },
      ...{ scheduledFor: sent.scheduledFor, providerNotes: sent.providerNotes, metadata: sent.metadata },
    });
  });

  it.each<[string, unknown]>([
    ['no status', {}],
    ['an unknown status', { status: 'done' }],
    ['notes that are no text', { status: 'accepted', providerNotes: 7 }],
    ['a date without a time', { status: 'accepted', scheduledFor: '2025-01-15' }],
    ['a date in words', { status: 'accepted', scheduledFor: 'Jan 15, 1 PM' }],
    ['a date without an offset', { status: 'accepted', scheduledFor: '2025-01-15T13:00:00' }],
    ['metadata that is a list', { status: 'accepted', metadata: ['x'] }],
    ['no object', '[]'],
    ['no JSON', '{"status":'],
    ['no body', undefined],
  ])('refuses %s with 400', async (_what, body) => {
    const itemId = newItem();
    const answer = await patch(itemId, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ statusCode: 400, error: 'Bad Request' });
    expect(sandbox.control.path(itemId)).toEqual(['pending']);
  });

  const drawn: Record<ItemStatus, ItemStatus[]> = {
    pending: ['submitted_to_provider', 'accepted', 'rejected'],
    submitted_to_provider: ['accepted', 'rejected'],
    accepted: ['scheduled', 'active', 'cancelled'],
    scheduled: ['in_progress', 'cancelled'],
    in_progress: ['completed', 'active', 'failed', 'cancelled'],
    completed: ['active'],
    active: [],
    rejected: [],
    cancelled: [],
    failed: [],
  };
  const statuses = Object.keys(drawn) as ItemStatus[];

  it.each(statuses)(
    'lets an item that is %s make the drawn moves and refuses all others with 409',
    async (from) => {
      for (const to of statuses) {
        const itemId = newItem(from);
        const answer = await patch(itemId, { status: to });
        if (drawn[from].includes(to)) {
          expect([to, answer.status, answer.body.status]).toEqual([to, 200, to]);
        } else {
          expect([to, answer.status]).toEqual([to, 409]);
          expect(answer.body).toMatchObject({
            statusCode: 409,
            message: `Cannot change status from ${from} to ${to}`,
            error: 'Conflict',
          });
          expect(sandbox.control.items().find((item) => item.id === itemId)?.status).toBe(from);
        }
      }
    },
  );

  it('takes a second "scheduled" only when it says something new', async () => {
    const itemId = newItem('accepted');
    const first = {
      status: 'scheduled',
      providerNotes: 'a',
      scheduledFor: '2025-01-15T21:00:00Z',
      metadata: {},
    };
    expect((await patch(itemId, first)).status).toBe(200);
    expect((await patch(itemId, first)).status).toBe(409);
    expect((await patch(itemId, { ...first, scheduledFor: '2025-01-15T13:00:00-08:00' })).status).toBe(409);
    expect((await patch(itemId, { status: 'scheduled' })).status).toBe(409);
    expect((await patch(itemId, { ...first, scheduledFor: '2025-01-16T21:00:00Z' })).status).toBe(200);
    expect((await patch(itemId, { status: 'scheduled', providerNotes: 'b' })).status).toBe(200);
    expect((await patch(itemId, { status: 'scheduled', metadata: { workOrderId: 'wo-1' } })).status).toBe(
      200,
    );
    expect(sandbox.control.path(itemId).slice(-5)).toEqual([
      'accepted',
      'scheduled',
      'scheduled',
      'scheduled',
      'scheduled',
    ]);
  });
});

describe('offers', () => {
  it('creates a draft from a name alone, changes only what is sent, and removes', async () => {
    const created = await call<{ id: string }>('POST', '/provider/offers', { body: { name: 'Fiber 500' } });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ name: 'Fiber 500', status: 'draft', category: 'other' });
    const path = `/provider/offers/${created.body.id}`;
    const changed = await call('PATCH', path, { body: { monthlyPrice: 49.99, status: 'active', custom: 1 } });
    expect(changed.body).toMatchObject({
      name: 'Fiber 500',
      monthlyPrice: 49.99,
      status: 'active',
      custom: 1,
    });
    expect((await call('GET', path)).body).toEqual(changed.body);
    expect((await call('DELETE', path)).status).toBe(200);
    expect((await call('GET', path)).status).toBe(404);
  });

  const internet = { minBandwidth: 100, maxBandwidth: 500, connectionType: 'fiber' };
  const security = { monitoringType: 'hybrid', installationType: 'diy', equipmentIncluded: 'Hub' };

  it('keeps every documented field, and keys it does not know', async () => {
    const body = {
      ...{ name: 'Fiber 500', category: 'internet', status: 'inactive', sku: 'NET-500', monthlyPrice: 49.99 },
      ...{ description: 'd', internalName: 'i', internalDescription: 'i', externalId: 'crm-1' },
      ...{ serviceSpecificData: { ...internet, dataCap: null, downloadSpeed: '500 Mbps' } },
      ...{ metadata: { contractLength: '12 months' }, marketingHeadline: 'm', marketingDescription: 'm' },
      ...{
        overview: 'o',
        imageUrl: 'https://example.com/i.png',
        keyFeatures: ['fast'],
        pricingType: 'fixed',
      },
      ...{ submissionUrl: 'https://example.com', submissionConfig: { metadata: [] }, complianceData: {} },
      ...{ complianceStatus: 'unknown', complianceNotes: 'c', visibility: 'selected' },
      ...{ allowedResellers: ['team-1'], madeUp: { by: 'us' } },
    };
    const created = await call<{ id: string }>('POST', '/provider/offers', { body });
    expect(created.status).toBe(201);
    expect((await call('GET', `/provider/offers/${created.body.id}`)).body).toEqual({
      ...body,
      id: created.body.id,
    });
    await call('DELETE', `/provider/offers/${created.body.id}`);
  });

  it.each<[string, Record<string, unknown>]>([
    ['name', { name: '' }],
    ['name', { name: 7 }],
    ['category', { category: 'broadband' }],
    ['status', { status: 'deleted' }],
    ['sku', { sku: null }],
    ['monthlyPrice', { monthlyPrice: '9.99' }],
    ['monthlyPrice', { monthlyPrice: null }],
    ['description', { description: null }],
    ['serviceSpecificData', { serviceSpecificData: [] }],
    ['metadata', { metadata: 'x' }],
    ['keyFeatures', { keyFeatures: 'fast' }],
    ['pricingType', { pricingType: 'cheap' }],
    ['visibility', { visibility: 'all' }],
    ['serviceSpecificData.minBandwidth', { serviceSpecificData: { ...internet, minBandwidth: '100' } }],
    ['serviceSpecificData.maxBandwidth', { serviceSpecificData: { ...internet, maxBandwidth: undefined } }],
    ['serviceSpecificData.connectionType', { serviceSpecificData: { ...internet, connectionType: 'Fiber' } }],
    ['serviceSpecificData.dataCap', { serviceSpecificData: { ...internet, dataCap: 'none' } }],
    [
      'serviceSpecificData.monitoringType',
      { category: 'security', serviceSpecificData: { ...security, monitoringType: 'dog' } },
    ],
    [
      'serviceSpecificData.equipmentIncluded',
      { category: 'security', serviceSpecificData: { ...security, equipmentIncluded: undefined } },
    ],
    ['serviceSpecificData.monitoringType', { category: 'security' }],
  ])('refuses a wrong %s with 400 in creating and in changing: %j', async (field, wrong) => {
    const offer = { name: 'n', category: 'internet', serviceSpecificData: internet };
    const before = sandbox.control.offers();
    const answers = await Promise.all([
      call('POST', '/provider/offers', { body: { ...offer, ...wrong } }),
      call('PATCH', '/provider/offers/off-789-ghi', { body: wrong }),
    ]);
    for (const { status, body } of answers) {
      expect([status, body['statusCode'], body['error']]).toEqual([400, 400, 'Bad Request']);
      expect(body['message']).toContainEqual(expect.stringMatching(new RegExp(`^${field}: `)));
    }
    expect(sandbox.control.offers()).toEqual(before);
  });

  it('asks for the typed fields of a category only when they are sent', async () => {
    expect((await call('PATCH', '/provider/offers/off-sec-1', { body: { monthlyPrice: 41 } })).status).toBe(
      200,
    );
    const old = { serviceSpecificData: { downloadSpeed: '1 Gig' }, monthlyPrice: null };
    const aged = {
      id: 'off-old',
      name: 'Old',
      category: 'internet' as const,
      status: 'active' as const,
      ...old,
    };
    const before = sandbox.control.offers();
    sandbox.control.setOffers([...before, aged]);
    expect((await call('PATCH', '/provider/offers/off-old', { body: { monthlyPrice: 5 } })).body).toEqual({
      ...{ ...aged, monthlyPrice: 5 },
    });
    const body = { serviceSpecificData: { ...old.serviceSpecificData, ...internet } };
    expect((await call('PATCH', '/provider/offers/off-old', { body })).body).toMatchObject(body);
    sandbox.control.setOffers(before);
  });

  it('refuses wrong fields and a SKU that is taken', async () => {
    expect((await call('POST', '/provider/offers', { body: { sku: 'X' } })).status).toBe(400);
    expect((await call('POST', '/provider/offers', { body: { name: 'n', monthlyPrice: -1 } })).status).toBe(
      400,
    );
    expect((await call('POST', '/provider/offers', { body: { name: 'n', sku: 'NET-1000' } })).status).toBe(
      409,
    );
    expect((await call('PATCH', '/provider/offers/off-sec-1', { body: { sku: 'NET-1000' } })).status).toBe(
      409,
    );
    expect((await call('PATCH', '/provider/offers/off-sec-1', { body: { sku: 'SEC-PRO' } })).status).toBe(
      200,
    );
    const list = await call<{ sku: string }[]>('GET', '/provider/offers');
    expect(list.body.map((offer) => offer.sku)).toEqual(expect.arrayContaining(['NET-1000', 'NET-TEST']));
  });
});
