import { setTimeout as wait } from 'node:timers/promises';
import { expect, test, vi, type TestContext } from 'vitest';
import { budgetName, createCallBudget } from '../../db/call-budget.js';
import { fulfillmentWorkflowId } from '../../domain/workflow-names.js';
import type { HttpFault } from '../../sandbox/http/fault-plan.js';
import { state } from '../../workflows/messages.js';
import {
  PROVIDER_KEY,
  startCallWorkers,
  type CallWorkers,
  type CallWorkersOptions,
} from '../support/call-workers.js';
import { eventually } from '../support/eventually.js';

const PROBE_EVERY = 2_000;
/** Milliseconds: a call that met the stop again and again waits for up to a minute until it is repeated. */
const ALL_GO_ON = 80_000;
const PROBED = '/provider/orders';
const REFUSED: HttpFault = { kind: 'error', status: 401, path: '/provider/**' };

/*
 * They wait for the most part, and each has a system to itself: so they do it side by side, but no more at a time than leaves
 * the machine, and the Temporal server, to the tests beside them: five took each step there from a second to half a minute.
 */
vi.setConfig({ maxConcurrency: 2, testTimeout: 150_000 });

async function start(
  { onTestFinished }: TestContext,
  options: CallWorkersOptions = {},
): Promise<CallWorkers> {
  const system = await startCallWorkers({ probeEveryMs: PROBE_EVERY, ...options });
  onTestFinished(() => system.stop());
  return system;
}

const refusals = (system: CallWorkers, status = 401) =>
  system.offergrid.control.calls().filter((call) => call.status === status);
const firstRefusal = (system: CallWorkers, status = 401) =>
  eventually('a refused call', () => Date.parse(refusals(system, status)[0]?.at ?? '') || undefined);
/** Calls since the first probe. What was on its way when the stop was raised is long through by then. */
const callsSinceProbe = (system: CallWorkers) => {
  const calls = system.offergrid.control.calls();
  const first = calls.findIndex(({ path }) => path === PROBED);
  return first < 0 ? [] : calls.slice(first);
};
const isAnswered = (system: CallWorkers) => (itemId: string) =>
  system.offergrid.control.path(itemId).includes('accepted');
const untouched = (system: CallWorkers, items: string[]) => {
  const touched = refusals(system).map(({ path }) => path);
  return items.filter((itemId) => !touched.some((path) => path.includes(itemId)));
};
const outages = (system: CallWorkers) =>
  system.notifications.received().filter(({ type }) => type === 'integration.down');

test.concurrent.for([401, 403])(
  'a %i stops two workers but for one probe at a time, is told of once, and all goes on by itself',
  async (status, context) => {
    const system = await start(context);
    const workers = [await system.startWorker(), await system.startWorker()];
    system.offergrid.control.setFaults([{ ...REFUSED, status }]);
    const items = await system.place(80);
    const stopped = await firstRefusal(system, status);
    await eventually('three probes', () => callsSinceProbe(system).length >= 3);
    const probes = callsSinceProbe(system);
    expect(new Set(probes.map(({ method, path }) => `${method} ${path}`))).toEqual(
      new Set([`GET ${PROBED}`]),
    );
    const times = [stopped, ...probes.map(({ at }) => Date.parse(at))];
    const gaps = times.slice(1).map((time, n) => time - times[n]!);
    expect(Math.min(...gaps)).toBeGreaterThan(PROBE_EVERY - 200);

    const notice = await eventually('the notification', () => outages(system)[0]);
    expect(notice.data).toEqual({
      integration: 'offergrid',
      message: expect.stringContaining(`(${status})`) as string,
      url: 'https://ops.example.com/ops',
    });
    const waiting = items.filter(
      (itemId) => !refusals(system, status).some(({ path }) => path.includes(itemId)),
    );
    expect(waiting.length).toBeGreaterThan(20);

    system.offergrid.control.clearFaults();
    // Those that met the refusal, too.
    await eventually('all to be answered', () => items.every(isAnswered(system)), {
      within: ALL_GO_ON,
      seen: () => items.filter(isAnswered(system)).length,
    });
    for (const itemId of items) {
      const view = await system.client.workflow.getHandle(fulfillmentWorkflowId(itemId)).query(state);
      expect(view.attention).toBeNull();
    }
    expect(outages(system)).toHaveLength(1);
    const said = workers.flatMap((worker) => worker.said);
    expect(said.sort()).toEqual(['resumed', 'stopped']);
  },
);

test.concurrent.for<[string, HttpFault]>([
  ['is refused', { kind: 'error', status: 422 }],
  ['cannot be read', { kind: 'error', status: 200, body: 'Not what you asked for' }],
  ['never comes in time', { kind: 'delay', ms: 60_000 }],
])('the key works again though the list that is to tell it %s', async ([, fault], context) => {
  const system = await start(context, { timeoutMs: 1_000 });
  const worker = await system.startWorker();
  system.offergrid.control.setFaults([
    { ...REFUSED, path: '/provider/orders/*', times: 1 },
    { ...fault, path: PROBED },
  ]);
  const items = await system.place(3);
  await firstRefusal(system);
  await eventually('the resumption', () => worker.said.includes('resumed'));
  const waiting = untouched(system, items);
  await eventually('the answers', () => waiting.every(isAnswered(system)));
  expect(worker.said).toEqual(['stopped', 'resumed']);
});

