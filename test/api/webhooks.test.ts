import { setTimeout as wait } from 'node:timers/promises';
import { createHmac, randomBytes } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { transitionOf, viewOf } from '../db/transitions.js';
import { eventually, newId, SECRET, signed, startHarness, warmUp, type Harness } from './harness.js';

/** Temporal's number for the type of a search attribute. */
const KEYWORD = 2;

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});
afterEach(() => Promise.all([api.postgres.mend(), api.temporal.mend()]));
afterAll(() => api.close());

const flat = (itemId: string, orderId = 'ord-1') => ({
  event: 'order.created',
  orderId,
  itemId,
  offerId: 'off-1',
  timestamp: '2025-01-02T10:00:00Z',
});
const nested = (itemId: string, event = 'order.created') => ({
  id: newId('evt'),
  event,
  timestamp: '2025-01-02T10:00:00Z',
  data: { orderId: 'ord-1', itemId, offerId: 'off-1' },
});
interface Row {
  event: string;
  state: string;
  reason: string | null;
}
const rowsOf = async (itemId: string): Promise<Row[]> => {
  const sql = 'select event, state, reason from inbox where item_id = $1 order by id';
  return (await api.pool.query<Row>(sql, [itemId])).rows;
};
const statesOf = async (itemId: string) => (await rowsOf(itemId)).map(({ state }) => state);

describe('what is taken', () => {
  test.each(['/webhooks/offergrid', '/webhooks/offergrid/orders'])('both envelopes at %s', async (path) => {
    for (const body of [flat(newId('item')), nested(newId('item'))]) {
      const itemId = 'data' in body ? body.data.itemId : body.itemId;
      expect((await api.webhook(body, { path })).status).toBe(200);
      await eventually(async () => expect(await api.signals(itemId)).toEqual([]));
      await eventually(async () =>
        expect(await rowsOf(itemId)).toEqual([{ event: 'order.created', state: 'processed', reason: null }]),
      );
    }
  });

  test('a workflow is started with its order, its search attributes and a summary', async () => {
    const itemId = newId('item');
    const orderId = newId('ord');
    await api.webhook(flat(itemId, orderId));
    await eventually(async () => {
      const run = await api.client.workflow.getHandle(`fulfillment-${itemId}`).describe();
      expect(run.type).toBe('fulfillOrderItem');
      expect(run.taskQueue).toBe('fulfillment');
      expect(run.searchAttributes).toMatchObject({
        OffergridOrderId: [orderId],
        FulfillmentStage: ['intake'],
      });
      expect(await run.staticSummary()).toBe(`Order item ${itemId}`);
    });
  });

  test('both signature variants', async () => {
    const raw = JSON.stringify(flat(newId('item')));
    const bodyOnly = createHmac('sha256', SECRET).update(raw).digest('hex');
    const headers = { 'x-offergrid-signature': bodyOnly };
    const answer = await api.call('POST', '/webhooks/offergrid', { raw, headers, key: null });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ received: true, duplicate: false });
  });

  test('duplicates, once', async () => {
    const body = nested(newId('item'));
    const answers = await Promise.all(Array.from({ length: 5 }, () => api.webhook(body)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(answers.filter((answer) => answer.body['duplicate'] === false)).toHaveLength(1);
    expect(await rowsOf(body.data.itemId)).toHaveLength(1);
  });

  test('unknown events, which start nothing', async () => {
    const itemId = newId('item');
    expect((await api.webhook(nested(itemId, 'offer.ordered'))).status).toBe(200);
    await eventually(async () =>
      expect(await rowsOf(itemId)).toEqual([
        { event: 'offer.ordered', state: 'processed', reason: 'an event we do not handle' },
      ]),
    );
    expect(await api.signals(itemId)).toBeNull();
  });

  test.each([
    ['a created order', { event: 'order.created', orderId: 'ord-1' }],
    ['a cancellation without an order', { event: 'order.cancelled', reason: 'neither' }],
    ['something else', { hello: 'world' }],
    ['an id no workflow could have', { event: 'order.created', itemId: 'x'.repeat(1_000) }],
    ['nothing', {}],
  ])('objects without an item id, which are put aside: %s', async (_, body) => {
    const before = await api.call('GET', '/v1/inbox?state=quarantined');
    expect((await api.webhook(body)).status).toBe(200);
    const { items } = (await api.call('GET', '/v1/inbox?state=quarantined')).body as { items: unknown[] };
    expect(items).toHaveLength((before.body['items'] as unknown[]).length + 1);
    expect(items[0]).toMatchObject({ state: 'quarantined', reason: 'names no order item' });
  });

  test('objects without an item id, which people are told of in the log, once', async () => {
    const body = { event: 'order.created', id: newId('evt') };
    const times = () => api.logged().split('"msg":"a webhook was put aside for a person"').length;
    const before = times();
    await api.webhook(body);
    await api.webhook(body);
    expect(times()).toBe(before + 1);
  });
});

