import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { line, transitionOf, viewOf } from '../db/transitions.js';
import { ADMIN_KEY, newId, startHarness, warmUp, type Answer, type Harness } from './harness.js';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});
afterEach(() => Promise.all([api.postgres.mend(), api.temporal.mend()]));
afterAll(() => api.close());

const paths = ({ body }: Answer) => (body['errors'] as { path: string }[]).map(({ path }) => path);

describe('GET /v1/orders/{itemId}', () => {
  test('a recorded item with its story and the link to its run', async () => {
    const view = viewOf('item-1');
    await api.records.record(transitionOf(view, { entries: [line(1, 'one')] }));
    const { status, body } = await api.call('GET', '/v1/orders/item-1');
    const { sequence: _, ...entry } = line(1, 'one');
    const url = `http://ui.example/namespaces/${api.namespace}/workflows/fulfillment-item-1`;
    expect(status).toBe(200);
    expect(body).toEqual({
      ...view,
      workflow: { workflowId: 'fulfillment-item-1', url },
      timeline: [entry],
    });
  });

  test('an item known from a webhook only', async () => {
    await api.temporal.cut();
    const itemId = newId('item');
    await api.webhook({ event: 'order.created', itemId, orderId: 'ord-1' });
    const { body } = await api.call('GET', `/v1/orders/${itemId}`);
    const instant = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    expect(body).toEqual({
      ...{ itemId, orderId: 'ord-1', offerId: null, offerName: null, category: null },
      ...{ stage: 'intake', outcome: null, offergridStatus: null, testOrder: null, sla: null },
      ...{ waitingFor: null, attention: null, appointment: null, workOrderId: null },
      ...{ createdAt: instant, updatedAt: instant, timeline: [] },
      workflow: { workflowId: `fulfillment-${itemId}`, url: expect.any(String) as string },
    });
    const { items } = (await api.call('GET', '/v1/orders?orderId=ord-1')).body as { items: unknown[] };
    expect(items).toEqual([expect.objectContaining({ itemId, stage: 'intake' })]);
  });

  test('an item that only an unknown event named', async () => {
    const itemId = newId('item');
    await api.webhook({ event: 'offer.ordered', itemId, orderId: 'ord-2' });
    expect((await api.call('GET', `/v1/orders/${itemId}`)).body).toMatchObject({ stage: 'intake' });
  });

  test('404 for any other', async () => {
    expect((await api.call('GET', '/v1/orders/nobody')).status).toBe(404);
    expect((await api.call('GET', '/v1/orders/%00')).status).toBe(404);
  });
});

describe('GET /v1/orders', () => {
  test('filters, pages, and leaves the story out', async () => {
    const orderId = newId('ord');
    for (const [at, stage] of (['decision', 'decision', 'installation'] as const).entries()) {
      const attention = { code: 'drift', since: '2025-01-02T10:00:00.000Z', message: 'x' } as const;
      const sla = {
        state: at === 0 ? 'met' : 'breached',
        deadline: `2025-01-0${at + 1}T00:00:00.000Z`,
        respondedAt: null,
      } as const;
      const view = viewOf(`${orderId}-${at}`, {
        orderId,
        stage,
        sla,
        attention: at === 1 ? attention : null,
      });
      await api.records.record(transitionOf(view));
    }
    const list = async (query: string) => {
      const { status, body } = await api.call('GET', `/v1/orders?orderId=${orderId}${query}`);
      expect(status).toBe(200);
      return body as { items: { itemId: string }[]; nextCursor: string | null };
    };
    const found = async (query: string) => (await list(query)).items.map(({ itemId }) => itemId.at(-1));

    expect(await found('')).toEqual(['0', '1', '2']);
    expect(await found('&stage=decision')).toEqual(['0', '1']);
    expect(await found('&slaState=breached')).toEqual(['1', '2']);
    expect(await found('&attention=true')).toEqual(['1']);
    expect(await found('&outcome=active')).toEqual([]);
    expect(await found('&stage=&outcome=')).toEqual(['0', '1', '2']);

    const first = await list('&limit=2');
    expect(first.items[0]).not.toHaveProperty('timeline');
    expect(await found(`&limit=2&cursor=${first.nextCursor}`)).toEqual(['2']);
    expect((await list(`&limit=2&cursor=${first.nextCursor}`)).nextCursor).toBeNull();
  });

  test.each([
    'stage=x',
    'outcome=open',
    'slaState=fine',
    'attention=maybe',
    'limit=0',
    'limit=201',
    'limit=x',
    'cursor=x',
    'stage=review&stage=done',
  ])('400: %s', async (query) => {
    const answer = await api.call('GET', `/v1/orders?${query}`);
    expect(answer.status).toBe(400);
    expect(paths(answer)).toEqual([query.split('=')[0]]);
  });
});

