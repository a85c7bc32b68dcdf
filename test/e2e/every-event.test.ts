import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../domain/stage.js';
import type { Status } from '../../domain/status.js';
import { sampleOffers } from '../../sandbox/offergrid/offers.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import {
  AFTER,
  DISPUTED,
  EVENTS,
  MISSED,
  PATH,
  RECORDED,
  REFUSED,
  sent,
  STAGE_AT,
  type EventName,
  type Expected,
  type Open,
  type Sent,
} from './event-table.js';
import type { PlacedItem } from './placed-item.js';
import { ENDS, INSTANT_OFFER, STAND, WAIT, type Undecided } from './standing-items.js';

/* Section 5 of the contract, walked: each of its events, sent over the real API to an item wherever its story can stand. */

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem({
    offergrid: { offers: [...sampleOffers, INSTANT_OFFER] },
    policy: {
      acknowledgeAfter: null,
      reconcileEvery: '1h',
      categories: {
        energy: { fulfillment: 'instant', availability: 'none' },
        security: { ends: 'completed' },
        insurance: { fulfillment: 'installation', availability: 'none', decision: 'manual' },
      },
    },
  });
  system.provider.control.setActivation('later');
});
afterAll(() => system?.stop());

/** Sends it where it is to be taken, and sees it in the item's story. */
async function taken(item: PlacedItem, { type, data }: Sent): Promise<void> {
  const before = await timesOnRecord(item, type);
  await item.reported(type, data);
  await eventually(
    `${type} in the story of ${item.itemId}`,
    async () => (await timesOnRecord(item, type)) > before,
  );
}

async function timesOnRecord(item: PlacedItem, type: string): Promise<number> {
  return (await item.shown()).timeline.filter((line) => line.type === 'event' && line.note === type).length;
}

/** The same, until it has been acted on as well: the story says so. */
async function changesNothing(item: PlacedItem, event: Sent): Promise<void> {
  const times = async () => (await item.shown()).timeline.filter(({ note }) => note?.startsWith(said)).length;
  const said = `${event.type} changes nothing`;
  const before = await times();
  await taken(item, event);
  await eventually(`a line that ${said}`, async () => (await times()) > before);
}

async function expectRefusal(item: PlacedItem, { type, data }: Sent): Promise<void> {
  expect(await item.report(type, data), `${type} to ${item.itemId}`).toMatchObject({
    status: 409,
    body: { status: 409, title: expect.any(String) as string, detail: expect.any(String) as string },
  });
}

/** A service whose activation was asked for may run all the same: a person is told, once that has been seen. */
const BAD_ENDS: ReadonlySet<Status> = new Set(['cancelled', 'failed']);

async function expectAt(item: PlacedItem, path: Status[]): Promise<void> {
  await item.reaches(...path);
  const status = path.at(-1)!;
  const shown = await item.shows({ offergridStatus: status, ...STAGE_AT[status] });
  expect(item.path(), `the path of ${item.itemId}`).toEqual(path);
  const code = shown.attention?.code ?? null;
  const itFailed = status === 'failed' && !shown.timeline.some(({ note }) => note === 'order.cancelled');
  if (BAD_ENDS.has(status) && item.providerCalls('/activations').length > 0)
    await item.needs('cancelled_in_field');
  else expect(code).toBe(itFailed ? 'installation_failed' : null);
  if (status === 'cancelled' || status === 'rejected')
    await eventually('no work order to stand', () =>
      item.workOrders().every(({ state }) => state === 'cancelled'),
    );
}

const OPEN = Object.keys(AFTER) as Open[];
const namesOf = (open: Open, wanted: (expected: Expected) => boolean) =>
  (Object.keys(EVENTS) as EventName[]).filter((name) => wanted(AFTER[open][name]));

