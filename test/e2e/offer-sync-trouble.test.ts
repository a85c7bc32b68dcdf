import { expect, test } from 'vitest';
import { createOffers } from '../../db/offers.js';
import { createPool } from '../../db/pool.js';
import { notificationWorkflowId } from '../../domain/workflow-names.js';
import { eventually } from '../support/eventually.js';
import { openShop, product, skus } from './shop.js';

const BASE = skus(12).map((sku) => product(sku));
const DEARER = BASE.map(({ sku }) => product(sku, { price: 21 }));

const shop = openShop(BASE);

const path = (sku: string) => `/provider/offers/${shop.offer(sku)!.id}`;
const applied = () => shop.writes().filter((call) => call.applied);

test('the platform fails half way: what it refuses is reported, the rest gets through, each once', async () => {
  shop.stock([...DEARER, product('SKU-new')]);
  shop.system.offergrid.control.setFaults([
    {
      kind: 'error',
      status: 400,
      method: 'PATCH',
      path: path('SKU-2'),
      body: { message: 'monthlyPrice is odd' },
    },
    { kind: 'drop-reply', method: 'PATCH', path: path('SKU-3'), times: 1 },
    { kind: 'drop-reply', method: 'POST', path: '/provider/offers', times: 1 },
    { kind: 'error', status: 503, method: 'PATCH', times: 3 },
    { kind: 'reset', method: 'PATCH', path: path('SKU-9'), times: 1 },
  ]);
  const report = await shop.synced();
  expect(report).toMatchObject({ status: 'completed_with_errors', updated: 11, created: 1, failed: 1 });
  const [error] = report.changes.filter(({ action }) => action === 'error');
  expect(error).toMatchObject({ sku: 'SKU-2', reason: 'update refused (400): monthlyPrice is odd' });
  expect(applied()).toHaveLength(12);
  expect(BASE.filter(({ sku }) => shop.offer(sku)?.monthlyPrice !== 21).map(({ sku }) => sku)).toEqual([
    'SKU-2',
  ]);
  expect(shop.system.offergrid.control.offers()).toHaveLength(13);

  shop.system.offergrid.control.clearFaults();
  expect(await shop.synced()).toMatchObject({ status: 'completed', updated: 1, unchanged: 12 });
});

test('an answer that shows half of an offer takes nothing away from what order review knows', async () => {
  const { id } = shop.offer('SKU-1')!;
  shop.stock([product('SKU-1', { productName: 'Plan One' }), ...BASE.slice(1)]);
  shop.system.offergrid.control.setFaults([{ kind: 'error', status: 200, method: 'PATCH', body: { id } }]);
  expect(await shop.synced()).toMatchObject({ status: 'completed', updated: 1 });
  const pool = createPool(shop.system.env['DATABASE_URL']!);
  const known = await createOffers(pool).find(id);
  await pool.end();
  expect(known).toEqual({ offerId: id, name: 'Plan One', category: 'other', sku: 'SKU-1' });
});

/** What people were told of the sync. */
const told = () =>
  shop.system.notifications.received().filter(({ data }) => data['integration'] === 'offer-sync');

test('runs that fail one after the other: people are told of the first, and again when one has got through', async () => {
  await shop.synced();
  const before = told().length;
  const fails = async () => {
    shop.system.provider.control.setFaults([{ kind: 'error', status: 404, path: '/products' }]);
    return await shop.reaches(await shop.ask(), 'failed');
  };
  const { runId } = await fails();
  await eventually('the notice', () => told().length > before);
  expect(told().at(-1)?.data['message']).toMatch(new RegExp(`failed.*404.*${runId}`));
  await fails();
  shop.system.provider.control.clearFaults();
  await shop.synced();
  await fails();
  await eventually('the next notice', () => told().length > before + 1);
  expect(told()).toHaveLength(before + 2);
});

test('a catalogue that cannot be read: the run fails with the reason, and nothing is sent', async () => {
  shop.stock(DEARER);
  shop.system.provider.control.setFaults([{ kind: 'error', status: 404, path: '/products' }]);
  const failed = await shop.reaches(await shop.ask(), 'failed');
  expect(failed.reason).toMatch(/404/);
  expect(shop.calls('GET')).toEqual([]);
  shop.system.provider.control.setFaults([{ kind: 'error', status: 500, path: '/products', times: 2 }]);
  expect(await shop.synced()).toMatchObject({ status: 'completed', updated: 12 });
  expect(applied()).toHaveLength(12);
});

test('products that changed while no run could be carried out are in the next one', async () => {
  shop.stock(DEARER);
  shop.system.provider.control.setFaults([{ kind: 'error', status: 404, path: '/products' }]);
  await shop.reaches(await shop.changed('SKU-2'), 'failed');
  shop.system.provider.control.clearFaults();
  expect(await shop.reaches(await shop.changed('SKU-5'))).toMatchObject({ status: 'completed', updated: 2 });
  expect([2, 3, 5].map((n) => shop.offer(`SKU-${n}`)?.monthlyPrice)).toEqual([21, 20, 21]);
});

