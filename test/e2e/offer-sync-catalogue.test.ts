import { describe, expect, test } from 'vitest';
import type { Offer } from '../../sandbox/offergrid/offers.js';
import type { Product } from '../../sandbox/provider/requests.js';
import { openShop, product, skus } from './shop.js';

const BASE = skus(10).map((sku) => product(sku));

const shop = openShop(BASE);

const with_ = (sku: string, more: Partial<Product>) =>
  BASE.map((one) => (one.sku === sku ? product(sku, more) : one));
/** The offer as the platform shows it, with what people or other systems wrote there. */
async function written(sku: string, fields: object): Promise<Offer> {
  await shop.platform('PATCH', `/${shop.offer(sku)!.id}`, fields);
  shop.forget();
  return shop.offer(sku)!;
}

describe('pages', () => {
  test('a catalogue of several pages is read to its end before anything is compared', async () => {
    const reads = shop.productReads();
    shop.system.provider.control.setProducts([...BASE, product('SKU-11')], 4);
    expect(await shop.synced()).toMatchObject({
      status: 'completed',
      created: 1,
      unchanged: 10,
      deactivated: 0,
    });
    expect(shop.productReads() - reads).toBe(3);
  });

  test('a page that breaks for a moment is read again, and no half of a catalogue is ever followed', async () => {
    shop.system.provider.control.setProducts(BASE, 6);
    shop.system.provider.control.setFaults([
      { kind: 'error', status: 502, path: '/products', probability: 0.5, times: 3 },
    ]);
    const reads = shop.productReads();
    expect(await shop.synced()).toMatchObject({
      status: 'completed',
      unchanged: 10,
      deactivated: 0,
      failed: 0,
    });
    const statuses = shop.system.provider.control
      .calls()
      .flatMap(({ path, status }) => (path === '/products' ? [status] : []));
    expect(statuses.slice(reads)).toContain(502);
    expect(shop.writes()).toEqual([]);
  });
});

describe('what is kept', () => {
  const FILLED = {
    ...{ imageUrl: 'https://example.com/plan.png', keyFeatures: ['fast'], madeUp: { by: 'another system' } },
    metadata: { contractLength: '12 months', tiers: [{ name: 'A', price: 1 }] },
    serviceSpecificData: { downloadSpeed: '1 Gig', router: { included: true } },
  };

  test('of an offer that is updated: every key but the changed ones, unknown keys too', async () => {
    const before = await written('SKU-3', { ...FILLED, description: 'Written in the dashboard' });
    shop.stock(with_('SKU-3', { price: 25 }));
    expect(await shop.synced()).toMatchObject({ status: 'completed', updated: 1 });
    expect(shop.offer('SKU-3')).toEqual({ ...before, monthlyPrice: 25 });
  });

  test('of service data: the keys that only the platform has', async () => {
    const before = await written('SKU-3', FILLED);
    const details = { channelCount: 200 };
    shop.stock(with_('SKU-3', { details }));
    expect(await shop.synced()).toMatchObject({ status: 'completed', updated: 1 });
    const { serviceSpecificData } = FILLED;
    expect(shop.offer('SKU-3')).toEqual({
      ...before,
      serviceSpecificData: { ...serviceSpecificData, ...details },
    });
    expect(shop.writes().map(({ body }) => Object.keys(body as object))).toEqual([['serviceSpecificData']]);
  });

  test('whole: what has no SKU, and what is managed by hand, with a product or without', async () => {
    await shop.platform('POST', '', { name: 'Sold by telephone only', status: 'active', monthlyPrice: 5 });
    await written('SKU-3', { metadata: { managedBy: 'hand' } });
    const before = [await written('SKU-4', { metadata: { managedBy: 'hand' } }), shop.offer('SKU-3')];
    shop.stock(with_('SKU-4', { price: 30, isActive: false }).filter(({ sku }) => sku !== 'SKU-3'));
    expect(await shop.synced()).toMatchObject({
      status: 'completed',
      updated: 0,
      deactivated: 0,
      unchanged: 9,
    });
    expect(shop.writes()).toEqual([]);
    expect([shop.offer('SKU-4'), shop.offer('SKU-3')]).toEqual(before);
    expect(await shop.onSale()).toHaveLength(11);
  });
});

