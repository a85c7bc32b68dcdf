import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { look, until } from '../support/item-view.js';
import { startSkippedTime, type SkippedTime } from '../support/skipped-time.js';

/* A person is told of calls to the provider's system that fail for half an hour: here for less. */

/** Milliseconds. */
const PATIENCE = 1_500;

async function start(): Promise<SkippedTime> {
  const time = await startSkippedTime({}, { providerPatience: PATIENCE, server: 'dev' });
  onTestFinished(() => time.stop());
  return time;
}

test("calls that no worker comes to are no failure of the provider's system: nobody is told of one", async () => {
  const time = await start();
  time.offergrid.control.setFaults([{ kind: 'error', status: 503, method: 'PATCH' }]);
  const item = await time.hear({});
  await eventually('a refused update', () =>
    time.offergrid.control.calls().some(({ method, status }) => method === 'PATCH' && status === 503),
  );
  const asked = async () => {
    const { events } = await item.handle.fetchHistory();
    const names = events?.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
    return names?.filter((name) => name === 'createWorkOrder').length ?? 0;
  };
  await time.withoutActivities(async () => {
    time.offergrid.control.clearFaults();
    await eventually('more than one round', async () => (await asked()) > 2);
    expect((await look(item)).attention).toBeNull();
  });
  const { attention } = await until(item, ({ workOrderId }) => workOrderId !== null);
  expect(attention).toBeNull();
  expect(time.provider.control.workOrders()).toHaveLength(1);
});

test('an attempt that is in hand when people are told is over before the next', async () => {
  const time = await start();
  const late = 5_000;
  const path = '/work-orders';
  time.provider.control.setFaults([{ kind: 'delay', ms: late, path, times: 1 }]);
  const item = await time.hear({});
  await until(item, ({ attention }) => attention?.code === 'manual_review');
  await until(item, ({ attention, workOrderId }) => attention === null && workOrderId !== null);
  const asked = time.provider.control.calls().filter((call) => call.path === path);
  const [first, second] = asked.map(({ at }) => Date.parse(at));
  expect(second! - first!).toBeGreaterThan(late);
  expect(time.provider.control.workOrders()).toHaveLength(1);
});
