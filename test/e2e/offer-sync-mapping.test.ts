import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { spawnProcess } from '../../sandbox/stack/child-process.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { openShop } from './shop.js';

/** A catalogue in a provider's own words, and what they are to Offergrid. */
const policy = {
  categories: { security: { fulfillment: 'instant', availability: 'none' } },
  offerSync: {
    mapping: {
      categories: { broadband: 'internet', alarm: 'security' },
      fields: {
        name: 'texts.title',
        description: 'texts.long',
        monthlyPrice: 'prices.month',
        status: { from: 'state', values: { LIVE: 'active', ENDED: 'inactive' } },
        externalId: 'id',
      },
      serviceSpecificData: {
        internet: {
          maxBandwidth: 'details.speed.down',
          minBandwidth: 'details.speed.guaranteed',
          connectionType: { from: 'details.tech', values: { FTTH: 'fiber', FTTC: 'dsl' } },
          dataCap: { value: null },
        },
        security: {
          monitoringType: { value: 'professional_monitoring' },
          installationType: { value: 'professional' },
          equipmentIncluded: 'details.kit',
        },
      },
    },
  },
};

/** What the contract's form asks for, without a word of what is sold. */
const plain = { productName: 'not shown', price: 1, isActive: true };
const broadband = (sku: string, more: object = {}) => ({
  ...{ ...plain, sku, type: 'broadband', id: 4711, state: 'LIVE', prices: { month: '59.99' } },
  texts: { title: `Fiber ${sku}`, long: 'Fiber to the home' },
  details: { speed: { down: 1000, guaranteed: 500 }, tech: 'FTTH', router: 'included' },
  ...more,
});
const alarm = (sku: string, details: object) => ({
  ...{ ...plain, sku, type: 'alarm', id: `al-${sku}`, state: 'LIVE', prices: { month: 39 } },
  ...{ texts: { title: `Alarm ${sku}` }, details },
});

const shop = openShop([], { policy });

const stock = (...products: object[]) => shop.system.provider.control.setProducts(products);

test('a catalogue in its own words becomes offers under the platform’s typed names, and stays in step', async () => {
  stock(
    broadband('BB-1000'),
    alarm('AL-1', { kit: 'Hub, 2 sensors' }),
    broadband('BB-OLD', { state: 'ENDED' }),
  );
  expect(await shop.synced()).toMatchObject({ status: 'completed', created: 2, failed: 0 });
  const fiber = shop.offer('BB-1000')!;
  expect(fiber).toEqual({
    id: fiber.id,
    ...{ sku: 'BB-1000', name: 'Fiber BB-1000', category: 'internet', status: 'active', monthlyPrice: 59.99 },
    ...{ description: 'Fiber to the home', externalId: '4711' },
    serviceSpecificData: {
      ...{ maxBandwidth: 1000, minBandwidth: 500, connectionType: 'fiber', dataCap: null },
      router: 'included',
    },
  });
  expect(shop.offer('AL-1')).toMatchObject({
    category: 'security',
    serviceSpecificData: {
      ...{ monitoringType: 'professional_monitoring', installationType: 'professional' },
      equipmentIncluded: 'Hub, 2 sensors',
    },
  });
  expect(shop.offer('BB-OLD')).toBeUndefined();
  expect((await shop.onSale()).sort()).toEqual(['AL-1', 'BB-1000']);

  shop.forget();
  expect(await shop.synced()).toMatchObject({ status: 'completed', unchanged: 3 });
  expect(shop.writes()).toEqual([]);
  stock(broadband('BB-1000', { prices: { month: '64.99' } }), alarm('AL-1', { kit: 'Hub, 3 sensors' }));
  expect((await shop.synced()).changes).toEqual([
    { sku: 'BB-1000', action: 'update', fields: { monthlyPrice: { from: 59.99, to: 64.99 } } },
    { sku: 'AL-1', action: 'update', fields: { serviceSpecificData: expect.any(Object) as object } },
  ]);
});

