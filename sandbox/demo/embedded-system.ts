import { randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../stack/postgres.js';
import { resolveTemporalServer } from '../stack/temporal-binary.js';
import { startTemporal, type TemporalServer } from '../stack/temporal-server.js';
import { startSystem, type System, type SystemOptions } from '../system/start-system.js';

export interface EmbeddedOptions extends Omit<SystemOptions, 'databaseUrl' | 'temporal'> {
  /** Taken if they are free; default any. `temporalUi` also switches the UI on. */
  ports?: { temporal?: number; temporalUi?: number };
  /** Ends the start; what was begun is stopped before the promise rejects. */
  signal: AbortSignal;
}

/** The product with everything it needs, on this machine, in memory and temporary folders. */
export interface EmbeddedSystem {
  system: System;
  /** Base of the Temporal UI, when it was asked for. */
  temporalUiUrl: string | undefined;
  /** Writes what the processes printed to a new folder, for people to look into. Resolves with its path. */
  saveOutput(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts Postgres, Temporal, the sandboxes and the two processes of `dist/`. @throws NotReady, ServerNotFound */
export async function startEmbeddedSystem(options: EmbeddedOptions): Promise<EmbeddedSystem> {
  const { ports, signal, ...systemOptions } = options;
  // May build a server for minutes, and has nothing to stop: whoever is told to end need not wait for it.
  const binary = await orAborted(resolveTemporalServer(), signal);

  const starting = await Promise.allSettled([
    startPostgres({ durable: false }),
    startTemporal({
      binary,
      ...(ports?.temporal === undefined ? {} : { preferredPort: ports.temporal }),
      ...(ports?.temporalUi === undefined ? {} : { ui: ports.temporalUi }),
    }),
  ]);
  const [postgres, temporal] = starting.map((one) =>
    one.status === 'fulfilled' ? one.value : undefined,
  ) as [Awaited<ReturnType<typeof startPostgres>> | undefined, TemporalServer | undefined];
  let system: System | undefined;
  const stop = async () => {
    await system?.stop();
    await Promise.all([postgres?.stop(), temporal?.stop()]);
  };
  try {
    for (const one of starting) if (one.status === 'rejected') throw one.reason;
    if (postgres === undefined || temporal === undefined) throw new Error('neither started nor failed');
    signal.throwIfAborted();
    const { address, uiUrl } = temporal;
    system = await startSystem({
      databaseUrl: await postgres.createDatabase('fulfillment'),
      temporal: { address, namespace: await ownNamespace(temporal), uiUrl },
      ...systemOptions,
    });
    signal.throwIfAborted();
    const running = system;
    const logs = () => ({
      'api.log': running.api().output(),
      'worker.log': running.worker().output(),
      'postgres.log': postgres.logs(),
      'temporal.log': temporal.logs(),
    });
    return { system, temporalUiUrl: uiUrl, saveOutput: () => save(logs()), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** On a server that is not ours (`TEMPORAL_ADDRESS`) other workers may be waiting for work of these names. */
async function ownNamespace(temporal: TemporalServer): Promise<string> {
  if (temporal.pid !== undefined) return temporal.namespace;
  const name = `offergrid-sandbox-${randomBytes(4).toString('hex')}`;
  await temporal.createNamespace(name);
  return name;
}

async function save(logs: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'offergrid-sandbox-output-'));
  await Promise.all(Object.entries(logs).map(([name, text]) => writeFile(join(folder, name), text)));
  return folder;
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
