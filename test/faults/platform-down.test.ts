import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startTestSystem } from '../support/test-system.js';
import { expectInOrder, place, placeWaiting, untilWaiting, wantCalls } from './calls-by-urgency.js';
import { experiment } from './experiment.js';

/** What may be under way in one worker when the outage is noticed, and what it is noticed by. */
const MOST_BEFORE_THE_STOP = 40;
/** Probes come at 2, 4, 8, 16 s and then every half minute. */
const mostProbes = (seconds: number) => 6 + seconds / 30;

/**
 * While the platform is down for `seconds`, a third of the `items` are ordered, a third get their appointment, and a
 * third, which waited for a person until shortly before their deadline, are approved.
 */
experiment<{ items: number; seconds: number; callsPerMinute: number }>({
  name: 'platform down',
  passes:
    'few calls meanwhile, everything told afterwards within the budget, answers first, people told once, not per item',
  small: { items: 60, seconds: 12, callsPerMinute: 3_000 },
  full: { items: 300, seconds: 3_600, callsPerMinute: 100 },
  fullTimeout: 7_200_000,
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
      policy: { reconcileEvery: '1d', acknowledgeAfter: null },
      offergrid: { callsPerMinute, callsPerHour: 100_000 },
      env: { OFFERGRID_CALLS_PER_MINUTE: `${callsPerMinute}` },
    });
    onTestFinished(() => system.stop());
    const { control } = system.offergrid;
    const within = { within: patience };
    const reached = (itemIds: string[], status: 'accepted' | 'scheduled') =>
      itemIds.filter((itemId) => control.path(itemId).includes(status)).length;
    const third = count / 3;
    const waiting = placeWaiting(system, { due: third, updates: third });
    // Bringing them there is no part of it.
    await untilWaiting(system, waiting, 3 * patience);
    const calls = () => control.calls().length;

    control.setFaults([{ kind: 'error', status: 503, path: '/provider/**' }]);
    const before = calls();
    const ends = performance.now() + seconds * 1_000;
    const wanted = { ...waiting, reads: place(system, third) };
    await wantCalls(system, waiting);
    await wait(ends - performance.now());
    const meanwhile = calls() - before;
    expect(meanwhile, 'calls while it was down').toBeLessThan(MOST_BEFORE_THE_STOP + mostProbes(seconds));

    control.clearFaults();
    const back = Date.now();
    const since = () => (Date.now() - back) / 1_000;
    const unanswered = [...wanted.due, ...wanted.reads];
    await eventually('every answer', () => reached(unanswered, 'accepted') === unanswered.length, within);
    const answered = since();
    await eventually('every appointment', () => reached(wanted.updates, 'scheduled') === third, within);
    const told = since();
    const after = calls() - before - meanwhile;

    const refused = control.calls().filter(({ status, faults }) => status === 429 && faults.length === 0);
    expect(refused, 'calls beyond the budget').toEqual([]);
    expectInOrder(system, wanted, back);
    // A read and an update each at most, and a probe.
    expect(after, 'calls afterwards').toBeLessThanOrEqual(2 * count + 5);
    const outages = system.notifications.received().filter(({ type }) => type === 'integration.down');
    expect(outages, 'messages to people').toHaveLength(1);
    const ofItems = system.notifications
      .received()
      .filter(
        ({ type, data }) => type === 'order.attention' && /cannot be reached/.test(String(data['message'])),
      );
    expect(ofItems, 'messages of single items, which people know of').toEqual([]);
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
