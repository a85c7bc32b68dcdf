import express from 'express';
import { answerBroken } from '../http/answer-broken.js';
import { isMalformed, callOf, recordCalls, type Call } from '../http/call-log.js';
import { FaultPlan, type HttpFault } from '../http/fault-plan.js';
import { actOnFaults, drawFaults } from '../http/fault-middleware.js';
import { listen } from '../http/listen.js';
import { access, roleOf, type Gate } from './access.js';
import { offergridControl, type OffergridControl } from './control.js';
import { controlRoutes } from './control-routes.js';
import type { WebhookFault } from './faults.js';
import { OfferShelf, sampleOffers, type Offer } from './offers.js';
import { OrderBook } from './order-book.js';
import { Platform } from './platform.js';
import { providerRoutes } from './provider-routes.js';
import { refuse } from './refusals.js';
import { resellerRoutes } from './reseller-routes.js';
import { WebhookSender, type Delivery, type WebhookTarget } from './webhook-sender.js';

export interface SandboxOffergridOptions {
  /** Default `127.0.0.1`. */
  host?: string | undefined;
  /** Default 0: a free one. */
  port?: number | undefined;
  providerKey: string;
  resellerKey: string;
  hybridKey?: string | undefined;
  webhook?: WebhookTarget | undefined;
  resellerWebhook?: WebhookTarget | undefined;
  /** Default `sampleOffers`. */
  offers?: readonly Offer[] | undefined;
  /** Per team key, in any `minuteWindowMs`. Default 100. */
  callsPerMinute?: number | undefined;
  /** Per team key, in any `hourWindowMs`. Default 10000. */
  callsPerHour?: number | undefined;
  /** Default 60000. */
  minuteWindowMs?: number | undefined;
  /** Default 3600000. */
  hourWindowMs?: number | undefined;
}

export interface SandboxOffergrid {
  /** Base address without a trailing slash. */
  url: string;
  port: number;
  control: OffergridControl;
  /** Ends every connection and every webhook under way or waiting. */
  close: () => Promise<void>;
}

/**
 * Simulated Offergrid, from its public documentation only: provider and reseller API, webhooks, limits,
 * and a control (in process and below `/control`). State lives in memory. Rejects when it cannot listen.
 */
export async function startSandboxOffergrid(options: SandboxOffergridOptions): Promise<SandboxOffergrid> {
  const calls: Call[] = [];
  const deliveries: Delivery[] = [];
  const httpFaults = new FaultPlan<HttpFault>();
  const webhookFaults = new FaultPlan<WebhookFault>();
  const toProvider = new WebhookSender('provider', webhookFaults, deliveries, options.webhook ?? null);
  const toReseller = new WebhookSender(
    'reseller',
    webhookFaults,
    deliveries,
    options.resellerWebhook ?? null,
  );
  const shelf = new OfferShelf(options.offers ?? sampleOffers);
  const platform = new Platform(new OrderBook(), shelf, toProvider, toReseller);
  const control = offergridControl({
    ...{ platform, calls, deliveries, httpFaults, webhookFaults, toProvider, toReseller },
  });
  const closing = new AbortController();

  const app = offergridApp(platform, control, gateOf(options), {
    calls,
    httpFaults,
    closing: closing.signal,
  });
  const listening = await listen(app, options.host ?? '127.0.0.1', options.port ?? 0);
  return {
    url: listening.url,
    port: listening.port,
    control,
    async close() {
      closing.abort();
      toProvider.close();
      toReseller.close();
      await listening.close();
    },
  };
}

function gateOf(options: SandboxOffergridOptions): Gate {
  const { providerKey: provider, resellerKey: reseller, hybridKey: hybrid } = options;
  const limits = [
    { calls: options.callsPerMinute ?? 100, ms: options.minuteWindowMs ?? 60_000 },
    { calls: options.callsPerHour ?? 10_000, ms: options.hourWindowMs ?? 3_600_000 },
  ];
  return { keys: { provider, reseller, hybrid }, limits, windows: new Map() };
}

interface Observed {
  calls: Call[];
  httpFaults: FaultPlan<HttpFault>;
  closing: AbortSignal;
}

function offergridApp(platform: Platform, control: OffergridControl, gate: Gate, observed: Observed) {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use('/control', controlRoutes(control));
  app.use(recordCalls(observed.calls, (req) => roleOf(gate.keys, req)));
  app.use(drawFaults(observed.httpFaults));
  app.use('/provider', access(gate, 'provider'));
  app.use('/reseller', access(gate, 'reseller'));
  app.use(actOnFaults(observed.closing));
  app.use((_req, res, next) => {
    if (isMalformed(callOf(res))) refuse(res, 400, 'Body is not valid JSON');
    else next();
  });
  app.get('/', (_req, res) => void res.json({ name: 'Simulated Offergrid', version: '1.0' }));
  app.get('/health', (_req, res) => void res.json({ status: 'ok' }));
  app.use('/provider', providerRoutes(platform));
  app.use('/reseller', resellerRoutes(platform));
  app.use((req, res) => refuse(res, 404, `Cannot ${req.method} ${req.path}`));
  app.use(answerBroken);
  return app;
}
