/**
 * The program between us and every process we start, run by `node -e`: it must exist as JavaScript both in tests, which
 * run the TypeScript, and in `dist/`. It holds an IPC channel to us. However we end, SIGKILL included, the kernel closes
 * the channel, and the guard ends the process and removes its folders. It sits in a process group of its own, and so
 * does the process: Ctrl-C in a terminal reaches us alone, and we stop things in order.
 */
export const GUARD_SOURCE = String.raw`/* offergrid-fulfillment process guard */
const { spawn } = require('node:child_process');
const { rmSync } = require('node:fs');
const { command, args, remove, patienceMs } = JSON.parse(process.argv[1]);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
let over = false;
const killGroup = () => {
  try { process.kill(-child.pid, 'SIGKILL'); } catch { /* nobody is left */ }
};
const end = () => {
  if (over) return;
  child.kill('SIGTERM');
  child.kill('SIGCONT');
  setTimeout(killGroup, patienceMs);
};
const finish = (message) => {
  over = true;
  if (child.pid !== undefined) killGroup();
  for (const path of remove) {
    try { rmSync(path, { recursive: true, force: true, maxRetries: 5 }); } catch { /* said by the tests */ }
  }
  if (!process.connected) process.exit(0);
  process.send(message, () => process.exit(0));
};
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
process.on('SIGTERM', end);
process.on('disconnect', end);
child.once('spawn', () => process.connected && process.send({ pid: child.pid }, () => {}));
child.once('error', (error) => child.pid === undefined && finish({ failure: error.message }));
child.once('exit', (code, signal) => finish({ exit: { code, signal } }));
`;
