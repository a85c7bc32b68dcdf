import type { TestProject } from 'vitest/node';
import { startPostgres } from '../../sandbox/stack/postgres.js';
import { startTemporal } from '../../sandbox/stack/temporal-server.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Maintenance database of the Postgres that all tests share. */
    postgresUrl: string;
    temporalAddress: string;
  }
}

/** One Postgres and one Temporal for the whole run; every test file takes a database and a namespace of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [postgres, temporal] = await Promise.all([startPostgres({ durable: false }), startTemporal()]);
  project.provide('postgresUrl', postgres.url);
  project.provide('temporalAddress', temporal.address);
  return async () => {
    await Promise.all([postgres.stop(), temporal.stop()]);
  };
}
