import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parsePolicy } from '../../config/policy.js';
import { newOfferBody } from '../../domain/offer-difference.js';
import { mapProduct, type OfferMapping, type Product } from '../../domain/offer-sync.js';

const FIBER = { minBandwidth: 500, maxBandwidth: 1000, connectionType: 'fiber', dataCap: null };

const product = (changes: Record<string, unknown> = {}): Product => ({
  ...{ sku: 'F-1', productName: 'Fiber 1 Gig', type: 'internet', price: 59.99, isActive: true },
  ...{ description: 'Fiber to the home', details: FIBER },
  ...changes,
});

const mappingOf = (mapping: object): OfferMapping =>
  parsePolicy({ offerSync: { mapping } }).offerSync.mapping;

const offerOf = (changes?: Record<string, unknown>, mapping: object = {}) => {
  const mapped = mapProduct(product(changes), mappingOf(mapping));
  return mapped.kind === 'offer' ? mapped.offer : mapped;
};

test('the usual way', () => {
  expect(offerOf()).toEqual({
    sku: 'F-1',
    name: 'Fiber 1 Gig',
    category: 'internet',
    status: 'active',
    monthlyPrice: 59.99,
    description: 'Fiber to the home',
    serviceSpecificData: FIBER,
  });
});

describe('what a product may leave open', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['not sold now', { isActive: false }, { status: 'inactive' }],
    ['a price that varies', { price: null }, { monthlyPrice: null }],
    ['a price of 0', { price: 0 }, { monthlyPrice: 0 }],
    ['no description', { description: undefined }, { description: null }],
    ['a blank description', { description: ' ' }, { description: null }],
    ['no details, not even required ones', { details: undefined }, { serviceSpecificData: {} }],
    ['details null', { details: null }, { serviceSpecificData: {} }],
    ['the type in capitals', { type: 'Internet' }, { category: 'internet' }],
    ['blanks around', { sku: ' F-1 ', productName: ' Fiber ' }, { sku: 'F-1', name: 'Fiber' }],
    [
      'a category with no known fields',
      { type: 'energy', details: { planType: 'Green' } },
      { category: 'energy' },
    ],
  ])('%s', (_, changes, expected) => {
    expect(offerOf(changes)).toMatchObject(expected);
  });
});

describe('details in the category’s own types', () => {
  test.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
    [
      'numbers written as text',
      'internet',
      { ...FIBER, maxBandwidth: '1000', dataCap: '250.5' },
      { maxBandwidth: 1000, dataCap: 250.5 },
    ],
    [
      'a value spelled otherwise',
      'internet',
      { ...FIBER, connectionType: 'Fixed Wireless' },
      { connectionType: 'fixed_wireless' },
    ],
    ['5G Home', 'internet', { ...FIBER, connectionType: '5G-Home' }, { connectionType: '5g_home' }],
    [
      'keys the reference does not name',
      'internet',
      { ...FIBER, router: { included: true } },
      { router: { included: true } },
    ],
    [
      'security',
      'security',
      { monitoringType: 'hybrid', installationType: 'DIY', equipmentIncluded: 'Hub, 2 sensors' },
      { installationType: 'diy' },
    ],
  ])('%s', (_, type, details, expected) => {
    expect(offerOf({ type, details })).toMatchObject({ serviceSpecificData: { ...details, ...expected } });
  });
});

describe('unusable, with the field named', () => {
  const secure = { monitoringType: 'hybrid', installationType: 'diy', equipmentIncluded: 'Hub' };
  test.each<[string, Record<string, unknown>]>([
    ['sku: missing', { sku: '  ' }],
    ['name: missing', { productName: '' }],
    ['category: missing', { type: '' }],
    [
      'category: "broadband" is none of the platform\'s, and offerSync.mapping.categories has no word for it',
      { type: 'broadband' },
    ],
    ['category: "constructor" is none of', { type: 'constructor' }],
    ['status: must be true or false, or active or inactive', { isActive: 'yes' }],
    ['monthlyPrice: must be a number of at least 0, or null', { price: -1 }],
    ['monthlyPrice: must be a number of at least 0, or null', { price: '9,99' }],
    ['monthlyPrice: must be a number of at least 0, or null', { price: undefined }],
    ['monthlyPrice: must be a number of at least 0, or null', { price: NaN }],
    ['serviceSpecificData.minBandwidth: missing', { details: { ...FIBER, minBandwidth: undefined } }],
    [
      'serviceSpecificData.maxBandwidth: must be a number of at least 0',
      { details: { ...FIBER, maxBandwidth: '1 Gig' } },
    ],
    [
      'serviceSpecificData.maxBandwidth: must be a number of at least 0',
      { details: { ...FIBER, maxBandwidth: null } },
    ],
    [
      'serviceSpecificData.connectionType: must be one of fiber, cable',
      { details: { ...FIBER, connectionType: 'Wireless' } },
    ],
    [
      'serviceSpecificData.dataCap: must be a number of at least 0, or null',
      { details: { ...FIBER, dataCap: 'none' } },
    ],
    [
      'serviceSpecificData.monitoringType: must be one of',
      { type: 'security', details: { ...secure, monitoringType: 'x' } },
    ],
    [
      'serviceSpecificData.equipmentIncluded: must be text',
      { type: 'security', details: { ...secure, equipmentIncluded: true } },
    ],
  ])('%s', (reason, changes) => {
    const mapped = mapProduct(product(changes), mappingOf({}));
    expect(mapped).toMatchObject({ kind: 'unusable', sku: changes['sku'] === undefined ? 'F-1' : null });
    expect(mapped.kind === 'unusable' && mapped.reason.startsWith(reason)).toBe(true);
  });

  test('every reason at once', () => {
    expect(offerOf({ price: -1, productName: '', details: { connectionType: 'fiber' } })).toEqual({
      kind: 'unusable',
      sku: 'F-1',
      reason:
        'name: missing; monthlyPrice: must be a number of at least 0, or null; ' +
        'serviceSpecificData.minBandwidth: missing; serviceSpecificData.maxBandwidth: missing',
    });
  });
});

