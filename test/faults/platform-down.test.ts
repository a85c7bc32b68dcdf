import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { OrderOverrides } from '../../sandbox/offergrid/control.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { experiment } from './experiment.js';

/** What may be under way in one worker when the outage is noticed, and what it is noticed by. */
const MOST_BEFORE_THE_STOP = 40;
/** Probes come at 2, 4, 8, 16 s and then every half minute. */
const mostProbes = (seconds: number) => 6 + seconds / 30;

/**
 * While the platform is down for `seconds`, a third of the `items` are ordered, a third get their appointment, and a
 * third, which waited for a person, are approved: the most urgent last, so that only their priority can bring them first.
 */
experiment<{ items: number; seconds: number; callsPerMinute: number }>({
  name: 'platform down',
  passes:
    'few calls meanwhile, everything told afterwards within the budget, answers first, people told once',
  small: { items: 60, seconds: 12, callsPerMinute: 3_000 },
  full: { items: 300, seconds: 600, callsPerMinute: 100 },
  defect: {
    what: 'calls go on whatever they meet with',
    file: 'workers/offergrid-gate.js',
    replace: 'FAILURES_IN_A_ROW = 10',
    by: 'FAILURES_IN_A_ROW = Infinity',
    seen: /calls while it was down/,
  },
  run: async ({ size, programs, patience }) => {
    const { items: count, seconds, callsPerMinute } = size;
    const system = await startTestSystem({
      programs,
      policy: { reconcileEvery: '1h' },
      offergrid: { callsPerMinute, callsPerHour: 100_000 },
      env: { OFFERGRID_CALLS_PER_MINUTE: `${callsPerMinute}` },
    });
    onTestFinished(() => system.stop());
    const { control } = system.offergrid;
    const within = { within: patience };
    const place = (order: OrderOverrides = {}) =>
      Array.from({ length: count / 3 }, () => control.placeOrder(order).items[0]!.itemId);
    const reached = (itemIds: string[], status: 'accepted' | 'scheduled') =>
      itemIds.filter((itemId) => control.path(itemId).includes(status)).length;
    const booked = () => new Set(system.provider.control.workOrders().map(({ itemId }) => itemId));

    const known = place();
    await eventually('the known to be under way', () => booked().size === known.length, within);
    const asked = place({ serviceAddress: { street: '9 Unclear Road' } });
    await eventually('people to be asked', () => toldOf(system, asked).length === asked.length, within);
    const calls = () => control.calls().length;

    control.setFaults([{ kind: 'error', status: 503, path: '/provider/**' }]);
    const before = calls();
    const ends = performance.now() + seconds * 1_000;
    const ordered = place();
    for (const itemId of known) await appoint(system, itemId);
    for (const itemId of asked) await approve(system, itemId);
    await wait(ends - performance.now());
    const meanwhile = calls() - before;
    expect(meanwhile, 'calls while it was down').toBeLessThan(MOST_BEFORE_THE_STOP + mostProbes(seconds));

    control.clearFaults();
    const back = performance.now();
    const since = () => (performance.now() - back) / 1_000;
    const due = [...asked, ...ordered];
    await eventually('every answer', () => reached(due, 'accepted') === due.length, within);
    const answered = since();
    await eventually('every appointment', () => reached(known, 'scheduled') === known.length, within);
    const told = since();
    const after = calls() - before - meanwhile;

    const refused = control.calls().filter(({ status, faults }) => status === 429 && faults.length === 0);
    expect(refused, 'calls beyond the budget').toEqual([]);
    // Reads of many are one list, so what comes of the new orders stands for them.
    const late = control.calls().slice(before + meanwhile);
    const turnOf = (items: string[]) =>
      median(late.flatMap(({ path }, turn) => (items.some((itemId) => path.includes(itemId)) ? [turn] : [])));
    const turns = [turnOf(asked), turnOf(known), turnOf(ordered)];
    const order = 'answers that were due, then other updates, then reads, by their median turn';
    expect(turns, order).toEqual([...turns].sort((a, b) => a - b));
    // A read and an update each at most, and a probe.
    expect(after, 'calls afterwards').toBeLessThanOrEqual(2 * count + 5);
    const outages = system.notifications.received().filter(({ type }) => type === 'integration.down');
    expect(outages, 'messages to people').toHaveLength(1);
    return {
      'seconds down': seconds,
      'calls a minute': callsPerMinute,
      items: count,
      'calls while it was down': meanwhile,
      'calls afterwards': after,
      'seconds until all were answered': Math.round(answered),
      'until all was told': Math.round(told),
    };
  },
});

const toldOf = (system: TestSystem, items: string[]) =>
  system.notifications.received().filter(({ data }) => items.includes(String(data['itemId'])));

const median = (turns: number[]) => turns.sort((a, b) => a - b)[Math.floor(turns.length / 2)] ?? NaN;

async function appoint(system: TestSystem, itemId: string): Promise<void> {
  const data = { scheduledFor: '2030-01-02T17:00:00Z', appointmentWindow: '9-12' };
  const event = { id: `appointment-of-${itemId}`, type: 'appointment.scheduled', data };
  expect(await post(system, `/v1/orders/${itemId}/events`, event)).toBe(202);
}

async function approve(system: TestSystem, itemId: string): Promise<void> {
  expect(await post(system, `/v1/orders/${itemId}/commands`, { command: 'approve' })).toBe(200);
}

async function post({ apiUrl, keys }: TestSystem, path: string, body: object): Promise<number> {
  const headers = { authorization: `Bearer ${keys.admin}`, 'content-type': 'application/json' };
  const response = await fetch(`${apiUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return response.status;
}
