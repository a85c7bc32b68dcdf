import { describe, expect, test } from 'vitest';
import {
  planOfferSync,
  type KnownOffer,
  type MappedProduct,
  type OfferSyncInput,
  type WantedOffer,
} from '../../domain/offer-sync.js';
import type { OfferSyncPolicy } from '../../domain/policy.js';

const mapping = { categories: {}, fields: {}, serviceSpecificData: {} };
const LOOSE = { deactivateShare: 1, repriceFactor: 1_000 };
const policy = (changes: Partial<OfferSyncPolicy> = {}): OfferSyncPolicy => ({
  ...{ every: 86_400_000, onMissing: 'inactive', brake: LOOSE, mapping },
  ...changes,
});

const wanted = (sku: string, changes: Partial<WantedOffer> = {}): MappedProduct => ({
  kind: 'offer',
  offer: {
    ...{
      sku,
      name: `Fiber ${sku}`,
      category: 'internet',
      status: 'active',
      monthlyPrice: 50,
      description: null,
    },
    ...{ serviceSpecificData: { maxBandwidth: 1000 } },
    ...changes,
  },
});
const known = (sku: string | null, changes: Partial<KnownOffer> = {}): KnownOffer => ({
  ...{
    offerId: `off-${sku ?? 'none'}`,
    sku,
    name: `Fiber ${sku ?? ''}`,
    category: 'internet',
    status: 'active',
  },
  ...{ monthlyPrice: 50, description: 'Fast', externalId: null, metadata: {} },
  ...{ serviceSpecificData: { maxBandwidth: 1000 } },
  ...changes,
});
const unusable = (sku: string | null): MappedProduct => ({ kind: 'unusable', sku, reason: 'name: missing' });

const plan = (input: Partial<OfferSyncInput>) =>
  planOfferSync({ products: [], offers: [], policy: policy(), ...input });
const many = <T>(count: number, make: (sku: string) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(`S${index}`));

