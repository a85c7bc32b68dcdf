import { expect } from 'vitest';
import { seededChance } from '../../sandbox/http/fault-plan.js';
import { eventually } from '../support/eventually.js';
import { systemForTest, type TestSystem } from '../support/test-system.js';
import { LIVE, placeAs, VISIT, type PlacedItem } from '../e2e/placed-item.js';
import { experiment } from './experiment.js';
import { atOnce } from './intake-load.js';

interface Told {
  type: string;
  data: object;
}

/** As it came: under its id, and with the time at which it happened. */
interface Report extends Told {
  id: string;
  time: string;
}

/** What becomes of an order and is told of it, in the order in which it happened. */
interface Story {
  events: Told[];
  ends: readonly End[];
  /** What the platform may have seen; a visit that is moved, missed or ends at once depends on what came first. */
  path: RegExp;
  /** Nobody has to approve an order that waits: what is told of it decides it. */
  decides?: true;
  /** Told while the order waits for a person, because it means something then only. */
  waits?: true;
}

type End = 'active' | 'failed' | 'rejected' | 'cancelled';

const BOOKED = { type: 'appointment.scheduled', data: VISIT };
const MOVED = {
  type: 'appointment.rescheduled',
  data: { ...VISIT, scheduledFor: '2031-01-20T09:00:00Z', appointmentWindow: '9-12 AM' },
};
const MISSED = { type: 'appointment.missed', data: { by: 'customer' } };
const STARTED = { type: 'installation.started', data: {} };
const COMPLETED = { type: 'installation.completed', data: LIVE };
const FAILED = { type: 'installation.failed', data: { reason: 'No line to the house' } };
const BUILT = { type: 'installation.completed', data: { active: false } };
const ACTIVATED = { type: 'service.activated', data: LIVE };
const CONFIRMED = { type: 'availability.confirmed', data: {} };
const DENIED = { type: 'availability.denied', data: { reason: 'No duct to the house' } };
const CANCELLED = {
  type: 'order.cancelled',
  data: { reason: 'Moves elsewhere', requestedBy: 'customer' },
};

const BEGUN = 'pending accepted scheduled';
const STORIES: readonly Story[] = [
  {
    events: [BOOKED, STARTED, COMPLETED],
    ends: ['active'],
    path: new RegExp(`^${BEGUN} in_progress active$`),
  },
  {
    events: [BOOKED, STARTED, FAILED],
    ends: ['failed'],
    path: new RegExp(`^${BEGUN} in_progress failed$`),
  },
  {
    events: [BOOKED, MOVED, STARTED, COMPLETED],
    ends: ['active'],
    path: new RegExp(`^${BEGUN}( scheduled)? in_progress active$`),
  },
  {
    decides: true,
    events: [CONFIRMED, BOOKED, STARTED, BUILT, ACTIVATED],
    ends: ['active'],
    path: new RegExp(`^${BEGUN} in_progress( completed)? active$`),
  },
  {
    events: [BOOKED, MISSED, MOVED, STARTED, COMPLETED],
    ends: ['active'],
    path: new RegExp(`^${BEGUN}( scheduled)? in_progress active$`),
  },
  {
    decides: true,
    events: [BOOKED, CANCELLED],
    ends: ['rejected', 'cancelled'],
    path: /^pending (rejected|accepted( scheduled)? cancelled)$/,
  },
  {
    ...{ decides: true, waits: true },
    events: [DENIED, BOOKED],
    ends: ['rejected'],
    path: /^pending rejected$/,
  },
];
const TIMES_EACH = 5;
const MINUTE = 60_000;
const SEED = 11;

experiment<{ items: number }>({
  name: 'every event five times, shuffled, and before its stage',
  passes: 'same ends',
  small: { items: 14 },
  full: { items: 300 },
  defect: {
    what: 'what was held until the acceptance is forgotten',
    file: 'workflows/fulfil.js',
    replace: 'item.events.unshift(...inOrder(item.held.splice(0)));',
    by: 'item.held.splice(0);',
    seen: /not within .*: every order to come to its end/,
  },
  run: async ({ size, programs, patience }) => {
    const system = await systemForTest({ programs, policy: { acknowledgeAfter: null } });
    const chance = seededChance(SEED);
    const answers = new Map<number, number>();
    const items = Array.from({ length: size.items }, (_, n) => {
      // Every other one waits for a person, so that all of it comes before the decision.
      const story = STORIES[n % STORIES.length]!;
      const waits = n % 2 === 0 || story.waits === true;
      const order = waits ? { serviceAddress: { street: '9 Unclear Road' } } : {};
      return { item: placeAs(system, `item-shuffled-${n}`, order), waits, story };
    });
    const sent: { item: PlacedItem; story: Story; reports: Report[]; isHeld: boolean }[] = [];
    // More at once would wait for each other.
    await atOnce(20, items, async ({ item, waits, story }) => {
      if (waits) await item.needs('availability_unknown', 2 * patience);
      else await eventually('the order to be known', () => isKnown(item), { within: patience });
      const reports = await reportShuffled(item, story, chance, answers);
      const isApproved = waits && story.decides !== true;
      if (isApproved) {
        const heard = async () => (await heardOf(item)).length === reports.length;
        await eventually('all of it to be heard', heard, { within: patience });
        await item.commandedAmongMany('approve', patience);
      }
      sent.push({ item, story, reports, isHeld: isApproved });
    });
    const isEnded = ({ item, story }: { item: PlacedItem; story: Story }) =>
      story.ends.some((end) => end === item.path().at(-1));
    const unfinished = () => items.filter((one) => !isEnded(one)).map(({ item }) => item.path());
    await eventually('every order to come to its end', () => unfinished().length === 0, {
      within: patience,
      seen: unfinished,
    });
    for (const { item, story } of items) await expectOnce(system, item, story);
    for (const { item, story, reports, isHeld } of sent) {
      if (isCalledOff(story)) continue;
      const heard = (await heardOf(item)).map((type) => reports.find((report) => report.type === type)!);
      const { scheduledFor, providerMetadata } = shownOf(system, item);
      const dates = datesOf(heard, isHeld ? heard.length : 0);
      expect(dates, `the date of ${item.itemId}`).toContain(scheduledFor);
      expect(providerMetadata, `what is known of ${item.itemId}`).toMatchObject(factsOf(story, isHeld));
    }

    const refused = [...answers].filter(([status]) => ![200, 202, 409].includes(status));
    expect(refused, 'answers that say neither taken, nor repeated, nor too late').toEqual([]);
    return {
      items: items.length,
      stories: STORIES.length,
      events: sent.reduce((sum, { reports }) => sum + reports.length * TIMES_EACH, 0),
      taken: answers.get(202) ?? 0,
      'told apart as repeats': answers.get(200) ?? 0,
      'refused, the order being further': answers.get(409) ?? 0,
      'ended as they should': items.length - unfinished().length,
    };
  },
});

