import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createOfferCatalogue, type OfferCatalogue } from '../../db/offer-catalogue.js';
import { createOfferChanges, type OfferChanges } from '../../db/offer-changes.js';
import { createOfferSyncReports, type OfferSyncReports } from '../../db/offer-sync-reports.js';
import { createOfferSyncRuns, type OfferSyncRuns } from '../../db/offer-sync-runs.js';
import { createOffers } from '../../db/offers.js';
import type { OfferChange } from '../../domain/offer-sync.js';
import { openTestDatabase, type TestDatabase } from './database.js';

let database: TestDatabase;
let runs: OfferSyncRuns;
let catalogue: OfferCatalogue;
let changes: OfferChanges;
let reports: OfferSyncReports;
beforeAll(async () => {
  database = await openTestDatabase();
  runs = createOfferSyncRuns(database.pool);
  catalogue = createOfferCatalogue(database.pool);
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

const off = (sku: string): OfferChange => ({
  ...{ action: 'deactivate', sku, offerId: `off-${sku}`, body: { status: 'inactive' } },
  fields: { status: { from: 'active', to: 'inactive' } },
});

const failing = (sku: string | null): OfferChange => ({ action: 'error', sku, reason: 'two of them' });

/** What a pass came to; it is for all SKUs unless `only` says which. */
const plan = (
  planned: OfferChange[],
  unchanged: string[] = [],
  more: { only?: string[]; brake?: string[] } = {},
) => ({ changes: planned, unchanged, brake: more.brake ?? [], only: more.only ?? null });

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

test('who asks for everything once some of the catalogue is read gets another pass; the schedule does not', async () => {
  const page = { before: 0, products: [], next: 'page 2' };
  const run = await runs.request(all);
  await runs.take(run, 1);
  await runs.request(all);
  await catalogue.keepPage(run, 1, page);
  expect(await runs.request({ ...all, isTurn: true })).toBe(run);
  expect(await runs.take(run, 2)).toBeNull();

  await runs.request(all);
  await runs.take(run, 3);
  await catalogue.keepPage(run, 3, page);
  expect(await runs.request(all)).toBe(run);
  expect(await runs.finish(run, done)).toBe(false);
  expect(await runs.take(run, 4)).toBe('everything');
  // Of this one nothing is read yet.
  await runs.request(all);
  expect(await runs.take(run, 5)).toBeNull();

  await runs.request(some('A'));
  await runs.take(run, 6);
  await runs.request({ ...all, isTurn: true });
  expect(await runs.take(run, 7)).toBe('everything');
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
  const unchanged = ['C', 'D', 'E', 'F', 'G', 'H', 'I'];
  await changes.keepPlan(run, 1, plan([failing('B'), update('A')], unchanged));
  expect(await changes.claim(run, 1)).toEqual({
    ...{
      sku: 'A',
      action: 'update',
      offerId: 'off-A',
      body: { monthlyPrice: 2 },
      repeated: false,
      attempt: 1,
    },
  });
  expect(await changes.claim(run, 1)).toMatchObject({ repeated: true });
  await changes.release(run, 1, 2);
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
  await changes.keepPlan(run, 1, plan([failing('A'), failing(null)]));
  await changes.keepPlan(run, 2, plan([update('A')]));
  await changes.claim(run, 3);
  await changes.settle(run, 3, 'applied', null);
  await runs.finish(run, done);
  expect(await reports.report(run)).toMatchObject({ status: 'completed', updated: 1, failed: 0 });
});

test('an execution that begins has what a dead one had in hand done again, and keeps what that had done', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  await changes.keepPlan(run, 1, plan(['A', 'B', 'C', 'D'].map(update), ['E', 'F']));
  await changes.claim(run, 1);
  await changes.settle(run, 1, 'applied', null);
  await changes.claim(run, 2);
  await changes.claim(run, 3);
  expect(await runs.open(false)).toEqual({ runId: run, pass: 1 });
  expect(await runs.take(run, 2)).toBe('everything');
  expect((await reports.report(run))?.changes).toHaveLength(1);
  expect(await runs.open(true)).toBeNull();
  // B, which the dead one was sending, got through; C did not.
  const again = await changes.keepPlan(run, 2, plan([update('C'), update('D')], ['A', 'B', 'E', 'F']));
  expect(again).toEqual({ first: 5, last: 6, brake: [] });
  // Its call for C ends at last: that is no answer to any of the new ones.
  await changes.settle(run, 3, 'applied', null);
  expect(await reports.report(run)).toMatchObject({ updated: 2, unchanged: 2, failed: 0 });
  for (const seq of [5, 6]) {
    expect(await changes.claim(run, seq)).toMatchObject({ repeated: false, attempt: 1 });
    await changes.settle(run, seq, 'applied', null);
    // Nor does a change that has ended end otherwise.
    await changes.settle(run, seq, 'failed', 'late');
  }
  await runs.finish(run, done);
  expect(await reports.report(run)).toMatchObject({
    status: 'completed',
    updated: 4,
    unchanged: 2,
    failed: 0,
  });
});

test('a deactivation that got through is in the report, though nothing is left of the product', async () => {
  const offer = (sku: string, status: string) => ({
    ...{ offerId: `off-${sku}`, name: sku, category: 'other', sku, status, monthlyPrice: 1, raw: {} },
  });
  const run = await runs.request(all);
  await runs.take(run, 1);
  await changes.keepPlan(run, 1, plan([off('A'), off('B')]));
  for (const seq of [1, 2]) await changes.claim(run, seq);
  await createOffers(database.pool).replaceAll([offer('A', 'inactive'), offer('B', 'active')]);
  await runs.open(false);
  await runs.take(run, 2);
  expect(await changes.keepPlan(run, 2, plan([off('B')]))).toMatchObject({ first: 3, last: 3 });
  expect(await reports.report(run)).toMatchObject({ deactivated: 1, changes: [{ sku: 'A' }] });
  expect(await changes.takenOff(run)).toBe(1);
});

test('an attempt that is late takes back nothing of the one after it', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  await changes.keepPlan(run, 1, plan([update('A')]));
  const first = (await changes.claim(run, 1)) as { attempt: number; repeated: boolean };
  await changes.claim(run, 1);
  await changes.withdraw(run, 1, first);
  await changes.release(run, 1, first.attempt);
  expect(await changes.claim(run, 1)).toMatchObject({ repeated: true, attempt: 3 });
  await changes.settle(run, 1, 'applied', null);
  expect(await reports.report(run)).toMatchObject({ updated: 1 });
});

