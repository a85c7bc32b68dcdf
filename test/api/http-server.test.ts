import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../../api/http-server.js';
import { eventually } from './harness.js';

test('more connections than it is to have are closed, told of once, and taken again when others have ended', async () => {
  let full = 0;
  const server = await listen((_req, res) => res.end('here'), '127.0.0.1', 0, {
    mostConnections: 2,
    onFull: () => (full += 1),
  });
  onTestFinished(() => server.stop(0));
  const open = () => {
    const socket = connect(server.port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  const held = [open(), open()];
  for (const socket of held) expect(await answers(socket)).toBe(true);
  for (const socket of [open(), open()]) expect(await answers(socket)).toBe(false);
  expect(full).toBe(1);
  // Those that are there go on.
  for (const socket of held) expect(await answers(socket)).toBe(true);

  held[0]!.destroy();
  await eventually(async () => expect(await answers(open())).toBe(true));
});

/** Whether a request over this connection is answered; false when it is closed instead. */
async function answers(socket: Socket): Promise<boolean> {
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const ending = new AbortController();
  const { signal } = ending;
  try {
    return await Promise.race([
      once(socket, 'data', { signal }).then(([bytes]) => (bytes as Buffer).includes('here')),
      once(socket, 'close', { signal }).then(() => false),
    ]);
  } finally {
    ending.abort();
  }
}
