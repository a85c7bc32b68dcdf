import { expect, onTestFinished, test } from 'vitest';
import { startCallWorkers } from '../support/call-workers.js';
import { eventually } from '../support/eventually.js';

const CALLS_PER_MINUTE = 20;
const MINUTE_MS = 3_000;
/** Two calls each at least: more than both workers may send in some minutes of theirs. */
const ORDERS = 60;

test('two workers cut off from Postgres in the middle of their work: they go on slowly, within the limit, and each order is answered once', async () => {
  const system = await startCallWorkers({
    ...{ callsPerMinute: CALLS_PER_MINUTE, minuteMs: MINUTE_MS, hourMs: MINUTE_MS, holdMs: 1_000 },
    policy: { acknowledgeAfter: null },
  });
  onTestFinished(() => system.stop());
  const workers = [await system.startWorker(), await system.startWorker()];
  const { control } = system.offergrid;
  const answered = (items: string[]) => items.filter((itemId) => control.path(itemId).includes('accepted'));
  const items = await system.place(ORDERS);
  await eventually('some answers', () => answered(items).length > 2);
  await Promise.all(workers.map(({ postgresLine }) => postgresLine.cut()));
  const before = { calls: control.calls().length, answers: answered(items).length };
  // What was on its way when the line was cut is through long before.
  await eventually(
    'more answers than can have been on their way',
    () => control.calls().length > before.calls + CALLS_PER_MINUTE && answered(items).length > before.answers,
    { within: 50_000, seen: () => control.calls().length - before.calls },
  );
  await Promise.all(workers.map(({ postgresLine }) => postgresLine.mend()));
  await eventually('all answers', () => answered(items).length === ORDERS, { within: 50_000 });
  expect(control.calls().filter(({ status }) => status === 429)).toEqual([]);
  const answers = control.calls().filter(({ method }) => method === 'PATCH');
  expect(answers).toHaveLength(ORDERS);
}, 150_000);
