import { Client } from '@temporalio/client';
import { inject, onTestFinished } from 'vitest';
import { usePostgres } from '../../sandbox/stack/postgres.js';
import { startSystem, type System, type SystemOptions } from '../../sandbox/system/start-system.js';
import { ownNamespace } from './own-namespace.js';

/** A system of a test file's own, and a way to look into its Temporal namespace. */
export interface TestSystem extends System {
  client: Client;
}

/** Starts a system on the shared servers, or on a Temporal of the test's own; `stop()` leaves nothing of it behind. */
export async function startTestSystem(
  options: Partial<SystemOptions> = {},
  address: string = inject('temporalAddress'),
): Promise<TestSystem> {
  const { namespace, connection, remove } = await ownNamespace(address);
  const postgres = usePostgres(inject('postgresUrl'));
  const databaseUrl = await postgres.createDatabase();
  const system = await startSystem({
    databaseUrl,
    temporal: { address, namespace },
    ...options,
    // The strict limit has tests of its own; elsewhere it would only make them slow.
    offergrid: { callsPerMinute: 100_000, callsPerHour: 1_000_000, ...options.offergrid },
    env: { OFFERGRID_CALLS_PER_MINUTE: '10000', ...options.env },
  });
  return {
    ...system,
    client: new Client({ connection, namespace }),
    stop: async () => {
      await system.stop();
      await remove();
      await postgres.dropDatabase(databaseUrl);
    },
  };
}

/** For a test that needs one to itself. */
export async function systemForTest(options?: Partial<SystemOptions>): Promise<TestSystem> {
  const system = await startTestSystem(options);
  onTestFinished(() => system.stop());
  return system;
}
