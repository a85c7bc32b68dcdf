import { describe, expect, test } from 'vitest';
import { isTestOrder, unitNumber, type Offer, type OrderItem } from '../../domain/order-item.js';
import { reviewItem } from '../../domain/review.js';

const offer: Offer = { offerId: 'off-1', name: 'Fiber', category: 'internet', sku: 'F-1' };

function item(changes: {
  customer?: Partial<OrderItem['customerInfo']>;
  address?: Partial<OrderItem['serviceAddress']>;
  metadata?: Record<string, unknown>;
}): OrderItem {
  return {
    itemId: 'item-1',
    orderId: 'ord-1',
    offerId: 'off-1',
    offerName: 'Fiber',
    status: 'pending',
    createdAt: '2026-01-02T10:00:00Z',
    scheduledFor: null,
    customerInfo: {
      fullName: 'Pat Doe',
      email: 'pat@example.com',
      phone: '+1-555-123-4567',
      ...changes.customer,
    },
    serviceAddress: {
      street: '123 Main St',
      city: 'San Francisco',
      state: 'CA',
      zipCode: '94102',
      country: 'US',
      ...changes.address,
    },
    notes: null,
    metadata: changes.metadata ?? {},
  };
}

describe('usable as it is', () => {
  test.each<[string, Parameters<typeof item>[0]]>([
    ['complete', {}],
    ['without e-mail, with a phone', { customer: { email: null } }],
    ['without phone, with an e-mail', { customer: { phone: '' } }],
    ['a phone in any formatting', { customer: { email: null, phone: '(555) 123.4567' } }],
    ['ZIP+4', { address: { zipCode: '94102-1234' } }],
    ['a state written out', { address: { state: 'California' } }],
    ['a country written out', { address: { country: 'United States' } }],
    ['an address abroad', { address: { country: 'Canada', zipCode: 'K1A 0B1', state: 'ON' } }],
    ['no country', { address: { country: null } }],
  ])('%s', (_, changes) => {
    expect(reviewItem(item(changes), offer)).toEqual([]);
  });
});

describe('before a person', () => {
  test.each<[string, Parameters<typeof item>[0]]>([
    ['customerInfo.fullName', { customer: { fullName: null } }],
    ['customerInfo.fullName', { customer: { fullName: ' ' } }],
    ['customerInfo', { customer: { email: 'nonsense', phone: '12345' } }],
    ['serviceAddress.street', { address: { street: '' } }],
    ['serviceAddress.city', { address: { city: null } }],
    ['serviceAddress.state', { address: { state: 'C' } }],
    ['serviceAddress.zipCode', { address: { zipCode: '9410' } }],
    ['serviceAddress.zipCode', { address: { zipCode: null } }],
    ['serviceAddress.zipCode', { address: { country: 'DE', zipCode: '!' } }],
  ])('%s', (field, changes) => {
    expect(reviewItem(item(changes), offer).map((finding) => finding.field)).toEqual([field]);
  });

  test('an offer that is not ours', () => {
    expect(reviewItem(item({}), null).map((finding) => finding.field)).toEqual(['offerId']);
    expect(reviewItem(item({}), 'unread')).toEqual([
      { field: 'offerId', problem: 'is of an offer that cannot be read from Offergrid' },
    ]);
  });

  test('everything at once, and none of what the customer entered is repeated', () => {
    const nothing = item({
      customer: { fullName: 'X', email: 'secret', phone: '1' },
      address: { street: 'Y', city: 'Z', state: '', zipCode: 'hidden', country: 'US' },
    });
    const findings = reviewItem(nothing, offer);
    expect(findings).toHaveLength(6);
    expect(JSON.stringify(findings)).not.toMatch(/secret|hidden/);
  });
});

test.each([
  [{ test: true }, true],
  [{ test: 'true' }, false],
  [{ test: 1 }, false],
  [{}, false],
])('metadata %j: test order %s', (metadata, expected) => {
  expect(isTestOrder(item({ metadata }))).toBe(expected);
});

test('the unit comes from the reseller metadata', () => {
  expect(unitNumber(item({ metadata: { unitNumber: ' 4B ' } }))).toBe('4B');
  expect(unitNumber(item({ metadata: { unitNumber: 4 } }))).toBeUndefined();
  expect(unitNumber(item({}))).toBeUndefined();
});
