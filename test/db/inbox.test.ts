import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createInbox, type Inbox, type ReceivedWebhook } from '../../db/inbox.js';
import { createOrderRecords } from '../../db/order-records.js';
import { openTestDatabase, type TestDatabase } from './database.js';
import { transitionOf, viewOf } from './transitions.js';

let database: TestDatabase;
let inbox: Inbox;
beforeAll(async () => {
  database = await openTestDatabase();
  inbox = createInbox(database.pool);
});
beforeEach(() => database.pool.query('truncate inbox, order_items').then(() => {}));
afterAll(() => database.close());

function webhook(key: string, more: Partial<ReceivedWebhook> = {}): ReceivedWebhook {
  return {
    dedupeKey: key,
    event: 'order.created',
    itemId: 'item-1',
    orderId: 'ord-1',
    occurredAt: null,
    bodyText: '{"event":"order.created"}',
    quarantine: null,
    unread: viewOf('item-1', { stage: 'intake', orderId: 'ord-1' }),
    ...more,
  };
}

const makeDue = () => database.pool.query(`update inbox set next_attempt_at = now() - interval '1 s'`);
const stateOf = async (id: string) => (await inbox.list({ limit: 50 })).items.find((row) => row.id === id);

describe('store', () => {
  test('ten deliveries at once of one event are stored once', async () => {
    const stored = await Promise.all(Array.from({ length: 10 }, () => inbox.store(webhook('evt-1'))));
    expect(stored.filter(Boolean)).toHaveLength(1);
    expect((await inbox.list({ limit: 50 })).items).toHaveLength(1);
  });

  test('makes the item known, and leaves one alone that is known better', async () => {
    const records = createOrderRecords(database.pool);
    await inbox.store(webhook('evt-1'));
    expect((await records.find('item-1'))?.view.stage).toBe('intake');
    expect((await records.find('item-1'))?.situation).toBeNull();

    await records.record(transitionOf(viewOf('item-1', { stage: 'installation' }), { revision: 0 }));
    await inbox.store(webhook('evt-2'));
    expect((await records.find('item-1'))?.view.stage).toBe('installation');
  });

  test.each([String.raw`{"a":"nul \u0000"}`, String.raw`{"a":"half \ud800"}`, '{"a":1e999999}'])(
    'keeps what it needs of a body that Postgres cannot hold: %s',
    async (bodyText) => {
      expect(await inbox.store(webhook('evt-1', { bodyText }))).toBe(true);
      const { rows } = await database.pool.query('select item_id, body from inbox');
      expect(rows).toEqual([{ item_id: 'item-1', body: null }]);
    },
  );
});

