import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { usePostgres } from '../../sandbox/stack/postgres.js';
import { startTemporal, type TemporalServer } from '../../sandbox/stack/temporal-server.js';
import { startSystem, type System, type SystemOptions } from '../../sandbox/system/start-system.js';

/** A system on a Temporal server that can go away and come back with everything it had. */
export interface SystemOnKeptTemporal extends System {
  /** SIGKILL: the server ends in the middle of whatever it does. */
  killTemporal(): Promise<void>;
  stopTemporal(): Promise<void>;
  /** On the address it had, after one of the others. */
  restartTemporal(): Promise<void>;
}

/** For the one test that runs; nothing of it is left behind. */
export async function systemOnKeptTemporal(
  options: Omit<SystemOptions, 'databaseUrl' | 'temporal'>,
): Promise<SystemOnKeptTemporal> {
  const folder = await mkdtemp(join(tmpdir(), 'kept-temporal-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const dbFile = join(folder, 'temporal.db');
  const first: TemporalServer = await startTemporal({ dbFile });
  let server = first;
  onTestFinished(() => server.stop());
  const postgres = usePostgres(inject('postgresUrl'));
  const databaseUrl = await postgres.createDatabase();
  onTestFinished(() => postgres.dropDatabase(databaseUrl));
  const system = await startSystem({
    ...options,
    ...{ databaseUrl, temporal: first },
    offergrid: { callsPerMinute: 1_000_000, callsPerHour: 10_000_000, ...options.offergrid },
    env: { OFFERGRID_CALLS_PER_MINUTE: '10000', ...options.env },
  });
  onTestFinished(() => system.stop());
  return {
    ...system,
    killTemporal: async () => {
      process.kill(server.pid!, 'SIGKILL');
      await server.stop();
    },
    stopTemporal: () => server.stop(),
    restartTemporal: async () => {
      const preferredPort = Number(first.address.split(':')[1]);
      server = await startTemporal({ dbFile, preferredPort });
    },
  };
}
