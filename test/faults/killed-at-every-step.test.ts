import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect, onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.js';
import { expectReplayable } from '../support/replayed.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import {
  APPLIED_LATE,
  callsOf,
  faultsOf,
  interruptedCalls,
  REPORTS,
  WHOLE_VISIT,
  type Case,
  type Fault,
} from './interrupted-calls.js';
import { placeAs, VISIT, type PlacedItem } from '../e2e/placed-item.js';
import { experiment } from './experiment.js';

/** When the alarms are due, after all was ready. */
const ALARM_AFTER = 15_000;
/** A notification that was being delivered is delivered again once its 30 s are up. */
const DELIVERED_AGAIN = 45_000;
const HOUR = 3_600_000;

experiment<{ rounds: number }>({
  name: 'workers SIGKILLed at every step',
  passes:
    'each item goes on from the step it was struck at to its expected end; each PATCH, work order, activation and notification once',
  small: { rounds: 1 },
  full: { rounds: 5 },
  defect: {
    what: 'the key of a work order is another for each process',
    file: 'activities/provider-activities.js',
    replace: '`${item.itemId}:work-order`',
    by: '`${item.itemId}:work-order:${process.pid}`',
    seen: /the work order is made/,
  },
  run: async ({ size, programs }) => {
    const struck = { kills: 0, calls: 0, items: 0 };
    for (let round = 0; round < size.rounds; round += 1) {
      // The acknowledgement has its own tests, and would come between at its own time here.
      const system = await startTestSystem({ programs, policy: { acknowledgeAfter: null } });
      try {
        const { calls, items } = await strike(system);
        struck.kills += 1;
        struck.calls += calls;
        struck.items += items;
      } finally {
        await system.stop();
      }
    }
    return { kills: struck.kills, 'calls in hand when killed': struck.calls, items: struck.items };
  },
});

/** An item that nobody decides about, so that its clock runs on; `hours` before `due` it was created. */
function undecided(system: TestSystem, due: number, hours: number): PlacedItem {
  return placeAs(system, `item-${randomUUID()}`, {
    serviceAddress: { street: '9 Unclear Road' },
    createdAt: new Date(due - hours * HOUR).toISOString(),
  });
}

/** Keeps an item's story from being written; `isAwaited`: somebody tries to. */
async function lockStory(system: TestSystem, itemId: string) {
  const client = new pg.Client({ connectionString: system.env['DATABASE_URL'] });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('begin');
  await client.query('select from order_items where item_id = $1 for update', [itemId]);
  return {
    isAwaited: async () => {
      const { rows } = await client.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    },
    release: () => client.end(),
  };
}

const VISIT_MOVES = ['accepted', 'scheduled', 'in_progress', 'active'];
const NOTICE: Record<string, string> = { in_progress: 'order.started' };

/** The item ended as it should, and on the way there each thing was done once. */
async function expectOnce(
  system: TestSystem,
  item: PlacedItem,
  { name, moves = VISIT_MOVES, updates = moves }: Partial<Case>,
): Promise<void> {
  const { timeline } = await item.ends(moves.includes('active') ? 'active' : 'cancelled');
  expect(item.path(), name).toEqual(['pending', ...moves]);
  const taken = item.platformCalls().filter(({ method, applied }) => method === 'PATCH' && applied);
  const statuses = taken.map(({ body }) => (body as { status: string }).status);
  expect(statuses, name).toEqual(updates);
  const written = timeline.filter(({ type }) => type === 'status').map(({ to }) => to);
  expect(written, `${name}: its story`).toEqual(['pending', ...moves]);
  const notices = moves.map((status) => NOTICE[status] ?? `order.${status}`).sort();
  await eventually('all notifications', () => item.told().length >= notices.length, {
    within: DELIVERED_AGAIN,
    seen: () => item.told(),
  });
  expect(item.told().sort(), name).toEqual(notices);

  const office = system.provider.control;
  const about = (list: { itemId: string }[]) => list.filter(({ itemId }) => itemId === item.itemId).length;
  const visit = moves.includes('scheduled') || moves.includes('cancelled') ? 1 : 0;
  const done = [office.workOrders(), office.contacts(), office.activations()].map(about);
  expect(done, name).toEqual([visit, visit, 1 - visit]);
  const calledOff = moves.includes('cancelled');
  if (visit === 1) {
    const state = () => item.workOrders()[0]?.state;
    if (calledOff) await eventually('the work order to be cancelled', () => state() === 'cancelled');
    else expect(state(), name).toBe('open');
  }
}

const counted = (item: PlacedItem, type: string) => item.told().filter((told) => told === type).length;

