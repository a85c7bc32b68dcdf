import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Call } from '../../sandbox/http/call-log.js';
import { sampleOffers } from '../../sandbox/offergrid/offers.js';
import { startSkippedTime, type SkippedTime } from '../support/skipped-time.js';
import { expectedOf, faultsOf, nameOf, OFFERS, POLICY, ROWS, type Row } from './cancelled-rows.js';
import { CalledOffItem, type Found } from './called-off-item.js';

/** Milliseconds. A workflow that is completed sends nothing more, and what it left running would be heard of by then. */
const QUIET = 3_000;
/** Milliseconds for all rows together, on a machine that has other things to do. */
const ALL = 240_000;
/** Items that are called off side by side: more would only wait for each other. */
const AT_ONCE = 12;

describe('an order that is called off', () => {
  let time: SkippedTime;
  const found = new Map<Row, Found | Error>();
  /** Calls that came to either system when every order had ended, and a while had passed. */
  let afterwards: Call[] = [];

  beforeAll(async () => {
    time = await startSkippedTime(POLICY, { server: 'dev' });
    const items = ROWS.map((row, n) => ({ row, itemId: `item-${n}` }));
    const [internet] = sampleOffers;
    time.offergrid.control.setOffers([
      ...sampleOffers,
      { ...internet!, id: OFFERS.manual, sku: 'ENERGY', category: 'energy' },
      ...items.map(({ itemId }) => ({ ...internet!, id: `off-${itemId}`, sku: `SKU-${itemId}` })),
    ]);
    const faults = (system: string) =>
      items
        .filter(({ row }) => row.scene.inHand?.system === system)
        .flatMap(({ row, itemId }) => faultsOf(row, itemId));
    time.offergrid.control.setFaults(faults('offergrid'));
    time.provider.control.setFaults(faults('provider'));

    const waiting = [...items];
    const walk = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { row, itemId } = next;
        const outcome = await new CalledOffItem(time, row, itemId).walk().catch((error: Error) => error);
        found.set(row, outcome);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, walk));

    time.offergrid.control.clearFaults();
    time.provider.control.clearFaults();
    const seen = [time.offergrid.control.calls().length, time.provider.control.calls().length] as const;
    await wait(QUIET);
    afterwards = [
      ...time.offergrid.control.calls().slice(seen[0]),
      ...time.provider.control.calls().slice(seen[1]),
    ];
  }, ALL);
  afterAll(() => time?.stop());

  test.each(ROWS.map((row) => [nameOf(row), row] as const))('%s', (_, row) => {
    const outcome = found.get(row);
    if (outcome instanceof Error) throw outcome;
    const { path, attention } = expectedOf(row);
    expect(outcome?.path).toEqual(path);
    expect(outcome?.attention).toBe(attention);
    expect(outcome?.sentAfterwards, 'calls that do not call it off').toEqual([]);
    expect(outcome?.openWorkOrders).toEqual([]);
  });

  test('and nothing more was sent of any of them', () => {
    expect(afterwards).toEqual([]);
  });
});
