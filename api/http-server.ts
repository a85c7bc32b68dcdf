import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A body of 256 KiB needs no longer, whoever sends it. */
const REQUEST_MS = 30_000;
const SWEEP_MS = 50;

export interface HttpServer {
  port: number;
  /** Takes no new connections, lets requests in hand end for up to `graceMs`, then cuts them off. */
  stop(graceMs: number): Promise<void>;
}

/** Listens; port 0 takes a free one. Rejects with the socket's error when it cannot. */
export async function listen(handler: RequestListener, host: string, port: number): Promise<HttpServer> {
  const server = createServer({ requestTimeout: REQUEST_MS }, handler);
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
