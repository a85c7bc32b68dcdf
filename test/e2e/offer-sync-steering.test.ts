import { describe, expect, test } from 'vitest';
import { createOfferSyncRuns } from '../../db/offer-sync-runs.js';
import { createPool } from '../../db/pool.js';
import { offerSyncWorkflowId, SYNC_SCHEDULE } from '../../domain/workflow-names.js';
import { eventually } from '../support/eventually.js';
import { systemForTest } from '../support/test-system.js';
import { openShop, product, Shop, skus } from './shop.js';

const BASE = skus(6).map((sku) => product(sku));
const HALF = BASE.slice(3);

const shop = openShop(BASE);

const repriced = (sku: string, price: number) =>
  BASE.map((one) => (one.sku === sku ? product(sku, { price }) : one));

describe('the brake', () => {
  const notices = (runId: string) =>
    shop.system.notifications.received().filter(({ data }) => String(data['message']).includes(runId));

  test('nothing is sent before a person approves; people are told once', async () => {
    shop.stock(HALF);
    const runId = await shop.ask();
    const braked = await shop.reaches(runId, 'awaiting_approval');
    expect(braked).toMatchObject({ deactivated: 3, unchanged: 3 });
    expect(braked.reason).toMatch(/3 of 6 active offers/);
    expect(braked.changes.map(({ action }) => action)).toEqual(['deactivate', 'deactivate', 'deactivate']);
    // Whoever asks for a run meanwhile gets this one, and better data do not let it go on by themselves.
    expect(await shop.ask()).toBe(runId);
    await eventually('the notification', () => notices(runId).length > 0);
    expect(notices(runId)).toMatchObject([{ type: 'integration.down', data: { integration: 'offer-sync' } }]);
    expect(shop.writes()).toEqual([]);

    const approved = await shop.call('POST', `/sync/${runId}/approve`);
    expect(approved.status).toBe(200);
    expect(approved.body['status']).not.toBe('awaiting_approval');
    expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', reason: null, deactivated: 3 });
    expect(shop.writes()).toHaveLength(3);
    expect(notices(runId)).toHaveLength(1);
    for (const decision of ['approve', 'stop'])
      expect((await shop.call('POST', `/sync/${runId}/${decision}`)).status).toBe(409);
  });

  test('approved, what was asked for meanwhile is in it: not the catalogue of the hour of the brake', async () => {
    const night = repriced('SKU-1', 2);
    shop.stock(night);
    const runId = await shop.ask();
    await shop.reaches(runId, 'awaiting_approval');
    shop.stock([...night.with(1, product('SKU-2', { price: 22 })), product('SKU-7')]);
    expect(await shop.ask()).toBe(runId);
    expect(await shop.changed('SKU-7')).toBe(runId);
    expect((await shop.call('POST', `/sync/${runId}/approve`)).status).toBe(200);
    expect(await shop.reaches(runId)).toMatchObject({
      ...{ status: 'completed', created: 1, updated: 2, unchanged: 4, failed: 0 },
    });
    expect(shop.writes()).toHaveLength(3);
    expect([shop.offer('SKU-1')?.monthlyPrice, shop.offer('SKU-2')?.monthlyPrice]).toEqual([2, 22]);
  });

  test('a person approves what they saw: should more have come of it, they are asked again', async () => {
    shop.stock(HALF);
    const runId = await shop.ask();
    await shop.reaches(runId, 'awaiting_approval');
    shop.stock(HALF.slice(1));
    expect((await shop.call('POST', `/sync/${runId}/approve`)).status).toBe(200);
    const again = await shop.reaches(runId, 'awaiting_approval');
    expect(again).toMatchObject({ deactivated: 4, unchanged: 2 });
    expect(again.reason).toMatch(/4 of 6 active offers/);
    await eventually('the second notification', () => notices(runId).length === 2);
    expect(shop.writes()).toEqual([]);
    expect((await shop.call('POST', `/sync/${runId}/approve`)).status).toBe(200);
    expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', deactivated: 4, unchanged: 2 });
    expect(shop.writes()).toHaveLength(4);
  });

  test('what is approved is the plan that was looked at: a repeat does not approve the next one', async () => {
    const approve = (runId: string, body?: object) => shop.call('POST', `/sync/${runId}/approve`, body);
    shop.stock(HALF);
    const runId = await shop.ask();
    const { plan } = await shop.reaches(runId, 'awaiting_approval');
    shop.stock(HALF.slice(1));
    const approved = await approve(runId, { plan });
    expect(approved).toMatchObject({ status: 200, body: { plan: null } });
    const again = await shop.reaches(runId, 'awaiting_approval');
    expect(again.plan).toBeGreaterThan(plan!);

    // Its sender heard nothing of the first, or it is somebody else, who still looks at the old report.
    const refused = await approve(runId, { plan });
    expect(refused.status).toBe(409);
    expect(refused.body['detail']).toBe(
      `It cannot apply: it is plan ${again.plan} that waits for approval, not plan ${plan}.`,
    );
    expect((await shop.report(runId)).status).toBe('awaiting_approval');
    expect(shop.writes()).toEqual([]);
    expect((await approve(runId, { plan: again.plan })).status).toBe(200);
    expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', deactivated: 4 });
  });

  test('nor does one that names no plan, and finds another made while it was on its way', async () => {
    shop.stock(HALF);
    const runId = await shop.ask();
    const { plan } = await shop.reaches(runId, 'awaiting_approval');
    shop.stock(HALF.slice(1));
    await shop.system.client.workflow.getHandle(offerSyncWorkflowId(false)).terminate();
    expect((await shop.call('POST', `/sync/${runId}/approve`)).status).toBe(409);
    const again = await eventually('the plan of another execution', async () => {
      const report = await shop.report(runId);
      return report.plan !== null && report.plan !== plan && report;
    });
    expect(again).toMatchObject({ status: 'awaiting_approval', deactivated: 4 });
    expect((await shop.call('POST', `/sync/${runId}/stop`)).status).toBe(200);
    expect(shop.writes()).toEqual([]);
  });

  test('a decision that comes before any execution has the run in hand waits for that', async () => {
    const pool = createPool(shop.system.env['DATABASE_URL']!);
    try {
      // Or the run may be over before it is decided about.
      shop.system.provider.control.setFaults([{ kind: 'delay', ms: 1_500, path: '/products', times: 1 }]);
      const runId = await createOfferSyncRuns(pool).request({ dryRun: false, skus: null });
      const early = await Promise.all([
        shop.call('POST', `/sync/${runId}/stop`),
        shop.call('POST', `/sync/${runId}/approve`),
      ]);
      expect(early.map(({ status }) => status)).toEqual([200, 409]);
      expect(await shop.report(runId)).toMatchObject({ status: 'stopped', changes: [] });
    } finally {
      await pool.end();
    }
  });

  test('stopped, it has sent nothing, and the next run looks anew', async () => {
    shop.stock(repriced('SKU-1', 2));
    const runId = await shop.ask();
    expect((await shop.reaches(runId, 'awaiting_approval')).reason).toMatch(/SKU-1/);
    const stopped = await shop.call('POST', `/sync/${runId}/stop`);
    expect(stopped).toMatchObject({ status: 200, body: { status: 'stopped', updated: 0, changes: [] } });
    expect(shop.writes()).toEqual([]);
    expect((await shop.call('POST', `/sync/${runId}/approve`)).status).toBe(409);
    shop.stock(repriced('SKU-1', 22));
    expect(await shop.synced()).toMatchObject({ status: 'completed', updated: 1 });
  });

  test('a dry run only mentions it; on the command line a braked run is a failure', async () => {
    shop.stock(HALF);
    const report = await shop.synced({ dryRun: true });
    expect(report).toMatchObject({ status: 'completed', deactivated: 3 });
    expect(report.reason).toMatch(/would stop before its first change: 3 of 6/);

    const dry = await shop.cli('--dry-run', '--json');
    expect(dry.code).toBe(0);
    expect(JSON.parse(dry.output)).toMatchObject({ dryRun: true, deactivated: 3 });
    const real = await shop.cli();
    expect(real.code).toBe(1);
    expect(real.output).toMatch(/waits for approval: 3 of 6.*\/approve with {"plan": 1}/);
    const [, runId = ''] = /\/v1\/offers\/sync\/([\w-]+)\/approve/.exec(real.output) ?? [];
    expect((await shop.call('POST', `/sync/${runId}/stop`)).status).toBe(200);
    expect(shop.writes()).toEqual([]);

    shop.stock([...BASE.slice(1), product('SKU-7')]);
    const done = await shop.cli();
    expect(done.code).toBe(0);
    expect(done.output).toMatch(/created 1, updated 0, deactivated 1, unchanged 5, failed 0/);
    expect(done.output).toMatch(/^SKU-1 +deactivate +status: "active" → "inactive"$/m);
  });
});

