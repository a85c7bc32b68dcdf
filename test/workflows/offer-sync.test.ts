import type { History } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOfferSyncReports, type OfferSyncReports } from '../../db/offer-sync-reports.js';
import { createOfferSyncRuns, type OfferSyncRuns } from '../../db/offer-sync-runs.js';
import { isOver } from '../../domain/offer-sync-run.js';
import { OFFERGRID_QUEUE, offerSyncWorkflowId } from '../../domain/workflow-names.js';
import { sampleProducts } from '../../sandbox/provider/products.js';
import { offerSyncNudge } from '../../integrations/temporal/offer-sync-starter.js';
import { startSkippedTime, type SkippedTime } from '../support/skipped-time.js';

/** More than one execution takes on. */
const MANY = 220;
const PER_EXECUTION = 200;

let world: SkippedTime;
let runs: OfferSyncRuns;
let reports: OfferSyncReports;
beforeAll(async () => {
  world = await startSkippedTime();
  runs = createOfferSyncRuns(world.pool);
  reports = createOfferSyncReports(world.pool);
});
afterAll(() => world?.stop());

const products = (count: number, price: number) =>
  Array.from({ length: count }, (_, n) => ({
    sku: `SKU-${n}`,
    ...{ productName: 'Plan', type: 'other', price, isActive: true },
  }));
const sent = (method: string) => world.offergrid.control.calls().filter((call) => call.method === method);

/** A run from the request to its end, and how many events each of its executions took. */
async function ran() {
  const runId = await runs.request({ dryRun: false, skus: null });
  await offerSyncNudge(world.env.client)(false);
  const { client } = world.env;
  const handle = client.workflow.getHandle(offerSyncWorkflowId(false));
  const { runId: first } = await handle.describe();
  let failure: unknown;
  await handle.result().catch((error: unknown) => (failure = error));
  const events: number[] = [];
  const priorities = new Set<number | null | undefined>();
  let execution: string | null | undefined = first;
  while (execution != null) {
    const history: History = await client.workflow.getHandle(handle.workflowId, execution).fetchHistory();
    events.push(history.events?.length ?? 0);
    for (const { activityTaskScheduledEventAttributes: scheduled } of history.events ?? [])
      if (scheduled?.taskQueue?.name === OFFERGRID_QUEUE) priorities.add(scheduled.priority?.priorityKey);
    const end = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes;
    execution = end?.newExecutionRunId;
  }
  return { report: (await reports.report(runId))!, events, priorities: [...priorities], failure };
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