describe('oddities, which are stored like anything else', () => {
  // With Temporal away there is no second place that could hide that the first would not have it.
  beforeEach(() => api.temporal.cut());
  const random = (length: number) => randomBytes(length).toString('hex').slice(0, length);
  const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;

  test.each<[string, (itemId: string) => object | string]>([
    ['an event id longer than an index takes', (itemId) => ({ ...nested(itemId), id: random(100_000) })],
    ['a year before the calendar', (itemId) => ({ ...flat(itemId), timestamp: '-000001-01-02T10:00:00Z' })],
    ['the year 0', (itemId) => ({ ...flat(itemId), timestamp: '0000-01-02T10:00:00Z' })],
    ['a year of five digits', (itemId) => ({ ...flat(itemId), timestamp: '+012025-01-02T10:00:00Z' })],
    ['an order id longer than an index takes', (itemId) => flat(itemId, random(100_000))],
    ['an order id that Postgres cannot hold', (itemId) => flat(itemId, 'ord\0')],
    [
      'more depth than Postgres follows',
      (itemId) => `{"event":"order.created","itemId":"${itemId}","x":${deep}}`,
    ],
  ])('%s', async (_, bodyOf) => {
    const itemId = newId('item');
    expect((await api.webhook(bodyOf(itemId))).status).toBe(200);
    expect((await api.webhook(bodyOf(itemId))).status).toBe(200);
    expect(await statesOf(itemId)).toContain('received');
    await api.temporal.mend();
    await eventually(async () => expect(await api.signals(itemId)).toEqual([]));
  });

  test.each<[string, object | string]>([
    ['an item id longer than an index takes', { event: 'order.created', itemId: random(100_000) }],
    ['an item id that Postgres cannot hold', { event: 'order.created', itemId: 'item\0' }],
    ['no item id, deeper than can be written again', `{"hello":${deep}}`],
  ])('%s: put aside', async (_, body) => {
    expect((await api.webhook(body)).body).toEqual({ received: true, duplicate: false });
    expect((await api.webhook(body)).body).toEqual({ received: true, duplicate: true });
    const { items } = (await api.call('GET', '/v1/inbox?state=quarantined')).body as { items: unknown[] };
    expect(items[0]).toMatchObject({ itemId: null, state: 'quarantined', reason: 'names no order item' });
  });
});

describe('what cannot be processed', () => {
  test('holds nobody up: more of it than the drain has hands for', async () => {
    const orderIds = Array.from({ length: 40 }, () => newId('ord'));
    await Promise.all(orderIds.map((orderId) => api.webhook({ event: 'order.cancelled', orderId })));
    const itemId = newId('item');
    await api.webhook(flat(itemId));
    await eventually(async () => expect(await api.signals(itemId)).toEqual([]), 3_000);
    // They would be tried again all through the other tests.
    await api.pool.query(`update inbox set state = 'processed' where order_id = any($1)`, [orderIds]);
  });

  test('an outage counts for nothing, however long it lasts', async () => {
    const itemId = newId('item');
    await api.temporal.cut();
    await api.webhook(flat(itemId));
    const row = async () => {
      const sql = `select state, attempts, next_attempt_at > now() + interval '1 s' as waits from inbox where item_id = $1`;
      return (await api.pool.query<object>(sql, [itemId])).rows[0];
    };
    await eventually(async () =>
      expect(await row()).toEqual({ state: 'received', attempts: 0, waits: true }),
    );
    await api.temporal.mend();
    await eventually(async () => expect(await api.signals(itemId)).toEqual([]));
  });

  test('is put before a person with its reason, and replayed once that is mended', async () => {
    const attributes = { OffergridOrderId: KEYWORD };
    const { operatorService } = await Connection.connect({ address: api.temporalAddress });
    await operatorService.removeSearchAttributes({
      namespace: api.namespace,
      searchAttributes: Object.keys(attributes),
    });
    const itemId = newId('item');
    const refused = async () => {
      const { rows } = await api.pool.query<{ id: string; state: string; reason: string | null }>(
        `update inbox set attempts = greatest(attempts, 8), failures = greatest(failures, 8), next_attempt_at = now()
          where item_id = $1 returning *`,
        [itemId],
      );
      return rows[0]!;
    };
    try {
      await eventually(async () => {
        await api.webhook(flat(itemId));
        expect((await refused()).reason).toMatch('OffergridOrderId');
      });
      await eventually(async () => {
        await refused();
        expect(await statesOf(itemId)).toEqual(['quarantined']);
      });
      const { items } = (await api.call('GET', '/v1/inbox?state=quarantined')).body as {
        items: { id: string; itemId: string; reason: string }[];
      };
      expect(items[0]).toMatchObject({ itemId, reason: expect.stringMatching('OffergridOrderId') as string });
      // Told by the time it is listed.
      const about = `${itemId}-order.attention-webhook-${items[0]!.id}`;
      const told = await api.client.workflow.getHandle(`notification-${about}`).describe();
      expect(told.type).toBe('sendNotification');
    } finally {
      await operatorService.addSearchAttributes({ namespace: api.namespace, searchAttributes: attributes });
    }
    await eventually(async () => {
      const [row] = (
        await api.pool.query<{ id: string }>('select id from inbox where item_id = $1', [itemId])
      ).rows;
      await api.call('POST', `/v1/inbox/${row!.id}/replay`);
      expect(await api.signals(itemId)).toEqual([]);
    });
    await eventually(async () => expect(await statesOf(itemId)).toEqual(['processed']));
  });
});

