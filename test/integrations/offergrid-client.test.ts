import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOffergridClient } from '../../integrations/offergrid/client.js';
import { OffergridError } from '../../integrations/offergrid/errors.js';
import { deadUrl, json, startRecordingServer, type RecordingServer } from './recording-server.js';

const ITEM = {
  id: 'item-456-def',
  orderId: 'ord-123-abc',
  offerId: 'off-789-ghi',
  offerName: 'Fiber 1 Gig',
  status: 'pending',
  createdAt: '2025-01-02T10:00:00Z',
  customerInfo: { fullName: 'Jo Doe', email: 'jo@example.com', phone: '555-123-4567', language: 'es' },
  serviceAddress: { street: '1 Main St', city: 'Reno', state: 'NV', zipCode: 89501, country: 'US' },
  notes: 'Gate code later',
  metadata: { unitNumber: '4B', test: true },
  priority: 'high',
};

let server: RecordingServer;
const client = (timeoutMs?: number) =>
  createOffergridClient({
    baseUrl: server.url,
    apiKey: 'pk_live_secret',
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });

beforeEach(async () => {
  server = await startRecordingServer();
});
afterEach(() => server.close());

async function failure(call: Promise<unknown>): Promise<OffergridError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OffergridError);
  return error as OffergridError;
}

describe('reading', () => {
  it('reads an item under our names and keeps what it does not know', async () => {
    server.answer = json(200, ITEM);
    const item = await client().getItem('item-456-def');
    expect(item).toMatchObject({
      itemId: 'item-456-def',
      orderId: 'ord-123-abc',
      offerName: 'Fiber 1 Gig',
      status: 'pending',
      createdAt: '2025-01-02T10:00:00.000Z',
      scheduledFor: null,
      customerInfo: { fullName: 'Jo Doe', language: 'es' },
      serviceAddress: { zipCode: '89501' },
      metadata: { unitNumber: '4B', test: true },
      priority: 'high',
    });
    expect(server.received[0]).toMatchObject({ method: 'GET', url: '/provider/orders/item-456-def' });
    expect(server.received[0]?.headers['x-api-key']).toBe('pk_live_secret');
  });

  it('takes an item that is little more than an id and a status', async () => {
    server.answer = json(200, { itemId: 'i', status: 'accepted', customerInfo: null, metadata: 'none' });
    expect(await client().getItem('i')).toMatchObject({
      itemId: 'i',
      orderId: null,
      offerId: null,
      createdAt: null,
      customerInfo: { fullName: null, email: null, phone: null },
      serviceAddress: { street: null },
      metadata: {},
    });
  });

  it.each([
    ['data', { data: ITEM }],
    [
      'order and offer',
      {
        itemId: 'item-456-def',
        status: 'pending',
        order: { id: 'ord-123-abc', customerInfo: ITEM.customerInfo, serviceAddress: ITEM.serviceAddress },
        offer: { id: 'off-789-ghi', name: 'Fiber 1 Gig', category: 'internet' },
      },
    ],
  ])('finds the fragments nested under %s', async (_where, body) => {
    server.answer = json(200, body);
    expect(await client().getItem('item-456-def')).toMatchObject({
      itemId: 'item-456-def',
      orderId: 'ord-123-abc',
      offerId: 'off-789-ghi',
      customerInfo: { email: 'jo@example.com' },
      serviceAddress: { city: 'Reno' },
    });
  });

  it('encodes ids, also those that would change the path', async () => {
    server.answer = json(200, ITEM);
    await client().getItem('a/b?c#d e');
    await client().getItem('..');
    expect(server.received.map(({ url }) => url)).toEqual([
      '/provider/orders/a%2Fb%3Fc%23d%20e',
      '/provider/orders/%252E%252E',
    ]);
  });

  it.each([
    ['bare', [ITEM]],
    ['data', { data: [ITEM] }],
    ['items', { items: [ITEM] }],
    ['orders', { orders: [ITEM], total: 1 }],
  ])('reads a list (%s) by status', async (_form, body) => {
    server.answer = json(200, body);
    const { items, unreadable } = await client().listItems('submitted_to_provider');
    expect(items.map(({ itemId }) => itemId)).toEqual(['item-456-def']);
    expect(unreadable).toEqual([]);
    expect(server.received[0]?.url).toBe('/provider/orders?status=submitted_to_provider');
  });

  it('does not let one odd item hide the others', async () => {
    server.answer = json(200, [{ ...ITEM, id: 'odd', status: 'on_the_moon' }, null, ITEM]);
    const { items, unreadable } = await client().listItems();
    expect(items.map(({ itemId }) => itemId)).toEqual(['item-456-def']);
    expect(unreadable.map(({ itemId }) => itemId)).toEqual(['odd', null]);
    expect(server.received[0]?.url).toBe('/provider/orders');
  });

  it('reads offers, prices written as text included', async () => {
    const offer = { id: 'off-1', name: 'Fiber', sku: 'F1', monthlyPrice: '79.99', keyFeatures: ['fast'] };
    server.answer = json(200, [offer, { id: 'off-2', monthlyPrice: null }]);
    expect(await client().listOffers()).toMatchObject([
      { offerId: 'off-1', sku: 'F1', monthlyPrice: 79.99, keyFeatures: ['fast'], metadata: {} },
      { offerId: 'off-2', sku: null, monthlyPrice: null },
    ]);
    server.answer = json(200, offer);
    expect(await client().getOffer('off-1')).toMatchObject({ offerId: 'off-1', name: 'Fiber' });
    expect(server.received.map(({ url }) => url)).toEqual(['/provider/offers', '/provider/offers/off-1']);
  });

  it('refuses a list of offers with one that cannot be told apart', async () => {
    server.answer = json(200, [{ id: 'off-1' }, { name: 'no id' }]);
    expect(await failure(client().listOffers())).toMatchObject({ kind: 'bad_answer' });
  });
});

