import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';

/** A simulated system that listens. */
export interface Listening {
  /** Base address without a trailing slash. */
  url: string;
  port: number;
  /** Destroys every connection and resolves when the port is free. */
  close: () => Promise<void>;
}

/** Serves `app`; `port` 0 takes a free one. Rejects with the socket's error when it cannot listen. */
export async function listen(app: Express, host: string, port: number): Promise<Listening> {
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${bound}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
