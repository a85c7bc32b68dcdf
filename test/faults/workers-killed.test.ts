import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { OrderView } from '../../domain/order-view.js';
import { FULFILL_ORDER_ITEM, SEND_NOTIFICATION } from '../../domain/workflow-names.js';
import { startCrew, type Crew } from '../../sandbox/crew/crew.js';
import { seededChance } from '../../sandbox/http/fault-plan.js';
import { eventually } from '../support/eventually.js';
import { expectReplayable } from '../support/replayed.js';
import { systemForTest, type TestSystem } from '../support/test-system.js';
import { startSecondWorker } from '../support/two-workers.js';
import { experiment } from './experiment.js';
import { countInterruptions, percentile } from './interrupted-work.js';
import { expectKept } from './kept.js';
import { KINDS, type Kind } from './kinds-of-orders.js';
import { expectOnce, receivedBy } from './received.js';
import { killWorkers } from './worker-killer.js';

interface Size {
  items: number;
  /** Items under way at a time. */
  atOnce: number;
  /** At least so many; they go on until the last item has been placed. */
  kills: number;
  /** Milliseconds from one kill to the next, when both workers are back. */
  pause: [number, number];
  /** Milliseconds between one report from the field and the next. */
  pace: number;
}

interface Order {
  kind: Kind;
  itemId: string;
}

const SEED = 4;
/** Every call takes this long, so that a kill finds calls under way. */
const CALL_MS = 150;
/** How often a person looks at the list, and how soon a reseller changes his mind; milliseconds. */
const LOOK_EVERY = 400;
const SECOND_THOUGHTS = 1_000;

experiment<Size>({
  name: 'workers SIGKILLed at random and at every step, 1,000 items',
  passes:
    'all reach their expected end; each PATCH, work order, activation and notification exactly once as the receiving side counted',
  small: { items: 16, atOnce: 16, kills: 2, pause: [0, 300], pace: 100 },
  full: { items: 1_000, atOnce: 60, kills: 40, pause: [1_000, 6_000], pace: 600 },
  defect: {
    what: 'the key of a work order is another for each process',
    file: 'activities/provider-activities.js',
    replace: '`${item.itemId}:work-order`',
    by: '`${item.itemId}:work-order:${process.pid}`',
    seen: /work orders made for one item/,
  },
  run: async ({ size, programs, patience }) => {
    const system = await systemForTest({ programs, policy: { acknowledgeAfter: null } });
    const second = await startSecondWorker(system, programs);
    onTestFinished(async () => void (await second.stop()));
    const slow = [{ kind: 'delay' as const, ms: CALL_MS }];
    system.offergrid.control.setFaults(slow);
    system.provider.control.setFaults(slow);

    const orders = new Map<string, Order>();
    const open = () => [...orders.values()].filter((order) => !isThrough(system, order));
    const allPlaced = () => orders.size === size.items;
    const done = new AbortController();
    const crew = fieldWork(system, orders, size.pace);
    const person = approving(system, done.signal);
    const killing = killWorkers({
      ...{ system, seats: second.seats, seed: SEED, pause: size.pause, least: size.kills, over: allPlaced },
      signal: done.signal,
      // Were it carried out meanwhile, its call would not be made again.
      first: (itemId) => orders.get(itemId)?.kind.resellerCancels === true,
      open: () => open().map(({ itemId }) => itemId),
    });
    try {
      const seen = () =>
        open().map(({ itemId, kind }) => [kind.name, itemId, system.offergrid.control.path(itemId)]);
      for (let ended = 0; ended < size.items;) {
        const more = () => {
          while (!allPlaced() && open().length < size.atOnce) place(system, orders);
          const now = orders.size - open().length;
          return now > ended && now;
        };
        ended = await eventually('another order to come to its end', more, { within: patience, seen });
      }
      await killing;
      await eventually('everything to be over', () => isIdle(system), { within: patience });
    } finally {
      done.abort();
      await Promise.all([crew.close(), person, killing.catch(() => undefined)]);
    }
    const kills = await killing;
    const received = receivedBy(system);
    for (const order of orders.values()) expectOnce(order, received);
    const kept = await expectKept(system, orders.values());

    const replayed = await expectReplayable(system, programs);

    const repeats = system.provider.control.calls().filter(({ repeat }) => repeat).length;
    const found = await countInterruptions(system, [...orders.keys()], kills);
    expect(found.kills, 'kills that struck work in hand').toBeGreaterThan(0);
    const figures = {
      items: size.items,
      'strokes (one worker or both)': kills.length,
      'of them struck work in hand': found.kills,
      'activities interrupted': found.activities,
      'workflow tasks interrupted': found.workflowTasks,
      'calls repeated to the provider, answered as repeats': repeats,
      'in hand goes on after, p50': `${percentile(found.pauses, 0.5)} s`,
      p99: `${percentile(found.pauses, 0.99)} s`,
      'tasks that first waited for a dead worker': found.waitedForTheDead,
      'histories that replay': replayed,
      'rows and stories without a gap': kept,
      'tasks that timed out at a living one': found.outOfBreath,
    };
    console.log(figures);
    return figures;
  },
});

