import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  startSandboxOffergrid,
  type SandboxOffergrid,
  type SandboxOffergridOptions,
} from '../offergrid/sandbox-offergrid.js';
import { startSandboxProvider, type SandboxProvider } from '../provider/sandbox-provider.js';
import { spawnProcess, startProcess, type RunningProcess } from '../stack/child-process.js';
import { freePort } from '../stack/free-port.js';
import { projectRoot } from '../stack/project-root.js';
import { makeKeys, type SystemKeys } from './keys.js';
import { startNotificationSink, type NotificationSink } from './notification-sink.js';

/** What a system runs on, and how it differs from the usual. */
export interface SystemOptions {
  /** An empty database. */
  databaseUrl: string;
  /** The namespace has the project's search attributes. */
  temporal: { address: string; namespace: string; uiUrl?: string | undefined };
  /** Content of the policy file; default the project's own. */
  policy?: object | undefined;
  offergrid?: Partial<SandboxOffergridOptions> | undefined;
  /** Default true: without it no system of the provider's is connected. */
  providerSystems?: boolean | undefined;
  /** More or other settings of the two processes. */
  env?: Record<string, string | undefined> | undefined;
  apiPort?: number | undefined;
  /** Folder of the built programs, default `dist`. */
  programs?: string | undefined;
}

/** The product's two processes as they run in production, with both simulated worlds around them. */
export interface System {
  apiUrl: string;
  workerUrl: string;
  keys: SystemKeys;
  /** The environment that both processes were given. */
  env: Record<string, string | undefined>;
  offergrid: SandboxOffergrid;
  provider: SandboxProvider;
  notifications: NotificationSink;
  api(): RunningProcess;
  worker(): RunningProcess;
  startApi(): Promise<RunningProcess>;
  startWorker(): Promise<RunningProcess>;
  stop(): Promise<void>;
}

/**
 * Starts the sandboxes, migrates the database, starts `dist/api/main.js` and `dist/workers/main.js` and points all of
 * them at one another. Needs a build. Rejects with the end of a process's output when it does not become ready.
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const keys = makeKeys();
  const closing: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const apiPort = await freePort(options.apiPort);
    const apiUrl = `http://127.0.0.1:${apiPort}`;
    const workerPort = await freePort();
    const workerUrl = `http://127.0.0.1:${workerPort}`;
    const offergrid = await startSandboxOffergrid({
      providerKey: keys.provider,
      resellerKey: keys.reseller,
      ...options.offergrid,
      webhook: {
        url: `${apiUrl}/webhooks/offergrid`,
        secret: keys.webhookSecret,
        ...options.offergrid?.webhook,
      },
    });
    closing.push(offergrid.close);
    const provider = await startSandboxProvider({ apiKey: keys.providerSystems });
    closing.push(provider.close);
    const notifications = await startNotificationSink(keys.notifySecret);
    closing.push(notifications.close);

    const env: Record<string, string | undefined> = {
      DATABASE_URL: options.databaseUrl,
      TEMPORAL_ADDRESS: options.temporal.address,
      TEMPORAL_NAMESPACE: options.temporal.namespace,
      TEMPORAL_UI_URL: options.temporal.uiUrl,
      OFFERGRID_API_URL: offergrid.url,
      OFFERGRID_API_KEY: keys.provider,
      OFFERGRID_WEBHOOK_SECRET: keys.webhookSecret,
      ADMIN_API_KEY: keys.admin,
      NOTIFY_WEBHOOK_URL: notifications.url,
      NOTIFY_WEBHOOK_SECRET: keys.notifySecret,
      PORT: `${apiPort}`,
      PUBLIC_URL: apiUrl,
      WORKER_PORT: `${workerPort}`,
      LOG_LEVEL: 'warn',
      SHUTDOWN_GRACE: '5s',
      ...(options.providerSystems === false
        ? {}
        : { PROVIDER_API_URL: provider.url, PROVIDER_API_KEY: keys.providerSystems }),
      ...options.env,
    };
    if (options.policy !== undefined) {
      const folder = await mkdtemp(join(tmpdir(), 'fulfillment-policy-'));
      closing.push(() => rm(folder, { recursive: true, force: true }));
      env['FULFILLMENT_POLICY'] = join(folder, 'policy.json');
      await writeFile(env['FULFILLMENT_POLICY'], JSON.stringify(options.policy));
    }
    const { programs = 'dist' } = options;
    await migrate(programs, env);

    const start = (name: 'api' | 'workers', readyUrl: string) =>
      startProcess({ name, args: [`${programs}/${name}/main.js`], env, cwd: projectRoot(), readyUrl });
    let api: RunningProcess;
    let worker: RunningProcess;
    const startApi = async () => (api = await start('api', `${apiUrl}/readyz`));
    const startWorker = async () => (worker = await start('workers', `${workerUrl}/readyz`));
    closing.push(() => Promise.all([api?.stop(), worker?.stop()]));
    await Promise.all([startApi(), startWorker()]);

    return {
      apiUrl,
      workerUrl,
      keys,
      env,
      offergrid,
      provider,
      notifications,
      api: () => api,
      worker: () => worker,
      startApi,
      startWorker,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function migrate(programs: string, env: Record<string, string | undefined>): Promise<void> {
  const process = await spawnProcess({
    name: 'migrate',
    args: [`${programs}/cli/main.js`, 'migrate'],
    env,
    cwd: projectRoot(),
  });
  const { code } = await process.exited;
  if (code !== 0) throw new Error(`the database could not be migrated:\n${process.output()}`);
}
