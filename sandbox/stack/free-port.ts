import { createServer } from 'node:net';

/**
 * Below what operating systems hand out by themselves: neither an outgoing connection nor a server on port 0 takes a
 * port from here between the moment it is found free and the moment it is listened on. And above 10080, the highest port
 * that fetch does not connect to ("bad port"): a server there would never be seen to be ready.
 */
const LOWEST = 10_100;
const COUNT = 21_900;
/** So many ports a process has before it comes to those of the next one. */
const STRETCH = 32;

let asked = 0;

/**
 * A loopback TCP port nobody listens on now: `preferred` if it is one. Processes at work at the same time look in
 * different places, so that two of them do not find the same.
 */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && preferred !== 0 && (await isFree(preferred))) return preferred;
  for (let tries = 0; tries < COUNT; tries += 1) {
    const port = LOWEST + ((process.pid * STRETCH + asked++) % COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port on 127.0.0.1');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