test('a run that is over sends nothing more and gets no plan; what was being sent may have got through', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  await changes.keepPlan(run, 1, plan(['A', 'B', 'C'].map(update)));
  for (const seq of [1, 2]) await changes.claim(run, seq);
  await changes.release(run, 2, 1);
  await runs.finish(run, { status: 'stopped', reason: 'by a person' });
  expect(await changes.claim(run, 3)).toBeNull();
  await expect(changes.keepPlan(run, 2, plan([update('A')]))).rejects.toThrow('over');
  const reason = expect.stringMatching(/may have got through/) as string;
  expect(await reports.report(run)).toMatchObject({
    ...{ updated: 0, failed: 1 },
    changes: [{ sku: 'A', action: 'error', reason }],
  });
  await changes.settle(run, 1, 'applied', null);
  expect(await reports.report(run)).toMatchObject({ updated: 1, failed: 0, changes: [{ action: 'update' }] });
});

test('a pass has one plan: an attempt that comes late gets it, and takes nothing back', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  const first = await changes.keepPlan(run, 1, plan([update('A')], ['B'], { brake: ['look'] }));
  expect(first).toEqual({ first: 1, last: 1, brake: ['look'] });
  await changes.claim(run, 1);
  expect(await changes.keepPlan(run, 1, plan([update('A'), update('B')]))).toEqual(first);
  expect(await changes.claim(run, 1)).toMatchObject({ sku: 'A', repeated: true, attempt: 2 });
  expect(await changes.claim(run, 2)).toBeNull();
});

