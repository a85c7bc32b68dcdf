import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { fulfillmentWorkflowId } from '../../domain/workflow-names.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { experiment } from './experiment.js';
import { commits, used } from './resource-use.js';

/** What the API's look into its inbox and chance may differ by, in commits a second. */
const SLACK = 1;
/** Share of one processor. */
const AT_REST = 0.05;
/** Postgres counts a connection's last commits up to ten seconds later, which is too late for the small size. */
const COUNTED_AFTER = 11;
/** Kilobytes of the worker's memory; 61 were measured. */
const MOST_AN_ITEM = 150;
/** Milliseconds for an order to come to its appointment where thousands do: some hundred events and writes each. */
const ON_ITS_WAY = 600;
const WAITING = "WorkflowType = 'fulfillOrderItem' and FulfillmentStage = 'scheduling'";

/** `seconds`: for how long idleness is watched, once without items and once with them. */
experiment<{ items: number; seconds: number }>({
  name: 'open items that wait',
  passes: 'cost nothing while they wait: no call, no commit, no event',
  small: { items: 8, seconds: 3 },
  full: { items: 10_000, seconds: 60 },
  fullTimeout: 2 * 3_600_000,
  defect: {
    what: 'an item looks every half second whether there is something to write',
    file: 'workflows/journal.js',
    replace: 'await condition(() => due() || this.#waiting);',
    by: 'if (!(await condition(() => due() || this.#waiting, 500))) continue;',
    seen: /not within .*: the last events/,
  },
  run: async ({ size, programs, patience }) => {
    // Reconciliation has its own figures; here is what goes on between its runs, which come at the full period.
    const system = await startTestSystem({
      programs,
      // What is done until they wait is no part of this: the fewer systems and people have to hear of it, the better.
      policy: {
        reconcileEvery: '24h',
        acknowledgeAfter: null,
        categories: { default: { availability: 'none' } },
      },
      providerSystems: false,
      env: {
        NOTIFY_WEBHOOK_URL: undefined,
        NOTIFY_WEBHOOK_SECRET: undefined,
        // Thousands come within the hour; how calls wait for their turn has experiments of its own.
        OFFERGRID_CALLS_PER_HOUR: '1000000',
      },
    });
    onTestFinished(() => system.stop());
    const { control } = system.offergrid;
    const countedAfter = size.seconds > COUNTED_AFTER ? 1_000 * COUNTED_AFTER : 0;
    await eventually('the first reconciliation', () => control.calls().length === 6, { within: patience });
    await wait(countedAfter);
    const without = await idle(system, size.seconds);

    const began = performance.now();
    const items = Array.from({ length: size.items }, () => control.placeOrder().items[0]!.itemId);
    const waiting = async () => {
      // Asking is work as well.
      await wait(size.items / 20);
      return (await system.client.workflow.count(WAITING)).count;
    };
    await eventually('every item to wait for its appointment', async () => (await waiting()) === size.items, {
      within: Math.max(patience, ON_ITS_WAY * size.items),
      seen: waiting,
    });
    const toWait = (performance.now() - began) / 1_000;
    const someEvents = async () => {
      const some = items.filter((_, n) => n % Math.ceil(items.length / 12) === 0);
      const lengths = await Promise.all(
        some.map(async (itemId) => {
          const handle = system.client.workflow.getHandle(fulfillmentWorkflowId(itemId));
          return (await handle.describe()).historyLength;
        }),
      );
      return lengths.reduce((sum, length) => sum + length, 0);
    };
    await eventually(
      'the last events',
      async () => {
        const before = await someEvents();
        await wait(1_000);
        return (await someEvents()) === before;
      },
      { within: 10_000 },
    );
    await wait(countedAfter);
    // What thousands of items left to be cleared away is no cost of their waiting.
    if (countedAfter > 0)
      await eventually('the worker to be at rest', async () => !((await idle(system, 5)).busy >= AT_REST), {
        within: patience,
      });
    const calls = control.calls().length;
    const events = await someEvents();
    const withThem = await idle(system, size.seconds);

    expect((await someEvents()) - events, 'events of an item that waits').toBe(0);
    expect(control.calls().length - calls, 'calls').toBe(0);
    if (countedAfter > 0) {
      const more = withThem.busy - without.busy;
      // Where the system does not say what a process needs, it is no number.
      if (!Number.isNaN(more))
        expect(more, 'share of a processor that the worker needs for them').toBeLessThan(AT_REST);
      // Of a few items it could not be told from what the worker itself grows by.
      const kilobytes = (1_000 * (withThem.megabytes - without.megabytes)) / size.items;
      if (!Number.isNaN(kilobytes))
        expect(kilobytes, 'kB of the worker for each that waits').toBeLessThanOrEqual(MOST_AN_ITEM);
      expect(withThem.commits, 'commits a second').toBeLessThan(without.commits + SLACK);
    }
    return {
      items: size.items,
      'commits a second without and with them': `${without.commits.toFixed(2)}, ${withThem.commits.toFixed(2)}`,
      "worker's processor time without and with them": `${percent(without.busy)}, ${percent(withThem.busy)}`,
      'worker memory without and with them': `${without.megabytes} MB, ${withThem.megabytes} MB`,
      'seconds until all waited': Math.round(toWait),
    };
  },
});

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** What the system does by itself in so many seconds. */
async function idle(system: TestSystem, seconds: number) {
  const before = { ...(await used(system)), commits: await commits(system) };
  await wait(seconds * 1_000);
  const after = { ...(await used(system)), commits: await commits(system) };
  return {
    commits: (after.commits - before.commits) / seconds,
    busy: (after.seconds - before.seconds) / seconds,
    megabytes: after.megabytes,
  };
}
