import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { inject } from 'vitest';
import { createNamespace } from '../../sandbox/stack/temporal-namespace.js';

export interface OwnNamespace {
  namespace: string;
  connection: Connection;
  /** To be called when nothing uses it any more. */
  remove: () => Promise<void>;
}

/**
 * A namespace that nobody else uses. Were it left behind, its schedules and what it still tries would cost the server
 * that all tests share a third of a percent of a processor, until the end of the run.
 */
export async function ownNamespace(address: string): Promise<OwnNamespace> {
  const namespace = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  await createNamespace(connection, namespace);
  return {
    namespace,
    connection,
    remove: async () => {
      // A server of the test's own goes with it.
      if (address === inject('temporalAddress'))
        await connection.operatorService.deleteNamespace({ namespace });
      await connection.close();
    },
  };
}
