import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { expect } from 'vitest';
import { FULFILL_ORDER_ITEM } from '../../domain/workflow-names.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import type { TestSystem } from './test-system.js';

/**
 * Replays the history of every item of the system: the code must do again what it did, or a worker that takes an item
 * over could not go on with it. Returns how many there were.
 */
export async function expectReplayable({ client }: TestSystem, programs?: string): Promise<number> {
  const codePath = join(programs ?? join(projectRoot(), 'dist'), 'workflow-bundle.js');
  const query = `WorkflowType = '${FULFILL_ORDER_ITEM}'`;
  const histories = client.workflow.list({ query }).intoHistories();
  const failed: string[] = [];
  let replayed = 0;
  for await (const { workflowId, error } of Worker.runReplayHistories(
    { workflowBundle: { codePath } },
    histories,
  )) {
    replayed += 1;
    if (error !== undefined) failed.push(`${workflowId}: ${error.message}`);
  }
  expect(failed, 'histories that do not replay').toEqual([]);
  return replayed;
}
