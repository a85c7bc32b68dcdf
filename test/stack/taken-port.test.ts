import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { startProcess } from '../../sandbox/stack/child-process.js';
import { freePort } from '../../sandbox/stack/free-port.js';
import { retryOnTakenPort } from '../../sandbox/stack/taken-port.js';

const SERVER = `require("http").createServer((_, answer) => answer.end()).listen(process.env.PORT, "127.0.0.1");`;
const SILENT = 'setInterval(() => {}, 1000); setTimeout(() => process.exit(1), 200)';

async function start(port: number, source = SERVER) {
  const env = { PORT: `${port}` };
  return await startProcess({ name: 'it', args: ['-e', source], env, readyUrl: `http://127.0.0.1:${port}/` });
}

test('a port that is taken between choosing and binding costs a second try', async () => {
  const thief = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve));
  const tried = [(thief.address() as AddressInfo).port, await freePort()];
  let attempts = 0;
  const process = await retryOnTakenPort(() => start(tried[attempts++] ?? 0));
  expect(attempts).toBe(2);
  await process.stop();
  await new Promise((resolve) => thief.close(resolve));
});

test('a port that stays taken is told, and anything else is not tried again', async () => {
  const thief = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve));
  const { port } = thief.address() as AddressInfo;
  let attempts = 0;
  const counted = (source?: string) => () => {
    attempts += 1;
    return start(port, source);
  };
  await expect(retryOnTakenPort(counted())).rejects.toThrow(/EADDRINUSE/);
  expect(attempts).toBe(3);
  await expect(retryOnTakenPort(counted(SILENT))).rejects.toThrow(/ended \(exit 1\)/);
  expect(attempts).toBe(4);
  await new Promise((resolve) => thief.close(resolve));
});