describe('a mapping', () => {
  test('gives types a category, and exact names win', () => {
    const mapping = { categories: { broadband: 'internet', insurance: 'other' } };
    expect(offerOf({ type: 'broadband' }, mapping)).toMatchObject({ category: 'internet' });
    expect(offerOf({ type: 'insurance' }, mapping)).toMatchObject({ category: 'other' });
  });

  test('takes any field from elsewhere', () => {
    const fields = {
      sku: 'code',
      name: 'texts.title',
      category: { value: 'energy' },
      monthlyPrice: 'prices.month',
      status: { from: 'state', values: { LIVE: true, GONE: 'inactive' } },
      description: 'texts.long',
      externalId: 'id',
    };
    const more = {
      code: 7,
      texts: { title: 'Fiber X', long: 'Long' },
      prices: { month: '9.50' },
      state: 'GONE',
      id: 'p1',
    };
    expect(offerOf({ ...more, details: null }, { fields })).toEqual({
      sku: '7',
      name: 'Fiber X',
      category: 'energy',
      status: 'inactive',
      monthlyPrice: 9.5,
      description: 'Long',
      serviceSpecificData: {},
      externalId: 'p1',
    });
    expect(offerOf({ ...more, state: 'LIVE' }, { fields })).toMatchObject({ status: 'active' });
  });

  test('does not take what is not there for null: a wrong path must not silence prices', () => {
    expect(offerOf({}, { fields: { monthlyPrice: 'prices.month' } })).toMatchObject({
      kind: 'unusable',
      reason: 'monthlyPrice: must be a number of at least 0, or null',
    });
    expect(offerOf({}, { fields: { name: 'texts.title' } })).toMatchObject({ reason: 'name: missing' });
    const serviceSpecificData = { internet: { made: 'texts.constructor' } };
    expect(offerOf({ texts: {} }, { serviceSpecificData })).toMatchObject({ serviceSpecificData: FIBER });
    expect(offerOf({ texts: {} }, { serviceSpecificData })).not.toHaveProperty('serviceSpecificData.made');
  });

  test('renames details: the rest keeps its own names, and what was renamed does not appear twice', () => {
    const serviceSpecificData = {
      internet: {
        maxBandwidth: 'details.speed.down',
        minBandwidth: { value: 100 },
        connectionType: { from: 'details.tech', values: { FTTH: 'fiber' } },
        dataCap: 'limits.cap',
        sla: 'details.sla',
      },
    };
    const details = { speed: { down: 1000, up: 500 }, tech: 'FTTH', router: 'R7' };
    expect(offerOf({ details }, { serviceSpecificData })).toMatchObject({
      serviceSpecificData: { maxBandwidth: 1000, minBandwidth: 100, connectionType: 'fiber', router: 'R7' },
    });
    const { serviceSpecificData: sent } = offerOf(
      { details, limits: { cap: null } },
      { serviceSpecificData },
    ) as {
      serviceSpecificData: object;
    };
    expect(Object.keys(sent).sort()).toEqual([
      'connectionType',
      'dataCap',
      'maxBandwidth',
      'minBandwidth',
      'router',
    ]);
    // A word that is not among the values goes on as it is, and has to be right then.
    expect(offerOf({ details: { ...details, tech: 'dsl' } }, { serviceSpecificData })).toMatchObject({
      serviceSpecificData: { connectionType: 'dsl' },
    });
    expect(offerOf({ details: { ...details, tech: 'FTTC' } }, { serviceSpecificData })).toMatchObject({
      kind: 'unusable',
    });
  });

  test('of one category leaves the others alone', () => {
    const mapping = { serviceSpecificData: { internet: { maxBandwidth: 'details.down' } } };
    expect(offerOf({ type: 'television', details: { down: 1 } }, mapping)).toMatchObject({
      serviceSpecificData: { down: 1 },
    });
  });
});

test('the example of the documentation is true', () => {
  const blocks = readFileSync('docs/offer-sync.md', 'utf8').matchAll(/```json\n([^]*?)```/g);
  const [policy, example, offer] = [...blocks].map(([, json]) => JSON.parse(json ?? '') as unknown);
  const mapped = mapProduct(example as Product, parsePolicy(policy).offerSync.mapping);
  expect(mapped.kind === 'offer' && newOfferBody(mapped.offer)).toEqual(offer);
});
