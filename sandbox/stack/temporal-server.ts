import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { freePort } from './free-port.js';
import { spawnProcess, type RunningProcess } from './guarded-process.js';
import { waitUntilReady } from './readiness.js';
import { retryOnTakenPort } from './taken-port.js';
import { resolveTemporalServer, type ResolveOptions, type TemporalBinary } from './temporal-binary.js';
import { createNamespace, ensureSearchAttributes } from './temporal-namespace.js';

export interface TemporalOptions extends ResolveOptions {
  /** Default: what `resolveTemporalServer` finds. */
  binary?: TemporalBinary;
  /** Default `default`. */
  namespace?: string;
  /** Taken if it is free; default any. */
  preferredPort?: number;
  /** Serve the web UI, on this port if it is free; `true` takes any. Default: no UI. */
  ui?: boolean | number;
  /** Of each task queue, default 1; a server of its own has 4 unless it is told otherwise. */
  queuePartitions?: number;
  /** Where runs are kept from one start to the next; default memory. */
  dbFile?: string;
  /** Default 30 s. */
  readyTimeoutMs?: number;
}

/** A Temporal server that is ready, with the project's search attributes in its namespace. */
export interface TemporalServer {
  /** `host:port`. */
  readonly address: string;
  readonly uiUrl?: string;
  readonly namespace: string;
  /** The server's process id; none when the server is not ours. */
  readonly pid?: number;
  createNamespace(name: string): Promise<void>;
  /** The end of what the server printed. */
  logs(): string;
  /** Ends the server; only lets go of one that is not ours. */
  stop(): Promise<void>;
}

const DEFAULT_READY_MS = 30_000;
const CONNECT_MS = 2_000;
/** Memory has nothing to bring to safety, and an orderly end takes the server a second. */
const STOP_GRACE_MS = { memory: 0, file: 10_000 };

const dynamicConfig = (queuePartitions: number) => ({
  // Without these two each hop of a flow waits for a 50 ms tick: 750 ms instead of 140 for seven activities.
  'history.transferProcessorMaxPollRPS': 200,
  'history.timerProcessorMaxPollRPS': 200,
  // A workflow whose tasks fail is found by its second failure.
  'system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute': 2,
  // Temporal keeps to priorities within a partition only.
  'matching.numTaskqueueReadPartitions': queuePartitions,
  'matching.numTaskqueueWritePartitions': queuePartitions,
});

/**
 * Starts a development server, or takes the one at `TEMPORAL_ADDRESS`.
 * @throws ServerNotFound, NotReady with what the server printed
 */
export async function startTemporal(options: TemporalOptions = {}): Promise<TemporalServer> {
  const binary = options.binary ?? (await resolveTemporalServer(options));
  if (binary.kind === 'address') return await useServer(binary.address, options);
  return await retryOnTakenPort(() => startServer(binary.path, options));
}

async function startServer(path: string, options: TemporalOptions): Promise<TemporalServer> {
  const { namespace = 'default', ui = false, queuePartitions = 1 } = options;
  const graceMs = STOP_GRACE_MS[options.dbFile === undefined ? 'memory' : 'file'];
  const port = await freePort(options.preferredPort);
  const uiPort = ui === false ? undefined : await freePort(ui === true ? 0 : ui);
  const address = `127.0.0.1:${port}`;
  const process = await spawnProcess({
    name: 'temporal server',
    command: path,
    args: serverArguments({ port, uiPort, namespace, queuePartitions, dbFile: options.dbFile }),
  });
  const probe = async () => {
    // The banner comes last, and only from our own process: another one may have been given the port meanwhile.
    if (!/Server:\s+\S+:\d+/.test(process.output())) throw new Error('no banner yet');
    return await Connection.connect({ address, connectTimeout: CONNECT_MS });
  };
  const connection = await waitUntilReady(process, probe, options.readyTimeoutMs ?? DEFAULT_READY_MS);
  try {
    await createNamespace(connection, namespace);
  } catch (error) {
    await end(connection, process, graceMs);
    throw error;
  }
  return {
    address,
    ...(uiPort === undefined ? {} : { uiUrl: `http://127.0.0.1:${uiPort}` }),
    namespace,
    pid: process.pid,
    createNamespace: (name) => createNamespace(connection, name),
    logs: () => process.output(),
    stop: () => end(connection, process, graceMs),
  };
}

interface ServerPlan {
  port: number;
  uiPort: number | undefined;
  namespace: string;
  queuePartitions: number;
  dbFile: string | undefined;
}

function serverArguments({ port, uiPort, namespace, queuePartitions, dbFile }: ServerPlan): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--log-level', 'warn'],
    ...(uiPort === undefined ? ['--headless'] : ['--ui-port', `${uiPort}`, '--ui-disable-news-fetch']),
    ...(namespace === 'default' ? [] : ['--namespace', namespace]),
    ...(dbFile === undefined ? [] : ['--db-filename', dbFile]),
    ...Object.entries(dynamicConfig(queuePartitions)).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${value}`,
    ]),
  ];
}

async function end(connection: Connection, process: RunningProcess, graceMs: number): Promise<void> {
  await connection.close();
  await process.stop(graceMs);
}

/** A server somebody else runs; key, TLS and namespace as Temporal's own environment configuration has them. */
async function useServer(address: string, options: TemporalOptions): Promise<TemporalServer> {
  const env = options.env ?? process.env;
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => (entry[1] ?? '') !== ''),
  );
  const { connectionOptions, namespace: configured } = loadClientConnectConfig({ overrideEnvVars });
  const namespace = options.namespace ?? configured ?? 'default';
  const connection = await Connection.connect({ ...connectionOptions, address });
  try {
    await ensureSearchAttributes(connection, namespace);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return {
    address,
    namespace,
    createNamespace: (name) => createNamespace(connection, name),
    logs: () => '',
    stop: () => connection.close(),
  };
}
