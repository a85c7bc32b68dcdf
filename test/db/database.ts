import { migrate } from '../../db/migrate.js';
import { createPool, type Pool } from '../../db/pool.js';
import { startPostgres } from '../../sandbox/stack/postgres.js';

export interface TestDatabase {
  url: string;
  pool: Pool;
  close(): Promise<void>;
}

/** A real Postgres of this test file's own, with an up-to-date database in it. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const postgres = await startPostgres({ durable: false });
  const url = await postgres.createDatabase();
  await migrate(url);
  const pool = createPool(url);
  return {
    url,
    pool,
    close: async () => {
      await pool.end();
      await postgres.stop();
    },
  };
}