test('each SKU counts once in a run, however often that looked at it', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  await changes.keepPlan(run, 1, plan([update('A'), failing('B'), failing(null)], ['C', 'D']));
  await changes.claim(run, 1);
  await changes.settle(run, 1, 'applied', null);
  await runs.request(some('B', 'C'));
  await runs.take(run, 2);
  await changes.keepPlan(run, 2, plan([failing('B')], ['C'], { only: ['B', 'C'] }));
  expect(await reports.report(run)).toMatchObject({ updated: 1, unchanged: 2, failed: 2 });
  await runs.request(all);
  await runs.request(some('D'));
  await runs.take(run, 3);
  await changes.keepPlan(run, 3, plan([failing(null)], ['A', 'B', 'C', 'D']));
  await runs.finish(run, done);
  const report = await reports.report(run);
  expect(report).toMatchObject({ updated: 1, unchanged: 3, failed: 1, status: 'completed_with_errors' });
  expect(report?.changes.map(({ sku, action }) => [sku, action])).toEqual([
    ['A', 'update'],
    [null, 'error'],
  ]);
});

test('the report lists what it counts: what was planned and not sent is no change', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  const skipped: OfferChange = { action: 'skip', sku: 'S', reason: 'a draft' };
  await changes.keepPlan(run, 1, plan([update('A'), skipped, failing('B')], [], { brake: ['look'] }));
  await runs.awaitApproval(run, 'look');
  expect((await reports.report(run))?.changes.map(({ sku }) => sku)).toEqual(['A', 'S', 'B']);
  await runs.finish(run, { status: 'stopped', reason: 'by a person' });
  const report = await reports.report(run);
  expect(report).toMatchObject({ status: 'stopped', updated: 0, skipped: 1, failed: 1 });
  expect(report?.changes).toEqual([
    { sku: 'S', action: 'skip', reason: 'a draft' },
    { sku: 'B', action: 'error', reason: 'two of them' },
  ]);
});

test('what a person saw is remembered, once; what was in hand, and asked for since, is looked at again', async () => {
  const run = await runs.request(some('A', 'B'));
  await runs.take(run, 1);
  await changes.keepPlan(run, 1, plan([update('A')], ['B'], { only: ['A', 'B'], brake: ['look'] }));
  await runs.awaitApproval(run, 'look');
  expect(await runs.request(some('C'))).toBe(run);
  expect(await changes.approved(run)).toEqual(new Map());
  await runs.approve(run, 1);
  await runs.approve(run, 1);
  const fields = { monthlyPrice: { from: 1, to: 2 } };
  expect(await changes.approved(run)).toEqual(new Map([['A', fields]]));
  expect(await reports.report(run)).toMatchObject({
    status: 'running',
    reason: null,
    updated: 0,
    changes: [],
  });
  expect(await runs.take(run, 2)).toBe('some');
  expect((await runs.inHand(run))?.sort()).toEqual(['A', 'B', 'C']);
  // An answer that was lost, and comes once more after all.
  await runs.approve(run, 1);
  expect(await runs.inHand(run)).toHaveLength(3);
  expect(await changes.keepPlan(run, 2, plan([update('A')], ['B', 'C'], { only: ['A', 'B', 'C'] }))).toEqual({
    ...{ first: 2, last: 2, brake: [] },
  });
});

test('SKUs that joined a run which failed, or had been in its hand, are the next one’s', async () => {
  const failed = { status: 'failed', reason: 'gone' } as const;
  const first = await runs.request(some('A'));
  await runs.take(first, 1);
  await runs.request(some('B'));
  expect(await runs.finish(first, failed)).toBe(true);
  await runs.request({ dryRun: true, skus: null });
  const second = await runs.request(some('C'));
  await runs.take(second, 1);
  expect((await runs.inHand(second))?.sort()).toEqual(['A', 'B', 'C']);
  // What a person stopped is not brought up again; what joined meanwhile is.
  await runs.request(some('D'));
  await runs.finish(second, { status: 'stopped', reason: null });
  const third = await runs.request(some('E'));
  await runs.take(third, 1);
  expect((await runs.inHand(third))?.sort()).toEqual(['D', 'E']);
  await runs.finish(third, done);
  const fourth = await runs.request(some('F'));
  await runs.take(fourth, 1);
  expect(await runs.inHand(fourth)).toEqual(['F']);
});

