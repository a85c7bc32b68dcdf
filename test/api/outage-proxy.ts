import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between the API and something it needs, so that a test can take that away for a while. */
export interface OutageProxy {
  port: number;
  /** Connections are cut and new ones refused. */
  cut(): Promise<void>;
  /** Connections stay and new ones are taken, and nothing passes. */
  freeze(): void;
  mend(): Promise<void>;
  close(): Promise<void>;
}

export async function startOutageProxy(host: string, port: number): Promise<OutageProxy> {
  const sockets = new Set<Socket>();
  let frozen = false;
  let server: Server | undefined;

  const carry = (client: Socket) => {
    const upstream = connect(port, host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => frozen || upstream.write(bytes));
    upstream.on('data', (bytes) => frozen || client.write(bytes));
  };
  const open = async (at: number) => {
    const opened = createServer(carry);
    await new Promise<void>((resolve, reject) => {
      opened.once('error', reject);
      opened.listen(at, '127.0.0.1', resolve);
    });
    server = opened;
    return (opened.address() as AddressInfo).port;
  };
  const shut = async () => {
    const closing = server;
    server = undefined;
    const closed = new Promise<void>((resolve) =>
      closing === undefined ? resolve() : closing.close(() => resolve()),
    );
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  const own = await open(0);
  return {
    port: own,
    cut: shut,
    freeze: () => {
      frozen = true;
    },
    mend: async () => {
      if (frozen) for (const socket of sockets) socket.destroy();
      frozen = false;
      if (server === undefined) await open(own);
    },
    close: shut,
  };
}
