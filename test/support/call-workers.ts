import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import { KEPT_FOR_ORDERS } from '../../activities/room-for-orders.js';
import { parsePolicy } from '../../config/policy.js';
import { budgetName, createCallBudget, type CallBudget } from '../../db/call-budget.js';
import { migrate } from '../../db/migrate.js';
import { createOfferCatalogue } from '../../db/offer-catalogue.js';
import { createOfferChanges } from '../../db/offer-changes.js';
import { createOfferSyncRuns } from '../../db/offer-sync-runs.js';
import { offerSyncNudge } from '../../integrations/temporal/offer-sync-starter.js';
import { createSyncWatch } from '../../integrations/temporal/sync-watch.js';
import { createOffers } from '../../db/offers.js';
import { createOrderRecords } from '../../db/order-records.js';
import { createPool, type Pool } from '../../db/pool.js';
import { createReconciliation } from '../../db/reconciliation.js';
import { createWatchedItems } from '../../db/watched-items.js';
import { createItemWatch } from '../../integrations/temporal/item-watch.js';
import { FULFILL_ORDER_ITEM, FULFILLMENT_QUEUE, fulfillmentWorkflowId } from '../../domain/workflow-names.js';
import { createChannels } from '../../integrations/notifications/channels.js';
import { createOffergridClient } from '../../integrations/offergrid/client.js';
import { createProviderClient } from '../../integrations/provider/client.js';
import { createFulfillmentStarter } from '../../integrations/temporal/fulfillment-starter.js';
import { notificationStarter } from '../../integrations/temporal/notification-starter.js';
import type { OrderOverrides } from '../../sandbox/offergrid/control.js';
import {
  startSandboxOffergrid,
  type SandboxOffergrid,
  type SandboxOffergridOptions,
} from '../../sandbox/offergrid/sandbox-offergrid.js';
import { startSandboxProvider, type SandboxProvider } from '../../sandbox/provider/sandbox-provider.js';
import { usePostgres } from '../../sandbox/stack/postgres.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { startNotificationSink, type NotificationSink } from '../../sandbox/system/notification-sink.js';
import { createCallSlots } from '../../workers/call-slots.js';
import { createWorkers } from '../../workers/create-workers.js';
import { isKeyTaken } from '../../workers/key-probe.js';
import { watchKey } from '../../workers/key-watch.js';
import { offergridGate, probeGate } from '../../workers/offergrid-gate.js';
import { startOutageProxy, type OutageProxy } from '../api/outage-proxy.js';
import { ownNamespace } from './own-namespace.js';

// Once for all that a test file starts.
Runtime.install({ logger: new DefaultLogger('ERROR') });

export const PROVIDER_KEY = 'provider-key-for-the-tests';
const NOTIFY_SECRET = Buffer.from('a secret for the tests only').toString('base64');

export interface CallWorkersOptions {
  policy?: object;
  callsPerMinute?: number;
  callsPerHour?: number;
  /** Milliseconds that stand for the minute and for the hour, for the platform and for the budget. */
  minuteMs?: number;
  hourMs?: number;
  /** For how long a lease may be out; without Postgres nothing is sent until those of others can be out no more. */
  holdMs?: number;
  probeEveryMs?: number;
  /** Milliseconds until a call to Offergrid is given up. */
  timeoutMs?: number;
  /** After how many milliseconds a lease that no task came for goes back. */
  idleMs?: number;
  offergrid?: Partial<SandboxOffergridOptions>;
  temporalAddress?: string;
}

/** What one worker process is made of, save its own process: pool, budget, watch over the key, and both workers. */
export interface CallWorker {
  budget: CallBudget;
  /** How often this one said that calls were stopped, and that they go on. */
  said: string[];
  workers: readonly Worker[];
  /** Between it and Postgres. */
  postgresLine: OutageProxy;
  stop(): Promise<void>;
}

