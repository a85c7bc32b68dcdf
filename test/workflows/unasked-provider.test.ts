import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { look, until } from '../support/item-view.js';
import { startSkippedTime } from '../support/skipped-time.js';

/** Milliseconds, and for nobody to come to a call as good as half an hour. */
const PATIENCE = 1_500;

test("calls that no worker comes to are no failure of the provider's system: nobody is told of one", async () => {
  const time = await startSkippedTime({}, { providerPatience: PATIENCE, server: 'dev' });
  onTestFinished(() => time.stop());
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
