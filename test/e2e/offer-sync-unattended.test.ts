import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { offerSyncWorkflowId, RECONCILE_SCHEDULE } from '../../domain/workflow-names.js';
import { plantDefect } from '../faults/planted-defect.js';
import { eventually } from '../support/eventually.js';
import { systemForTest, type TestSystem } from '../support/test-system.js';
import { openShop, product, Shop, skus } from './shop.js';

const BASE = skus(6).map((sku) => product(sku));
const OPTIONS = { offergrid: { offers: [] }, policy: { reconcileEvery: '2s' } };

const shop = openShop(BASE, OPTIONS);

async function severalLooks({ client }: TestSystem): Promise<void> {
  const looks = async () =>
    (await client.schedule.getHandle(RECONCILE_SCHEDULE).describe()).info.numActionsTaken;
  const before = await looks();
  await eventually('three more looks', async () => (await looks()) >= before + 3);
}

/** What people were told of the sync but that a run waits for them. */
const troubles = ({ notifications }: TestSystem) =>
  notifications
    .received()
    .filter(({ data }) => data['integration'] === 'offer-sync')
    .map(({ type, data }) => `${type}: ${String(data['message'])}`)
    .filter((message) => !message.includes('waits for approval'));

/** As if the run had been asked for some minutes ago. */
async function age(runId: string): Promise<void> {
  const client = new pg.Client({ connectionString: shop.system.env['DATABASE_URL'] });
  await client.connect();
  const earlier = `update offer_sync_runs set started_at = now() - interval '5 minutes' where run_id = $1`;
  await client.query(earlier, [runId]).finally(() => client.end());
}

test('a run whose workflow somebody ended: people are told, once, and the next request goes on with it', async () => {
  const { system } = shop;
  shop.stock(BASE.slice(3));
  const runId = await shop.ask();
  await shop.reaches(runId, 'awaiting_approval');
  await age(runId);
  // It waits for a person, and that is nobody's trouble.
  await severalLooks(system);
  expect(troubles(system)).toEqual([]);

  await system.client.workflow.getHandle(offerSyncWorkflowId(false)).terminate('cleaning up');
  await eventually('the notice', () => troubles(system).length > 0);
  await severalLooks(system);
  expect(troubles(system)).toEqual([
    expect.stringMatching(new RegExp(`^integration.down: .*was ended before its run.*${runId}`)),
  ]);

  shop.stock(BASE.map(({ sku }) => product(sku, { price: 21 })));
  expect(await shop.ask()).toBe(runId);
  expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', updated: 6 });
  await severalLooks(system);
  expect(troubles(system)).toHaveLength(1);
});

test('a workflow of the sync that fails again and again, as by a fault of ours: people are told, once', async () => {
  const { programs, remove } = await plantDefect({
    file: 'workflows/sync-offers.js',
    replace: 'sync.listen();',
    by: "throw new TypeError('planted');",
  });
  onTestFinished(remove);
  const faulty = await systemForTest({ ...OPTIONS, programs });
  await new Shop(() => faulty).ask();
  await eventually('the notice', () => troubles(faulty).length > 0, { within: 50_000 });
  await severalLooks(faulty);
  expect(troubles(faulty)).toEqual([expect.stringMatching(/^integration.down: .*fails again and again/)]);
}, 120_000);
