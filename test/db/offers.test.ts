import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOffers, type Offers, type StoredOffer } from '../../db/offers.js';
import { openTestDatabase, type TestDatabase } from './database.js';

let database: TestDatabase;
let offers: Offers;
beforeAll(async () => {
  database = await openTestDatabase();
  offers = createOffers(database.pool);
});
afterAll(() => database.close());

const offer = (offerId: string, more: Partial<StoredOffer> = {}): StoredOffer => ({
  offerId,
  name: 'Fiber 1000',
  category: 'internet',
  sku: 'F-1000',
  status: 'active',
  monthlyPrice: 59.99,
  raw: { id: offerId, unknownToUs: true },
  ...more,
});

test('an offer is found as it was last written', async () => {
  await offers.upsert(offer('off-1'));
  await offers.upsert(offer('off-1', { name: 'Fiber 2000', category: null, sku: null, monthlyPrice: null }));
  expect(await offers.find('off-1')).toEqual({
    offerId: 'off-1',
    name: 'Fiber 2000',
    category: null,
    sku: null,
  });
  const { rows } = await database.pool.query('select monthly_price, raw from offers');
  expect(rows).toEqual([{ monthly_price: null, raw: { id: 'off-1', unknownToUs: true } }]);
  expect(await offers.find('off-2')).toBeNull();
});

test('what was changed is changed in what is known of the offer, and nothing else', async () => {
  await offers.upsert(offer('off-1', { raw: { name: 'Fiber 1000', sku: 'F-1000', unknownToUs: true } }));
  await offers.amend('off-1', { name: 'Fiber 2000', status: 'inactive', monthlyPrice: 79.5 });
  expect(await offers.find('off-1')).toEqual({
    ...{ offerId: 'off-1', name: 'Fiber 2000', category: 'internet', sku: 'F-1000' },
  });
  const { rows } = await database.pool.query('select status, monthly_price, raw from offers');
  const raw = {
    name: 'Fiber 2000',
    sku: 'F-1000',
    unknownToUs: true,
    status: 'inactive',
    monthlyPrice: 79.5,
  };
  expect(rows).toEqual([{ status: 'inactive', monthly_price: '79.5', raw }]);
  await offers.amend('off-2', { name: 'unknown' });
  expect(await offers.find('off-2')).toBeNull();
});

test('replacing all leaves exactly those', async () => {
  await offers.replaceAll([offer('off-1'), offer('off-2')]);
  await offers.replaceAll([offer('off-2', { name: 'new' }), offer('off-3')]);
  expect(await offers.find('off-1')).toBeNull();
  expect((await offers.find('off-2'))?.name).toBe('new');
  expect((await offers.find('off-3'))?.sku).toBe('F-1000');
});
