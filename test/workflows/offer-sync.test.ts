import type { History } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createOfferSyncReports, type OfferSyncReports } from '../../db/offer-sync-reports.js';
import { createOfferSyncRuns, type OfferSyncRuns } from '../../db/offer-sync-runs.js';
import { isOver } from '../../domain/offer-sync-run.js';
import { OFFERGRID_QUEUE, offerSyncWorkflowId } from '../../domain/workflow-names.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { sampleProducts } from '../../sandbox/provider/products.js';
import type { Gate } from '../../integrations/offergrid/client.js';
import { OffergridError } from '../../integrations/offergrid/errors.js';
import { offerSyncNudge } from '../../integrations/temporal/offer-sync-starter.js';
import { createSyncDesk } from '../../api/sync-desk.js';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type SkippedTime } from '../support/skipped-time.js';

/** More than one execution takes on. */
const MANY = 220;
const PER_EXECUTION = 200;
const LONG_HISTORY = 1_800;

const open: Gate = (_operation, send) => send();
let gate = open;

let world: SkippedTime;
let runs: OfferSyncRuns;
let reports: OfferSyncReports;
beforeAll(async () => {
  world = await startSkippedTime({}, { offersGate: (operation, send) => gate(operation, send) });
  runs = createOfferSyncRuns(world.pool);
  reports = createOfferSyncReports(world.pool);
});
afterAll(() => world?.stop());

const products = (count: number, price: number) =>
  Array.from({ length: count }, (_, n) => ({
    sku: `SKU-${n}`,
    ...{ productName: 'Plan', type: 'other', price, isActive: true },
  }));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const sent = (method: string) => world.offergrid.control.calls().filter((call) => call.method === method);

const workflow = () => world.env.client.workflow.getHandle(offerSyncWorkflowId(false));

/** Asks for a run; its id, and its first execution's. */
async function asked() {
  const runId = await runs.request({ dryRun: false, skus: null });
  await offerSyncNudge(world.env.client)(false);
  return { runId, first: (await workflow().describe()).runId };
}

/** All that were looked at. */
const replayable: { workflowId: string; history: History }[] = [];

/** The histories of an execution and of those that went on with it. */
async function historiesFrom(first: string): Promise<History[]> {
  const { client } = world.env;
  const found: History[] = [];
  let execution: string | null | undefined = first;
  while (execution != null) {
    const history: History = await client.workflow
      .getHandle(offerSyncWorkflowId(false), execution)
      .fetchHistory();
    found.push(history);
    replayable.push({ workflowId: offerSyncWorkflowId(false), history });
    const end = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes;
    execution = end?.newExecutionRunId;
  }
  return found;
}

const lengths = (histories: History[]) => histories.map(({ events }) => events?.length ?? 0);

/** A run from the request to its end, and how many events each of its executions took. */
async function ran() {
  const { runId, first } = await asked();
  let failure: unknown;
  await workflow()
    .result()
    .catch((error: unknown) => (failure = error));
  const histories = await historiesFrom(first);
  const priorities = new Set<number | null | undefined>();
  for (const { activityTaskScheduledEventAttributes: scheduled } of histories.flatMap(
    ({ events }) => events ?? [],
  ))
    if (scheduled?.taskQueue?.name === OFFERGRID_QUEUE) priorities.add(scheduled.priority?.priorityKey);
  const report = (await reports.report(runId))!;
  return { report, events: lengths(histories), priorities: [...priorities], failure };
}

/** What the tests begin with: many offers in step with their products. */
async function inStep(price: number): Promise<void> {
  world.offergrid.control.clearFaults();
  world.provider.control.setProducts([...sampleProducts, ...products(MANY, price)]);
  expect((await ran()).report).toMatchObject({ status: 'completed', failed: 0 });
}

test('many changes: each sent once, and no history grows with them', async () => {
  world.provider.control.setProducts([...sampleProducts, ...products(MANY, 20)]);
  const { report, events, priorities } = await ran();
  expect(report).toMatchObject({ status: 'completed', created: MANY, failed: 0 });
  expect(sent('POST')).toHaveLength(MANY);
  // After everything that orders need.
  expect(priorities).toEqual([5]);
  expect(events).toHaveLength(2);
  expect(Math.max(...events)).toBeLessThan(PER_EXECUTION * 9);
}, 120_000);

test('a platform that is gone: the run gives up for now, says what it did not send, and the next one does it', async () => {
  await inStep(20);
  world.provider.control.setProducts([...sampleProducts, ...products(MANY, 21)]);
  const refused = { kind: 'error', status: 503, method: 'PATCH' } as const;
  world.offergrid.control.setFaults([refused]);
  const { report, failure } = await ran();
  expect(report).toMatchObject({ status: 'failed', updated: 0, failed: MANY });
  expect(report.reason).toMatch(/updateOffer: unavailable \(503\)/);
  expect(String((failure as Error | undefined)?.cause)).toMatch(/503/);
  const unsent = report.changes.filter(({ reason }) => reason?.startsWith('not sent: '));
  // Four at a time were tried, for some two minutes each, and the last ones of them once more at most.
  const tried = MANY - unsent.length;
  expect(tried).toBeGreaterThanOrEqual(4);
  expect(tried).toBeLessThan(8);
  expect(sent('PATCH').length).toBe(tried * 8);

  world.offergrid.control.clearFaults();
  expect((await ran()).report).toMatchObject({ status: 'completed', updated: MANY });
}, 120_000);