const isCalledOff = ({ events }: Story) => events.includes(CANCELLED) || events.includes(DENIED);

const isKnown = async (item: PlacedItem) =>
  (await item.call('GET', `/v1/orders/${item.itemId}`)).status === 200;

/** Each event five times under its id, in no order; what happened when is true all the same. */
async function reportShuffled(
  item: PlacedItem,
  { events }: Story,
  chance: () => number,
  answers: Map<number, number>,
): Promise<Report[]> {
  const began = Date.now();
  const reports = events.map((event, n) => {
    const time = new Date(began + n * MINUTE).toISOString();
    return { ...event, time, id: `${item.itemId}-${event.type}` };
  });
  const all = reports.flatMap((report) => Array.from({ length: TIMES_EACH }, () => report));
  const shuffled = all.map((event) => ({ event, at: chance() })).sort((a, b) => a.at - b.at);
  for (const { event } of shuffled) {
    const { type, data, id, time } = event;
    const { status } = await item.report(type, data, { id, time });
    answers.set(status, (answers.get(status) ?? 0) + 1);
  }
  return reports;
}

/** The types of the events that the item took, in the order in which its workflow heard of them. */
async function heardOf(item: PlacedItem): Promise<string[]> {
  const { timeline } = await item.shown();
  return timeline.filter(({ type }) => type === 'event').map(({ note }) => note ?? '');
}

const byTime = (a: Report, b: Report) => Date.parse(a.time) - Date.parse(b.time);
const isAppointment = ({ type }: Told) => type === BOOKED.type || type === MOVED.type;
const isOfVisit = ({ type }: Told) => /^(installation|service)\./.test(type);

/**
 * The dates that the visit may have in the end. What came before the acceptance, `held` of them at least, is taken in the
 * order in which it happened, and the rest as it came. The latest appointment made before the visit began is its date;
 * without one it is the time of what implied the visit.
 */
function datesOf(heard: Report[], held: number): string[] {
  const dates = new Set<string>();
  for (let early = held; early <= heard.length; early += 1) {
    const taken = [...heard.slice(0, early).sort(byTime), ...heard.slice(early)];
    const begun = taken.findIndex(isOfVisit);
    const booked = taken.slice(0, begun).filter(isAppointment).sort(byTime).at(-1);
    dates.add((booked?.data as typeof VISIT | undefined)?.scheduledFor ?? taken[begun]!.time);
  }
  return [...dates];
}

/** What resellers have to find in the end: of the visit only where nothing of it came too late. */
function factsOf({ events, ends }: Story, isInTime: boolean): object {
  const end = ends.includes('active') ? LIVE : { reasonCode: 'installation_failed' };
  if (!isInTime) return end;
  const { scheduledFor: _date, ...visit } = events.findLast(isAppointment)!.data as typeof VISIT;
  return { ...visit, ...end };
}

/** The item as the platform has it. */
const shownOf = (system: TestSystem, { itemId }: PlacedItem) =>
  system.offergrid.control.items().find(({ id }) => id === itemId)!;

async function expectOnce(system: TestSystem, item: PlacedItem, story: Story): Promise<void> {
  const { path } = story;
  const seen = item.path();
  await item.ends(seen.at(-1) as End);
  expect(seen.join(' ')).toMatch(path);
  const taken = item.platformCalls().filter(({ method, applied }) => method === 'PATCH' && applied);
  expect(taken.map(({ body }) => (body as { status: string }).status)).toEqual(seen.slice(1));
  const orders = system.provider.control.workOrders().filter(({ itemId }) => itemId === item.itemId);
  expect(orders.length, 'work orders').toBeLessThanOrEqual(1);
  if (isCalledOff(story)) expect(orders.filter(({ state }) => state !== 'cancelled')).toEqual([]);
  const told = seen
    .slice(1)
    .map((status) => (status === 'in_progress' ? 'order.started' : `order.${status}`));
  await item.isTold(...told);
  expect(
    item
      .told()
      .filter((type) => type !== 'order.attention')
      .sort(),
  ).toEqual(told.sort());
}