test('SIGKILL half way: what was done is not repeated, what was under way is looked at', async () => {
  shop.stock([product('SKU-new'), ...DEARER]);
  const late = { kind: 'delay', ms: 8_000, times: 1 } as const;
  shop.system.offergrid.control.setFaults([
    { ...late, method: 'POST', path: '/provider/offers' },
    { ...late, method: 'PATCH', path: path('SKU-4') },
    { ...late, method: 'PATCH', path: path('SKU-5') },
    { kind: 'hang', method: 'PATCH', path: path('SKU-6'), times: 1 },
  ]);
  const runId = await shop.ask();
  const inHand = () => shop.writes().filter(({ status }) => status === null).length;
  await eventually('all calls to be in hand', () => inHand() === 4);
  const worker = shop.system.worker();
  worker.kill('SIGKILL');
  await worker.exited;
  expect(shop.writes()).toHaveLength(7);
  expect(inHand()).toBe(4);
  await eventually('what was under way to be applied', () => shop.offer('SKU-new') !== undefined);
  expect((await shop.report(runId)).status).toBe('running');
  await shop.system.startWorker();

  expect(await shop.reaches(runId)).toMatchObject({
    status: 'completed',
    created: 1,
    updated: 12,
    failed: 0,
  });
  // The one that never arrived was sent again.
  expect(shop.writes()).toHaveLength(14);
  expect(applied()).toHaveLength(13);

  // Order review finds the new offer where the run left it.
  const pool = createPool(shop.system.env['DATABASE_URL']!);
  const { id } = shop.offer('SKU-new')!;
  expect(await createOffers(pool).find(id)).toMatchObject({ sku: 'SKU-new', category: 'other' });
  await pool.end();
}, 120_000);

/** The worker dies without a word, and another takes its place. */
async function replaceWorker(): Promise<void> {
  const worker = shop.system.worker();
  worker.kill('SIGKILL');
  await worker.exited;
  await shop.system.startWorker();
}

test('SIGKILL while the catalogue is read: the pages that are there are not read again', async () => {
  shop.system.provider.control.setProducts(DEARER, 3);
  const before = shop.system.provider.control.calls().length;
  const pages = () =>
    shop.system.provider.control
      .calls()
      .slice(before)
      .filter(({ path }) => path === '/products');
  // Pages come slowly, so that one is under way.
  shop.system.provider.control.setFaults([{ kind: 'delay', ms: 1_500, path: '/products', times: 3 }]);
  const runId = await shop.ask();
  await eventually('the third page to be under way', () => pages().length === 3);
  await replaceWorker();
  expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', updated: 12, failed: 0 });
  // Four pages, and the third once more.
  expect(pages()).toHaveLength(5);
  expect(applied()).toHaveLength(12);
}, 120_000);

test('SIGKILL while it is planned: planned once more, and each change is sent once', async () => {
  shop.stock(DEARER);
  const pool = createPool(shop.system.env['DATABASE_URL']!);
  const client = await pool.connect();
  try {
    // Only planning asks what a person has seen.
    await client.query('begin');
    await client.query('lock table offer_sync_approved in access exclusive mode');
    const runId = await shop.ask();
    await eventually('the plan to wait', async () => {
      const { rowCount } = await pool.query(
        `select from pg_locks where not granted and relation = 'offer_sync_approved'::regclass`,
      );
      return rowCount !== 0;
    });
    const worker = shop.system.worker();
    worker.kill('SIGKILL');
    await worker.exited;
    await client.query('commit');
    await shop.system.startWorker();
    expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', updated: 12, failed: 0 });
    expect(applied()).toHaveLength(12);
    expect(shop.writes()).toHaveLength(12);
  } finally {
    client.release(true);
    await pool.end();
  }
}, 120_000);

test('SIGKILL while it waits for approval: it waits on, people are not told again, and approval holds', async () => {
  shop.stock(DEARER.slice(6));
  const runId = await shop.ask();
  await shop.reaches(runId, 'awaiting_approval');
  const notices = () =>
    shop.system.notifications.received().filter(({ data }) => String(data['message']).includes(runId));
  await eventually('the notification', () => notices().length === 1);
  // Killed before it has noted that, the next one would send the same once more, by the same id.
  const noted = shop.system.client.workflow.getHandle(notificationWorkflowId(notices()[0]!.id));
  await noted.result();
  await replaceWorker();
  expect(await shop.report(runId)).toMatchObject({ status: 'awaiting_approval', updated: 6, deactivated: 6 });
  expect(shop.writes()).toEqual([]);
  expect((await shop.call('POST', `/sync/${runId}/approve`)).status).toBe(200);
  expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', updated: 6, deactivated: 6 });
  expect(shop.writes()).toHaveLength(12);
  expect(notices()).toHaveLength(1);
}, 120_000);

test('a workflow ended from outside leaves its run to the next one who asks', async () => {
  shop.stock(BASE.slice(6));
  const runId = await shop.ask();
  await shop.reaches(runId, 'awaiting_approval');
  await shop.system.client.workflow.getHandle('offer-sync').terminate();
  shop.stock(DEARER);
  expect(await shop.ask()).toBe(runId);
  expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', updated: 12, deactivated: 0 });
});