test('a platform that goes away half way: what got through is done, and the next run sends the rest, each once', async () => {
  await inStep(20);
  world.provider.control.setProducts([...sampleProducts, ...products(MANY, 21)]);
  const before = sent('PATCH').length;
  const running = ran();
  await eventually('some of the changes', () => sent('PATCH').length - before >= 20);
  world.offergrid.control.setFaults([{ kind: 'error', status: 503, path: '/provider/**' }]);
  const { report } = await running;
  const { updated } = report;
  expect(report).toMatchObject({ status: 'failed', failed: MANY - updated });
  expect(updated).toBeGreaterThanOrEqual(20);
  expect(updated).toBeLessThan(MANY);

  world.offergrid.control.clearFaults();
  expect((await ran()).report).toMatchObject({ status: 'completed', updated: MANY - updated });
  expect(
    sent('PATCH')
      .slice(before)
      .filter(({ applied }) => applied),
  ).toHaveLength(MANY);
}, 120_000);

test('offers that the platform keeps failing at, side by side: each is told, and the rest goes on', async () => {
  await inStep(21);
  world.provider.control.setProducts([...sampleProducts, ...products(MANY, 22)]);
  const idOf = new Map(world.offergrid.control.offers().map(({ sku, id }) => [sku, id]));
  const failsAt = (bad: string[]) =>
    world.offergrid.control.setFaults(
      bad.map((sku) => ({
        ...({ kind: 'error', status: 500, method: 'PATCH' } as const),
        path: `/provider/offers/${idOf.get(sku)}`,
      })),
    );
  // At the beginning, when nothing has got through yet, and on the way.
  const bad = [...range(0, 10), ...range(100, 110)].map((n) => `SKU-${n}`);
  failsAt(bad);
  const { report } = await ran();
  expect(report).toMatchObject({ status: 'completed_with_errors', updated: MANY - 20, failed: 20 });
  const failed = report.changes.filter(({ action }) => action === 'error');
  expect(failed.map(({ sku }) => sku).sort()).toEqual([...bad].sort());
  for (const { reason } of failed) expect(reason).toMatch(/^Offergrid updateOffer: unavailable \(500\)/);

  // At the end, when there is nothing left that would get through.
  failsAt(bad.slice(11));
  expect((await ran()).report).toMatchObject({ status: 'completed_with_errors', updated: 11, failed: 9 });
  world.offergrid.control.clearFaults();
  expect((await ran()).report).toMatchObject({ status: 'completed', updated: 9, failed: 0 });
}, 120_000);

test('blocks of offers that are refused, or failed at, are no platform that is gone', async () => {
  await inStep(22);
  world.provider.control.setProducts([...sampleProducts, ...products(MANY, 23)]);
  const idOf = new Map(world.offergrid.control.offers().map(({ sku, id }) => [sku, id]));
  const answering = (status: number, numbers: number[]) =>
    numbers.map((n) => ({
      ...({ kind: 'error', status, method: 'PATCH' } as const),
      path: `/provider/offers/${idOf.get(`SKU-${n}`)}`,
    }));
  world.offergrid.control.setFaults([
    ...answering(400, range(0, 30)),
    ...answering(500, range(80, 105)),
    ...answering(400, range(MANY - 30, MANY)),
  ]);
  const { report } = await ran();
  expect(report).toMatchObject({ status: 'completed_with_errors', updated: MANY - 85, failed: 85 });
  expect(report.changes.filter(({ reason }) => reason?.startsWith('not sent'))).toEqual([]);
  world.offergrid.control.clearFaults();
  expect((await ran()).report).toMatchObject({ status: 'completed', updated: 85, failed: 0 });
}, 120_000);

test('the end of a plan that the platform fails at whole: each is tried and told, while it can be read', async () => {
  await inStep(22);
  const dearer = (price: number) =>
    world.provider.control.setProducts([...sampleProducts, ...products(MANY, price)]);
  const idOf = new Map(world.offergrid.control.offers().map(({ sku, id }) => [sku, id]));
  const failsFrom = (from: number) =>
    world.offergrid.control.setFaults(
      range(from, MANY).map((n) => ({
        ...({ kind: 'error', status: 500, method: 'PATCH' } as const),
        path: `/provider/offers/${idOf.get(`SKU-${n}`)}`,
      })),
    );
  dearer(23);
  // Some of them fall to the next execution, in which nothing got through.
  failsFrom(MANY - 45);
  const { report } = await ran();
  expect(report).toMatchObject({ status: 'completed_with_errors', updated: MANY - 45, failed: 45 });
  expect(report.changes.filter(({ reason }) => reason?.startsWith('not sent'))).toEqual([]);

  world.offergrid.control.clearFaults();
  await ran();
  dearer(24);
  // There is an end to that: it may well be read, and take nothing any more.
  failsFrom(MANY - 100);
  const { report: given } = await ran();
  expect(given).toMatchObject({ status: 'failed', updated: MANY - 100, failed: 100 });
  const unsent = given.changes.filter(({ reason }) => reason?.startsWith('not sent: '));
  expect(unsent.length).toBeGreaterThan(100 - 80);
  expect(unsent.length).toBeLessThanOrEqual(100 - 60);
}, 120_000);