describe.concurrent.each(OPEN)('after acceptance: %s', (open) => {
  test.each(namesOf(open, Array.isArray))('%s moves it on', async (name) => {
    const item = await STAND[open](system);
    await taken(item, sent(name));
    await expectAt(item, [...PATH[open], ...(AFTER[open][name] as Status[])]);
  });

  test('what cannot apply is refused, what comes too late is on record, and neither moves it', async () => {
    const item = await STAND[open](system);
    for (const name of namesOf(open, (expected) => expected === REFUSED))
      await expectRefusal(item, sent(name));
    for (const name of namesOf(open, (expected) => expected === RECORDED)) {
      await changesNothing(item, sent(name));
      expect((await item.shown()).attention, name).toBeNull();
    }
    for (const name of namesOf(open, (expected) => expected === DISPUTED)) {
      await changesNothing(item, sent(name));
      await item.needs('drift');
    }
    expect(item.path()).toEqual(PATH[open]);
    // All of it has been acted on when the next event has.
    const end = 'installation.completed, live';
    await taken(item, sent(end));
    await expectAt(item, [...PATH[open], ...(AFTER[open][end] as Status[])]);
    const statuses = item.updates().map(({ status }) => status);
    expect(statuses).toEqual(item.path().slice(1));
    // Told last, so that what was told before it has come as well.
    await item.isTold('order.active');
    const disputes = namesOf(open, (expected) => expected === DISPUTED).map(() => 'drift');
    await eventually('people to be told', () => item.askedAbout().length >= disputes.length);
    expect(item.askedAbout()).toEqual(disputes);
  });
});

const MISSABLE = OPEN.filter((open) => namesOf(open, (expected) => expected === MISSED).length > 0);
test.concurrent.each(MISSABLE)('a visit missed after %s takes the item back to scheduling', async (open) => {
  const item = await STAND[open](system);
  for (const name of namesOf(open, (expected) => expected === MISSED)) await taken(item, sent(name));
  await item.shows({ stage: 'scheduling', offergridStatus: 'scheduled', attention: null });
  expect(item.path()).toEqual(PATH[open]);
});

const UNDECIDED = Object.keys(WAIT) as Undecided[];
const FIELD = (Object.keys(EVENTS) as EventName[]).filter((name) =>
  /^(appointment|installation|service)\.[a-z]+$/.test(name),
);

describe.concurrent.each(UNDECIDED)('before the decision: %s', (undecided) => {
  const { stand, goOn, path } = WAIT[undecided];

  test.each(FIELD)('%s is held, and applied after acceptance', async (name) => {
    const item = await stand(system);
    await taken(item, sent(name));
    if (undecided === 'intake') await item.shows({ stage: 'intake' });
    else await item.needs('event_before_decision');
    expect(item.updates()).toEqual([]);
    await goOn(item, system);
    const then = AFTER.accepted[name];
    await expectAt(item, [...path, 'accepted', ...(Array.isArray(then) ? then : [])]);
  });

  test('availability.confirmed is on record, and stands for the check of availability alone', async () => {
    const item = await stand(system);
    await taken(item, sent('availability.confirmed'));
    if (undecided !== 'availability') await goOn(item, system);
    await expectAt(item, [...path, 'accepted']);
    expect(item.providerCalls('/serviceability')).toHaveLength(undecided === 'availability' ? 1 : 0);
  });

  test.each([
    ['availability.denied', 'not_available', 'No duct to the house'],
    ['order.cancelled, customer', 'withdrawn', 'Moves elsewhere'],
    ['order.cancelled, reseller', 'withdrawn', 'Moves elsewhere'],
    ['order.cancelled, provider', 'withdrawn', 'Moves elsewhere'],
  ] as const)('%s rejects it, with the reason', async (name, reasonCode, reason) => {
    const item = await stand(system);
    await taken(item, sent(name));
    if (undecided === 'intake') await goOn(item, system);
    await expectAt(item, [...path, 'rejected']);
    expect(item.updates()).toMatchObject([
      {
        status: 'rejected',
        providerNotes: expect.stringContaining(reason) as string,
        metadata: { reasonCode },
      },
    ]);
  });
});

test.concurrent.each(Object.keys(ENDS) as Outcome[])(
  'ended as %s: every event is refused',
  async (outcome) => {
    const item = await ENDS[outcome](system);
    const { timeline } = await item.ends(outcome);
    const path = item.path();
    for (const name of Object.keys(EVENTS) as EventName[]) await expectRefusal(item, sent(name));
    expect(item.path()).toEqual(path);
    expect((await item.shown()).timeline.slice(0, timeline.length)).toEqual(timeline);
  },
);