test('a product that lacks what its category requires is named with the field, and the others go on', async () => {
  const speed = { down: 1000 };
  stock(
    broadband('BB-1000'),
    broadband('BB-SLOW', { details: { speed, tech: 'FTTC' } }),
    broadband('BB-RADIO', { details: { speed: { ...speed, guaranteed: 1 }, tech: 'LTE' } }),
    broadband('BB-FREE', { prices: {} }),
    broadband('BB-MUTE', { texts: {}, state: 'PLANNED' }),
    alarm('AL-BARE', {}),
    { ...alarm('TEL-1', {}), type: 'telephone' },
  );
  const report = await shop.synced();
  expect(report).toMatchObject({ status: 'completed_with_errors', created: 1, failed: 6 });
  const reasons: unknown = Object.fromEntries(report.changes.map(({ sku, reason }) => [sku, reason]));
  expect(reasons).toEqual({
    'BB-1000': undefined,
    'BB-SLOW': 'serviceSpecificData.minBandwidth: missing',
    'BB-RADIO': expect.stringMatching(
      /^serviceSpecificData\.connectionType: must be one of fiber, /,
    ) as string,
    'BB-FREE': 'monthlyPrice: must be a number of at least 0, or null',
    'BB-MUTE': 'name: missing; status: must be true or false, or active or inactive',
    'AL-BARE': 'serviceSpecificData.equipmentIncluded: missing',
    'TEL-1': expect.stringMatching(/^category: "telephone" is none of the platform's/) as string,
  });
  expect(shop.system.offergrid.control.offers().map(({ sku }) => sku)).toEqual(['BB-1000']);
});

test('an order on an offer the sync made: category and SKU come from the table, without a call', async () => {
  stock(broadband('BB-1000'), alarm('AL-1', { kit: 'Hub' }));
  await shop.synced();
  shop.forget();
  const order = (sku: string) => {
    const { id: offerId, name } = shop.offer(sku)!;
    const [item] = shop.system.offergrid.control.placeOrder({ items: [{ offerId }] }).items;
    return { offer: { id: offerId, name, sku }, itemId: item!.itemId };
  };
  const installed = order('BB-1000');
  const instant = order('AL-1');
  const { control } = shop.system.provider;
  const workOrder = () =>
    control.calls().find(({ path, body }) => path === '/work-orders' && of(body, installed));
  const activation = () =>
    control.calls().find(({ path, body }) => path === '/activations' && of(body, instant));
  const made = await eventually('the work order', workOrder);
  expect(made.body).toMatchObject({ offer: { ...installed.offer, category: 'internet' } });
  // The policy has security fulfilled at once: only the offer's category can have told.
  const activated = await eventually('the activation', activation);
  expect(activated.body).toMatchObject({ offer: { ...instant.offer, category: 'security' } });
  expect(shop.calls('GET')).toEqual([]);
});

const of = (body: unknown, { itemId }: { itemId: string }) => (body as { itemId?: string }).itemId === itemId;

test('a mapping that cannot be right: the worker does not start, and names the place', async () => {
  const { FULFILLMENT_POLICY: file, ...env } = shop.system.env;
  expect(file).toBeDefined();
  const mapping = {
    serviceSpecificData: { internet: { maxBandwidth: 'details..down' } },
    fields: { colour: 'x' },
  };
  await writeFile(`${file}.wrong`, JSON.stringify({ offerSync: { mapping } }));
  const worker = await spawnProcess({
    name: 'worker',
    args: ['dist/workers/main.js'],
    env: { ...env, FULFILLMENT_POLICY: `${file}.wrong` },
    cwd: projectRoot(),
  });
  expect((await worker.exited).code).toBe(1);
  expect(worker.output()).toMatch(/offerSync\.mapping\.serviceSpecificData\.internet\.maxBandwidth/);
  expect(worker.output()).toMatch(/offerSync\.mapping\.fields\.colour/);
});