test('while Postgres is away changes wait for it; none is given up for that', async () => {
  await inStep(22);
  const [dearer, same] = [products(10, 23), products(MANY, 22).slice(10)];
  world.provider.control.setProducts([...sampleProducts, ...dearer, ...same]);
  const before = sent('PATCH').length;
  world.offergrid.control.setFaults([{ kind: 'delay', ms: 1_000, method: 'PATCH', times: 1 }]);
  const { runId } = await asked();
  const over = workflow().result();
  await eventually('a change to be under way', () => sent('PATCH').length > before);
  await world.postgresLine.cut();
  // Longer than anything is tried that the platform refuses.
  await eventually('many attempts', async () => {
    const { raw } = await workflow().describe();
    return (raw.pendingActivities ?? []).some(({ attempt }) => (attempt ?? 0) > 10);
  });
  await world.postgresLine.mend();
  await over;
  expect(await reports.report(runId)).toMatchObject({ status: 'completed', updated: 10, failed: 0 });
}, 120_000);

test('orders that need the call budget each time the offers are to be listed: the run ends, and says so', async () => {
  await inStep(20);
  let lists = 0;
  gate = (operation) => {
    lists += 1;
    throw new OffergridError({ operation, kind: 'kept_free', detail: 'for orders' });
  };
  onTestFinished(() => void (gate = open));
  const { report, events } = await ran();
  expect(report).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining('orders needed') as string,
  });
  expect(lists).toBe(20);
  expect(events).toHaveLength(1);
  expect(Math.max(...events)).toBeLessThan(20 * 25);
  gate = open;
  expect((await ran()).report).toMatchObject({ status: 'completed', updated: 0 });
}, 120_000);

test('who asks for weeks while a run waits for a person makes no history long, and is not told again', async () => {
  await inStep(22);
  world.provider.control.setProducts(products(MANY, 22).slice(0, 50));
  const { runId, first } = await asked();
  await eventually('the brake', async () => (await reports.progress(runId))?.status === 'awaiting_approval');
  const nudge = offerSyncNudge(world.env.client);
  for (let week = 0; week < 40; week += 1) {
    await runs.request({ dryRun: false, skus: [`SKU-${week}`] });
    await Promise.all(range(0, 50).map(() => nudge(false)));
  }
  expect(await reports.progress(runId)).toMatchObject({ status: 'awaiting_approval' });
  const { plan } = (await reports.progress(runId))!;
  const approval = { decision: 'approve', plan: plan! } as const;
  const decided = await createSyncDesk(world.env.client).decide({ runId, dryRun: false }, approval);
  expect(decided).toEqual({ kind: 'decided' });
  await workflow().result();
  expect(await reports.report(runId)).toMatchObject({ status: 'completed', failed: 0 });
  const events = lengths(await historiesFrom(first));
  expect(events.length).toBeGreaterThan(1);
  // It cannot go on as another in the moment in which somebody asks: the waves that come meanwhile are on top.
  expect(Math.max(...events)).toBeLessThan(LONG_HISTORY + 500);
  const notices = world.notifications.received();
  expect(notices.filter(({ data }) => String(data['message']).includes(runId))).toHaveLength(1);
}, 120_000);

test('who asks in the moment in which a run ends gets another', async () => {
  world.provider.control.setProducts(sampleProducts);
  const nudge = offerSyncNudge(world.env.client);
  const over = async (runId: string) => isOver((await reports.progress(runId))!.status);
  for (let round = 0; round < 12; round += 1) {
    const runId = await runs.request({ dryRun: true, skus: null });
    // The time-skipping server, unlike the real one, may refuse a signal with start in this very moment.
    await nudge(true).catch(() => nudge(true));
    const end = performance.now() + 20_000;
    // As close on its end as can be: the workflow is still there, and has just looked for what is wanted.
    while (!(await over(runId))) if (performance.now() > end) throw new Error(`run ${round} was forgotten`);
  }
}, 120_000);

test('whatever went wrong, a worker that takes a run over can go on with it', async () => {
  const workflowBundle = { codePath: join(projectRoot(), 'dist/workflow-bundle.js') };
  const failed: string[] = [];
  let replayed = 0;
  for await (const { error } of Worker.runReplayHistories({ workflowBundle }, replayable)) {
    replayed += 1;
    if (error !== undefined) failed.push(error.message);
  }
  expect(failed).toEqual([]);
  expect(replayed).toBeGreaterThan(10);
}, 120_000);
