import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { inject } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { parsePolicy } from '../../config/policy.js';
import { createOfferCatalogue } from '../../db/offer-catalogue.js';
import { createOfferChanges } from '../../db/offer-changes.js';
import { createOfferSyncRuns } from '../../db/offer-sync-runs.js';
import { createOffers } from '../../db/offers.js';
import { createOrderRecords } from '../../db/order-records.js';
import { createPool, type Pool } from '../../db/pool.js';
import { migrate } from '../../db/migrate.js';
import { createChannels } from '../../integrations/notifications/channels.js';
import { createOffergridClient, type Gate } from '../../integrations/offergrid/client.js';
import { createProviderClient } from '../../integrations/provider/client.js';
import { startSandboxOffergrid, type SandboxOffergrid } from '../../sandbox/offergrid/sandbox-offergrid.js';
import { startSandboxProvider, type SandboxProvider } from '../../sandbox/provider/sandbox-provider.js';
import { usePostgres } from '../../sandbox/stack/postgres.js';
import { startOutageProxy, type OutageProxy } from '../api/outage-proxy.js';
import { startTimeSkippingServer } from '../../sandbox/stack/time-skipping-server.js';
import { startNotificationSink, type NotificationSink } from '../../sandbox/system/notification-sink.js';
import { createReconciliation } from '../../db/reconciliation.js';
import { createWatchedItems } from '../../db/watched-items.js';
import { createItemWatch } from '../../integrations/temporal/item-watch.js';
import { createFulfillmentStarter } from '../../integrations/temporal/fulfillment-starter.js';
import { offerSyncNudge } from '../../integrations/temporal/offer-sync-starter.js';
import { createSyncWatch } from '../../integrations/temporal/sync-watch.js';
import { notificationStarter } from '../../integrations/temporal/notification-starter.js';
import { PATIENT_STEPS } from '../../workers/create-workers.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import {
  FULFILL_ORDER_ITEM,
  FULFILLMENT_QUEUE,
  fulfillmentWorkflowId,
  OFFERGRID_QUEUE,
} from '../../domain/workflow-names.js';
import { ownNamespace } from './own-namespace.js';

export const HOUR = 3_600_000;

const NOTIFY_SECRET = Buffer.from('a secret for the tests only').toString('base64');
const KEY = 'provider-key-for-the-tests';