test('what resellers see: new and active ones at once, no inactive ones, and never a draft', async () => {
  await written('SKU-2', { status: 'draft' });
  expect(await shop.onSale()).not.toContain('SKU-2');
  shop.stock([...with_('SKU-1', { isActive: false }), product('SKU-11')]);
  expect(await shop.synced()).toMatchObject({
    status: 'completed',
    created: 1,
    deactivated: 1,
    updated: 0,
    skipped: 1,
  });
  // Its product is active, but publishing a draft is a person's decision.
  expect(shop.offer('SKU-2')?.status).toBe('draft');
  const sold = await shop.onSale();
  expect([sold.includes('SKU-1'), sold.includes('SKU-2'), sold.includes('SKU-11')]).toEqual([
    false,
    false,
    true,
  ]);
  shop.stock(BASE);
  expect(await shop.synced()).toMatchObject({ updated: 1, deactivated: 1 });
  expect(await shop.onSale()).toContain('SKU-1');
});

test('a SKU twice: at the platform, at the provider, at both; blanks make no other SKU', async () => {
  const { control } = shop.system.offergrid;
  const twin = { ...shop.offer('SKU-1')!, id: 'off-twin', monthlyPrice: 1 };
  control.setOffers([...control.offers(), twin]);
  await shop.platform('PATCH', `/${shop.offer('SKU-4')!.id}`, { sku: ' SKU-3 ' });
  const before = control.offers();
  shop.forget();
  shop.stock([
    ...with_('SKU-1', { price: 30 }),
    product('SKU-2', { price: 1 }),
    product('SKU-3 ', { price: 2 }),
  ]);
  const report = await shop.synced();
  expect(report).toMatchObject({ status: 'completed_with_errors', failed: 3, updated: 0, deactivated: 0 });
  const reasons = report.changes.flatMap(({ sku, action, reason }) =>
    action === 'error' ? [[sku, reason]] : [],
  );
  expect(Object.fromEntries(reasons)).toEqual({
    'SKU-1': '2 offers have this SKU',
    'SKU-2': '2 products have this SKU',
    'SKU-3': '2 products have this SKU; 2 offers have this SKU',
  });
  // The SKU that the fourth lost to the third is free again.
  expect(report.changes.filter(({ action }) => action === 'create')).toMatchObject([{ sku: 'SKU-4' }]);
  expect(control.offers().filter(({ sku }) => sku !== 'SKU-4')).toEqual(before);
});

test('what the platform does not take is reported with its own words, and the rest goes on', async () => {
  await written('SKU-3', { serviceSpecificData: { channelCount: 200 } });
  shop.stock([...with_('SKU-3', { type: 'internet' }), product('SKU-11')]);
  const report = await shop.synced();
  expect(report).toMatchObject({ status: 'completed_with_errors', created: 1, failed: 1 });
  const [refused] = report.changes.filter(({ action }) => action === 'error');
  expect(refused?.sku).toBe('SKU-3');
  expect(refused?.reason).toMatch(/^update refused \(400\): .*serviceSpecificData\.minBandwidth/);
  expect(shop.offer('SKU-3')?.category).toBe('other');
  // With all that its category asks for, the next run heals it.
  const details = { minBandwidth: 100, maxBandwidth: 500, connectionType: 'fiber' };
  shop.stock([...with_('SKU-3', { type: 'internet', details }), product('SKU-11')]);
  expect(await shop.synced()).toMatchObject({ status: 'completed', updated: 1, failed: 0 });
  expect(shop.offer('SKU-3')).toMatchObject({
    category: 'internet',
    serviceSpecificData: { ...details, channelCount: 200 },
  });
});

test('a price that jumps waits for a person, who may find it right', async () => {
  shop.stock(with_('SKU-3', { price: 41 }));
  const runId = await shop.ask();
  const braked = await shop.reaches(runId, 'awaiting_approval');
  expect(braked.reason).toBe('the price of SKU-3 (20 to 41) would change by more than a factor of 2');
  expect(braked).toMatchObject({ updated: 1, unchanged: 9 });
  expect(shop.writes()).toEqual([]);
  expect((await shop.call('POST', `/sync/${runId}/approve`)).status).toBe(200);
  expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', updated: 1, reason: null });
  expect(shop.writes().map(({ body }) => body)).toEqual([{ monthlyPrice: 41 }]);
  // Twice the price is not yet more than a factor of two.
  shop.stock(with_('SKU-3', { price: 20.5 }));
  expect(await shop.synced()).toMatchObject({ status: 'completed', updated: 1 });
});