describe('the queue', () => {
  test('no row is claimed by two at once', async () => {
    for (let at = 0; at < 30; at += 1) await inbox.store(webhook(`evt-${at}`, { itemId: `item-${at}` }));
    const claims = await Promise.all(Array.from({ length: 6 }, () => inbox.claim(10)));
    const ids = claims.flat().map(({ id }) => id);
    expect(ids).toHaveLength(30);
    expect(new Set(ids).size).toBe(30);
  });

  test('a claimed row is left alone until the lease ends, then claimed again', async () => {
    await inbox.store(webhook('evt-1'));
    expect(await inbox.claim(10)).toHaveLength(1);
    expect(await inbox.claim(10)).toEqual([]);
    await makeDue();
    expect((await inbox.claim(10)).map(({ attempts }) => attempts)).toEqual([2]);
  });

  test('a claim that nothing is heard of is no failure of the row', async () => {
    await inbox.store(webhook('evt-1'));
    await inbox.claim(10);
    await makeDue();
    expect(await inbox.claim(10)).toMatchObject([{ failures: 0, unheard: 1 }]);
  });

  test('a row that was in hand when two processes ended is taken alone, until something is heard of it', async () => {
    for (const n of [1, 2, 3]) await inbox.store(webhook(`evt-${n}`, { itemId: `item-${n}` }));
    const first = (await inbox.claim(1))[0]!;
    await makeDue();
    const { rowCount } = await database.pool.query('update inbox set attempts = 2 where id <> $1', [
      first.id,
    ]);
    expect(rowCount).toBe(2);
    expect((await inbox.claim(10)).map(({ id }) => id)).toEqual([first.id]);
    expect(await inbox.hasSuspect()).toBe(true);
    const suspect = await inbox.claimSuspect();
    expect(suspect).toMatchObject({ failures: 0, unheard: 2 });
    await inbox.postpone(suspect!.id, 'refused', -1);
    expect(await inbox.claim(10)).toMatchObject([{ id: suspect!.id, failures: 1, unheard: 0 }]);
    const other = await inbox.claimSuspect();
    expect(await inbox.hasSuspect()).toBe(false);
    await inbox.keepForLater(other!.id, 'temporal is away', -1);
    expect(await inbox.claim(10)).toMatchObject([{ id: other!.id, failures: 0, unheard: 0 }]);
    expect(await inbox.claimSuspect()).toBeNull();
  });

  test('a row that was in hand whenever a process ended is left alone for longer each time, as another may end them', async () => {
    await inbox.store(webhook('evt-1'));
    const lefts: number[] = [];
    for (let ended = 0; ended < 10; ended += 1) {
      expect((await inbox.claim(1))[0] ?? (await inbox.claimSuspect())).toMatchObject({ unheard: ended });
      const { rows } = await database.pool.query<{ left: number }>(
        'select extract(epoch from next_attempt_at - now())::float8 as left from inbox',
      );
      lefts.push(rows[0]!.left);
      await makeDue();
    }
    // The clock has gone on since the claim.
    expect(lefts.map((left) => 5 * Math.ceil(left / 5))).toEqual([5, 5, 10, 20, 40, 80, 160, 300, 300, 300]);
  });

  test('a postponed row waits its time and says why', async () => {
    await inbox.store(webhook('evt-1'));
    const [row] = await inbox.claim(10);
    await inbox.postpone(row!.id, 'temporal is away', 60_000);
    expect(await inbox.claim(10)).toEqual([]);
    expect(await stateOf(row!.id)).toMatchObject({
      state: 'received',
      reason: 'temporal is away',
      attempts: 1,
    });
    await inbox.postpone(row!.id, 'temporal is away', -1);
    expect(await inbox.claim(10)).toHaveLength(1);
  });

  test('settled rows are not claimed', async () => {
    await inbox.store(webhook('evt-1'));
    await inbox.store(webhook('evt-2'));
    await inbox.store(webhook('evt-3', { itemId: null, quarantine: 'names no order item', unread: null }));
    const [first, second] = await inbox.claim(10);
    await inbox.markProcessed(first!.id, null);
    await inbox.quarantine(second!.id, 'no use');
    await makeDue();
    expect(await inbox.claim(10)).toEqual([]);
    const quarantined = await inbox.list({ state: 'quarantined', limit: 10 });
    expect(quarantined.items.map(({ reason }) => reason)).toEqual(['names no order item', 'no use']);
  });

  test('replay queues a quarantined row, refuses a processed one, knows no other', async () => {
    await inbox.store(webhook('evt-1'));
    const [row] = await inbox.claim(10);
    await inbox.quarantine(row!.id, 'no use');
    expect(await inbox.replay(row!.id)).toBe('queued');
    const [again] = await inbox.claim(10);
    expect(again).toMatchObject({ id: row!.id, attempts: 1 });
    await inbox.markProcessed(row!.id, null);
    expect(await inbox.replay(row!.id)).toBe('processed');
    expect(await inbox.replay('999999')).toBe('unknown');
  });

  test('pages newest first', async () => {
    for (const key of ['a', 'b', 'c']) await inbox.store(webhook(key));
    const first = await inbox.list({ limit: 2 });
    expect(first.items.map(({ dedupeKey }) => dedupeKey)).toEqual(['c', 'b']);
    const second = await inbox.list({ limit: 2, before: first.nextCursor! });
    expect(second.items.map(({ dedupeKey }) => dedupeKey)).toEqual(['a']);
    expect(second.nextCursor).toBeNull();
  });
});

test('the first webhook that named an item tells its order, one without an order only if there is no other', async () => {
  await inbox.store(webhook('evt-1', { orderId: null }));
  await inbox.store(webhook('evt-2', { orderId: 'ord-7' }));
  expect((await inbox.firstNaming('item-1'))?.orderId).toBe('ord-7');
  expect(await inbox.firstNaming('item-2')).toBeNull();
});
