import { setTimeout as wait } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { KEPT_FOR_ORDERS } from '../activities/room-for-orders.js';
import { ConfigError } from '../config/config-error.js';
import { readEnv } from '../config/read-env.js';
import type { WorkerConfig } from '../config/settings.js';
import { toWorkerConfig } from '../config/to-config.js';
import { budgetName, createCallBudget } from '../db/call-budget.js';
import { createOfferCatalogue } from '../db/offer-catalogue.js';
import { createOfferChanges } from '../db/offer-changes.js';
import { createOfferSyncRuns } from '../db/offer-sync-runs.js';
import { createOffers } from '../db/offers.js';
import { createOrderRecords } from '../db/order-records.js';
import { createPool } from '../db/pool.js';
import { createReconciliation } from '../db/reconciliation.js';
import { createWatchedItems } from '../db/watched-items.js';
import { createItemWatch } from '../integrations/temporal/item-watch.js';
import { createChannels } from '../integrations/notifications/channels.js';
import { createOffergridClient } from '../integrations/offergrid/client.js';
import { createProviderClient } from '../integrations/provider/client.js';
import { encryptingConverter } from '../integrations/temporal/payload-encryption.js';
import { applySchedules, isPermissionDenied } from '../integrations/temporal/schedules.js';
import { createCallSlots } from './call-slots.js';
import { createWorkers } from './create-workers.js';
import { startHealthServer } from './health-server.js';
import { createLogger, installRuntime } from './logger.js';
import { isKeyTaken } from './key-probe.js';
import { watchKey } from './key-watch.js';
import { offergridGate, probeGate } from './offergrid-gate.js';
import { ensureSearchAttributes, SearchAttributesMissing } from './search-attributes.js';
import { createFulfillmentStarter } from '../integrations/temporal/fulfillment-starter.js';
import { offerSyncNudge } from '../integrations/temporal/offer-sync-starter.js';
import { createSyncWatch } from '../integrations/temporal/sync-watch.js';
import { notificationStarter } from '../integrations/temporal/notification-starter.js';
import { WORKFLOW_BUNDLE } from './workflow-bundle.js';

const RECONNECT_AFTER = 2_000;

