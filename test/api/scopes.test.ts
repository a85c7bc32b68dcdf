import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../api/app.js';
import { createFulfillmentStarter } from '../../integrations/temporal/fulfillment-starter.js';
import { listen, type HttpServer } from '../../api/http-server.js';
import { createLogger } from '../../api/logger.js';
import { SCOPES, type Scope } from '../../api/middleware/require-scope.js';
import { createOperatorDesk } from '../../api/operator-desk.js';
import { createReadiness } from '../../api/readiness.js';
import { createTemporalClient } from '../../api/temporal-client.js';
import { createInbox } from '../../db/inbox.js';
import { createOfferSyncReports } from '../../db/offer-sync-reports.js';
import { createOfferSyncRuns } from '../../db/offer-sync-runs.js';
import { createOrderRecords } from '../../db/order-records.js';
import { createPool } from '../../db/pool.js';
import { createProviderEvents } from '../../db/provider-events.js';
import { createSyncDesk } from '../../api/sync-desk.js';
import { offerSyncNudge } from '../../integrations/temporal/offer-sync-starter.js';

/** Nobody listens there: what gets past the scope is told so, which is enough to see that it got past. */
const NOWHERE = '127.0.0.1:1';
const pool = createPool(`postgres://${NOWHERE}/none`);
const client = createTemporalClient({ namespace: 'default', connection: { address: NOWHERE } });
let server: HttpServer;

beforeAll(async () => {
  const app = createApp({
    inbox: createInbox(pool),
    records: createOrderRecords(pool),
    providerEvents: createProviderEvents(pool),
    starter: createFulfillmentStarter(client),
    desk: createOperatorDesk(client),
    offerSync: {
      runs: createOfferSyncRuns(pool),
      reports: createOfferSyncReports(pool),
      desk: createSyncDesk(client),
      nudge: offerSyncNudge(client),
    },
    readiness: createReadiness(pool, client),
    // Each scope's own name is the key that has it.
    findKey: (presented) => {
      const scope = SCOPES.find((name) => name === presented);
      return Promise.resolve(scope === undefined ? null : { name: 'test', scopes: [scope] });
    },
    webhookSecrets: ['secret'],
    temporalUi: { baseUrl: undefined, namespace: 'default' },
    wakeDrain: () => {},
    logger: createLogger('silent'),
    now: () => new Date(),
  });
  server = await listen(app, '127.0.0.1', 0);
});
afterAll(async () => {
  await server.stop(1_000);
  await pool.end();
  await client.connection.close();
});

const ROUTES: [string, string, Scope][] = [
  ['POST', '/v1/orders/item-1/events', 'events:write'],
  ['PUT', '/v1/work-orders/wo-1/status', 'events:write'],
  ['GET', '/v1/orders', 'orders:read'],
  ['GET', '/v1/orders/item-1', 'orders:read'],
  ['GET', '/v1/reports/fulfillment', 'orders:read'],
  ['POST', '/v1/orders/item-1/commands', 'orders:operate'],
  ['POST', '/v1/offers/sync', 'offers:sync'],
  ['GET', '/v1/offers/sync/run-1', 'offers:sync'],
  ['POST', '/v1/offers/sync/run-1/approve', 'offers:sync'],
  ['POST', '/v1/offers/sync/run-1/stop', 'offers:sync'],
  ['POST', '/v1/offers/products-changed', 'offers:sync'],
  ['GET', '/v1/inbox', 'orders:operate'],
  ['POST', '/v1/inbox/1/replay', 'orders:operate'],
];

describe.each(ROUTES)('%s %s', (method, path, needed) => {
  const call = (key: string) =>
    fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers: { 'x-api-key': key } });

  test.each(SCOPES.filter((scope) => scope !== needed && scope !== 'admin'))(
    '403 with only %s',
    async (scope) => {
      const response = await call(scope);
      expect(response.status).toBe(403);
      expect(response.headers.get('content-type')).toMatch('application/problem+json');
      expect(await response.json()).toMatchObject({
        status: 403,
        detail: `This key lacks the scope ${needed}.`,
      });
    },
  );

  test.each([needed, 'admin'])('let through with %s', async (scope) => {
    expect([400, 503]).toContain((await call(scope)).status);
  });
});
