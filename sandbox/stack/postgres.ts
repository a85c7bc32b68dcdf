import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, escapeIdentifier } from 'pg';
import { freePort } from './free-port.js';
import { spawnProcess, type RunningProcess } from './guarded-process.js';
import { POSTGRES_KEEPER_SOURCE } from './postgres-keeper-source.js';
import { makePostgresLinks } from './postgres-symlinks.js';
import { projectRoot } from './project-root.js';
import { waitUntilReady } from './readiness.js';
import { retryOnTakenPort } from './taken-port.js';

export interface PostgresOptions {
  /** Kept on stop, and used again on the next start; default a temporary folder, removed on stop. */
  dataDir?: string;
  /** Taken if it is free; default any. */
  preferredPort?: number;
  /** `false` trades safety against a power cut for speed. Default true. */
  durable?: boolean;
  /** Default 30 s. */
  readyTimeoutMs?: number;
}

/** A Postgres server and what tests do with one. URLs are `postgres://` connection strings. */
export interface PostgresServer {
  /** The maintenance database `postgres`. */
  readonly url: string;
  /** Makes an empty database; default name `test_<random>`. Resolves with its URL. */
  createDatabase(name?: string): Promise<string>;
  /** Drops a database made here, with whatever is connected to it; fine when it is gone. */
  dropDatabase(url: string): Promise<void>;
}

/** One that runs here, on loopback only. */
export interface EmbeddedPostgres extends PostgresServer {
  readonly port: number;
  /** Of the process that keeps Postgres. */
  readonly pid: number;
  /** The end of what Postgres printed. */
  logs(): string;
  stop(): Promise<void>;
}

const DEFAULT_READY_MS = 30_000;
const STOP_GRACE_MS = 15_000;
const MAX_CONNECTIONS = 300;

/** Starts Postgres; nothing needs to be installed. @throws NotReady with what Postgres printed */
export async function startPostgres(options: PostgresOptions = {}): Promise<EmbeddedPostgres> {
  await makePostgresLinks();
  return await retryOnTakenPort(() => startOnce(options));
}

async function startOnce(options: PostgresOptions): Promise<EmbeddedPostgres> {
  // Ours alone, and gone with the server: also the file in which initdb is told the password.
  const scratch = await mkdtemp(join(tmpdir(), 'offergrid-postgres-'));
  // As root, Postgres runs as another user, who must get through to its data.
  await chmod(scratch, 0o711);
  const dataDir = options.dataDir ?? join(scratch, 'data');
  const password = options.dataDir === undefined ? newPassword() : await keptPassword(options.dataDir);
  const port = await freePort(options.preferredPort);
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const process = await spawnProcess({
    name: 'Postgres',
    args: [
      ...['--input-type=module', '-e', POSTGRES_KEEPER_SOURCE],
      JSON.stringify({ databaseDir: dataDir, port, password, ...flags(options) }),
    ],
    env: { TMPDIR: scratch },
    cwd: projectRoot(),
    remove: [scratch],
  });
  await waitUntilReady(process, () => ping(url), options.readyTimeoutMs ?? DEFAULT_READY_MS);
  return { ...usePostgres(url), port, pid: process.pid, ...running(process) };
}

const running = (process: RunningProcess) => ({
  logs: () => process.output(),
  stop: async () => void (await process.stop(STOP_GRACE_MS)),
});

function flags({ dataDir, durable = true }: PostgresOptions) {
  const settings = {
    listen_addresses: '127.0.0.1',
    // No socket file in /tmp: a killed server would leave it there.
    unix_socket_directories: '',
    max_connections: MAX_CONNECTIONS,
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return {
    postgresFlags: Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    initdbFlags: ['--encoding=UTF8', ...(dataDir === undefined ? ['--no-sync'] : [])],
  };
}

const newPassword = () => randomBytes(16).toString('hex');

/** A kept cluster keeps its password, in a file beside it that only its owner can read. */
async function keptPassword(dataDir: string): Promise<string> {
  const file = `${dataDir}.password`;
  await mkdir(join(dataDir, '..'), { recursive: true });
  // Two starts at once: the first to write decides.
  await writeFile(file, newPassword(), { flag: 'wx', mode: 0o600 }).catch(() => undefined);
  return await readFile(file, 'utf8');
}

async function ping(url: string): Promise<void> {
  await withClient(url, (client) => client.query('select 1'));
}

/** The same for a server that runs already, in this process or elsewhere; `url` needs the right to make databases. */
export function usePostgres(url: string): PostgresServer {
  return {
    url,
    createDatabase: async (name = `test_${randomUUID().replaceAll('-', '')}`) => {
      await withClient(url, (client) => client.query(`CREATE DATABASE ${escapeIdentifier(name)}`));
      const database = new URL(url);
      database.pathname = `/${encodeURIComponent(name)}`;
      return database.href;
    },
    dropDatabase: async (database) => {
      const name = escapeIdentifier(decodeURIComponent(new URL(database).pathname.slice(1)));
      await withClient(url, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  // A server that stops ends its connections; the query that was under way says so.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