describe('one product, one offer', () => {
  test('in step: nothing to do', () => {
    expect(plan({ products: [wanted('A')], offers: [known('A')] })).toEqual({
      changes: [],
      unchanged: ['A'],
      brake: [],
    });
  });

  test.each<
    [string, Partial<WantedOffer>, Partial<KnownOffer>, Record<string, { from: unknown; to: unknown }>]
  >([
    ['a price', { monthlyPrice: 60 }, {}, { monthlyPrice: { from: 50, to: 60 } }],
    ['a price down to 0', { monthlyPrice: 0 }, {}, { monthlyPrice: { from: 50, to: 0 } }],
    ['a first price', {}, { monthlyPrice: null }, { monthlyPrice: { from: null, to: 50 } }],
    ['a name', { name: 'Giga' }, {}, { name: { from: 'Fiber A', to: 'Giga' } }],
    ['a category', { category: 'other' }, {}, { category: { from: 'internet', to: 'other' } }],
    ['a description', { description: 'New' }, {}, { description: { from: 'Fast', to: 'New' } }],
    ['an id of theirs', { externalId: 'p1' }, {}, { externalId: { from: null, to: 'p1' } }],
    ['a status that is not shown', {}, { status: null }, { status: { from: null, to: 'active' } }],
    ['on sale again', {}, { status: 'inactive' }, { status: { from: 'inactive', to: 'active' } }],
    [
      'price and name at once',
      { monthlyPrice: 60, name: 'Giga' },
      {},
      { name: { from: 'Fiber A', to: 'Giga' }, monthlyPrice: { from: 50, to: 60 } },
    ],
    [
      'service data: whole, with what only the platform has',
      { serviceSpecificData: { maxBandwidth: 2000, dataCap: null } },
      { serviceSpecificData: { maxBandwidth: 1000, downloadSpeed: '1 Gig' } },
      {
        serviceSpecificData: {
          from: { maxBandwidth: 1000, downloadSpeed: '1 Gig' },
          to: { maxBandwidth: 2000, downloadSpeed: '1 Gig', dataCap: null },
        },
      },
    ],
  ])('%s is updated, and nothing else is sent', (_, product, offer, fields) => {
    const { changes, unchanged } = plan({ products: [wanted('A', product)], offers: [known('A', offer)] });
    const body = Object.fromEntries(Object.entries(fields).map(([field, { to }]) => [field, to]));
    expect(changes).toEqual([{ action: 'update', sku: 'A', offerId: 'off-A', body, fields }]);
    expect(unchanged).toEqual([]);
  });

  test.each<[string, Partial<WantedOffer>, Partial<KnownOffer>]>([
    ['no price', { monthlyPrice: null }, {}],
    ['no description', { description: null }, { description: 'Written in the dashboard' }],
    ['no id of theirs', {}, { externalId: 'crm-1' }],
    ['no service data', { serviceSpecificData: {} }, {}],
    ['fewer keys', {}, { serviceSpecificData: { maxBandwidth: 1000, dvr: true } }],
    [
      'the same in another order',
      { serviceSpecificData: { a: { x: 1, y: [1, { z: null }] }, b: 2 } },
      { serviceSpecificData: { b: 2, a: { y: [1, { z: null }], x: 1 } } },
    ],
    ['no change, not on sale', { status: 'inactive' }, { status: 'inactive' }],
  ])('what the product does not say stays: %s', (_, product, offer) => {
    expect(plan({ products: [wanted('A', product)], offers: [known('A', offer)] })).toMatchObject({
      changes: [],
      unchanged: ['A'],
    });
  });

  test.each<[unknown, unknown]>([
    [
      [1, 2],
      [2, 1],
    ],
    [[1], { 0: 1 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: undefined }, { b: 1 }],
    [null, {}],
    ['1', 1],
  ])('service data %j is not %j', (mine, theirs) => {
    const products = [wanted('A', { serviceSpecificData: { key: mine } })];
    const offers = [known('A', { serviceSpecificData: { key: theirs } })];
    expect(plan({ products, offers }).changes).toHaveLength(1);
  });

  test('taken off the market, with the other fields that changed', () => {
    const products = [wanted('A', { status: 'inactive', monthlyPrice: 60 })];
    expect(plan({ products, offers: [known('A')] }).changes).toEqual([
      {
        action: 'deactivate',
        sku: 'A',
        offerId: 'off-A',
        body: { status: 'inactive', monthlyPrice: 60 },
        fields: { status: { from: 'active', to: 'inactive' }, monthlyPrice: { from: 50, to: 60 } },
      },
    ]);
  });

  test('an offer that is off the market already is kept in step, which is no deactivation', () => {
    const products = [wanted('A', { status: 'inactive', monthlyPrice: 60 })];
    const offers = [known('A', { status: 'inactive' })];
    expect(plan({ products, offers }).changes).toMatchObject([
      { action: 'update', body: { monthlyPrice: 60 } },
    ]);
  });

  test('is told by its SKU, blanks around it aside, and by nothing else', () => {
    expect(plan({ products: [wanted('A')], offers: [known(' A ', { name: 'Fiber A' })] })).toMatchObject({
      changes: [],
      unchanged: ['A'],
    });
    expect(
      plan({ products: [wanted('a')], offers: [known('A')] }).changes.map(({ action }) => action),
    ).toEqual(['create', 'deactivate']);
  });
});

