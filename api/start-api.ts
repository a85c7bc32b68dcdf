import type { ApiConfig } from '../config/settings.js';
import { createInbox } from '../db/inbox.js';
import { createOfferSyncReports } from '../db/offer-sync-reports.js';
import { createOfferSyncRuns } from '../db/offer-sync-runs.js';
import { createOrderRecords } from '../db/order-records.js';
import { createPool } from '../db/pool.js';
import { createProviderEvents } from '../db/provider-events.js';
import type { Notification } from '../domain/notification.js';
import { createFindKey } from './admin-key.js';
import { createApp } from './app.js';
import { within } from './deadline.js';
import { encryptingConverter } from '../integrations/temporal/payload-encryption.js';
import { createFulfillmentStarter } from '../integrations/temporal/fulfillment-starter.js';
import { notificationStarter } from '../integrations/temporal/notification-starter.js';
import { createDeliverEvent } from './event-delivery.js';
import { offerSyncNudge } from '../integrations/temporal/offer-sync-starter.js';
import { listen } from './http-server.js';
import { createInboxDrain } from './inbox-drain.js';
import type { Logger } from './logger.js';
import { createOperatorDesk } from './operator-desk.js';
import { createPutAside } from './put-aside.js';
import { createReadiness } from './readiness.js';
import { createSettleRow } from './settle-row.js';
import { createSyncDesk } from './sync-desk.js';
import { createTemporalClient } from './temporal-client.js';

/** Without it a call waits for Temporal as long as that is away. */
const NOTIFY_MS = 2_500;

export interface RunningApi {
  port: number;
  /** No new work; what is in hand is finished or handed back within the configured grace. */
  stop(): Promise<void>;
}

/** Serves the API and drains the inbox. Starts and stays up while Postgres or Temporal is away. */
export async function startApi(config: ApiConfig, logger: Logger): Promise<RunningApi> {
  const pool = createPool(config.databaseUrl, (error) => logger.warn({ err: error }, 'connection lost'));
  const dataConverter = encryptingConverter(config.encryptionKeys);
  const client = createTemporalClient({
    ...config.temporal,
    ...(dataConverter === undefined ? {} : { dataConverter }),
  });
  const inbox = createInbox(pool);
  const records = createOrderRecords(pool);
  const starter = createFulfillmentStarter(client);
  const startNotification = notificationStarter(client);
  const notify = (notification: Notification) =>
    client.withDeadline(Date.now() + NOTIFY_MS, () => startNotification(notification));
  const deliverEvent = createDeliverEvent({ starter, records, notify });
  const putAside = createPutAside({ inbox, records, notify, logger });
  const settleRow = createSettleRow({ inbox, records, starter, deliverEvent, putAside, logger });
  const drain = createInboxDrain({ inbox, settleRow, logger });
  const app = createApp({
    inbox,
    records,
    providerEvents: createProviderEvents(pool),
    starter,
    desk: createOperatorDesk(client),
    offerSync: {
      runs: createOfferSyncRuns(pool),
      reports: createOfferSyncReports(pool),
      desk: createSyncDesk(client),
      nudge: offerSyncNudge(client),
    },
    readiness: createReadiness(pool, client),
    findKey: createFindKey(config.adminApiKey),
    webhookSecrets: config.webhookSecrets,
    temporalUi: { baseUrl: config.temporalUiUrl, namespace: config.temporal.namespace },
    wakeDrain: () => drain.wake(),
    logger,
    now: () => new Date(),
  });
  const release = async () => {
    await pool.end();
    await client.connection.close();
  };

  try {
    const server = await listen(app, config.host, config.port);
    drain.start();
    return {
      port: server.port,
      stop: async () => {
        await Promise.all([server.stop(config.shutdownGrace), drain.stop()]);
        await release();
      },
    };
  } catch (error) {
    await within(1_000, release()).catch(() => {});
    throw error;
  }
}
