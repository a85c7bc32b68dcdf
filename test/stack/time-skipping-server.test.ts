import { spawnProcess } from '../../sandbox/stack/child-process.js';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { expect, test } from 'vitest';
import { startTimeSkippingServer } from '../../sandbox/stack/time-skipping-server.js';
import { compileStack } from './compiled-stack.js';
import { portOf, processesNaming, until } from './leftovers.js';

const ONE_DAY_MS = 86_400_000;

test('time is skipped, the search attributes are known, and teardown leaves nothing', async () => {
  const environment = await startTimeSkippingServer();
  const port = portOf(environment.address);
  try {
    const before = await environment.currentTimeMs();
    await environment.sleep('1 day');
    expect((await environment.currentTimeMs()) - before).toBeGreaterThanOrEqual(ONE_DAY_MS);

    const handle = await environment.client.workflow.start('fulfillOrderItem', {
      taskQueue: 'none',
      workflowId: 'one',
      typedSearchAttributes: new TypedSearchAttributes([
        { key: defineSearchAttributeKey('SlaState', 'KEYWORD'), value: 'on_track' },
        { key: defineSearchAttributeKey('TestOrder', 'BOOL'), value: false },
      ]),
    });
    expect((await handle.describe()).typedSearchAttributes.getAll().length).toBe(2);
  } finally {
    await environment.teardown();
  }
  // The arguments the SDK gives the server begin with its port.
  await until(
    'the server and its watcher to be gone',
    () => processesNaming(`TestServer ${port}`).length === 0,
  );
});

test('a killed parent leaves no server', async () => {
  const stack = await compileStack();
  try {
    const source = `
      import { startTimeSkippingServer } from '${stack.folder}/time-skipping-server.js';
      const environment = await startTimeSkippingServer();
      console.log('address=' + environment.address);
      setInterval(() => {}, 1000);`;
    const parent = await spawnProcess({
      name: 'parent',
      args: ['--input-type=module', '-e', source],
      env: { XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] },
    });
    await until('the server', () => parent.output().includes('address=') || !parent.running, 30_000);
    const port = Number(/address=\S+:(\d+)/.exec(parent.output())?.[1]);
    expect(processesNaming(`TestServer ${port}`).length, parent.output()).toBeGreaterThan(0);
    // Out of reach of our own clean-up, which ends the whole group.
    parent.kill('SIGKILL');
    await parent.exited;
    await until('the server to be gone', () => processesNaming(`TestServer ${port}`).length === 0);
  } finally {
    await stack.remove();
  }
});