test.concurrent('a probe that is redirected, fails or hangs ends no stop', async (context) => {
  const system = await start(context, { timeoutMs: 500, probeEveryMs: 500 });
  const worker = await system.startWorker();
  const calls = () => system.offergrid.control.calls().length;
  system.offergrid.control.setFaults([REFUSED]);
  await system.place(1);
  await firstRefusal(system);
  const path = '/provider/**';
  const redirect = { kind: 'error', status: 302, path } as const;
  for (const fault of [redirect, { ...redirect, status: 503 }, { kind: 'hang', path } as const]) {
    system.offergrid.control.setFaults([fault]);
    const before = calls();
    await eventually('a probe, and what came of it', () => calls() >= before + 3 || worker.said.length > 1);
    expect(worker.said).toEqual(['stopped']);
  }
});

test.concurrent(
  'who meets a refusal and dies leaves the telling and the probing to others',
  async (context) => {
    const system = await start(context);
    const first = await system.startWorker();
    const down = outages(system);
    system.offergrid.control.setFaults([REFUSED]);
    await system.place(3);
    await firstRefusal(system);
    await first.stop();
    const second = await system.startWorker();
    const items = await system.place(5);
    await eventually('a probe', () => refusals(system).some(({ path }) => path === PROBED));
    expect(untouched(system, items)).toEqual(items);
    await eventually('the notification', () => outages(system).length === down.length + 1);
    system.offergrid.control.clearFaults();
    await eventually('the answers', () => items.every(isAnswered(system)), { within: ALL_GO_ON });
    expect(second.said).toEqual(['resumed']);
    expect(outages(system)).toHaveLength(1);
  },
);

test.concurrent(
  'who dies having told nobody but Postgres leaves the telling and the probing to others',
  async (context) => {
    const system = await start(context);
    system.offergrid.control.setFaults([REFUSED]);
    const dead = createCallBudget({
      ...{ pool: system.pool, budget: budgetName(system.offergrid.url, PROVIDER_KEY) },
      ...{ callsPerMinute: 10_000, callsPerHour: 100_000, probeEveryMs: PROBE_EVERY },
    });
    expect(await dead.stop.raise(401, performance.now())).toBe(true);
    await dead.close();

    const worker = await system.startWorker();
    const items = await system.place(3);
    await eventually('the notification', () => outages(system).length === 1);
    await eventually('two probes', () => refusals(system).length >= 2);
    expect(new Set(refusals(system).map(({ path }) => path))).toEqual(new Set(['/provider/orders']));
    system.offergrid.control.clearFaults();
    await eventually('the answers', () => items.every(isAnswered(system)), { within: ALL_GO_ON });
    expect(worker.said).toEqual(['resumed']);
    expect(outages(system)).toHaveLength(1);
  },
);

test.concurrent('a new key is a new budget, and nothing is stopped', async (context) => {
  const system = await start(context, { offergrid: { providerKey: 'new-key' } });
  const old = await system.startWorker();
  const items = await system.place(1);
  await firstRefusal(system);
  await old.stop();
  const before = refusals(system).length;
  const fresh = await system.startWorker({ apiKey: 'new-key' });
  const more = await system.place(5);
  await eventually('the answers', () => more.every(isAnswered(system)));
  expect(refusals(system)).toHaveLength(before);
  expect(fresh.said).toEqual([]);
  expect(fresh.budget.stop.isUp).toBe(false);
  expect(untouched(system, items)).toEqual([]);
});

test.concurrent(
  'a late refusal of a call from before the stop’s end stops nothing again',
  async (context) => {
    const system = await start(context);
    const worker = await system.startWorker();
    // One is refused at once, and another, sent at the same time, long after the key works again.
    system.offergrid.control.setFaults([
      { kind: 'delay', ms: 5_000, path: '/provider/orders/*', times: 1 },
      { ...REFUSED, path: '/provider/orders/*', times: 2 },
    ]);
    await system.place(2);
    await firstRefusal(system);
    await eventually('the resumption', () => worker.said.includes('resumed'));
    await eventually('the late refusal', () => refusals(system).length === 2);
    await wait(1_000);
    expect(worker.said).toEqual(['stopped', 'resumed']);
    const items = await system.place(3);
    await eventually('the answers', () => items.every(isAnswered(system)), { within: ALL_GO_ON });
  },
);

test.concurrent(
  'without Postgres a worker stops by itself, and Postgres is told when it is back',
  async (context) => {
    const system = await start(context, { minuteMs: 1_000, hourMs: 1_000, holdMs: 2_000 });
    const [alone, other] = [await system.startWorker(), await system.startWorker()];
    await system.place(2).then((items) => eventually('a start', () => items.every(isAnswered(system))));
    await other.stop();
    await alone.postgresLine.cut();
    system.offergrid.control.setFaults([REFUSED]);
    await system.place(20);
    await eventually('two probes', () => callsSinceProbe(system).length >= 2);
    expect(new Set(callsSinceProbe(system).map(({ path }) => path))).toEqual(new Set([PROBED]));
    await eventually('the notification', () => outages(system).length === 1);
    await alone.postgresLine.mend();
    await eventually(
      'the report',
      async () => (await system.pool.query('select from call_stops')).rowCount === 1,
    );
    const third = await system.startWorker();
    const items = await system.place(5);
    await eventually('the news to spread', () => third.budget.stop.isUp);
    expect(untouched(system, items)).toEqual(items);
    system.offergrid.control.clearFaults();
    await eventually('the answers', () => items.every(isAnswered(system)), { within: ALL_GO_ON });
    expect(outages(system)).toHaveLength(1);
  },
);