describe('without a counterpart', () => {
  test('a product is created with all that it says', () => {
    const products = [
      wanted('A', { monthlyPrice: null, externalId: 'p1' }),
      wanted('B', { serviceSpecificData: {} }),
    ];
    expect(plan({ products }).changes).toEqual([
      {
        action: 'create',
        sku: 'A',
        body: {
          ...{ sku: 'A', name: 'Fiber A', category: 'internet', status: 'active', externalId: 'p1' },
          serviceSpecificData: { maxBandwidth: 1000 },
        },
      },
      {
        action: 'create',
        sku: 'B',
        body: { sku: 'B', name: 'Fiber B', category: 'internet', status: 'active', monthlyPrice: 50 },
      },
    ]);
  });

  test('a product that is not sold is not created', () => {
    expect(plan({ products: [wanted('A', { status: 'inactive' })] })).toMatchObject({
      changes: [],
      unchanged: ['A'],
    });
  });

  test('an offer is taken off the market, or left where the policy says so; never deleted', () => {
    const input = { products: [wanted('B')], offers: [known('A'), known('B')] };
    expect(plan(input).changes).toEqual([
      {
        action: 'deactivate',
        sku: 'A',
        offerId: 'off-A',
        body: { status: 'inactive' },
        fields: { status: { from: 'active', to: 'inactive' } },
      },
    ]);
    expect(plan({ ...input, policy: policy({ onMissing: 'ignore' }) })).toMatchObject({
      changes: [],
      unchanged: ['B'],
    });
  });

  test('an offer that is off the market already needs nothing, and counts nowhere', () => {
    expect(
      plan({ products: [wanted('B')], offers: [known('A', { status: 'inactive' }), known('B')] }),
    ).toEqual({
      ...{ changes: [], unchanged: ['B'], brake: [] },
    });
  });
});

describe('left alone', () => {
  const offers: [string, Partial<KnownOffer>][] = [
    ['managed by hand', { metadata: { managedBy: 'hand' } }],
    ['a draft that is managed by hand', { metadata: { managedBy: 'hand' }, status: 'draft' }],
    ['a draft', { status: 'draft' }],
    ['archived', { status: 'archived' }],
    ['in a status we do not know', { status: 'suspended' }],
  ];
  test.each(offers)('%s: neither updated, nor deactivated, nor created again', (_, offer) => {
    const theirs = [known('A', offer)];
    const sold = plan({ products: [wanted('A', { monthlyPrice: 9 })], offers: theirs });
    expect(sold.changes.filter(({ action }) => action !== 'skip')).toEqual([]);
    const unsold = plan({ products: [wanted('A', { status: 'inactive' })], offers: theirs });
    expect(unsold).toMatchObject({ changes: [], unchanged: ['A'] });
    expect(plan({ products: [wanted('B')], offers: [...theirs, known('B')] }).changes).toEqual([]);
  });

  test.each(offers.slice(0, 2))('%s: as its owner wants it', (_, offer) => {
    const theirs = [known('A', offer)];
    expect(plan({ products: [wanted('A', { monthlyPrice: 9 })], offers: theirs })).toMatchObject({
      changes: [],
      unchanged: ['A'],
    });
  });

  test.each(offers.slice(2))('%s, and its product is sold: told, and not called unchanged', (_, offer) => {
    expect(plan({ products: [wanted('A')], offers: [known('A', offer)] })).toEqual({
      changes: [
        { action: 'skip', sku: 'A', reason: expect.stringContaining(`is ${offer.status}`) as string },
      ],
      unchanged: [],
      brake: [],
    });
  });

  test('without a SKU', () => {
    expect(plan({ products: [wanted('B')], offers: [known(null), known(' '), known('B')] })).toMatchObject({
      changes: [],
    });
  });

  test('the sync’s own mark is no mark of a hand', () => {
    const offers = [known('A', { metadata: { managedBy: 'sync' }, monthlyPrice: 9 })];
    expect(plan({ products: [wanted('A')], offers }).changes).toHaveLength(1);
  });
});