describe('processes that are killed with a row in hand', () => {
  /** A webhook as the last of so many processes left it, whose lease is over; while Temporal was away, for want of a kill. */
  async function leftBy(
    processes: number,
    body: { itemId?: string; orderId?: string },
  ): Promise<() => Promise<Row>> {
    await api.temporal.cut();
    await api.webhook({ event: 'order.created', ...body });
    const row = async () => {
      const sql = 'select state, reason from inbox where coalesce(item_id, order_id) = $1';
      return (await api.pool.query<Row>(sql, [body.itemId ?? body.orderId])).rows[0]!;
    };
    await eventually(async () => expect((await row()).reason).not.toBeNull());
    const kill = `update inbox set attempts = failures + $2, reason = null, next_attempt_at = now()
                   where coalesce(item_id, order_id) = $1`;
    await api.pool.query(kill, [body.itemId ?? body.orderId, processes]);
    await api.temporal.mend();
    return row;
  }

  test('leave it to the next, as often as it takes', async () => {
    const itemId = newId('item');
    const row = await leftBy(9, { itemId });
    await eventually(async () => expect(await api.signals(itemId)).toEqual([]));
    await eventually(async () => expect(await row()).toEqual({ state: 'processed', reason: null }));
  });

  test('leave it to the next before long, however much else there is to do', async () => {
    const itemId = newId('item');
    const row = await leftBy(9, { itemId });
    let isOver = false;
    const others = async () => {
      for (; !isOver; await wait(50)) await api.webhook({ event: 'order.created', itemId: newId('item') });
    };
    const sending = others();
    await eventually(async () => expect(await row()).toEqual({ state: 'processed', reason: null })).finally(
      async () => {
        isOver = true;
        await sending;
      },
    );
  });

  test('leave it all its own failures', async () => {
    const orderId = newId('ord');
    const row = await leftBy(9, { orderId, ...{ event: 'order.cancelled' } });
    await eventually(async () => expect((await row()).reason).toBe('none of its items is known'));
    expect((await row()).state).toBe('received');
    await api.pool.query(`update inbox set state = 'processed' where order_id = $1`, [orderId]);
  });

  test('again and again, by that row alone: it is put before a person', async () => {
    const row = await leftBy(10, { itemId: newId('item') });
    await eventually(async () =>
      expect(await row()).toEqual({
        state: 'quarantined',
        reason: '10 processes ended while they had it in hand',
      }),
    );
  });
});