test('so is everything, where that failed, or joined a run that a person stopped', async () => {
  const first = await runs.request(all);
  await runs.take(first, 1);
  await runs.finish(first, { status: 'failed', reason: 'gone' });
  const second = await runs.request(some('A'));
  expect(await runs.take(second, 1)).toBe('everything');
  // Stopped in the middle of everything, which nobody asked for again.
  await runs.finish(second, { status: 'stopped', reason: null });
  const third = await runs.request(some('B'));
  expect(await runs.take(third, 1)).toBe('some');
  await runs.request(all);
  await runs.finish(third, { status: 'stopped', reason: null });
  const fourth = await runs.request(some('C'));
  expect(await runs.take(fourth, 1)).toBe('everything');
  await runs.finish(fourth, done);
  const fifth = await runs.request(some('D'));
  expect(await runs.take(fifth, 1)).toBe('some');
});

test('what the run took off the market counts, save what a person saw', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  await changes.keepPlan(run, 1, plan([off('A'), off('B'), update('C')]));
  expect(await changes.takenOff(run)).toBe(0);
  for (const seq of [1, 3]) {
    await changes.claim(run, seq);
    await changes.settle(run, seq, 'applied', null);
  }
  expect(await changes.takenOff(run)).toBe(1);
  await runs.awaitApproval(run, 'many');
  await runs.approve(run, 1);
  await changes.claim(run, 2);
  await changes.settle(run, 2, 'applied', null);
  expect(await changes.takenOff(run)).toBe(1);
});

test('of what an execution that is gone was taking off the market, what got through counts as taken off', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  await changes.keepPlan(run, 1, plan([off('A'), off('B'), off('C')]));
  for (const seq of [1, 2]) await changes.claim(run, seq);
  await runs.open(false);
  await runs.take(run, 2);
  const listed = ['A', 'B', 'C'].map((sku) => ({
    ...{ offerId: `off-${sku}`, sku, name: sku, category: 'other', monthlyPrice: 1, raw: {} },
    status: sku === 'A' ? 'inactive' : 'active',
  }));
  await createOffers(database.pool).replaceAll(listed);
  // Before the plan, whose brake it is for.
  expect(await changes.takenOff(run)).toBe(1);
  await changes.keepPlan(run, 2, plan([off('B'), off('C')]));
  expect(await changes.takenOff(run)).toBe(1);
});

test('runs that should be in some hand by now: those that are open, and were not asked for just now', async () => {
  const [run, dry] = [await runs.request(all), await runs.request({ dryRun: true, skus: null })];
  expect(await runs.unfinished()).toEqual([]);
  await database.pool.query("update offer_sync_runs set started_at = now() - interval '2 minutes'");
  await runs.take(dry, 1);
  await runs.finish(dry, done);
  expect(await runs.unfinished()).toEqual([{ runId: run, dryRun: false }]);
});

test('what offers cost before the run first changed that, or when a person let a price go on', async () => {
  const price = (sku: string, from: number | null, to: number): OfferChange => ({
    ...{ action: 'update', sku, offerId: `off-${sku}`, body: { monthlyPrice: to } },
    fields: { monthlyPrice: { from, to } },
  });
  const send = async (first: number, last: number) => {
    for (let seq = first; seq <= last; seq += 1) {
      await changes.claim(run, seq);
      await changes.settle(run, seq, 'applied', null);
    }
  };
  const run = await runs.request(all);
  await runs.take(run, 1);
  await changes.keepPlan(run, 1, plan([price('A', 10, 20), price('B', 1, 2), price('C', null, 5)]));
  expect(await changes.pricesBefore(run)).toEqual(new Map());
  await send(1, 3);
  await runs.request(all);
  await runs.take(run, 2);
  await changes.keepPlan(run, 2, plan([price('A', 20, 21), price('B', 2, 4), price('C', 5, 6)]));
  await send(4, 4);
  await send(6, 6);
  expect(await changes.pricesBefore(run)).toEqual(
    new Map([
      ['A', 10],
      ['B', 1],
      ['C', 5],
    ]),
  );
  await runs.awaitApproval(run, 'B');
  await runs.approve(run, 2);
  expect(await changes.pricesBefore(run)).toEqual(
    new Map([
      ['A', 10],
      ['B', 4],
      ['C', 5],
    ]),
  );
});

