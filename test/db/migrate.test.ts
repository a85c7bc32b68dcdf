import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../db/migrate.js';
import { createPool } from '../../db/pool.js';
import { startPostgres } from '../../sandbox/stack/postgres.js';

let postgres: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  postgres = await startPostgres({ durable: false });
});
afterAll(() => postgres.stop());

test('runs each migration once, however many processes run them at the same time', async () => {
  const url = await postgres.createDatabase();
  const runs = await Promise.all([migrate(url), migrate(url), migrate(url)]);
  expect(runs.flat().sort()).toEqual([
    '001_inbox',
    '002_order-records',
    '003_offers',
    '004_reconciliation',
    '005_call-budget',
    '006_call-stops',
    '007_kept-events',
    '008_hinted-at',
    '009_offer-sync',
    '010_offer-sync-passes',
    '011_watched-items',
    '012_inbox-failures',
  ]);
  expect(await migrate(url)).toEqual([]);
});

test('leaves every table usable', async () => {
  const url = await postgres.createDatabase();
  await migrate(url);
  const pool = createPool(url);
  try {
    for (const table of [
      'inbox',
      'order_items',
      'timeline',
      'provider_events',
      'offers',
      'call_slots',
      'call_stops',
    ]) {
      const { rows } = await pool.query(`select count(*)::int as n from ${table}`);
      expect(rows).toEqual([{ n: 0 }]);
    }
  } finally {
    await pool.end();
  }
});