describe('several ask', () => {
  const slowProducts = { kind: 'delay', ms: 1_500, path: '/products', times: 1 } as const;

  test('whoever asks while a run is going on joins it', async () => {
    shop.system.provider.control.setFaults([slowProducts]);
    const before = shop.productReads();
    const runs = await Promise.all([shop.ask(), shop.ask(), shop.ask()]);
    await eventually('the reading', () => shop.productReads() > before);
    runs.push(await shop.ask());
    expect(new Set(runs).size).toBe(1);
    await shop.reaches(runs[0]);
    expect(shop.productReads()).toBe(before + 1);
    expect(await shop.synced()).not.toMatchObject({ runId: runs[0] });
  });

  test('one that asks for everything when the catalogue is read has it read again', async () => {
    shop.system.offergrid.control.setFaults([{ kind: 'delay', ms: 1_500, method: 'GET', times: 1 }]);
    const [runId, before] = [await shop.ask(), shop.productReads()];
    await eventually('the products to be read', () => shop.calls('GET').length > 0);
    shop.stock(repriced('SKU-2', 22));
    expect(await shop.ask()).toBe(runId);
    expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', updated: 1, unchanged: 5 });
    expect(shop.productReads() - before).toBeLessThanOrEqual(2);
  });

  test('a turn of the schedule that comes then does not', async () => {
    shop.system.offergrid.control.setFaults([{ kind: 'delay', ms: 3_000, method: 'GET', times: 1 }]);
    const before = shop.productReads();
    const runId = await shop.ask();
    await eventually('the products to be read', () => shop.calls('GET').length > 0);
    const schedule = shop.system.client.schedule.getHandle(SYNC_SCHEDULE);
    const turns = async () => (await schedule.describe()).info.numActionsTaken;
    const turnsBefore = await turns();
    await schedule.trigger();
    await eventually('the turn', async () => (await turns()) > turnsBefore);
    expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', unchanged: 6 });
    await shop.system.client.workflow.getHandle(offerSyncWorkflowId(false)).result();
    expect(shop.productReads()).toBe(before + 1);
  });

  test('a price that moves in steps is measured from where the run found it', async () => {
    shop.stock(repriced('SKU-1', 40));
    shop.system.offergrid.control.setFaults([{ kind: 'delay', ms: 1_500, method: 'PATCH', times: 1 }]);
    const runId = await shop.ask();
    await eventually('the first step', () => shop.writes().length === 1);
    shop.stock(repriced('SKU-1', 80));
    expect(await shop.changed('SKU-1')).toBe(runId);
    const { reason } = await shop.reaches(runId, 'awaiting_approval');
    expect(reason).toBe('the price of SKU-1 (20 to 80) would change by more than a factor of 2');
    expect((await shop.call('POST', `/sync/${runId}/approve`)).status).toBe(200);
    expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', updated: 2 });
    expect(shop.offer('SKU-1')?.monthlyPrice).toBe(80);
  });

  test('changed products: just those', async () => {
    shop.stock([...HALF, product('SKU-1', { price: 21 }), product('SKU-2', { price: 22 })]);
    const report = await shop.reaches(await shop.changed('SKU-1', 'SKU-1', 'SKU-nowhere'));
    expect(report).toMatchObject({ status: 'completed', updated: 1, unchanged: 0, deactivated: 0 });
    expect([shop.offer('SKU-1')?.monthlyPrice, shop.offer('SKU-2')?.monthlyPrice]).toEqual([21, 20]);
    expect(shop.writes()).toHaveLength(1);
  });

  test('changed while a run is going on: done before it ends', async () => {
    shop.system.offergrid.control.setFaults([{ kind: 'delay', ms: 1_500, method: 'GET', times: 1 }]);
    const runId = await shop.ask();
    await eventually('the products to be read', () => shop.calls('GET').length > 0);
    shop.stock(repriced('SKU-2', 22));
    expect(await shop.changed('SKU-2')).toBe(runId);
    expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', updated: 1 });
    expect(shop.offer('SKU-2')?.monthlyPrice).toBe(22);
  });

  test('one that asks in the last moment is not forgotten', async () => {
    for (let price = 21; price < 27; price += 1) {
      shop.stock(repriced('SKU-1', price));
      await shop.reaches(await shop.changed('SKU-1'));
      expect(shop.offer('SKU-1')?.monthlyPrice).toBe(price);
    }
  });

  test('the schedule asks as well', async () => {
    shop.stock(repriced('SKU-1', 21));
    await shop.system.client.schedule.getHandle(SYNC_SCHEDULE).trigger();
    await eventually('the new price', () => shop.offer('SKU-1')?.monthlyPrice === 21);
    // Or the next test would join it.
    await shop.system.client.workflow.getHandle(offerSyncWorkflowId(false)).result();
  });
});

