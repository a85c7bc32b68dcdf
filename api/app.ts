import express, { type Express } from 'express';
import type { Inbox } from '../db/inbox.js';
import type { OrderRecords } from '../db/order-records.js';
import type { ProviderEvents } from '../db/provider-events.js';
import { createAcceptEvent } from './accept-event.js';
import type { FulfillmentStarter } from '../integrations/temporal/fulfillment-starter.js';
import { createFindKnownItem } from './known-item.js';
import type { Logger } from './logger.js';
import { noSuchRoute, problemHandler } from './middleware/problem-handler.js';
import { rawBody } from './middleware/raw-body.js';
import { requestId } from './middleware/request-id.js';
import { requestLog } from './middleware/request-log.js';
import { createRequireScope, type FindKey } from './middleware/require-scope.js';
import type { OperatorDesk } from './operator-desk.js';
import { createOrderPresenter, type TemporalUi } from './order-presenter.js';
import type { Readiness } from './readiness.js';
import { createReceiveWebhook } from './receive-webhook.js';
import { commandRoutes } from './routes/commands.js';
import { healthRoutes } from './routes/health.js';
import { inboxRoutes } from './routes/inbox.js';
import { offerSyncRoutes, type OfferSyncParts } from './routes/offer-sync.js';
import { orderRoutes } from './routes/orders.js';
import { providerEventRoutes } from './routes/provider-events.js';
import { reportRoutes } from './routes/reports.js';
import { webhookRoutes } from './routes/webhooks.js';

export interface AppParts {
  inbox: Inbox;
  records: OrderRecords;
  providerEvents: ProviderEvents;
  starter: FulfillmentStarter;
  desk: OperatorDesk;
  offerSync: OfferSyncParts;
  readiness: () => Promise<Readiness>;
  findKey: FindKey;
  /** One, or two while rotating. */
  webhookSecrets: readonly string[];
  temporalUi: TemporalUi;
  /** Called whenever something waits in the inbox. */
  wakeDrain: () => void;
  logger: Logger;
  now: () => Date;
}

/** The HTTP API, wired from its parts; it listens nowhere by itself. */
export function createApp(parts: AppParts): Express {
  const presenter = createOrderPresenter(parts.temporalUi);
  const requireScope = createRequireScope(parts.findKey);
  const findKnownItem = createFindKnownItem({ ...parts, presenter });
  const acceptEvent = createAcceptEvent({ ...parts, findKnownItem });
  const receive = createReceiveWebhook({ ...parts, presenter });

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(requestId, requestLog(parts.logger), rawBody);
  app.use(healthRoutes(parts.readiness));
  app.use(webhookRoutes({ ...parts, secrets: parts.webhookSecrets, receive }));
  app.use(providerEventRoutes({ ...parts, requireScope, acceptEvent }));
  app.use(orderRoutes({ ...parts, requireScope, findKnownItem, presenter }));
  app.use(commandRoutes({ ...parts, requireScope, findKnownItem, presenter }));
  app.use(offerSyncRoutes({ ...parts, requireScope }));
  app.use(inboxRoutes({ ...parts, requireScope }));
  app.use(reportRoutes({ ...parts, requireScope }));
  app.use(noSuchRoute);
  app.use(problemHandler(parts.logger));
  return app;
}
