import { expect, onTestFinished } from 'vitest';
import type { HttpFault } from '../../sandbox/http/fault-plan.js';
import type { Call } from '../../sandbox/http/call-log.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem } from '../support/test-system.js';
import { LIVE, placeAs, VISIT, type PlacedItem } from '../e2e/placed-item.js';
import { experiment } from './experiment.js';

const MOVES = ['accepted', 'scheduled', 'in_progress', 'active'];
/** Of so many items at most the first update is surely told to wait, whatever chance has in store for the others. */
const SURELY_TOLD_TO_WAIT = 8;
/** What is spent beyond what the failures themselves cost. */
const MOST_BEYOND = 1.02;
const LEAST = 0.98;

interface Size {
  items: number;
  callsPerMinute: number;
  /** Of each kind, the share of calls that it strikes. */
  share: number;
  /** Of each kind so many at most for each item: they bound how often its calls fail in a row. */
  most: number;
  /** So many at most: each takes the client's 10 s. */
  timeouts: number;
  /** The share of all calls that fails at least. */
  failing: number;
  /** The share of the quota that its fullest minute uses at least; 0 where calls are too few to fill one. */
  used: number;
}

experiment<Size>({
  name: 'calls that fail',
  passes:
    '500, 429, timeouts and dropped replies on 30 % of calls: all ends right, quota never exceeded, calls at most 1.02 × what the failures cost',
  small: { items: 8, callsPerMinute: 1_000, share: 0.2, most: 1, timeouts: 0, failing: 0.15, used: 0 },
  full: { items: 200, callsPerMinute: 150, share: 0.1, most: 1_000, timeouts: 20, failing: 0.28, used: 0.95 },
  defect: {
    what: 'the item is read again before every repeat, needed or not',
    file: 'activities/offergrid-activities.js',
    replace: 'attempt === 1 ? repeated :',
    by: 'attempt === 1 ? repeated : true ||',
    seen: /calls beyond what the failures cost/,
  },
  run: async ({ size, programs, patience }) => {
    const { callsPerMinute } = size;
    // At the small size four failures in a row are the most, and take a quarter of a minute.
    const within = Math.max(patience, 60_000);
    const system = await startTestSystem({
      programs,
      policy: { reconcileEvery: '1d' },
      offergrid: { callsPerMinute },
      env: { OFFERGRID_CALLS_PER_MINUTE: `${callsPerMinute}` },
    });
    onTestFinished(() => system.stop());
    const { control } = system.offergrid;
    const known = placeAs(system, 'item-first');
    await known.reaches('pending', 'accepted');
    control.setFaults(faults(size));

    const items = Array.from({ length: size.items }, (_, n) => placeAs(system, idOf(n)));
    const report = async (item: PlacedItem) => {
      await eventually('the acceptance', () => item.path().includes('accepted'), { within });
      await item.reported('appointment.scheduled', VISIT);
      await item.reported('installation.started');
      await item.reported('installation.completed', LIVE);
    };
    await Promise.all(items.map(report));
    const path = ['pending', ...MOVES];
    const done = () => items.filter((item) => item.path().length >= path.length).length;
    await eventually('every item to be live', () => done() === items.length, {
      within,
      seen: done,
    });
    for (const item of items) {
      expect(item.path()).toEqual(path);
      await item.ends('active');
    }

    const calls = items.flatMap((item) => item.platformCalls());
    const failed = calls.filter(isFailed);
    const cost = items.reduce((sum, item) => sum + costOf(item.platformCalls()), 0);
    const exceeded = control.calls().filter(({ status, faults }) => status === 429 && faults.length === 0);
    expect(exceeded, 'calls beyond the quota').toEqual([]);
    // Else the quota would not have been put to the test.
    const fullest = inFullestMinute(control.calls());
    expect(fullest / callsPerMinute, 'share of the quota in the fullest minute').toBeGreaterThanOrEqual(
      size.used,
    );
    const share = failed.length / calls.length;
    expect(share, 'share of calls that failed').toBeGreaterThan(size.failing);
    expect(calls.length / cost, 'calls beyond what the failures cost').toBeLessThanOrEqual(MOST_BEYOND);
    // Were the cost put too high, waste would go unseen.
    expect(calls.length / cost, 'calls that the failures cost').toBeGreaterThan(LEAST);
    return {
      items: items.length,
      calls: calls.length,
      'failed (%)': (100 * share).toFixed(1),
      'calls per item': (calls.length / items.length).toFixed(2),
      'over what the failures cost': (calls.length / cost).toFixed(3),
      'calls in the fullest minute': fullest,
      'quota of a minute': callsPerMinute,
      'answers of 429 that were no fault': exceeded.length,
    };
  },
});

/** None is the beginning of another. */
const idOf = (n: number) => `item-${String(n).padStart(3, '0')}`;

/** Of calls about items only: the list that reconciliation asks for has its own tests. */
function faults({ items, share, most: times, timeouts }: Size): HttpFault[] {
  const paths = Array.from({ length: items }, (_, n) => `/provider/orders/${idOf(n)}**`);
  // Each is drawn for the calls that the ones before it left alone.
  const [first, second, third] = [share, share / (1 - share), share / (1 - 2 * share)];
  const toldToWait: HttpFault = {
    ...{ kind: 'error', status: 429, body: { retryAfter: 0.5 } },
    headers: { 'X-RateLimit-Reset': '0' },
  };
  const sure: HttpFault[] = Array.from({ length: Math.min(items, SURELY_TOLD_TO_WAIT) }, (_, n) => ({
    ...toldToWait,
    method: 'PATCH',
    path: `/provider/orders/${idOf(n)}/status`,
    times: 1,
  }));
  return [
    ...sure,
    { kind: 'hang', path: '/provider/orders/item-**', times: timeouts, probability: share },
    ...paths.flatMap((path): HttpFault[] => [
      { kind: 'error', status: 500, path, times, probability: first },
      { ...toldToWait, path, times, probability: second },
      { kind: 'drop-reply', path, times, probability: third },
    ]),
  ];
}

/** As they came to the platform. */
function inFullestMinute(calls: Call[]): number {
  const times = calls.map(({ at }) => Date.parse(at));
  return Math.max(...times.map((end) => times.filter((at) => at > end - 60_000 && at <= end).length));
}

const isFailed = ({ faults }: Call) => faults.length > 0;

/** What an item's calls had to be: its read, its updates, and what those that failed made necessary. */
function costOf(calls: Call[]): number {
  // A read that has to wait may be answered by a list.
  const needed = MOVES.length + (calls[0]?.method === 'GET' ? 1 : 0);
  /** The update of which it is not known whether it was applied. */
  let doubtful: string | undefined;
  return calls.reduce((sum, call, n) => {
    if (!isFailed(call)) return sum;
    const { status } = (call.body ?? {}) as { status?: string };
    if (call.method === 'PATCH' && call.status !== 429) doubtful = status;
    const isDoubtful = status !== undefined && status === doubtful;
    return sum + costOfFailure(call, calls[n + 1], isDoubtful);
  }, needed);
}

/**
 * A repeat of what was not done, and of an update that may have been applied a read before that. A read that waits for
 * its repeat may, again, be answered by a list.
 */
function costOfFailure({ method, applied }: Call, next: Call | undefined, isDoubtful: boolean): number {
  if (method === 'GET') return next?.method === 'GET' ? 1 : 0;
  return applied || !isDoubtful ? 1 : 2;
}
