import { toCliConfig } from '../config/to-config.js';
import type { RawEnv } from '../config/read-env.js';
import { createPool, type Pool } from '../db/pool.js';

/** A pool for one command's work, closed after it. */
export async function withDatabase<T>(env: RawEnv, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = createPool(toCliConfig(env, ['databaseUrl']).databaseUrl);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
