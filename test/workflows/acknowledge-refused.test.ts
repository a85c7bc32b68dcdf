import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { command, look, until } from '../support/item-view.js';
import { startSkippedTime, type SkippedTime } from '../support/skipped-time.js';

let time: SkippedTime;
beforeAll(async () => {
  // Long enough for an approval to be refused before.
  time = await startSkippedTime({ acknowledgeAfter: '8s' }, { historyLimit: 60, server: 'dev' });
});
afterAll(() => time?.stop());

test('an acknowledgement that is due when the acceptance was refused is not sent, nor is that again in another run', async () => {
  const item = await time.hear({ incomplete: true });
  await until(item, ({ stage }) => stage === 'review');
  const path = `/provider/orders/${item.itemId}/status`;
  time.offergrid.control.setFaults([{ kind: 'error', status: 422, method: 'PATCH', path }]);
  await command(item, { command: 'approve' });
  await until(item, ({ attention }) => attention?.code === 'offergrid_rejected_update');
  const events = async () => (await item.handle.fetchHistory()).events ?? [];
  const isDue = async () => {
    const history = await events();
    const clock = history.find(({ userMetadata }) =>
      Buffer.from(userMetadata?.summary?.data ?? []).includes('acknowledge'),
    );
    return history.some(
      ({ timerFiredEventAttributes: fired }) =>
        fired != null && String(fired.startedEventId) === String(clock?.eventId),
    );
  };
  await eventually('the acknowledgement to be due', isDue);
  const { runId } = await item.handle.describe();
  while ((await item.handle.describe()).runId === runId) {
    await command(item, { command: 'note', text: 'Asked the reseller' });
    // Until it is written down: against a stream of messages no run could end.
    await eventually('nothing to be in hand', async () => {
      const { pendingActivities } = (await item.handle.describe()).raw;
      return (pendingActivities ?? []).length === 0;
    });
  }
  expect((await look(item)).attention?.code).toBe('offergrid_rejected_update');
  const sent = time.offergrid.control.calls().filter(({ method }) => method === 'PATCH');
  expect(sent.map(({ body }) => (body as { status: string }).status)).toEqual(['accepted']);
});