describe('cancellations', () => {
  const cancelled = (ids: object) => ({
    ...ids,
    event: 'order.cancelled',
    timestamp: '2025-01-02T11:00:00Z',
  });
  const expected = {
    name: 'platformEvent',
    event: expect.objectContaining({
      type: 'order.cancelled',
      status: 'cancelled',
      occurredAt: '2025-01-02T11:00:00.000Z',
    }) as Record<string, unknown>,
  };

  test('reach the item, started or not', async () => {
    const itemId = newId('item');
    await api.webhook(cancelled({ itemId, orderId: 'ord-1' }));
    await eventually(async () => expect(await api.signals(itemId)).toEqual([expected]));
  });

  test('with an order id only reach every item of the order', async () => {
    const orderId = newId('ord');
    const itemIds = [newId('item'), newId('item')];
    for (const itemId of itemIds) await api.webhook(flat(itemId, orderId));
    await api.webhook(cancelled({ orderId }));
    for (const itemId of itemIds) {
      await eventually(async () => expect(await api.signals(itemId)).toEqual([expected]));
    }
  });

  test('of an order none of whose items is known wait for one, then for a person', async () => {
    const orderId = newId('ord');
    await api.webhook(cancelled({ orderId }));
    const row = async () => {
      const { rows } = await api.pool.query<Row>('select state, reason from inbox where order_id = $1', [
        orderId,
      ]);
      return rows[0];
    };
    const reason = 'none of its items is known';
    await eventually(async () => expect(await row()).toEqual({ state: 'received', reason }));
    const late = 'update inbox set attempts = 9, failures = 9, next_attempt_at = now() where order_id = $1';
    await api.pool.query(late, [orderId]);
    await eventually(async () => expect(await row()).toEqual({ state: 'quarantined', reason }));
  });

  test('of an open item whose workflow was ended are put before a person', async () => {
    const itemId = newId('item');
    await api.webhook(flat(itemId));
    await eventually(async () => expect(await api.signals(itemId)).toEqual([]));
    await api.client.workflow.getHandle(`fulfillment-${itemId}`).terminate('test');
    await api.webhook(cancelled({ itemId, orderId: 'ord-1' }));
    await eventually(async () => expect(await statesOf(itemId)).toEqual(['processed', 'quarantined']));
    const { rows } = await api.pool.query<{ reason: string }>(
      `select reason from inbox where item_id = $1 and state = 'quarantined'`,
      [itemId],
    );
    expect(rows).toEqual([{ reason: 'the workflow of an open item had ended before it' }]);
  });

  test('of a finished item are done with', async () => {
    const itemId = newId('item');
    await api.webhook(flat(itemId));
    await eventually(async () => expect(await api.signals(itemId)).toEqual([]));
    await api.client.workflow.getHandle(`fulfillment-${itemId}`).terminate('test');
    await api.records.record(transitionOf(viewOf(itemId, { stage: 'done', outcome: 'active' })));
    await api.webhook(cancelled({ itemId, orderId: 'ord-1' }));
    await eventually(async () => expect(await statesOf(itemId)).toEqual(['processed', 'processed']));
    expect(await api.signals(itemId)).toEqual([]);
  });
});

test('an item that the records call done is not started again, though Temporal may have forgotten it', async () => {
  const itemId = newId('item');
  await api.records.record(transitionOf(viewOf(itemId, { stage: 'done', outcome: 'active' })));
  await api.webhook(flat(itemId));
  await eventually(async () => expect(await statesOf(itemId)).toEqual(['processed']));
  expect(await api.signals(itemId)).toBeNull();
});

describe('what is refused', () => {
  const raw = JSON.stringify(flat('item-refused'));

  // Signed when the test runs: starting the servers takes longer than the window's margin.
  test.each<[string, () => Record<string, string>]>([
    ['no signature', () => ({})],
    ['a wrong one', () => signed(raw, Date.now(), 'another secret')],
    ['one of other bytes', () => signed(`${raw} `)],
    ['a malformed one', () => ({ 'x-offergrid-signature': 'abc' })],
    ['one from 301 s ago', () => signed(raw, Date.now() - 301_000)],
    ['one from 302 s ahead', () => signed(raw, Date.now() + 302_000)],
  ])('401: %s', async (_, sign) => {
    const answer = await api.call('POST', '/webhooks/offergrid', { raw, headers: sign(), key: null });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect(answer.body).toMatchObject({ type: 'about:blank', title: 'Unauthorized', status: 401 });
    expect(await rowsOf('item-refused')).toEqual([]);
  });

  test.each(['[]', '"text"', '1', 'null', '{', ''])('400: signed, but no JSON object: %s', async (body) => {
    const answer = await api.webhook(body);
    expect(answer.status).toBe(400);
    expect(answer.body['errors']).toEqual([{ path: '', message: expect.any(String) as string }]);
  });

  test('413 comes before the signature, and 256 KiB are still taken', async () => {
    const padded = (bytes: number) => {
      const start = `{"event":"order.created","itemId":"${newId('item')}","pad":"`;
      return `${start}${'x'.repeat(bytes - start.length - 2)}"}`;
    };
    const most = 256 * 1024;
    expect((await api.webhook(padded(most))).status).toBe(200);
    expect((await api.webhook(padded(most + 1))).status).toBe(413);
    const unsigned = await api.call('POST', '/webhooks/offergrid', { raw: padded(most + 1), key: null });
    expect(unsigned.status).toBe(413);
    expect(unsigned.headers.get('x-request-id')).toBeTruthy();
  });

  test('415: a compressed body, whose signature could be over either form', async () => {
    const answer = await api.webhook(raw, { headers: { 'content-encoding': 'gzip' } });
    expect(answer.status).toBe(415);
  });

  test('405: another method', async () => {
    const answer = await api.call('GET', '/webhooks/offergrid');
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
  });
});

