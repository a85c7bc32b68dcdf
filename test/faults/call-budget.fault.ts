import { fulfillmentWorkflowId, OFFERGRID_QUEUE } from '../../domain/workflow-names.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../sandbox/stack/free-port.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { startProcess, type RunningProcess } from '../../sandbox/stack/child-process.js';
import { ArrivalCounter } from '../db/sliding-window.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';

/** Two workers, and a platform that keeps its limit as documented: 100 calls in any minute. */
const CALLS = 100;
const MINUTE = 60_000;
/** Two calls each, the read and the answer: more than a minute's worth, and less than two. */
const ORDERS = 80;

let system: TestSystem;
let second: RunningProcess | undefined;
beforeAll(async () => {
  system = await startTestSystem({
    policy: { reconcileEvery: '5s' },
    offergrid: { callsPerMinute: CALLS, callsPerHour: 10_000 },
    env: { OFFERGRID_CALLS_PER_MINUTE: undefined },
  });
  const port = await freePort();
  second = await startProcess({
    name: 'second worker',
    args: ['dist/workers/main.js'],
    env: { ...system.env, WORKER_PORT: String(port) },
    cwd: projectRoot(),
    readyUrl: `http://127.0.0.1:${port}/readyz`,
  });
});
afterAll(async () => {
  await second?.stop();
  await system?.stop();
});

type Timestamp = { seconds?: unknown; nanos?: number | null };
const calls = () => system.offergrid.control.calls();
const accepted = (itemId: string) =>
  system.offergrid.control.transitions(itemId).find(({ to }) => to === 'accepted');

test('an order that comes to an idle system is answered at once', async () => {
  const itemId = system.offergrid.control.placeOrder().items[0]!.itemId;
  const placed = Date.now();
  await eventually('the acceptance', () => accepted(itemId));
  const took = Date.parse(accepted(itemId)!.at) - placed;
  console.log(`call budget: an order in an idle system was answered after ${took} ms`);
  expect(took).toBeLessThan(1_500);
});

test(
  'two workers use the budget up, never exceed it, and answers go first',
  { timeout: 240_000 },
  async () => {
    const items = Array.from(
      { length: ORDERS },
      () => system.offergrid.control.placeOrder().items[0]!.itemId,
    );
    await eventually('a window to be full', () => calls().length >= CALLS);
    await eventually('all answers', () => items.every(accepted), {
      within: 200_000,
      seen: () => ({ accepted: items.filter(accepted).length, calls: calls().length }),
    });

    const seen = calls();
    expect(seen.filter(({ status, faults }) => status === 429 && faults.length === 0)).toEqual([]);
    const arrivals = new ArrivalCounter();
    for (const { at } of seen) arrivals.at.push(Date.parse(at));
    expect(arrivals.most(MINUTE)).toBe(CALLS);
    // The last calls wait for their orders' turn, not for the budget.
    arrivals.at.splice(seen.length - 10);
    const utilisation = arrivals.utilisation(CALLS, MINUTE);
    const queued = await queuedCalls([...items.map(fulfillmentWorkflowId), ...(await reconciliations())]);
    const overtaken = overtakings(queued);
    console.log(
      `call budget: ${seen.length} calls by two workers, ${(100 * utilisation).toFixed(2)} % used, none refused; ` +
        `${queued.length} calls queued, ${overtaken.length} overtaken by a less urgent one`,
      JSON.stringify(overtaken),
    );
    expect(utilisation).toBeGreaterThanOrEqual(0.98);
    expect(overtaken).toEqual([]);
  },
);

/** A call in Temporal's queue: from `scheduled` until a worker took it, in epoch milliseconds; lower is more urgent. */
interface QueuedCall {
  priority: number;
  scheduled: number;
  started: number;
}

/** Between a worker's question and its task the queue may have changed. */
const AT_ONCE = 300;

/** Calls that had been waiting already when a less urgent one was given to a worker, and still were. */
function overtakings(queued: QueuedCall[]): QueuedCall[] {
  return queued.filter((urgent) =>
    queued.some(
      ({ priority, started }) =>
        priority > urgent.priority &&
        started > urgent.scheduled + AT_ONCE &&
        started < urgent.started - AT_ONCE,
    ),
  );
}

async function reconciliations(): Promise<string[]> {
  const ids: string[] = [];
  const runs = system.client.workflow.list({ query: 'WorkflowType = "reconcileOrders"' });
  for await (const { workflowId } of runs) ids.push(workflowId);
  return ids;
}

async function queuedCalls(workflowIds: string[]): Promise<QueuedCall[]> {
  const histories = await Promise.all(
    workflowIds.map((workflowId) => system.client.workflow.getHandle(workflowId).fetchHistory()),
  );
  return histories.flatMap(({ events }) =>
    (events ?? []).flatMap(({ eventTime, activityTaskStartedEventAttributes: start }) => {
      const scheduled = events?.find(({ eventId }) => Number(eventId) === Number(start?.scheduledEventId));
      const { taskQueue, priority } = scheduled?.activityTaskScheduledEventAttributes ?? {};
      // Of a repeated call only the last attempt's start is there, and when it joined the queue again is not.
      if (start == null || start.attempt !== 1 || taskQueue?.name !== OFFERGRID_QUEUE) return [];
      return [
        {
          priority: priority?.priorityKey ?? 3,
          scheduled: millis(scheduled?.eventTime),
          started: millis(eventTime),
        },
      ];
    }),
  );
}

const millis = (time: Timestamp | null | undefined): number =>
  Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1_000_000;
