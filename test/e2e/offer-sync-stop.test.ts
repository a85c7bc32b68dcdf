import pg from 'pg';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { offerSyncWorkflowId } from '../../domain/workflow-names.js';
import { eventually } from '../support/eventually.js';
import { openShop, product, skus } from './shop.js';

const BASE = skus(12).map((sku) => product(sku));
const DEARER = BASE.map(({ sku }) => product(sku, { price: 21 }));

const shop = openShop(BASE);
beforeEach(() => shop.stock(DEARER));

const workflow = () => shop.system.client.workflow.getHandle(offerSyncWorkflowId(false));
const stop = (runId: string) => shop.call('POST', `/sync/${runId}/stop`);
const dearer = () => DEARER.filter(({ sku }) => shop.offer(sku)?.monthlyPrice === 21).length;

/** Nothing of what was stopped goes on behind its back, and the next run finds all that is to be done. */
async function expectTheNextToDoTheRest(sentBefore: number, done: number): Promise<void> {
  shop.system.offergrid.control.clearFaults();
  shop.system.provider.control.clearFaults();
  expect(await shop.synced()).toMatchObject({ status: 'completed', updated: 12 - done, unchanged: done });
  expect(shop.writes()).toHaveLength(sentBefore + 12 - done);
}

test('while the products system is away: over at once, and it is not asked again', async () => {
  // It would have itself left alone for a day.
  const retryAfter = { 'retry-after': '86400' };
  shop.system.provider.control.setFaults([
    { kind: 'error', status: 503, path: '/products', headers: retryAfter },
  ]);
  const before = shop.productReads();
  const runId = await shop.ask();
  const pause = await eventually('a pause', async () => {
    const { raw } = await workflow().describe();
    return raw.pendingActivities?.find(({ attempt }) => attempt === 2)?.currentRetryInterval?.seconds;
  });
  expect(Number(pause)).toBe(60);
  expect(await stop(runId)).toMatchObject({ status: 200, body: { status: 'stopped', changes: [] } });
  await expectTheNextToDoTheRest(0, 0);
  expect(shop.productReads()).toBe(before + 2);
});

test('while the offers cannot be listed', async () => {
  shop.system.offergrid.control.setFaults([{ kind: 'error', status: 503, method: 'GET' }]);
  const runId = await shop.ask();
  await eventually('a second attempt', () => shop.calls('GET').length > 1);
  expect(await stop(runId)).toMatchObject({ status: 200, body: { status: 'stopped', changes: [] } });
  await expectTheNextToDoTheRest(0, 0);
});

test('while changes are tried again and again: those may have got through, the others are not sent', async () => {
  shop.system.offergrid.control.setFaults([{ kind: 'error', status: 503, method: 'PATCH' }]);
  const runId = await shop.ask();
  await eventually('a second attempt', () => shop.writes().length > 4);
  const { status, body } = await stop(runId);
  expect({ status, ...body }).toMatchObject({ status: 'stopped', updated: 0, failed: 4 });
  expect(body['changes']).toHaveLength(4);
  const reason = 'it was being sent when the run was stopped, and may have got through';
  for (const change of body['changes'] as object[]) expect(change).toMatchObject({ action: 'error', reason });
  await expectTheNextToDoTheRest(shop.writes().length, 0);
});

test('what is under way is waited for a while; later than that, the report still gets its answer', async () => {
  const path = (sku: string) => `/provider/offers/${shop.offer(sku)!.id}`;
  shop.system.offergrid.control.setFaults([
    { kind: 'delay', ms: 7_000, method: 'PATCH', path: path('SKU-1') },
    { kind: 'delay', ms: 1_500, method: 'PATCH' },
  ]);
  const runId = await shop.ask();
  await eventually('calls to be under way', () => shop.writes().length === 4);
  const { body } = await stop(runId);
  expect(body).toMatchObject({ status: 'stopped', updated: 3, failed: 1 });
  expect(body['changes']).toMatchObject([{ sku: 'SKU-1', action: 'error' }, {}, {}, {}]);
  const answered = async () => (await shop.report(runId)).failed === 0;
  await eventually('the late answer', answered, { within: 20_000 });
  expect(await shop.report(runId)).toMatchObject({ status: 'stopped', updated: 4 });
  expect(dearer()).toBe(4);
  await expectTheNextToDoTheRest(4, 4);
});