describe('reported, not guessed', () => {
  test('a SKU of two products, of two offers, of both', () => {
    const products = [wanted('A'), wanted('A', { monthlyPrice: 9 }), wanted('B'), wanted('C'), unusable('C')];
    const offers = [
      known('A'),
      known('B'),
      known(' B', { offerId: 'off-B2' }),
      known('C'),
      known('C'),
      known('D'),
      known('D'),
    ];
    expect(plan({ products, offers })).toEqual({
      changes: [
        { action: 'error', sku: 'A', reason: '2 products have this SKU' },
        { action: 'error', sku: 'B', reason: '2 offers have this SKU' },
        { action: 'error', sku: 'C', reason: '2 products have this SKU; 2 offers have this SKU' },
        { action: 'error', sku: 'D', reason: '2 offers have this SKU' },
      ],
      unchanged: [],
      brake: [],
    });
  });

  test('an unusable product; its offer stays, and the others go on', () => {
    const products = [unusable('A'), wanted('B', { monthlyPrice: 60 }), unusable('C')];
    expect(plan({ products, offers: [known('A'), known('B')] }).changes).toMatchObject([
      { action: 'error', sku: 'A', reason: 'name: missing' },
      { action: 'update', sku: 'B' },
      { action: 'error', sku: 'C' },
    ]);
  });

  test('products without a SKU: any offer without a product may be theirs', () => {
    const products = [unusable(null), unusable(' '), wanted('B', { status: 'inactive' })];
    expect(
      plan({ products, offers: [known('A'), known('B'), known('C', { status: 'inactive' })] }).changes,
    ).toMatchObject([
      { action: 'error', sku: null, reason: 'name: missing' },
      { action: 'error', sku: null },
      { action: 'deactivate', sku: 'B' },
      { action: 'error', sku: 'A', reason: expect.stringContaining('stays as it is') as string },
    ]);
  });
});

describe('only some SKUs', () => {
  const products = [
    wanted('A', { monthlyPrice: 60 }),
    wanted('B', { monthlyPrice: 60 }),
    unusable('C'),
    wanted('N'),
  ];
  const offers = [known('A'), known('B'), known('C'), known('V'), known('W')];

  test('what is not among them is neither changed nor missing', () => {
    expect(plan({ products, offers, only: [' A ', 'V', 'X'] })).toMatchObject({
      changes: [
        { action: 'update', sku: 'A' },
        { action: 'deactivate', sku: 'V' },
      ],
      unchanged: [],
    });
    expect(plan({ products, offers, only: ['N', 'C'] }).changes).toMatchObject([
      { action: 'error' },
      { action: 'create' },
    ]);
    expect(plan({ products, offers, only: [] })).toEqual({ changes: [], unchanged: [], brake: [] });
  });

  test('a nameless product is told of where it matters', () => {
    const all = { products: [...products, unusable(null)], offers };
    expect(plan({ ...all, only: ['A'] }).changes).toMatchObject([{ action: 'update' }]);
    expect(plan({ ...all, only: ['V'] }).changes).toMatchObject([{ action: 'error', sku: 'V' }]);
  });
});

