import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createItemWatch } from '../../integrations/temporal/item-watch.js';

test('a visibility that cannot be asked fails the look, and nothing besides', async () => {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  onTestFinished(() => connection.close());
  const watch = createItemWatch(new Client({ connection, namespace: `none-${randomUUID()}` }));
  // Both lists fail; a rejection that nobody handles would end a worker, and fails this run.
  await expect(watch.troubled()).rejects.toThrow('Namespace not found');
  expect(await watch.slaStateOf('item')).toBeNull();
});