/** Kills the worker once, with every kind of call in hand. */
async function strike(system: TestSystem) {
  const cases = interruptedCalls();
  const isInHand = (one: Case) => callsOf(system, one)[0]?.status === null;
  const control = system.offergrid.control;
  const reconciling = { method: 'GET', path: '/provider/orders' };
  control.setFaults([
    ...cases.filter(({ of }) => of === 'platform').flatMap(faultsOf),
    { kind: 'hang', ...reconciling, times: 1 },
  ]);
  system.provider.control.setFaults(cases.filter(({ of }) => of === 'provider').flatMap(faultsOf));
  for (const { of, itemId } of cases)
    if (of === 'people') system.notifications.hang({ itemId, type: 'order.scheduled' });
  const place = ({ itemId, order }: Case) => placeAs(system, itemId, order);

  // Bring everything to where the killing begins.
  const items = new Map<Case, PlacedItem>();
  const early = cases.filter(({ ready }) => ready !== undefined);
  const idle = placeAs(system, `item-${randomUUID()}`);
  const written = placeAs(system, `item-${randomUUID()}`);
  const unheard = placeAs(system, `item-${randomUUID()}`, { silent: true });
  await Promise.all([
    idle.hasWorkOrder(),
    written.hasWorkOrder(),
    ...early.map((one) => {
      const item = place(one);
      items.set(one, item);
      return one.ready!(item);
    }),
  ]);
  const due = Date.now() + ALARM_AFTER;
  const late = undecided(system, due, 24);
  const warned = undecided(system, due, 23);
  const asked = undecided(system, due, 1);
  await Promise.all([late, warned, asked].map((item) => item.needs('availability_unknown')));
  await Promise.all([late, warned].map((item) => item.isTold('sla.warning')));
  // From here on it has to be quick: no call stays in hand for longer than ten seconds.
  for (const one of cases) if (one.ready === undefined) items.set(one, place(one));
  await Promise.all(early.map((one) => one.trigger!(items.get(one)!)));
  await system.client.schedule.getHandle('reconcile-orders').trigger();
  await eventually('all calls to be in hand', () => cases.every((one) => callsOf(system, one).length > 0), {
    seen: () => cases.filter((one) => callsOf(system, one).length === 0).map(({ name }) => name),
  });
  // A command, and what it leads to.
  const question = { path: '/serviceability', whenBody: { itemId: asked.itemId } };
  system.provider.control.setFaults([{ kind: 'hang', times: 1, ...question }]);
  const commanding = asked.command('retry').catch(() => undefined);
  await eventually('the question to be in hand', () => asked.providerCalls(question.path).length === 2);
  const listing = () =>
    control.calls().filter(({ method, path }) => method === 'GET' && path === reconciling.path);
  await eventually('the list to be in hand', () => listing().some(({ status }) => status === null));
  // Last, since it is in hand for 3 s only before it is put off.
  const lock = await lockStory(system, written.itemId);
  await written.reported('appointment.scheduled', VISIT);
  await eventually('the story to be in hand', lock.isAwaited);

  // Stopped first, so that it hears of nothing that is applied from now on.
  const killed = system.worker();
  killed.kill('SIGSTOP');
  expect(cases.filter((one) => !isInHand(one)).map(({ name }) => name)).toEqual([]);
  expect([late, warned].map((item) => counted(item, 'sla.breached'))).toEqual([0, 0]);
  const applied = (fault: Fault) =>
    eventually(
      `what is ${fault}`,
      () =>
        cases.filter((one) => one.fault === fault).every((one) => callsOf(system, one)[0]?.applied === true),
      { within: APPLIED_LATE * 2 },
    );
  await applied('applied');
  killed.kill('SIGKILL');
  await lock.release();
  expect(await killed.exited).toMatchObject({ signal: 'SIGKILL' });
  await applied('applied-late');
  await eventually('the alarms to be due', () => Date.now() > due);

  // The world goes on without a worker.
  const newcomer = placeAs(system, `item-${randomUUID()}`);
  const isKnown = async () => (await newcomer.shown()).stage === 'intake';
  await eventually('the new order to be known', isKnown);
  const visited = [idle, written, newcomer, ...items.values()];
  for (const [{ rest }, item] of [
    ...items,
    [{ rest: WHOLE_VISIT }, idle] as const,
    [{ rest: WHOLE_VISIT.slice(1) }, written] as const,
    [{ rest: WHOLE_VISIT }, newcomer] as const,
  ])
    for (const type of rest) expect((await item.report(type, REPORTS[type])).status).toBe(202);
  await system.startWorker();

  for (const item of visited) {
    const of = cases.find(({ itemId }) => itemId === item.itemId);
    await expectOnce(system, item, of ?? { name: 'nothing in hand' });
  }
  // What had been applied was looked at, and not sent again.
  for (const one of cases.filter(({ of, fault }) => of === 'platform' && fault !== 'never-arrives'))
    expect(callsOf(system, one), one.name).toHaveLength(1);

  await commanding;
  await eventually('the order to be approved', async () => (await asked.command('approve')).status === 200);
  await asked.reaches('pending', 'accepted');

  // What nobody told of was found all the same.
  await unheard.reaches('pending', 'accepted');

  // The alarms that fell due in the meantime.
  await late.isTold('sla.breached');
  await eventually('the second warning', () => counted(warned, 'sla.warning') === 2);
  await Promise.all([late, warned].map((item) => item.commanded('approve')));
  await Promise.all([late, warned].map((item) => item.shows({ offergridStatus: 'accepted' })));
  expect((await late.shown()).sla?.state).toBe('met_late');
  expect((await warned.shown()).sla?.state).toBe('met');
  expect(late.told().filter((type) => type.startsWith('sla.'))).toEqual(['sla.warning', 'sla.breached']);
  expect(warned.told().filter((type) => type.startsWith('sla.'))).toEqual(['sla.warning', 'sla.warning']);
  expect(await expectReplayable(system)).toBeGreaterThanOrEqual(visited.length);
  // The list, the question and the story besides.
  return { calls: cases.length + 3, items: visited.length + 4 };
}
