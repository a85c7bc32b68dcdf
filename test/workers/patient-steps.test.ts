import { expect, onTestFinished, test } from 'vitest';
import { FULFILLMENT_QUEUE } from '../../domain/workflow-names.js';
import { startCallWorkers } from '../support/call-workers.js';

/*
 * What happens otherwise was seen with the limit at 30 ms on a busy machine: commands of an interrupted step turned up in
 * the answer to a query, and the worker died of it.
 */
test('a step of a workflow is not interrupted because the machine was paused for some seconds', async () => {
  const system = await startCallWorkers();
  onTestFinished(() => system.stop());
  const { workers } = await system.startWorker();
  const carrying = workers.find(({ options }) => options.taskQueue === FULFILLMENT_QUEUE);
  expect(carrying?.options.isolateExecutionTimeoutMs).toBe(60_000);
});