/** The real workers with shorter spans than the settings allow, on a namespace and a database of their own. */
export interface CallWorkers {
  client: Client;
  offergrid: SandboxOffergrid;
  provider: SandboxProvider;
  notifications: NotificationSink;
  /** The database as the workers share it. */
  pool: Pool;
  startWorker(options?: { apiKey?: string }): Promise<CallWorker>;
  /** Places so many orders, or these items, and starts their workflows; their item ids. */
  place(items: number | string[], order?: OrderOverrides): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startCallWorkers(options: CallWorkersOptions = {}): Promise<CallWorkers> {
  const { callsPerMinute = 10_000, minuteMs = 60_000, probeEveryMs = 2_000 } = options;
  // Out of the way unless a test says otherwise.
  const { callsPerHour = 100_000, hourMs = 3_600_000, holdMs, timeoutMs } = options;
  const closing: (() => Promise<unknown>)[] = [];
  const address = options.temporalAddress ?? inject('temporalAddress');
  const { namespace, connection, remove } = await ownNamespace(address);
  closing.push(remove);
  const postgres = usePostgres(inject('postgresUrl'));
  const databaseUrl = await postgres.createDatabase();
  closing.push(() => postgres.dropDatabase(databaseUrl));
  await migrate(databaseUrl);
  const ownPool = createPool(databaseUrl);
  closing.push(() => ownPool.end());
  const offergrid = await startSandboxOffergrid({
    ...{ providerKey: PROVIDER_KEY, resellerKey: 'reseller', minuteWindowMs: minuteMs, callsPerMinute },
    ...{ callsPerHour, hourWindowMs: hourMs, ...options.offergrid },
  });
  closing.push(offergrid.close);
  const provider = await startSandboxProvider({ apiKey: PROVIDER_KEY });
  closing.push(provider.close);
  const notifications = await startNotificationSink(NOTIFY_SECRET);
  closing.push(notifications.close);
  const client = new Client({ connection, namespace });

  const startWorker = async ({ apiKey = PROVIDER_KEY } = {}): Promise<CallWorker> => {
    // One connection may have one worker of a queue.
    const native = await NativeConnection.connect({ address });
    const { hostname, port } = new URL(databaseUrl);
    const postgresLine = await startOutageProxy(hostname, Number(port));
    const through = new URL(databaseUrl);
    through.port = String(postgresLine.port);
    const pool = createPool(through.href);
    const baseUrl = offergrid.url;
    const budget = createCallBudget({
      ...{ pool, budget: budgetName(baseUrl, apiKey), callsPerMinute, callsPerHour },
      ...{ spans: { minute: minuteMs, hour: hourMs }, probeEveryMs },
      ...(holdMs === undefined ? {} : { holdMs }),
    });
    const { idleMs } = options;
    const callSlots = createCallSlots(budget, idleMs === undefined ? {} : { idleMs });
    const said: string[] = [];
    const platform = { baseUrl, apiKey, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    const probing = createOffergridClient({ ...platform, gate: probeGate(budget) });
    const watch = watchKey({
      ...{ stop: budget.stop, probe: () => isKeyTaken(probing), url: 'https://ops.example.com/ops' },
      startNotification: notificationStarter(client),
      onProblem: (_error, what) => said.push(what),
      onResumed: () => said.push('resumed'),
    });
    const onStop = () => said.push('stopped');
    const gate = offergridGate(budget, callSlots, onStop);
    const offersGate = offergridGate(budget, callSlots, onStop, { keptForOrders: KEPT_FOR_ORDERS });
    const workers = await createWorkers({
      ...{ connection: native, namespace, callSlots, shutdownGrace: 2_000 },
      workflowBundle: { codePath: join(projectRoot(), 'dist/workflow-bundle.js') },
      dependencies: {
        offergrid: createOffergridClient({ ...platform, gate }),
        provider: createProviderClient({ baseUrl: provider.url, apiKey: PROVIDER_KEY }),
        offers: createOffers(pool),
        records: createOrderRecords(pool),
        channels: createChannels({ webhook: { url: notifications.url, secret: NOTIFY_SECRET } }),
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
        startNotification: notificationStarter(client),
        rules: { policy: parsePolicy(options.policy ?? {}), providerConnected: true, workflowUrlBase: null },
      },
    });
    const running = Promise.all(workers.map((worker) => worker.run()));
    let stopped = false;
    const stop = async () => {
      if (stopped) return;
      stopped = true;
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
      callSlots.close();
      await watch.close();
      await budget.close();
      await pool.end();
      await native.close();
      await postgresLine.close();
    };
    closing.push(stop);
    return { budget, said, workers, postgresLine, stop };
  };

  return {
    ...{ client, offergrid, provider, notifications, pool: ownPool, startWorker },
    async place(items, order = {}) {
      const ids = typeof items === 'number' ? Array.from({ length: items }, () => randomUUID()) : items;
      const placed = ids.map((itemId) => offergrid.control.placeOrder({ ...order, itemIds: [itemId] }));
      await Promise.all(
        placed.map(({ orderId, items: [item] }) =>
          client.workflow.start(FULFILL_ORDER_ITEM, {
            taskQueue: FULFILLMENT_QUEUE,
            workflowId: fulfillmentWorkflowId(item!.itemId),
            args: [{ itemId: item!.itemId, orderId }],
          }),
        ),
      );
      return placed.map(({ items: [item] }) => item!.itemId);
    },
    async stop() {
      for (const close of closing.splice(0).reverse()) await close();
    },
  };
}
