import { expect, onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startTestSystem } from '../support/test-system.js';
import { experiment } from './experiment.js';

const HOUR = 3_600_000;
const HOURS_OFF = 6;

/**
 * Six hours in which no webhook came, put together: `known` orders were heard of before and moved or cancelled there
 * since, `placed` ones were never heard of.
 */
experiment<{ known: number; placed: number }>({
  name: 'webhooks off for six hours',
  passes: 'reconciliation finds all, and tells nobody else',
  small: { known: 9, placed: 9 },
  full: { known: 300, placed: 900 },
  defect: {
    what: 'items that are elsewhere at the platform are not told',
    file: 'activities/reconcile-activities.js',
    replace: 'adrift.slice(0, MOST_TOLD)',
    by: '[]',
    seen: /not within .*: the ends of what was cancelled/,
  },
  run: async ({ size, programs, patience }) => {
    const system = await startTestSystem({ programs, policy: { reconcileEvery: '2s' } });
    onTestFinished(() => system.stop());
    const { control } = system.offergrid;
    const within = { within: patience };
    const accepted = (itemId: string) => control.path(itemId).includes('accepted');
    const workOrders = () => new Map(system.provider.control.workOrders().map((one) => [one.itemId, one]));
    const reads = (itemIds: readonly string[]) => {
      const of = new Set(itemIds.map((itemId) => `/provider/orders/${itemId}`));
      return control.calls().filter(({ method, path }) => method === 'GET' && of.has(path)).length;
    };
    const place = (count: number, hoursAgo: (n: number) => number) =>
      Array.from({ length: count }, (_, n) => {
        const createdAt = new Date(Date.now() - hoursAgo(n) * HOUR).toISOString();
        return control.placeOrder({ createdAt }).items[0]!.itemId;
      });
    const third = (itemIds: readonly string[], which: number) => itemIds.filter((_, n) => n % 3 === which);

    const known = place(size.known, () => HOURS_OFF + 1);
    await eventually('the known to be under way', () => known.every((id) => workOrders().has(id)), within);

    control.setWebhook(null);
    const [cancelled, movedOn, untouched] = [third(known, 0), third(known, 1), third(known, 2)];
    const placed = place(size.placed, (n) => (HOURS_OFF * n) / size.placed);
    const [passedOn, withdrawn] = [third(placed, 1), third(placed, 2)];
    for (const itemId of passedOn) control.setStatus(itemId, 'submitted_to_provider', { by: 'platform' });
    for (const itemId of [...cancelled, ...withdrawn]) control.cancelAsReseller(itemId);
    for (const itemId of movedOn)
      control.setStatus(itemId, 'scheduled', { scheduledFor: new Date(Date.now() + HOUR).toISOString() });
    const toAnswer = placed.filter((itemId) => !withdrawn.includes(itemId));

    const stageOf = async (itemId: string) => {
      const headers = { authorization: `Bearer ${system.keys.admin}` };
      const response = await fetch(`${system.apiUrl}/v1/orders/${itemId}`, { headers });
      return ((await response.json()) as { stage: string }).stage;
    };
    await eventually('every answer', () => toAnswer.every(accepted), within);
    await eventually(
      'the ends of what was cancelled',
      () => cancelled.every((itemId) => workOrders().get(itemId)?.state === 'cancelled'),
      within,
    );
    for (const itemId of movedOn)
      await eventually('what was moved on', async () => (await stageOf(itemId)) === 'installation', within);

    expect(reads(untouched), 'reads of items that nothing happened to').toBe(untouched.length);
    // Ours may lag behind a move of its own for a moment: a second look now and then is harmless.
    const drifted = [...cancelled, ...movedOn];
    expect(reads(drifted)).toBeLessThanOrEqual(3 * drifted.length);
    return {
      'never heard of': placed.length,
      'of these answered': toAnswer.filter(accepted).length,
      'cancelled or moved there': drifted.length,
      'reads to find them out': reads(drifted) - drifted.length,
      'reads of untouched items': reads(untouched) - untouched.length,
    };
  },
});