function place(system: TestSystem, orders: Map<string, Order>): void {
  const kind = KINDS[orders.size % KINDS.length]!;
  const { items } = system.offergrid.control.placeOrder(kind.order);
  const { itemId } = items[0]!;
  orders.set(itemId, { kind, itemId });
}

function isThrough({ offergrid }: TestSystem, { kind, itemId }: Order): boolean {
  return offergrid.control.path(itemId).at(-1) === kind.outcome;
}

/** Nothing of ours runs any more: whatever is counted now is all there will be. */
async function isIdle({ client }: TestSystem): Promise<boolean> {
  const query = `ExecutionStatus = 'Running' and WorkflowType in ('${FULFILL_ORDER_ITEM}', '${SEND_NOTIFICATION}')`;
  return (await client.workflow.count(query)).count === 0;
}

/** The crew reports on every work order; some are called off by the reseller instead. */
function fieldWork(system: TestSystem, orders: Map<string, Order>, pace: number): Crew {
  const { provider, offergrid, apiUrl, keys } = system;
  const chance = seededChance(SEED);
  const kindOf = (itemId: string) => orders.get(itemId)?.kind;
  provider.control.onWorkOrder(({ itemId }) => {
    if (kindOf(itemId)?.resellerCancels !== true) return;
    const cancel = () =>
      offergrid.control.path(itemId).at(-1) !== 'cancelled' && offergrid.control.cancelAsReseller(itemId);
    setTimeout(cancel, chance() * SECOND_THOUGHTS);
  });
  return startCrew({
    ...{ apiUrl, apiKey: keys.admin, provider, pace, maxAttempts: 50 },
    script: ({ itemId }) => kindOf(itemId)?.field ?? [],
  });
}

/** Looks through what needs attention again and again, and approves what nobody else can tell. */
async function approving({ apiUrl, keys }: TestSystem, signal: AbortSignal): Promise<void> {
  const headers = { authorization: `Bearer ${keys.admin}`, 'content-type': 'application/json' };
  while (!signal.aborted) {
    const answer = await fetch(`${apiUrl}/v1/orders?attention=true&limit=200`, { headers });
    const { items } = (await answer.json()) as { items: Pick<OrderView, 'itemId' | 'attention'>[] };
    const asked = items.filter(({ attention }) => attention?.code === 'availability_unknown');
    // One that was carried out while its worker died is refused the second time, and gone from the list.
    await Promise.all(
      asked.map(async ({ itemId }) => {
        const body = JSON.stringify({ command: 'approve' });
        const told = await fetch(`${apiUrl}/v1/orders/${itemId}/commands`, { method: 'POST', headers, body });
        await told.body?.cancel();
      }),
    );
    await wait(LOOK_EVERY);
  }
}