/** Runs until it is told to stop: no new work then, what is in flight is finished or handed back. */
async function main(config: WorkerConfig): Promise<void> {
  const logger = createLogger(config.logLevel);
  installRuntime(logger);
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort());

  let workers: Worker[] = [];
  const health =
    config.workerPort === 0 ? null : await startHealthServer(config.host, config.workerPort, () => workers);
  const connections = await connect(config, logger, stopping.signal);
  if (connections === null) {
    health?.close();
    return;
  }
  const { connection, native } = connections;
  const pool = createPool(config.databaseUrl, (error) =>
    logger.warn({ err: error }, 'lost a database connection'),
  );
  const { namespace } = config.temporal;
  const { baseUrl, apiKey, callsPerMinute, callsPerHour } = config.offergrid;
  const budget = createCallBudget({
    ...{ pool, budget: budgetName(baseUrl, apiKey), callsPerMinute, callsPerHour },
    onAway: (error) =>
      logger.error(
        { err: error },
        'no call budget without Postgres: no calls for a while, then a share of them',
      ),
    onBack: () => logger.info('the call budget is shared again'),
  });
  const callSlots = createCallSlots(budget);
  const onStop = (error: unknown) =>
    logger.error({ err: error }, 'Offergrid does not take our key, or is down: all calls are stopped');
  const gate = offergridGate(budget, callSlots, onStop);
  const offersGate = offergridGate(budget, callSlots, onStop, { keptForOrders: KEPT_FOR_ORDERS });
  let keyWatch: ReturnType<typeof watchKey> | undefined;

  try {
    const dataConverter = encryptingConverter(config.encryptionKeys);
    const converter = dataConverter === undefined ? {} : { dataConverter };
    const client = new Client({ connection, namespace, ...converter });
    const startNotification = notificationStarter(client);
    const probing = createOffergridClient({ baseUrl, apiKey, gate: probeGate(budget) });
    keyWatch = watchKey({
      stop: budget.stop,
      probe: () => isKeyTaken(probing),
      startNotification,
      url: config.publicUrl === undefined ? null : `${config.publicUrl.replace(/\/+$/, '')}/ops`,
      onProblem: (error, what) => logger.error({ err: error }, what),
      onResumed: () => logger.info('Offergrid answers again: calls go on'),
    });
    await ensureSearchAttributes(connection, namespace);
    await makeSchedules(client, config, logger);
    workers = await createWorkers({
      connection: native,
      namespace,
      workflowBundle: { codePath: WORKFLOW_BUNDLE },
      ...converter,
      callSlots,
      shutdownGrace: config.shutdownGrace,
      dependencies: {
        offergrid: createOffergridClient({ baseUrl, apiKey, gate }),
        provider: config.provider === undefined ? undefined : createProviderClient(config.provider),
        offers: createOffers(pool),
        records: createOrderRecords(pool),
        channels: createChannels(config.notifications),
        reconciliation: createReconciliation(pool),
        watched: createWatchedItems(pool),
        itemWatch: createItemWatch(client),
        starter: createFulfillmentStarter(client),
        offerSync: {
          offergrid: createOffergridClient({ baseUrl, apiKey, gate: offersGate }),
          runs: createOfferSyncRuns(pool),
          catalogue: createOfferCatalogue(pool),
          changes: createOfferChanges(pool),
          nudge: offerSyncNudge(client),
          watch: createSyncWatch(client),
          budget,
        },
        startNotification,
        rules: {
          policy: config.policy,
          providerConnected: config.provider !== undefined,
          workflowUrlBase: workflowUrlBase(config),
        },
      },
    });
    const runs = Promise.all(workers.map((worker) => worker.run()));
    stopping.signal.addEventListener('abort', () => shutDown(workers));
    if (stopping.signal.aborted) shutDown(workers);
    logger.info({ namespace }, 'worker started');
    await runs;
    logger.info('worker stopped');
  } finally {
    health?.close();
    callSlots.close();
    await keyWatch?.close();
    await budget.close();
    await pool.end();
    await connection.close();
    await native.close();
  }
}

/** Without them only webhooks tell us of orders; a worker that may not make them still does the rest. */
async function makeSchedules(client: Client, config: WorkerConfig, logger: Logger): Promise<void> {
  try {
    await applySchedules(client, config.policy, config.provider !== undefined);
  } catch (error) {
    if (!isPermissionDenied(error)) throw error;
    logger.error(
      'may not make schedules here: run `node dist/cli/main.js schedules apply` with a key that may',
    );
  }
}

/** Temporal may come up later than we do. Null: told to stop before it did. */
async function connect(config: WorkerConfig, logger: Logger, signal: AbortSignal) {
  while (!signal.aborted) {
    try {
      const connection = await Connection.connect(config.temporal.connection);
      const native = await NativeConnection.connect(config.temporal.connection);
      return { connection, native };
    } catch (error) {
      logger.warn({ err: error }, 'Temporal cannot be reached yet');
      await wait(RECONNECT_AFTER, undefined, { signal }).catch(() => undefined);
    }
  }
  return null;
}

function shutDown(workers: Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}

function workflowUrlBase(config: WorkerConfig): string | null {
  if (config.temporalUiUrl === undefined) return null;
  const base = config.temporalUiUrl.replace(/\/+$/, '');
  return `${base}/namespaces/${encodeURIComponent(config.temporal.namespace)}/workflows`;
}

try {
  await main(toWorkerConfig(readEnv()));
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof SearchAttributesMissing)) throw error;
  const problems = error instanceof ConfigError ? error.problems : [error.message];
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
// A call that was handed back may still hold its connection.
process.exit();
