import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createOfferChanges, type OfferChanges } from '../../db/offer-changes.js';
import { createOfferSyncReports, type OfferSyncReports } from '../../db/offer-sync-reports.js';
import { createOfferSyncRuns, type OfferSyncRuns } from '../../db/offer-sync-runs.js';
import type { OfferChange } from '../../domain/offer-sync.js';
import { openTestDatabase, type TestDatabase } from './database.js';

let database: TestDatabase;
let runs: OfferSyncRuns;
let changes: OfferChanges;
let reports: OfferSyncReports;
beforeAll(async () => {
  database = await openTestDatabase();
  runs = createOfferSyncRuns(database.pool);
  changes = createOfferChanges(database.pool);
  reports = createOfferSyncReports(database.pool);
});
afterAll(() => database.close());
beforeEach(() => database.pool.query('truncate offer_sync_runs cascade').then(() => undefined));

const all = { dryRun: false, skus: null };
const some = (...skus: string[]) => ({ dryRun: false, skus });
const done = { status: 'done', reason: null } as const;
const update = (sku: string): OfferChange => ({
  ...{ action: 'update', sku, offerId: `off-${sku}`, body: { monthlyPrice: 2 } },
  fields: { monthlyPrice: { from: 1, to: 2 } },
});

test('requests join the open run; a dry run has its own, and a new one begins when it is over', async () => {
  const first = await runs.request(all);
  expect(await Promise.all([runs.request(all), runs.request(some('A'))])).toEqual([first, first]);
  expect(await runs.request({ dryRun: true, skus: null })).not.toBe(first);
  expect(await runs.take(first, 1)).toBe('everything');
  expect(await runs.inHand(first)).toBeNull();
  expect(await runs.finish(first, done)).toBe(true);
  expect(await runs.request(all)).not.toBe(first);
});

test('what is asked for while a pass is in hand is taken next, once; everything joins everything', async () => {
  const run = await runs.request(all);
  expect(await runs.take(run, 1)).toBe('everything');
  await runs.request(all);
  await runs.request(some('A', 'B', 'A'));
  expect(await runs.finish(run, done)).toBe(false);
  expect(await runs.take(run, 2)).toBe('some');
  expect(await runs.take(run, 2)).toBe('some');
  expect((await runs.inHand(run))?.sort()).toEqual(['A', 'B']);
  await runs.request(some('B'));
  expect(await runs.finish(run, done)).toBe(false);
  expect(await runs.take(run, 3)).toBe('some');
  expect(await runs.inHand(run)).toEqual(['B']);
  await runs.request(all);
  expect(await runs.take(run, 4)).toBe('everything');
  expect(await runs.take(run, 5)).toBeNull();
  expect(await runs.finish(run, done)).toBe(true);
});

test('no request gets lost between the last look and the end', async () => {
  for (let round = 0; round < 20; round += 1) {
    const run = await runs.request(some('A'));
    await runs.take(run, 1);
    const [joined, ended] = await Promise.all([runs.request(some('B')), runs.finish(run, done)]);
    expect(ended).toBe(joined !== run);
    for (const id of new Set([run, joined])) await runs.finish(id, { status: 'stopped', reason: null });
  }
});

test('a change is claimed before it is sent, and a second claim says that it may have been sent', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  const error: OfferChange = { action: 'error', sku: 'B', reason: 'two of them' };
  const plan = { first: 1, toSend: [update('A')], errors: [error], unchanged: 7 };
  await changes.keepPlan(run, plan);
  await changes.keepPlan(run, plan);
  expect(await changes.claim(run, 1)).toEqual({
    ...{ sku: 'A', action: 'update', offerId: 'off-A', body: { monthlyPrice: 2 }, repeated: false },
  });
  expect(await changes.claim(run, 1)).toMatchObject({ repeated: true });
  await changes.release(run, 1);
  expect(await changes.claim(run, 1)).toMatchObject({ repeated: false });
  await changes.settle(run, 1, 'applied', null);
  expect(await changes.claim(run, 1)).toBe('applied');
  expect(await changes.claim(run, 9)).toBeNull();
  expect(await reports.report(run)).toMatchObject({ updated: 1, unchanged: 7, failed: 1 });
  expect(await runs.finish(run, done)).toBe(true);
  expect(await reports.report(run)).toMatchObject({
    status: 'completed_with_errors',
    changes: [
      { sku: 'A', action: 'update', fields: { monthlyPrice: { from: 1, to: 2 } } },
      { sku: 'B', action: 'error', reason: 'two of them' },
    ],
  });
});

test('a later pass of the run takes the place of the errors it mends', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  const error: OfferChange = { action: 'error', sku: 'A', reason: 'two of them' };
  await changes.keepPlan(run, { first: 1, toSend: [], errors: [error], unchanged: 0 });
  await changes.keepPlan(run, { first: 2, toSend: [update('A')], errors: [], unchanged: 0 });
  await changes.settle(run, 2, 'applied', null);
  await runs.finish(run, done);
  expect(await reports.report(run)).toMatchObject({ status: 'completed', updated: 1, failed: 0 });
});

test('an execution that begins has what a dead one had in hand done again, and keeps what that had done', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  await changes.keepPlan(run, { first: 1, toSend: ['A', 'B', 'C'].map(update), errors: [], unchanged: 0 });
  await changes.settle(run, 1, 'applied', null);
  await changes.claim(run, 2);
  expect(await runs.open(false)).toEqual({ runId: run, pass: 1, planned: 1, unchanged: 0 });
  expect(await runs.take(run, 2)).toBe('everything');
  expect((await reports.report(run))?.changes).toHaveLength(1);
  expect(await runs.open(true)).toBeNull();
});

test('ten thousand products and changes are kept in the order they came', async () => {
  const run = await runs.request(all);
  const skus = Array.from({ length: 10_000 }, (_, n) => `SKU-${n}`);
  const products = skus.map((sku) => ({ kind: 'unusable' as const, sku, reason: 'a test' }));
  await changes.keepProducts(run, products);
  await changes.keepProducts(run, products);
  expect(await changes.products(run)).toEqual(products);
  await changes.keepPlan(run, { first: 1, toSend: skus.map(update), errors: [], unchanged: 0 });
  expect(await changes.claim(run, 10_000)).toMatchObject({ sku: 'SKU-9999' });
  // An attempt at the plan whose answer was lost is made again from the same products.
  expect(await changes.products(run)).toHaveLength(10_000);
  await runs.finish(run, { status: 'stopped', reason: null });
  expect(await changes.products(run)).toEqual([]);
});
