import { expect } from 'vitest';
import { seededChance } from '../../sandbox/http/fault-plan.js';
import { eventually } from '../support/eventually.js';
import { systemForTest, type TestSystem } from '../support/test-system.js';
import { LIVE, placeAs, VISIT, type PlacedItem } from '../e2e/placed-item.js';
import { experiment } from './experiment.js';

/** What the field tells of one installation, in the order in which it happened. */
const FIELD = [
  { type: 'appointment.scheduled', data: VISIT },
  { type: 'installation.started', data: {} },
  { type: 'installation.completed', data: LIVE },
];
const TIMES_EACH = 5;
const MINUTE = 60_000;
const SEED = 11;
const PATH = ['pending', 'accepted', 'scheduled', 'in_progress', 'active'];
const TOLD = ['order.accepted', 'order.active', 'order.scheduled', 'order.started'];

experiment<{ items: number }>({
  name: 'every event five times, shuffled, and before its stage',
  passes: 'same ends',
  small: { items: 10 },
  full: { items: 300 },
  defect: {
    what: 'what was held until the acceptance is forgotten',
    file: 'workflows/fulfil.js',
    replace: 'item.events.unshift(...inOrder(item.held.splice(0)));',
    by: 'item.held.splice(0);',
    seen: /not within .*: every order to be live/,
  },
  run: async ({ size, programs, patience }) => {
    const system = await systemForTest({ programs, policy: { acknowledgeAfter: null } });
    const chance = seededChance(SEED);
    const answers = new Map<number, number>();
    const items = Array.from({ length: size.items }, (_, n) => {
      // Every other one waits for a person, so that all of it comes before the decision.
      const waits = n % 2 === 0;
      const order = waits ? { serviceAddress: { street: '9 Unclear Road' } } : {};
      return { item: placeAs(system, `item-shuffled-${n}`, order), waits };
    });
    await Promise.all(
      items.map(async ({ item, waits }) => {
        // All come at once, and each in its turn.
        if (waits) await item.needs('availability_unknown', 2 * patience);
        else await eventually('the order to be known', () => isKnown(item), { within: patience });
        await reportShuffled(item, chance, answers);
        if (waits) await item.commanded('approve');
      }),
    );
    const live = () => items.filter(({ item }) => item.path().at(-1) === 'active').length;
    await eventually('every order to be live', () => live() === items.length, {
      within: patience,
      seen: live,
    });
    for (const { item } of items) await expectOnce(system, item);

    const refused = [...answers].filter(([status]) => ![200, 202, 409].includes(status));
    expect(refused, 'answers that say neither taken, nor repeated, nor too late').toEqual([]);
    return {
      items: items.length,
      events: items.length * FIELD.length * TIMES_EACH,
      taken: answers.get(202) ?? 0,
      'told apart as repeats': answers.get(200) ?? 0,
      'refused, the order being further': answers.get(409) ?? 0,
      live: live(),
    };
  },
});

const isKnown = async (item: PlacedItem) =>
  (await item.call('GET', `/v1/orders/${item.itemId}`)).status === 200;

/** Each event five times under its id, in no order; what happened when is true all the same. */
async function reportShuffled(
  item: PlacedItem,
  chance: () => number,
  answers: Map<number, number>,
): Promise<void> {
  const began = Date.now();
  const all = FIELD.flatMap((event, n) => {
    const time = new Date(began + n * MINUTE).toISOString();
    return Array.from({ length: TIMES_EACH }, () => ({ ...event, time, id: `${item.itemId}-${event.type}` }));
  });
  const shuffled = all.map((event) => ({ event, at: chance() })).sort((a, b) => a.at - b.at);
  for (const { event } of shuffled) {
    const { type, data, id, time } = event;
    const { status } = await item.report(type, data, { id, time });
    answers.set(status, (answers.get(status) ?? 0) + 1);
  }
}

async function expectOnce(system: TestSystem, item: PlacedItem): Promise<void> {
  await item.ends('active');
  expect(item.path()).toEqual(PATH);
  const taken = item.platformCalls().filter(({ method, applied }) => method === 'PATCH' && applied);
  expect(taken.map(({ body }) => (body as { status: string }).status)).toEqual(PATH.slice(1));
  const orders = system.provider.control.workOrders().filter(({ itemId }) => itemId === item.itemId);
  expect(orders.length, 'work orders').toBeLessThanOrEqual(1);
  await item.isTold(...TOLD);
  expect(
    item
      .told()
      .filter((type) => type !== 'order.attention')
      .sort(),
  ).toEqual(TOLD);
}
