import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOrderRecords } from '../../db/order-records.js';
import { createReconciliation, type Reconciliation } from '../../db/reconciliation.js';
import type { OrderView } from '../../domain/order-view.js';
import type { Status } from '../../domain/status.js';
import { openTestDatabase, type TestDatabase } from './database.js';
import { transitionOf, viewOf } from './transitions.js';

let database: TestDatabase;
let reconciliation: Reconciliation;
beforeAll(async () => {
  database = await openTestDatabase();
  reconciliation = createReconciliation(database.pool);
});
afterAll(() => database.close());

const LONG_AGO = '2025-01-02T10:00:05.000Z';
const startedAt = new Date().toISOString();

async function believe(itemId: string, more: Partial<OrderView> = {}, revision = 1): Promise<void> {
  const view = viewOf(itemId, { updatedAt: LONG_AGO, ...more });
  await createOrderRecords(database.pool).record(transitionOf(view, { revision }));
}
const known = (itemId: string) => ({ itemId, orderId: `order-of-${itemId}` });
async function compare(status: Status, listed: string[]) {
  const { unknown, adrift } = await reconciliation.compare({ status, items: listed.map(known), startedAt });
  return { unknown: unknown.map(({ itemId }) => itemId), adrift: adrift.map(({ itemId }) => itemId) };
}
const NOTHING = { unknown: [], adrift: [] };

test('finds what it does not know and what is not where it believes, and nothing else', async () => {
  await believe('a-there');
  await believe('a-gone');
  await believe('a-elsewhere', { offergridStatus: 'scheduled' });
  await believe('a-done', { stage: 'done', outcome: 'rejected' });
  await believe('a-fresh', { updatedAt: startedAt });
  await database.pool.query(
    `insert into order_items (item_id, order_id, revision, stage, created_at, updated_at, view)
     values ('a-stranded', 'o', -1, 'intake', now(), '2025-01-01', '{}'),
            ('a-heard-of', 'o', -1, 'intake', now(), $1, '{}')`,
    [startedAt],
  );
  const listed = ['a-there', 'a-new', 'a-elsewhere', 'a-stranded', 'a-heard-of', 'a-new'];
  expect(await compare('pending', listed)).toEqual({
    unknown: ['a-new', 'a-stranded'],
    adrift: ['a-gone'],
  });
  expect(await compare('scheduled', [])).toEqual({ unknown: [], adrift: ['a-elsewhere'] });
  await database.pool.query('delete from order_items');
});

test('an item the platform did not know once is told of when it does', async () => {
  await believe('b-late', { offergridStatus: null });
  expect(await compare('accepted', [])).toEqual(NOTHING);
  expect(await compare('accepted', ['b-late'])).toEqual({ unknown: [], adrift: ['b-late'] });
  await database.pool.query('delete from order_items');
});

test('what was told is not told again until something changed, or an hour later', async () => {
  await believe('c');
  const missing = { unknown: [], adrift: ['c'] };
  expect(await compare('pending', [])).toEqual(missing);
  await reconciliation.told([known('c')]);
  expect(await compare('pending', [])).toEqual(NOTHING);
  await database.pool.query(`update order_items set hinted_at = now() - interval '61 minutes'`);
  expect(await compare('pending', [])).toEqual(missing);
  await reconciliation.told([known('c')]);
  await database.pool.query(`update order_items set hinted_at = now() - interval '10 minutes'`);
  expect(await compare('pending', [])).toEqual(NOTHING);
  const minutesAgo = new Date(Date.parse(startedAt) - 300_000).toISOString();
  await believe('c', { updatedAt: minutesAgo }, 2);
  expect(await compare('pending', [])).toEqual(missing);
  await database.pool.query('delete from order_items');
});

test('ids that Postgres cannot hold as they are are the same item on both sides', async () => {
  await believe('d-\0');
  expect(await compare('pending', ['d-\0'])).toEqual(NOTHING);
  await database.pool.query('delete from order_items');
});

test('ten thousand items on either side', async () => {
  await database.pool.query(
    `insert into order_items (item_id, order_id, revision, stage, offergrid_status, created_at, updated_at, view)
     select 'item-' || n, 'order-' || n, 3, 'scheduling', 'accepted', now(), '2025-01-01', '{}'
       from generate_series(1, 10000) as n`,
  );
  const listed = Array.from({ length: 10_000 }, (_, n) => `item-${n + 3}`);
  expect(await compare('accepted', listed)).toEqual({
    unknown: ['item-10001', 'item-10002'],
    adrift: ['item-1', 'item-2'],
  });
  await database.pool.query('delete from order_items');
});
