import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between the API and something it needs, so that a test can take that away for a while. */
export interface OutageProxy {
  port: number;
  /** Connections are cut and new ones refused. */
  cut(): Promise<void>;
  /** Connections stay and new ones are taken, and nothing passes. */
  freeze(): void;
  /**
   * From the first piece of the conversation that matches, which is swallowed, nothing passes any more: the moment in
   * which to kill whoever is at one of the ends. Resolves then.
   */
  freezeAt(moment: Moment): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** A piece of the conversation between the one who connected and the server. */
export interface Moment {
  from: 'client' | 'server';
  matches: (bytes: Buffer) => boolean;
}

export async function startOutageProxy(host: string, port: number): Promise<OutageProxy> {
  const sockets = new Set<Socket>();
  let frozen = false;
  let server: Server | undefined;
  let awaited: (Moment & { come: () => void }) | undefined;

  const passes = (from: Moment['from'], bytes: Buffer) => {
    if (!frozen && awaited?.from === from && awaited.matches(bytes)) {
      frozen = true;
      awaited.come();
      awaited = undefined;
    }
    return !frozen;
  };
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
    client.on('data', (bytes: Buffer) => passes('client', bytes) && upstream.write(bytes));
    upstream.on('data', (bytes: Buffer) => passes('server', bytes) && client.write(bytes));
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
    freezeAt: (moment) => new Promise((come) => (awaited = { ...moment, come })),
    mend: async () => {
      if (frozen) for (const socket of sockets) socket.destroy();
      frozen = false;
      if (server === undefined) await open(own);
    },
    close: shut,
  };
}
