import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A body of 256 KiB needs no longer, whoever sends it. */
const REQUEST_MS = 30_000;
const SWEEP_MS = 50;
const SAID_EVERY_MS = 60_000;
/**
 * More requests in hand than this are answered so late that who sent them has given up and sends them again, and each
 * takes some 100 kB meanwhile. Who is refused tries again.
 */
export const MOST_CONNECTIONS = 1_000;

export interface ListenOptions {
  /** Connections at a time; more are closed as they come. */
  mostConnections?: number;
  /** Called when that happens, at most once a minute. */
  onFull?: () => void;
}

export interface HttpServer {
  port: number;
  /** Takes no new connections, lets requests in hand end for up to `graceMs`, then cuts them off. */
  stop(graceMs: number): Promise<void>;
}

/** Listens; port 0 takes a free one. Rejects with the socket's error when it cannot. */
export async function listen(
  handler: RequestListener,
  host: string,
  port: number,
  { mostConnections = MOST_CONNECTIONS, onFull = () => {} }: ListenOptions = {},
): Promise<HttpServer> {
  const server = createServer({ requestTimeout: REQUEST_MS }, handler);
  server.maxConnections = mostConnections;
  let said = -Infinity;
  server.on('drop', () => {
    if (performance.now() - said < SAID_EVERY_MS) return;
    said = performance.now();
    onFull();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: async (graceMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Keep-alive connections become idle only after the request they carry.
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
      const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(cutOff);
    },
  };
}