/** The built workflows and the real activities on a server that skips time; the sandboxes live in real time. */
export interface SkippedTime {
  env: TestWorkflowEnvironment;
  offergrid: SandboxOffergrid;
  provider: SandboxProvider;
  notifications: NotificationSink;
  pool: Pool;
  /** Between the activities and Postgres. */
  postgresLine: OutageProxy;
  /** An order whose item was created `hoursAgo` by the skipped clock, as its workflow hears of it now. */
  hear(order: {
    hoursAgo?: number;
    incomplete?: boolean;
    offerId?: string;
    street?: string;
    metadata?: Record<string, unknown>;
    /** For faults that are to strike only this item; default a new one. */
    itemId?: string;
  }): Promise<HeardItem>;
  /** What is done while workers have time for workflows and for calls to Offergrid, and for no other activity. */
  withoutActivities(work: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export interface HeardItem {
  itemId: string;
  /** Epoch milliseconds of the skipped clock. */
  createdAt: number;
  handle: WorkflowHandleWithFirstExecutionRunId;
  /** What was sent of one type, as hours after the item's creation, rounded to a hundredth. */
  hoursOf(type: string): number[];
}

export interface SkippedTimeOptions {
  /** Default true; without a provider's system there are activities for none. */
  providerConnected?: boolean;
  /** Milliseconds until a call to the provider's system is given up; they are not skipped. */
  providerTimeoutMs?: number;
  /** Folder with the workflow bundle, default that of the build. */
  programs?: string;
  /** Events after which an item is carried over to another run. */
  historyLimit?: number;
  /** Milliseconds until a person is told that a call to the provider's system fails. */
  providerPatience?: number;
  /** Items that the worker keeps in memory between their tasks; none: each task begins with a replay of all before it. */
  cachedWorkflows?: number;
  /** What the calls for orders go through, and those of the offer sync; default nothing. */
  gate?: Gate;
  offersGate?: Gate;
  /** With the `dev` server time is not skipped, and the rest is as in production. */
  server?: 'time-skipping' | 'dev';
}

/** Starts everything with a policy of its own; what it leaves out has the contract's defaults. */
export async function startSkippedTime(
  policy: object = {},
  options: SkippedTimeOptions = {},
): Promise<SkippedTime> {
  const { providerConnected = true, programs = join(projectRoot(), 'dist') } = options;
  const { historyLimit, providerPatience, cachedWorkflows, server = 'time-skipping' } = options;
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const postgres = usePostgres(inject('postgresUrl'));
  const databaseUrl = await postgres.createDatabase();
  await migrate(databaseUrl);
  const { hostname, port } = new URL(databaseUrl);
  const postgresLine = await startOutageProxy(hostname, Number(port));
  const through = new URL(databaseUrl);
  through.port = String(postgresLine.port);
  const pool = createPool(through.href);
  const { env, ...world } = await (server === 'dev' ? useDevServer() : skipTime());
  const offergrid = await startSandboxOffergrid({
    providerKey: KEY,
    resellerKey: 'reseller',
    callsPerMinute: 100_000,
  });
  const provider = await startSandboxProvider({ apiKey: KEY });
  const notifications = await startNotificationSink(NOTIFY_SECRET);

  const platform = { baseUrl: offergrid.url, apiKey: KEY };
  const { gate, offersGate } = options;
  const calls = createOffergridClient({ ...platform, ...(gate === undefined ? {} : { gate }) });
  const activities = createActivities({
    offergrid: calls,
    provider: providerConnected
      ? createProviderClient({
          baseUrl: provider.url,
          apiKey: KEY,
          ...(options.providerTimeoutMs === undefined ? {} : { timeoutMs: options.providerTimeoutMs }),
        })
      : undefined,
    offers: createOffers(pool),
    records: createOrderRecords(pool),
    channels: createChannels({ webhook: { url: notifications.url, secret: NOTIFY_SECRET } }),
    reconciliation: createReconciliation(pool),
    watched: createWatchedItems(pool),
    itemWatch: createItemWatch(env.client),
    starter: createFulfillmentStarter(env.client),
    offerSync: {
      offergrid: offersGate === undefined ? calls : createOffergridClient({ ...platform, gate: offersGate }),
      runs: createOfferSyncRuns(pool),
      catalogue: createOfferCatalogue(pool),
      changes: createOfferChanges(pool),
      nudge: offerSyncNudge(env.client),
      watch: createSyncWatch(env.client),
      // Nothing limits the calls here.
      budget: { hasFree: () => Promise.resolve(true) },
    },
    startNotification: notificationStarter(env.client),
    rules: {
      policy: parsePolicy(policy),
      providerConnected,
      workflowUrlBase: null,
      ...(historyLimit === undefined ? {} : { historyLimit }),
      ...(providerPatience === undefined ? {} : { providerPatience }),
    },
  });
  const base = { connection: env.nativeConnection, namespace: env.namespace ?? 'default' };
  const run = async (options: WorkerOptions) => {
    const worker = await Worker.create(options);
    const running = worker.run();
    return async () => (worker.shutdown(), await running);
  };
  const workflows = {
    ...base,
    ...PATIENT_STEPS,
    ...(cachedWorkflows === undefined ? {} : { maxCachedWorkflows: cachedWorkflows }),
    taskQueue: FULFILLMENT_QUEUE,
    workflowBundle: { codePath: join(programs, 'workflow-bundle.js') },
  };
  const runOwn = () => run({ ...workflows, activities: activities.fulfillment });
  let stopOwn = await runOwn();
  const stopCalls = await run({ ...base, taskQueue: OFFERGRID_QUEUE, activities: activities.offergrid });

  return {
    env,
    offergrid,
    provider,
    notifications,
    pool,
    postgresLine,
    hear: async ({
      hoursAgo = 0,
      incomplete = false,
      offerId = 'off-789-ghi',
      street,
      metadata,
      ...order
    }) => {
      const createdAt = (await env.currentTimeMs()) - hoursAgo * HOUR;
      const { itemId = `item-${randomUUID()}` } = order;
      const { orderId } = offergrid.control.placeOrder({
        items: [{ offerId }],
        itemIds: [itemId],
        createdAt: new Date(createdAt).toISOString(),
        silent: true,
        ...(metadata === undefined ? {} : { metadata }),
        ...(incomplete ? { customerInfo: { fullName: 'Pat Doe', email: 'unusable', phone: 'none' } } : {}),
        ...(street === undefined
          ? {}
          : {
              serviceAddress: { street, city: 'San Francisco', state: 'CA', zipCode: '94102', country: 'US' },
            }),
      });
      const handle = await env.client.workflow.start(FULFILL_ORDER_ITEM, {
        taskQueue: FULFILLMENT_QUEUE,
        workflowId: fulfillmentWorkflowId(itemId),
        args: [{ itemId, orderId }],
      });
      const hoursOf = (type: string) =>
        notifications
          .received()
          .filter((one) => one.type === type && one.data['itemId'] === itemId)
          .map(({ timestamp }) => Math.round(((Date.parse(timestamp) - createdAt) / HOUR) * 100) / 100);
      return { itemId, createdAt, handle, hoursOf };
    },
    withoutActivities: async (work) => {
      await stopOwn();
      stopOwn = await run(workflows);
      await work();
      await stopOwn();
      stopOwn = await runOwn();
    },
    stop: async () => {
      await Promise.all([stopOwn(), stopCalls()]);
      await world.tearDown();
      await Promise.all([offergrid.close(), provider.close(), notifications.close(), pool.end()]);
      await postgresLine.close();
      await postgres.dropDatabase(databaseUrl);
    },
  };
}

/** In a namespace of its own on the server that all tests share. */
async function useDevServer(): Promise<{ env: TestWorkflowEnvironment; tearDown(): Promise<void> }> {
  const address = inject('temporalAddress');
  const { namespace, remove } = await ownNamespace(address);
  const env = await TestWorkflowEnvironment.createFromExistingServer({ address, namespace });
  return { env, tearDown: async () => (await env.teardown(), await remove()) };
}

async function skipTime(): Promise<{ env: TestWorkflowEnvironment; tearDown(): Promise<void> }> {
  const env = await startTimeSkippingServer();
  return { env, tearDown: () => env.teardown() };
}
