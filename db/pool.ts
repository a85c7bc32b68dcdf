import pg from 'pg';

/** Long enough for a LAN, short enough that a webhook can still be handed to Temporal within the platform's 5 s. */
const CONNECT_MS = 2_000;
const STATEMENT_MS = 5_000;
/** Ends the transaction of a process that went away in the middle of one. */
const IDLE_IN_TRANSACTION_MS = 15_000;

export type Pool = pg.Pool;
export type PoolClient = pg.PoolClient;

/**
 * Connections are made when they are needed, so a process starts and stays up while Postgres is away. `onIdleError` is
 * told when an idle connection breaks; the pool replaces it by itself.
 */
export function createPool(url: string, onIdleError: (error: Error) => void = () => {}): Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 20,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    // The server's own limit does not help when the server hangs or the network swallows packets.
    query_timeout: STATEMENT_MS + 1_000,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    application_name: 'offergrid-fulfillment',
  });
  pool.on('error', onIdleError);
  return pool;
}

/** Runs `story` in one transaction; anything it throws rolls everything back and is thrown on. */
export async function inTransaction<T>(pool: Pool, story: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // A connection that breaks while it is lent out speaks up here too, and nobody listening ends the process.
  const broken = () => {};
  client.on('error', broken);
  let failed = false;
  try {
    await client.query('begin');
    const result = await story(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => (failed = true));
    throw error;
  } finally {
    client.removeListener('error', broken);
    client.release(failed);
  }
}
