import { describe, expect, test } from 'vitest';
import { openShop, product, skus } from './shop.js';

const BASE = skus(10).map((sku) => product(sku));
const OFFERS = '/provider/offers';

const shop = openShop(BASE);

const with_ = (sku: string, more: Parameters<typeof product>[1]) =>
  BASE.map((one) => (one.sku === sku ? product(sku, more) : one));
const without = (...gone: string[]) => BASE.filter(({ sku }) => !gone.includes(sku));

describe('what a run does', () => {
  test('the first sync creates an offer for each active product', async () => {
    await shop.empty();
    shop.stock([...BASE.slice(1), product('SKU-1', { isActive: false })]);
    const report = await shop.synced();
    expect(report).toMatchObject({
      dryRun: false,
      status: 'completed',
      created: 9,
      updated: 0,
      deactivated: 0,
      failed: 0,
    });
    expect(report.changes[0]).toEqual({ sku: 'SKU-2', action: 'create' });
    expect(shop.offer('SKU-2')).toMatchObject({
      name: 'Plan SKU-2',
      category: 'other',
      status: 'active',
      monthlyPrice: 20,
    });
    expect(shop.offer('SKU-1')).toBeUndefined();
  });

  test('nothing new: one list call and no write', async () => {
    const report = await shop.synced();
    expect(report).toEqual({
      runId: report.runId,
      dryRun: false,
      status: 'completed',
      reason: null,
      plan: null,
      ...{ created: 0, updated: 0, unchanged: 10, deactivated: 0, skipped: 0, failed: 0 },
      changes: [],
    });
    expect(shop.writes()).toEqual([]);
    expect(shop.calls('GET').map(({ path }) => path)).toEqual([OFFERS]);
  });

  test('a new price is sent, and nothing else of the offer', async () => {
    shop.stock(with_('SKU-3', { price: 25 }));
    const report = await shop.synced();
    expect(report).toMatchObject({ status: 'completed', updated: 1, unchanged: 9 });
    expect(report.changes).toEqual([
      { sku: 'SKU-3', action: 'update', fields: { monthlyPrice: { from: 20, to: 25 } } },
    ]);
    expect(shop.writes().map(({ body }) => body)).toEqual([{ monthlyPrice: 25 }]);
  });

  test('inactive, and active again', async () => {
    shop.stock(with_('SKU-3', { isActive: false }));
    expect(await shop.synced()).toMatchObject({ deactivated: 1, updated: 0, unchanged: 9 });
    expect(shop.offer('SKU-3')?.status).toBe('inactive');
    shop.stock(BASE);
    expect(await shop.synced()).toMatchObject({ deactivated: 0, updated: 1, unchanged: 9 });
    expect(shop.offer('SKU-3')?.status).toBe('active');
  });

  test('a product that vanished takes its offer off the market, and deletes nothing', async () => {
    shop.stock(without('SKU-3'));
    const report = await shop.synced();
    expect(report).toMatchObject({ deactivated: 1, unchanged: 9 });
    expect(report.changes).toEqual([
      { sku: 'SKU-3', action: 'deactivate', fields: { status: { from: 'active', to: 'inactive' } } },
    ]);
    expect(shop.offer('SKU-3')?.status).toBe('inactive');
    expect(shop.calls('DELETE')).toEqual([]);
  });

  test('a SKU twice, and a product that is no offer, are reported; the rest goes on', async () => {
    const bad = product('SKU-4', { type: 'internet', details: { minBandwidth: 100 } });
    shop.stock([
      ...without('SKU-4', 'SKU-5'),
      bad,
      product('SKU-3', { price: 1 }),
      product('SKU-5', { price: 21 }),
    ]);
    const report = await shop.synced();
    expect(report).toMatchObject({ status: 'completed_with_errors', updated: 1, unchanged: 7, failed: 2 });
    const errors = report.changes.filter(({ action }) => action === 'error');
    expect(errors).toHaveLength(2);
    expect(errors.find(({ sku }) => sku === 'SKU-3')?.reason).toMatch(/2 products/);
    expect(errors.find(({ sku }) => sku === 'SKU-4')?.reason).toMatch(/maxBandwidth/);
    expect(shop.offer('SKU-3')?.monthlyPrice).toBe(20);
    expect(shop.offer('SKU-4')?.category).toBe('other');
    // Put right, the next run heals.
    shop.stock(BASE);
    expect(await shop.synced()).toMatchObject({ status: 'completed', failed: 0, updated: 1 });
  });

  test('what people changed by hand, or marked as theirs', async () => {
    const byHand = shop.offer('SKU-3')!.id;
    const changed = shop.offer('SKU-4')!.id;
    await shop.platform('PATCH', `/${byHand}`, { metadata: { managedBy: 'hand' }, monthlyPrice: 30 });
    await shop.platform('PATCH', `/${changed}`, { monthlyPrice: 30 });
    expect(await shop.synced()).toMatchObject({ updated: 1, unchanged: 9 });
    expect(shop.offer('SKU-3')?.monthlyPrice).toBe(30);
    expect(shop.offer('SKU-4')?.monthlyPrice).toBe(20);
  });

  test('a dry run says the same and sends nothing', async () => {
    shop.stock([...without('SKU-1'), product('SKU-11'), product('SKU-2')]);
    const report = await shop.synced({ dryRun: true });
    expect(report).toMatchObject({ dryRun: true, status: 'completed_with_errors' });
    expect(report).toMatchObject({ created: 1, updated: 0, deactivated: 1, unchanged: 8, failed: 1 });
    expect(report.changes.map(({ sku, action }) => [sku, action])).toEqual([
      ['SKU-11', 'create'],
      ['SKU-1', 'deactivate'],
      ['SKU-2', 'error'],
    ]);
    expect(shop.writes()).toEqual([]);
  });
});