describe('updating', () => {
  const update = {
    status: 'scheduled' as const,
    providerNotes: 'Technician comes on Friday.',
    scheduledFor: '2025-01-15T21:00:00Z',
    metadata: { workOrderId: 'wo-1' },
  };

  it('sends the body as it is and returns the item', async () => {
    server.answer = json(200, { ...ITEM, status: 'scheduled' });
    expect(await client().updateStatus('item/1', update)).toMatchObject({ status: 'scheduled' });
    expect(server.received[0]).toMatchObject({ method: 'PATCH', url: '/provider/orders/item%2F1/status' });
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual(update);
    expect(server.received[0]?.headers['content-type']).toBe('application/json');
  });

  it.each(['', 'OK', '{"success":true}'])('takes any 2xx for done (%j)', async (body) => {
    server.answer = json(200, body);
    expect(await client().updateStatus('i', update)).toBeNull();
  });
});

describe('writing offers', () => {
  const body = { name: 'Fiber 500', sku: 'F-5', monthlyPrice: 49.99, serviceSpecificData: { dataCap: null } };

  it('creates with the body as it is and returns the offer with its id', async () => {
    server.answer = json(201, { ...body, id: 'off-1', status: 'active', externalId: 17 });
    expect(await client().createOffer(body)).toMatchObject({
      offerId: 'off-1',
      sku: 'F-5',
      externalId: '17',
    });
    expect(server.received[0]).toMatchObject({ method: 'POST', url: '/provider/offers' });
    expect(server.received[0]?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual(body);
  });

  it('has no offer without an id: it is there, and has to be looked for', async () => {
    server.answer = json(201, 'Created');
    expect(await failure(client().createOffer(body))).toMatchObject({ kind: 'bad_answer', retryable: true });
    expect(server.received).toHaveLength(1);
  });

  it('updates the fields it is given and returns the offer', async () => {
    server.answer = json(200, { ...body, id: 'off/1', monthlyPrice: 59.99 });
    const updated = await client().updateOffer('off/1', { monthlyPrice: 59.99 });
    expect(updated).toMatchObject({ offerId: 'off/1', monthlyPrice: 59.99 });
    expect(server.received[0]).toMatchObject({ method: 'PATCH', url: '/provider/offers/off%2F1' });
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual({ monthlyPrice: 59.99 });
  });

  it.each(['', 'OK', '{"success":true}'])('takes any 2xx of an update for done (%j)', async (answer) => {
    server.answer = json(200, answer);
    expect(await client().updateOffer('off-1', { status: 'inactive' })).toBeNull();
  });

  it.each([
    ['createOffer', 409, 'SKU F-5 already exists', 'refused'],
    ['createOffer', 400, ['monthlyPrice: too small'], 'refused'],
    ['updateOffer', 404, 'Offer not found', 'not_found'],
  ])('%s refused with %i says why', async (operation, status, message, kind) => {
    server.answer = json(status, { statusCode: status, message, error: 'No' });
    const sent =
      operation === 'createOffer' ? client().createOffer(body) : client().updateOffer('off-1', body);
    const detail = [message].flat().join();
    expect(await failure(sent)).toMatchObject({ kind, status, detail, retryable: false });
  });
});

describe('failures', () => {
  it.each([
    [400, 'refused', false],
    [401, 'unauthorized', false],
    [403, 'forbidden', false],
    [404, 'not_found', false],
    [409, 'refused', false],
    [422, 'refused', false],
    [429, 'rate_limited', true],
    [500, 'unavailable', true],
    [503, 'unavailable', true],
  ])('%i is %s, retryable: %s, after one attempt', async (status, kind, retryable) => {
    server.answer = json(status, { statusCode: status, message: 'No.', error: 'Bad' });
    expect(await failure(client().getItem('i'))).toMatchObject({ kind, status, retryable, detail: 'No.' });
    expect(server.received).toHaveLength(1);
  });

  it.each([
    [{ error: 'Invalid email', field: 'customerInfo.email' }, 'Invalid email (customerInfo.email)'],
    [
      { message: ['status must be one of', 'notes must be text'] },
      'status must be one of; notes must be text',
    ],
    [null, 'no message'],
    ['', 'no message'],
    [{ message: 'x'.repeat(5_000) }, `${'x'.repeat(299)}…`],
  ])('says what the body says (%#)', async (body, detail) => {
    server.answer = json(400, body);
    expect((await failure(client().getItem('i'))).detail).toBe(detail);
  });

  it.each([
    [
      '<html>\n  Bad gateway for jo@example.com\u0007</html>\n',
      '<html> Bad gateway for jo@example.com </html>',
    ],
    [
      { code: 'E17', message: { text: 'jo@example.com' } },
      '{"code":"E17","message":{"text":"jo@example.com"}}',
    ],
    [['jo@example.com'], '["jo@example.com"]'],
    [`jo@example.com ${'x'.repeat(5_000)}`, `jo@example.com ${'x'.repeat(284)}…`],
  ])(
    'shows how a body without a message begins, and keeps it out of what is logged (%#)',
    async (body, detail) => {
      server.answer = json(422, body);
      const error = await failure(client().getItem('i'));
      expect(error.detail).toBe(detail);
      expect(error.message).toBe('Offergrid getItem: refused (422): no message');
      expect(String(error.stack)).not.toContain('jo@example.com');
    },
  );

  it('reads how long to wait, the longest of what is said', async () => {
    const wait = async (body: unknown, headers: Record<string, string>, status = 429) => {
      server.answer = json(status, body, headers);
      return (await failure(client().getItem('i'))).retryAfterMs;
    };
    const inSeconds = (seconds: number) => String(Math.floor(Date.now() / 1_000) + seconds);
    expect(await wait({}, {})).toBeUndefined();
    expect(await wait({ retryAfter: 60 }, {})).toBe(60_000);
    expect(await wait({ retryAfter: 60 }, { 'retry-after': '90' })).toBe(90_000);
    expect(await wait('', { 'retry-after': '7' }, 503)).toBe(7_000);
    expect(await wait({ retryAfter: 1e9 }, {})).toBe(3_600_000);
    expect(await wait({ retryAfter: 1 }, { 'x-ratelimit-reset': inSeconds(-10) })).toBe(1_000);
    expect(await wait({ retryAfter: 1 }, { 'x-ratelimit-reset': inSeconds(1e6) })).toBe(1_000);
    const untilReset = await wait({ retryAfter: 1 }, { 'x-ratelimit-reset': inSeconds(600) });
    expect(untilReset).toBeGreaterThan(500_000);
    expect(untilReset).toBeLessThanOrEqual(600_000);
    const untilDate = await wait({}, { 'retry-after': new Date(Date.now() + 600_000).toUTCString() });
    expect(untilDate).toBeGreaterThan(500_000);
    expect(untilDate).toBeLessThanOrEqual(600_000);
  });

  it.each(['<html>login</html>', '{"message":"hello"}', '[]', '{"id":"i","status":"lost"}'])(
    'a 2xx that is no item is a bad answer (%s)',
    async (body) => {
      server.answer = json(200, body);
      expect(await failure(client().getItem('i'))).toMatchObject({ kind: 'bad_answer', retryable: true });
    },
  );

  it('gives up on a silent server, also in the middle of a body', async () => {
    server.answer = () => undefined;
    expect(await failure(client(50).getItem('i'))).toMatchObject({ kind: 'timeout', retryable: true });
    server.answer = (_request, response) => void response.writeHead(200).write('{"id":');
    expect(await failure(client(50).getItem('i'))).toMatchObject({ kind: 'timeout', retryable: true });
  });

  it('waits for an answer as long as the platform recommends, and no longer', async () => {
    server.answer = () => undefined;
    const began = performance.now();
    const detail = 'no answer in 10000 ms';
    expect(await failure(client().getItem('i'))).toMatchObject({ kind: 'timeout', detail });
    // Timers may fire a little early; how late this one is seen is up to the machine.
    expect(performance.now() - began).toBeGreaterThan(9_900);
  });

  it('tells a dead network from a refusal', async () => {
    const dead = createOffergridClient({ baseUrl: await deadUrl(), apiKey: 'k' });
    expect(await failure(dead.getItem('i'))).toMatchObject({
      kind: 'network',
      retryable: true,
      detail: 'ECONNREFUSED',
    });
    server.answer = (_request, response) => void response.socket?.destroy();
    expect(await failure(client().getItem('i'))).toMatchObject({ kind: 'network', retryable: true });
  });

  it('does not carry the key after a redirect', async () => {
    const elsewhere = await startRecordingServer();
    try {
      server.answer = json(307, '', { location: `${elsewhere.url}/provider/orders/i` });
      expect(await failure(client().getItem('i'))).toMatchObject({ kind: 'refused', status: 307 });
      expect(elsewhere.received).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });

  it('keeps the key out of what it says', async () => {
    server.answer = json(401, { message: 'Unauthorized - invalid API key' });
    const error = await failure(client().getItem('i'));
    expect(error.message).toBe('Offergrid getItem: unauthorized (401): Unauthorized - invalid API key');
    expect(JSON.stringify(error) + String(error.stack)).not.toContain('pk_live_secret');
  });
});