test('a draft of something sold is left to a person, and told; it is not called unchanged', async () => {
  await shop.platform('PATCH', `/${shop.offer('SKU-2')!.id}`, { status: 'draft' });
  shop.forget();
  const report = await shop.synced();
  expect(report).toMatchObject({ status: 'completed', skipped: 1, unchanged: 5, failed: 0 });
  const reason = expect.stringMatching(/its offer is draft/) as string;
  expect(report.changes).toEqual([{ sku: 'SKU-2', action: 'skip', reason }]);
  expect(shop.writes()).toEqual([]);
});

test('what cannot be asked', async () => {
  const [wrongFlag, wrongPlan, noSkus, blankSku, noJson, unknown] = await Promise.all([
    shop.call('POST', '/sync', { dryRun: 'yes' }),
    shop.call('POST', '/sync/nobody/approve', { plan: 'the last one' }),
    shop.call('POST', '/products-changed', { skus: [] }),
    shop.call('POST', '/products-changed', { skus: ['SKU-1', ' '] }),
    shop.call('POST', '/products-changed'),
    shop.call('GET', '/sync/nobody'),
  ]);
  expect(wrongFlag).toMatchObject({ status: 400, body: { errors: [{ path: 'dryRun' }] } });
  expect(wrongPlan).toMatchObject({ status: 400, body: { errors: [{ path: 'plan' }] } });
  expect(noSkus).toMatchObject({ status: 400, body: { errors: [{ path: 'skus' }] } });
  expect(blankSku).toMatchObject({ status: 400, body: { errors: [{ path: 'skus.1' }] } });
  expect(noJson.status).toBe(400);
  expect(unknown.status).toBe(404);
  expect((await shop.call('POST', '/sync/nobody/approve')).status).toBe(404);
});

test('without a products system a run ends with the reason, and there is no schedule', async () => {
  const alone = await systemForTest({
    providerSystems: false,
    policy: { categories: { default: { availability: 'manual' } } },
  });
  const lonely = new Shop(() => alone);
  const failed = await lonely.reaches(await lonely.ask(), 'failed');
  expect(failed.reason).toMatch(/PROVIDER_API_URL/);
  expect(lonely.writes()).toEqual([]);
  await expect(alone.client.schedule.getHandle(SYNC_SCHEDULE).describe()).rejects.toThrow(/not found/i);
});