describe('the brake', () => {
  const deactivating = (off: number, of: number, changes: Partial<OfferSyncInput> = {}, share = 0.2) =>
    plan({
      products: many(of, (sku) => wanted(sku, Number(sku.slice(1)) < off ? { status: 'inactive' } : {})),
      offers: many(of, (sku) => known(sku)),
      policy: policy({ brake: { ...LOOSE, deactivateShare: share } }),
      ...changes,
    }).brake;

  test.each([
    [1, 5, 0.2, false],
    [2, 9, 0.2, true],
    [29, 100, 0.29, false],
    [30, 100, 0.29, true],
    [1, 1_000, 0, true],
    [10, 10, 1, false],
    [0, 0, 0, false],
  ])('%d of %d deactivated, share %d: stops %s', (off, of, share, stops) => {
    expect(deactivating(off, of, {}, share)).toHaveLength(stops ? 1 : 0);
  });

  test('counts vanished products and inactive ones alike, over all that were active', () => {
    const offers = many(10, (sku) => known(sku));
    const brake = { ...LOOSE, deactivateShare: 0.2 };
    const kept = many(8, (sku) => wanted(sku));
    expect(plan({ products: kept, offers, policy: policy({ brake }) }).brake).toEqual([]);
    const products = kept.map((one, index) => (index === 0 ? wanted('S0', { status: 'inactive' }) : one));
    expect(plan({ products, offers, policy: policy({ brake }) }).brake).toEqual([
      '3 of 10 active offers (30 %) would be deactivated: more than 20 %',
    ]);
  });

  test.each<[string, Partial<KnownOffer>[]]>([
    ['inactive', many(20, () => ({ status: 'inactive' }))],
    ['by hand', many(20, () => ({ metadata: { managedBy: 'hand' } }))],
    ['draft', many(20, () => ({ status: 'draft' }))],
    ['without a SKU', many(20, () => ({ sku: null }))],
    ['not to be told apart', many(20, () => ({ sku: 'twice' }))],
  ])('does not count offers that are %s', (_, others) => {
    const products = many(4, (sku) => wanted(sku, sku === 'S0' ? { status: 'inactive' } : {}));
    const theirs = others.map((one, index) => known(`T${index}`, one));
    expect(deactivating(0, 0, { products, offers: [...many(4, (sku) => known(sku)), ...theirs] })).toEqual([
      '1 of 4 active offers (25 %) would be deactivated: more than 20 %',
    ]);
  });

  test('counts what the same run took off before: a bad catalogue may come in slices', () => {
    const offers = [...many(8, (sku) => known(sku)), known('T0', { status: 'inactive' })];
    const products = many(8, (sku) => wanted(sku, sku === 'S0' ? { status: 'inactive' } : {}));
    const slice = (takenOff: number, only = ['S0']) =>
      deactivating(0, 0, { products, offers, only, takenOff });
    expect(slice(0)).toEqual([]);
    expect(slice(2)).toEqual(['3 of 10 active offers (30 %) would be deactivated: more than 20 %']);
    expect(slice(9, ['S1'])).toEqual([]);
  });

  test('does not count what the policy leaves on the market', () => {
    const products = [wanted('A', { status: 'inactive' })];
    const offers = [known('A'), ...many(9, (sku) => known(sku))];
    const brake = { ...LOOSE, deactivateShare: 0.2 };
    expect(plan({ products, offers, policy: policy({ brake, onMissing: 'ignore' }) }).brake).toHaveLength(1);
  });

  test('creations never count', () => {
    expect(
      plan({
        products: many(50, (sku) => wanted(sku)),
        policy: policy({ brake: { deactivateShare: 0, repriceFactor: 1 } }),
      }),
    ).toMatchObject({ brake: [] });
  });

  test('one SKU of many is not all of them', () => {
    const products = many(10, (sku) => wanted(sku, { status: 'inactive' }));
    expect(deactivating(0, 0, { products, offers: many(10, (sku) => known(sku)), only: ['S3'] })).toEqual([]);
    expect(
      deactivating(0, 0, { products, offers: many(10, (sku) => known(sku)), only: ['S3', 'S4', 'S5'] }),
    ).toHaveLength(1);
  });

  test('an empty list is stopped whatever the share, unless nothing would come of it', () => {
    const offers = [known('A')];
    expect(plan({ offers }).brake).toEqual([
      '1 of 1 active offers (100 %) would be deactivated: no product is listed',
    ]);
    expect(plan({ offers, only: ['A'] }).brake).toHaveLength(1);
    expect(plan({ offers, policy: policy({ onMissing: 'ignore' }) }).brake).toEqual([]);
    expect(plan({ offers: [known('A', { status: 'inactive' })] }).brake).toEqual([]);
  });

  const repriced = (from: number | null, to: number | null, factor: number) =>
    plan({
      products: [wanted('A', { monthlyPrice: to }), wanted('B')],
      offers: [known('A', { monthlyPrice: from }), known('B')],
      policy: policy({ brake: { ...LOOSE, repriceFactor: factor } }),
    }).brake;

  test.each<[number | null, number | null, number, boolean]>([
    [50, 100, 2, false],
    [50, 100.01, 2, true],
    [100, 50, 2, false],
    [100, 49.99, 2, true],
    [59.99, 119.98, 2, false],
    [0.35, 1.05, 3, false],
    [10, 10.01, 1, true],
    [50, 0, 1_000, true],
    [0, 50, 1_000, true],
    [0, 0, 1, false],
    [null, 50, 1, false],
    [50, null, 1, false],
  ])('a price from %j to %j, factor %d: stops %s', (from, to, factor, stops) => {
    expect(repriced(from, to, factor)).toHaveLength(stops ? 1 : 0);
  });

  test('measures a price from where the run found it, and from where it is now', () => {
    const stepped = (from: number | null, to: number, before: number) =>
      plan({
        products: [wanted('A', { monthlyPrice: to })],
        offers: [known('A', { monthlyPrice: from })],
        policy: policy({ brake: { ...LOOSE, repriceFactor: 2 } }),
        pricesBefore: new Map([['A', before]]),
      }).brake;
    expect(stepped(20, 21, 10)).toEqual([
      'the price of A (10 to 21) would change by more than a factor of 2',
    ]);
    expect(stepped(20, 20.5, 10.5)).toEqual([]);
    // Back to where it was is a jump all the same.
    expect(stepped(30, 10, 10)).toEqual([expect.stringMatching(/A \(30 to 10\)/)]);
    expect(stepped(null, 30, 10)).toEqual([expect.stringMatching(/A \(10 to 30\)/)]);
  });

  describe('after a person has looked', () => {
    const strict = policy({ brake: { deactivateShare: 0.2, repriceFactor: 2 } });
    const offers = many(10, (sku) => known(sku));
    const night = (off: number, price: number) =>
      many(10, (sku) => {
        const n = Number(sku.slice(1));
        return wanted(sku, { status: n < off ? 'inactive' : 'active', monthlyPrice: n === 9 ? price : 50 });
      });
    const seenIn = (products: MappedProduct[]) => {
      const { changes } = plan({ products, offers, policy: strict });
      return new Map(changes.flatMap((change) => ('fields' in change ? [[change.sku, change.fields]] : [])));
    };
    const seen = seenIn(night(3, 500));
    const again = (products: MappedProduct[], now = offers) =>
      plan({ products, offers: now, policy: strict, seen }).brake;

    test('the same, or less, stops nothing again', () => {
      expect(again(night(3, 500))).toEqual([]);
      expect(again(night(2, 50))).toEqual([]);
    });

    test('one offer more does, as does another price; the reason counts them all', () => {
      expect(again(night(4, 500))).toEqual([expect.stringMatching(/^4 of 10 active offers/)]);
      expect(again(night(3, 600))).toEqual([expect.stringMatching(/S9 \(50 to 600\)/)]);
      const cheaper = offers.map((offer) => (offer.sku === 'S9' ? { ...offer, monthlyPrice: 5 } : offer));
      expect(again(night(3, 500), cheaper)).toEqual([expect.stringMatching(/S9 \(5 to 500\)/)]);
      expect(again([])).toEqual([expect.stringMatching(/no product is listed/)]);
    });
  });

  test('names the first price and counts the others; both reasons are told', () => {
    const products = many(4, (sku) =>
      wanted(sku, { monthlyPrice: sku === 'S3' ? 50 : 500, status: sku === 'S3' ? 'inactive' : 'active' }),
    );
    const input = { products, offers: many(4, (sku) => known(sku)) };
    expect(
      plan({ ...input, policy: policy({ brake: { deactivateShare: 0.2, repriceFactor: 2 } }) }).brake,
    ).toEqual([
      '1 of 4 active offers (25 %) would be deactivated: more than 20 %',
      'the price of S0 (50 to 500) and of 2 more would change by more than a factor of 2',
    ]);
  });
});

test('10,000 against 10,000, in another order: the 100 that differ', () => {
  const products = many(10_000, (sku) =>
    wanted(sku, Number(sku.slice(1)) % 100 === 0 ? { monthlyPrice: 55 } : {}),
  );
  const { changes, unchanged } = plan({ products, offers: many(10_000, (sku) => known(sku)).reverse() });
  expect(changes).toHaveLength(100);
  expect(unchanged).toHaveLength(9_900);
});
