import { createHmac, randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { createLogger } from '../../api/logger.js';
import { startApi } from '../../api/start-api.js';
import type { ApiConfig } from '../../config/settings.js';
import { createOrderRecords, type OrderRecords } from '../../db/order-records.js';
import type { Pool } from '../../db/pool.js';
import { startTemporal } from '../../sandbox/stack/temporal-server.js';
import { openTestDatabase } from '../db/database.js';
import { startOutageProxy, type OutageProxy } from './outage-proxy.js';

export const SECRET = 'example-webhook-secret';
export const ADMIN_KEY = 'admin-key-of-at-least-24-characters';

export interface Answer {
  status: number;
  headers: Headers;
  // Tests say what they expect of it.
  body: Record<string, unknown>;
}

export interface Harness {
  url: string;
  pool: Pool;
  records: OrderRecords;
  client: Client;
  temporalAddress: string;
  namespace: string;
  postgres: OutageProxy;
  temporal: OutageProxy;
  /** What the API logged. */
  logged(): string;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  webhook(body: unknown, options?: { headers?: Record<string, string>; path?: string }): Promise<Answer>;
  /** The signals in the history of the item's workflow; null when there is no workflow. */
  signals(itemId: string): Promise<{ name: string; event: Record<string, unknown> }[] | null>;
  close(): Promise<void>;
}

export interface CallOptions {
  body?: unknown;
  /** Instead of `body`. */
  raw?: string | Uint8Array;
  headers?: Record<string, string>;
  /** null: none. */
  key?: string | null;
}

/** The API as its process runs it, on real Postgres and Temporal, each behind a proxy that can be cut. */
export async function startHarness(): Promise<Harness> {
  const [database, temporalServer] = await Promise.all([openTestDatabase(), startTemporal()]);
  const databaseUrl = new URL(database.url);
  const [temporalHost = '', temporalPort = ''] = temporalServer.address.split(':');
  const postgres = await startOutageProxy(databaseUrl.hostname, Number(databaseUrl.port));
  const temporal = await startOutageProxy(temporalHost, Number(temporalPort));
  databaseUrl.host = `127.0.0.1:${postgres.port}`;

  const { namespace } = temporalServer;
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const api = await startApi(
    configFor({ databaseUrl: databaseUrl.href, temporalAddress: `127.0.0.1:${temporal.port}`, namespace }),
    createLogger('debug', sink),
  );
  const connection = await Connection.connect({ address: temporalServer.address });
  const client = new Client({ connection, namespace });
  const url = `http://127.0.0.1:${api.port}`;

  const call = async (method: string, path: string, options: CallOptions = {}): Promise<Answer> => {
    const { key = ADMIN_KEY, raw, body } = options;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...options.headers,
      },
      ...(raw !== undefined ? { body: raw } : body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
  };

  return {
    ...{ url, client, namespace, postgres, temporal, call },
    pool: database.pool,
    records: createOrderRecords(database.pool),
    temporalAddress: temporalServer.address,
    logged: () => lines.join(''),
    webhook: (body, options = {}) => {
      const raw = typeof body === 'string' ? body : JSON.stringify(body);
      const headers = { ...signed(raw), ...options.headers };
      return call('POST', options.path ?? '/webhooks/offergrid', { raw, headers, key: null });
    },
    signals: (itemId) => signalsOf(client, itemId),
    close: async () => {
      await Promise.all([postgres.mend(), temporal.mend()]);
      await api.stop();
      await connection.close();
      await Promise.all([postgres.close(), temporal.close()]);
      await Promise.all([database.close(), temporalServer.stop()]);
    },
  };
}

function configFor(to: { databaseUrl: string; temporalAddress: string; namespace: string }): ApiConfig {
  return {
    databaseUrl: to.databaseUrl,
    temporal: { namespace: to.namespace, connection: { address: to.temporalAddress } },
    encryptionKeys: [],
    publicUrl: undefined,
    temporalUiUrl: 'http://ui.example/',
    shutdownGrace: 5_000,
    logLevel: 'debug',
    offergrid: {
      baseUrl: 'http://127.0.0.1:1',
      apiKey: undefined,
      resellerApiKey: undefined,
      callsPerMinute: 100,
      callsPerHour: 10_000,
    },
    webhookSecrets: [SECRET],
    resellerWebhookSecrets: [SECRET],
    host: '127.0.0.1',
    port: 0,
    adminApiKey: ADMIN_KEY,
  };
}

/** Signs as variant 2 does, `at` in milliseconds. */
export function signed(raw: string | Buffer, at = Date.now(), secret = SECRET): Record<string, string> {
  const timestamp = String(Math.floor(at / 1_000));
  const hmac = createHmac('sha256', secret).update(`${timestamp}.`).update(raw);
  return { 'x-offergrid-signature': hmac.digest('hex'), 'x-offergrid-timestamp': timestamp };
}

export const newId = (kind: string) => `${kind}-${randomUUID().slice(0, 8)}`;

/** Leaves connections to Postgres idle: one that hangs is another thing than one that cannot be made. */
export async function warmUp(api: Harness): Promise<void> {
  await Promise.all(Array.from({ length: 15 }, () => api.call('GET', '/v1/orders')));
}

/** Asks again until it is so; fails with the last answer when it is not in time. */
export async function eventually(check: () => Promise<void>, withinMs = 15_000): Promise<void> {
  const until = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** gRPC's code. */
const NOT_FOUND = 5;

async function signalsOf(client: Client, itemId: string) {
  const handle = client.workflow.getHandle(`fulfillment-${itemId}`);
  try {
    const { events } = await handle.fetchHistory();
    return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => {
      const payload = signal?.input?.payloads?.[0];
      if (signal == null || payload == null) return [];
      const event = defaultPayloadConverter.fromPayload<Record<string, unknown>>(payload);
      return [{ name: signal.signalName ?? '', event }];
    });
  } catch (error) {
    if (isGrpcServiceError(error) && (error.code as number) === NOT_FOUND) return null;
    throw error;
  }
}
