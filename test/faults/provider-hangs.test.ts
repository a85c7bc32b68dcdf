import { expect, onTestFinished } from 'vitest';
import { placeAs, type PlacedItem } from '../e2e/placed-item.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem } from '../support/test-system.js';
import { atOnce } from './intake-load.js';
import { experiment } from './experiment.js';

const DAY_MS = 24 * 3_600_000;
/** Of the time that was left when an order was heard of, what a person has to have at the least. */
const LEAST_SHARE = 0.4;

/** `secondsLeft`: until the answer is due, when orders are heard of; a check is waited for a minute at the least. */
experiment<{ items: number; secondsLeft: number[] }>({
  name: 'provider system hangs',
  passes: 'no item lost, answers due are put before a person in time',
  small: { items: 6, secondsLeft: [130, 150] },
  full: { items: 300, secondsLeft: [180, 300, 600, 900] },
  defect: {
    what: 'the availability check is waited for without looking at the deadline',
    file: 'workflows/decide.js',
    replace: 'Math.min(SERVICEABILITY_PATIENCE, deadline / 4, left / 2)',
    by: 'Math.min(SERVICEABILITY_PATIENCE, deadline / 4)',
    seen: /put before a person/,
  },
  run: async ({ size, programs, patience }) => {
    const { items: count, secondsLeft } = size;
    const system = await startTestSystem({ programs, policy: { reconcileEvery: '1d' } });
    onTestFinished(() => system.stop());
    system.provider.control.setFaults([{ kind: 'hang' }]);

    const left = (n: number) => secondsLeft[n % secondsLeft.length]! * 1_000;
    const placedAt = Date.now();
    const items = Array.from({ length: count }, (_, n) =>
      placeAs(system, `item-${n}`, { createdAt: new Date(placedAt - DAY_MS + left(n)).toISOString() }),
    );
    /** Of each item's time, what was left when it was put before a person. */
    const shares = new Map<string, number>();
    const approve = async (item: PlacedItem) => {
      const n = items.indexOf(item);
      const { attention } = await item.shown();
      expect(attention?.code).toBe('availability_unknown');
      shares.set(item.itemId, (placedAt + left(n) - Date.parse(attention!.since)) / left(n));
      await item.commandedAmongMany('approve', patience);
    };
    const approveThosePutBeforeUs = async () => {
      const asking = system.notifications.received().filter(({ type }) => type === 'order.attention');
      const told = new Set(asking.map(({ data }) => data['itemId']));
      const isNew = ({ itemId }: PlacedItem) => told.has(itemId) && !shares.has(itemId);
      await atOnce(10, items.filter(isNew), approve);
      return shares.size === count;
    };
    await eventually('every item to be put before a person', approveThosePutBeforeUs, {
      ...{ within: (1 - LEAST_SHARE) * Math.max(...items.map((_, n) => left(n))), seen: () => shares.size },
    });
    const least = Math.min(...shares.values());
    expect(least, 'share of its time that was left to a person').toBeGreaterThan(LEAST_SHARE);

    const answered = () => items.filter((item) => item.path().includes('accepted')).length;
    await eventually('every answer', () => answered() === count, { within: patience, seen: answered });

    system.provider.control.clearFaults();
    const ordered = () => new Set(system.provider.control.workOrders().map(({ itemId }) => itemId)).size;
    await eventually('every work order, once their systems answer', () => ordered() === count, {
      ...{ within: 3 * patience, seen: ordered },
    });
    expect(system.provider.control.workOrders()).toHaveLength(count);
    for (const item of items) {
      await eventually('its answer to be in time', async () => (await item.shown()).sla?.state === 'met');
      expect(item.askedAbout(), 'what people were asked to look at').toEqual(['availability_unknown']);
    }
    return {
      items: count,
      'put before a person': shares.size,
      'least share of the time left to them (%)': Math.floor(100 * least),
      'answered in time, after approval': answered(),
      'work orders made, once their systems answered': ordered(),
    };
  },
});
