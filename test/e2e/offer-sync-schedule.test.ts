import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { SYNC_SCHEDULE } from '../../domain/workflow-names.js';
import { spawnProcess } from '../../sandbox/stack/child-process.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { eventually } from '../support/eventually.js';
import { openShop, product, skus } from './shop.js';

const HOUR = 3_600_000;
const BASE = skus(6).map((sku) => product(sku));

const shop = openShop(BASE, { policy: { offerSync: { every: '1h' } } });

const schedule = () => shop.system.client.schedule.getHandle(SYNC_SCHEDULE);
const period = async () => (await schedule().describe()).spec.intervals?.map(({ every }) => every);
const taken = async () => (await schedule().describe()).info.numActionsTaken;
const changePolicy = (every: string) =>
  writeFile(shop.system.env['FULFILLMENT_POLICY']!, JSON.stringify({ offerSync: { every } }));

test('the worker makes the schedule, with the period of the policy', async () => {
  const { spec, info, state, action } = await schedule().describe();
  expect(spec.intervals).toMatchObject([{ every: HOUR }]);
  expect(state.paused).toBe(false);
  // An execution that hangs ends before the next turn is skipped for it.
  expect(action).toMatchObject({ workflowType: 'syncOffers', workflowExecutionTimeout: HOUR });
  const [first, second] = info.nextActionTimes.map((time) => time.getTime());
  expect(second! - first!).toBe(HOUR);
});

test('schedule, HTTP and command line at once: one run, which reads and lists once', async () => {
  shop.stock([...BASE.slice(1), product('SKU-1', { price: 21 })]);
  shop.system.provider.control.setFaults([{ kind: 'delay', ms: 7_000, path: '/products', times: 1 }]);
  const reads = shop.productReads();
  // A command takes a while to start: the others come once its run is reading.
  const command = shop.cli('--json');
  await eventually('the run of the command', () => shop.productReads() > reads);
  const actions = await taken();
  const [asked, again] = await Promise.all([shop.ask(), shop.ask(), schedule().trigger()]);
  await eventually('the turn of the schedule', async () => (await taken()) > actions);
  await shop.system.client.workflow.getHandle((await lastScheduled())!).result();
  expect((await shop.report(asked)).status).toBe('running');

  const { code, output } = await command;
  expect(code, output).toBe(0);
  const report = JSON.parse(output.slice(output.indexOf('{'))) as { runId: string };
  expect([asked, again]).toEqual([report.runId, report.runId]);
  expect(report).toMatchObject({ status: 'completed', updated: 1, unchanged: 5 });
  expect(shop.productReads()).toBe(reads + 1);
  expect(shop.calls('GET')).toHaveLength(1);
  expect(shop.writes()).toHaveLength(1);
});

async function lastScheduled(): Promise<string | undefined> {
  const { info } = await schedule().describe();
  return info.recentActions.at(-1)?.action.workflow.workflowId;
}

test('the command applies another period; a schedule that people paused stays paused', async () => {
  await schedule().pause('a look at the prices first');
  await changePolicy('1d');
  const command = await spawnProcess({
    name: 'cli',
    args: ['dist/cli/main.js', 'schedules', 'apply'],
    env: shop.system.env,
    cwd: projectRoot(),
  });
  expect(await command.exited).toMatchObject({ code: 0 });
  expect(command.output()).toMatch(/reconcile-orders.*sync-offers/);
  expect(await period()).toEqual([24 * HOUR]);
  expect((await schedule().describe()).state).toMatchObject({
    paused: true,
    note: 'a look at the prices first',
  });
  await schedule().unpause();
});

test('a worker that starts with another policy changes the period, and runs come by themselves', async () => {
  await changePolicy('2s');
  await shop.system.worker().stop();
  await shop.system.startWorker();
  expect(await period()).toEqual([2_000]);

  shop.stock([...BASE.slice(1), product('SKU-1', { price: 40 })]);
  await eventually('the new price', () => shop.offer('SKU-1')?.monthlyPrice === 40);

  // While a run waits for a person, those that the schedule asks for join it.
  shop.forget();
  shop.stock(BASE.slice(3));
  const waits = async () => (await shop.report(await shop.ask())).status === 'awaiting_approval';
  await eventually('a run that waits', waits);
  const runId = await shop.ask();
  const [reads, before] = [shop.productReads(), await taken()];
  await eventually('three more turns of the schedule', async () => (await taken()) >= before + 3);
  expect(await shop.ask()).toBe(runId);
  expect(shop.productReads()).toBe(reads);
  expect(shop.writes()).toEqual([]);
  expect((await shop.call('POST', `/sync/${runId}/approve`)).status).toBe(200);
  expect(await shop.reaches(runId)).toMatchObject({ status: 'completed', deactivated: 3 });
  expect(shop.writes()).toHaveLength(3);
});