describe('GET /v1/inbox', () => {
  test('shows what was put aside, lets it be tried again, and not what was processed', async () => {
    await api.webhook({ event: 'order.created', orderId: 'ord-quarantined' });
    const { body } = await api.call('GET', '/v1/inbox?state=quarantined&limit=1');
    const [row] = body['items'] as { id: string }[];
    expect(row).toEqual({
      ...{ id: expect.any(String) as string, receivedAt: expect.any(String) as string },
      ...{ event: 'order.created', itemId: null, orderId: 'ord-quarantined' },
      ...{ state: 'quarantined', reason: 'names no order item', attempts: 0 },
    });
    expect((await api.call('POST', `/v1/inbox/${row!.id}/replay`)).status).toBe(202);

    await api.pool.query(`update inbox set state = 'processed' where id = $1`, [row!.id]);
    expect((await api.call('POST', `/v1/inbox/${row!.id}/replay`)).status).toBe(409);
    expect((await api.call('POST', '/v1/inbox/999999999/replay')).status).toBe(404);
    expect((await api.call('POST', '/v1/inbox/abc/replay')).status).toBe(404);
    expect((await api.call('GET', '/v1/inbox?state=lost')).status).toBe(400);
    expect((await api.call('GET', '/v1/inbox?cursor=abc')).status).toBe(400);
  });
});

describe('GET /v1/reports/fulfillment', () => {
  test('over the range', async () => {
    const created = viewOf(newId('item'), { createdAt: '2001-01-01T12:00:00.000Z' });
    await api.records.record(transitionOf(created));
    const report = (query: string) => api.call('GET', `/v1/reports/fulfillment?${query}`);
    expect((await report('from=2001-01-01&to=2001-01-02')).body).toMatchObject({
      acceptanceRate: null,
      counts: { received: 1, open: 1 },
    });
    expect((await report('to=2001-01-01T13:00:00%2B02:00')).body).toMatchObject({ counts: { received: 0 } });
    expect((await report('')).status).toBe(200);
  });

  test.each([
    ['from=yesterday', 'from'],
    ['to=2025-01-01T10:00:00', 'to'],
    ['from=2025-01-02&to=2025-01-01', 'to'],
  ])('400: %s', async (query, path) => {
    const answer = await api.call('GET', `/v1/reports/fulfillment?${query}`);
    expect(answer.status).toBe(400);
    expect(paths(answer)).toEqual([path]);
  });
});

describe('who may', () => {
  const routes: [string, string][] = [
    ['POST', '/v1/orders/item-1/events'],
    ['PUT', '/v1/work-orders/wo-1/status'],
    ['GET', '/v1/orders'],
    ['GET', '/v1/orders/item-1'],
    ['POST', '/v1/orders/item-1/commands'],
    ['GET', '/v1/inbox'],
    ['POST', '/v1/inbox/1/replay'],
    ['GET', '/v1/reports/fulfillment'],
  ];

  test.each(routes)('401 without a valid key: %s %s', async (method, path) => {
    for (const headers of [{}, { authorization: 'Bearer nonsense' }, { 'x-api-key': `${ADMIN_KEY}x` }]) {
      const answer = await api.call(method, path, { key: null, headers });
      expect(answer.status).toBe(401);
      expect(answer.body).toMatchObject({ type: 'about:blank', title: 'Unauthorized', status: 401 });
      expect(answer.headers.get('x-request-id')).toBeTruthy();
    }
  });

  test('either header will do', async () => {
    const answer = await api.call('GET', '/v1/orders', { key: null, headers: { 'x-api-key': ADMIN_KEY } });
    expect(answer.status).toBe(200);
    expect(api.logged()).not.toContain(ADMIN_KEY);
  });

  test.each(routes)('405 with what is allowed: DELETE in place of %s %s', async (method, path) => {
    const answer = await api.call('DELETE', path);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toContain(method);
  });
});

describe('every answer', () => {
  test("carries the caller's request id where it is fit, else a new one", async () => {
    const id = async (given: string) =>
      (await api.call('GET', '/nowhere', { headers: { 'x-request-id': given } })).headers.get('x-request-id');
    expect(await id('trace-1:a.b')).toBe('trace-1:a.b');
    for (const unfit of ['with space', '<script>', 'x'.repeat(200)]) {
      expect(await id(unfit)).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test('of a path that is nowhere is a problem', async () => {
    const answer = await api.call('GET', '/nowhere');
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect((await api.call('GET', '/v1/orders/%E0%A4%A')).status).toBe(400);
  });
});

describe('health', () => {
  test('alive, and ready while a webhook could be stored somewhere', async () => {
    const ready = async () => {
      const { status, body } = await api.call('GET', '/readyz', { key: null });
      return [status, body['status'], body['dependencies']];
    };
    expect((await api.call('GET', '/healthz', { key: null })).body).toEqual({ status: 'ok' });
    expect(await ready()).toEqual([200, 'ok', { postgres: 'up', temporal: 'up' }]);
    await api.postgres.cut();
    expect(await ready()).toEqual([200, 'ok', { postgres: 'down', temporal: 'up' }]);
    await api.postgres.mend();
    await warmUp(api);
    api.postgres.freeze();
    api.temporal.freeze();
    const began = Date.now();
    expect(await ready()).toEqual([503, 'unavailable', { postgres: 'down', temporal: 'down' }]);
    expect(Date.now() - began).toBeLessThan(2_500);
    expect((await api.call('GET', '/healthz', { key: null })).status).toBe(200);
    await api.postgres.cut();
    expect((await api.call('GET', '/v1/orders')).status).toBe(503);
  });
});