describe('while something is away', () => {
  test('Temporal: stored, answered 200, and delivered when it is back', async () => {
    await api.temporal.cut();
    const itemIds = Array.from({ length: 20 }, () => newId('item'));
    const answers = await Promise.all(itemIds.map((itemId) => api.webhook(flat(itemId))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const shown = await api.call('GET', `/v1/orders/${itemIds[0]}`);
    expect(shown.body).toMatchObject({ stage: 'intake', sla: null });

    await api.temporal.mend();
    for (const itemId of itemIds) {
      await eventually(async () => expect(await api.signals(itemId)).toEqual([]), 30_000);
      await eventually(async () => expect(await statesOf(itemId)).toEqual(['processed']));
    }
  });

  test.each(['cut', 'freeze'] as const)(
    'Postgres (%s): the workflow is told at once, within 5 s',
    async (how) => {
      const orderId = newId('ord');
      const itemId = newId('item');
      const cancelledId = newId('item');
      await warmUp(api);
      await api.postgres[how]();
      const began = Date.now();
      expect((await api.webhook(flat(itemId, orderId))).status).toBe(200);
      expect(Date.now() - began).toBeLessThan(5_000);
      expect(await api.signals(itemId)).toEqual([]);
      expect((await api.webhook({ ...flat(cancelledId), event: 'order.cancelled' })).status).toBe(200);
      expect(await api.signals(cancelledId)).toHaveLength(1);
    },
  );

  test('Postgres: a cancelled order reaches its running items', async () => {
    const orderId = newId('ord');
    const itemId = newId('item');
    await api.webhook(flat(itemId, orderId));
    await eventually(async () => expect(await api.signals(itemId)).toEqual([]));
    await api.postgres.cut();
    // Visibility follows the start after a moment; until it does there is nobody to tell, and the platform repeats.
    await eventually(async () =>
      expect((await api.webhook({ event: 'order.cancelled', orderId })).status).toBe(200),
    );
    expect((await api.signals(itemId))?.length).toBe(1);
  });

  test('Postgres: a cancellation whose workflow has ended is to be sent again: nobody can tell whether its item had', async () => {
    const itemId = newId('item');
    await api.webhook(flat(itemId));
    await eventually(async () => expect(await api.signals(itemId)).toEqual([]));
    await api.client.workflow.getHandle(`fulfillment-${itemId}`).terminate('test');
    await api.postgres.cut();
    expect((await api.webhook({ ...flat(itemId), event: 'order.cancelled' })).status).toBe(503);
    expect(await api.signals(itemId)).toEqual([]);
  });

  test('Postgres: what names no item can be stored nowhere', async () => {
    await api.postgres.cut();
    expect((await api.webhook({ hello: 'world' })).status).toBe(503);
  });

  test('both: 503, and nothing is kept', async () => {
    const itemId = newId('item');
    await Promise.all([api.postgres.cut(), api.temporal.cut()]);
    const answer = await api.webhook(flat(itemId));
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBeTruthy();
    await Promise.all([api.postgres.mend(), api.temporal.mend()]);
    expect(await rowsOf(itemId)).toEqual([]);
    expect(await api.signals(itemId)).toBeNull();
  });
});

test('neither bodies nor secrets are logged', async () => {
  const itemId = newId('item');
  await api.webhook({ ...flat(itemId), serviceAddress: { street: '742 Evergreen Terrace' } });
  expect(api.logged()).toContain('"route":"/webhooks/offergrid"');
  for (const secret of ['Evergreen', SECRET]) expect(api.logged()).not.toContain(secret);
});