test('cancelled in Temporal it is stopped likewise, and is over', async () => {
  shop.system.provider.control.setFaults([{ kind: 'error', status: 503, path: '/products' }]);
  const before = shop.productReads();
  const runId = await shop.ask();
  await eventually('the reading', () => shop.productReads() > before);
  await workflow().cancel();
  expect(await shop.reaches(runId, 'stopped')).toMatchObject({ reason: 'cancelled in Temporal' });
  await expectTheNextToDoTheRest(0, 0);
});

test('who asks in the moment in which one that was cancelled ends gets another', async () => {
  for (let round = 0; round < 8; round += 1) {
    shop.system.provider.control.setFaults([{ kind: 'error', status: 503, path: '/products' }]);
    const before = shop.productReads();
    const runId = await shop.ask();
    await eventually('the reading', () => shop.productReads() > before);
    await workflow().cancel();
    // As close on its end as can be: the workflow is still there.
    while ((await shop.report(runId)).status === 'running');
    shop.system.provider.control.clearFaults();
    expect((await shop.synced()).runId).not.toBe(runId);
  }
}, 120_000);

/** A connection of the test's own, which keeps others waiting while it has something locked. */
async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: shop.system.env['DATABASE_URL'] });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}
const waiters = async (client: pg.Client) =>
  (await client.query('select from pg_locks where not granted')).rowCount ?? 0;

/** Keeps the run from ending in the very moment in which it does. */
async function heldAtItsEnd(): Promise<{ runId: string; holder: pg.Client }> {
  const [first, second, onlooker] = [await connect(), await connect(), await connect()];
  // Time to lock the run before it is looked at again.
  shop.system.offergrid.control.setFaults([{ kind: 'delay', ms: 1_500, method: 'PATCH' }]);
  shop.stock([product('SKU-1', { price: 21 }), ...BASE.slice(1)]);
  const runId = await shop.ask();
  await eventually('the change to be under way', () => shop.writes().length === 1);
  const lock = 'select from offer_sync_runs where run_id = $1 for update';
  await first.query('begin');
  await first.query(lock, [runId]);
  await eventually('the look for more', async () => (await waiters(onlooker)) === 1);
  await second.query('begin');
  const locked = second.query(lock, [runId]);
  await eventually('the second lock to be next', async () => (await waiters(onlooker)) >= 2);
  await first.query('commit');
  await locked;
  await eventually('the end to wait', async () => (await waiters(onlooker)) === 1);
  return { runId, holder: second };
}

const isAccepted = async () => {
  const { events } = await workflow().fetchHistory();
  return events?.some((event) => event.workflowExecutionUpdateAcceptedEventAttributes != null);
};

test('one that comes to its end in the moment in which it is stopped: the answer says how it ended', async () => {
  const { runId, holder } = await heldAtItsEnd();
  const answer = stop(runId);
  await eventually('the workflow to be told', isAccepted);
  await holder.query('commit');
  expect(await answer).toMatchObject({ status: 200, body: { status: 'completed', updated: 1 } });
});

test('one of which more is asked in that moment does not go on: the answer waits for its end', async () => {
  const { runId, holder } = await heldAtItsEnd();
  const answer = stop(runId);
  await eventually('the workflow to be told', isAccepted);
  await holder.query('update offer_sync_runs set wants_all = true where run_id = $1', [runId]);
  await holder.query('commit');
  expect(await answer).toMatchObject({ status: 200, body: { status: 'stopped', updated: 1 } });
});