test('who saw a new price of an offer has not seen that it is taken off the market', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  await changes.keepPlan(run, 1, plan([update('A'), off('B')]));
  await runs.awaitApproval(run, 'A');
  await runs.approve(run, 1);
  await runs.request(all);
  await runs.take(run, 2);
  const { first, last } = await changes.keepPlan(run, 2, plan([off('A'), off('B')]));
  for (let seq = first; seq <= last; seq += 1) {
    await changes.claim(run, seq);
    await changes.settle(run, seq, 'applied', null);
  }
  expect(await changes.takenOff(run)).toBe(1);
});

test('a run that the database does not know any more is over', async () => {
  expect(await runs.finish('run-restored-away', { status: 'done', reason: null })).toBe(true);
});

test('a catalogue is kept page by page, and gone on with by whoever comes next', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  const page = (sku: string) => ({ kind: 'unusable' as const, sku, reason: 'a test' });
  expect(await catalogue.soFar(run, 1)).toEqual({ products: 0, next: null, complete: false });
  await catalogue.keepPage(run, 1, { before: 0, products: [page('old')], next: 'page 2' });
  await catalogue.keepPage(run, 1, { before: 0, products: [page('A'), page('B')], next: 'page 2' });
  expect(await catalogue.soFar(run, 1)).toEqual({ products: 2, next: 'page 2', complete: false });
  await expect(catalogue.products(run, 1)).rejects.toThrow('not read to its end');
  await catalogue.keepPage(run, 1, { before: 2, products: [page('C')], next: null });
  // One that was taken for dead.
  await expect(
    catalogue.keepPage(run, 1, { before: 2, products: [page('C')], next: 'page 3' }),
  ).rejects.toThrow('somebody else');
  expect(await catalogue.soFar(run, 1)).toEqual({ products: 3, next: null, complete: true });
  expect(await catalogue.products(run, 1)).toEqual([page('A'), page('B'), page('C')]);
  await database.pool.query("update offer_sync_runs set read_at = now() - interval '11 minutes'");
  expect(await catalogue.soFar(run, 1)).toMatchObject({ complete: false });
  await changes.keepPlan(run, 1, plan([]));
  await expect(catalogue.keepPage(run, 1, { before: 0, products: [], next: 'page 2' })).rejects.toThrow(
    'no longer wanted',
  );
  await runs.request(some('A'));
  await runs.take(run, 2);
  await expect(catalogue.products(run, 2)).rejects.toThrow('not read to its end');
});

test('ten thousand products and changes are kept in the order they came', async () => {
  const run = await runs.request(all);
  await runs.take(run, 1);
  const many = Array.from({ length: 10_000 }, (_, n) => `SKU-${n}`);
  const products = many.map((sku) => ({ kind: 'unusable' as const, sku, reason: 'a test' }));
  await catalogue.keepPage(run, 1, { before: 0, products, next: null });
  await catalogue.keepPage(run, 1, { before: 0, products, next: null });
  expect(await catalogue.products(run, 1)).toEqual(products);
  await changes.keepPlan(run, 1, plan(many.map(update)));
  expect(await changes.claim(run, 10_000)).toMatchObject({ sku: 'SKU-9999' });
  // An attempt at the plan whose answer was lost is made again from the same products.
  expect(await catalogue.products(run, 1)).toHaveLength(10_000);
  await runs.request(all);
  await runs.open(false);
  await runs.take(run, 2);
  await changes.keepPlan(run, 2, plan([], many));
  expect(await reports.progress(run)).toMatchObject({ updated: 1, unchanged: 9_999 });
  await runs.finish(run, { status: 'stopped', reason: null });
  const { rows } = await database.pool.query('select from offer_sync_products');
  expect(rows).toEqual([]);
});
