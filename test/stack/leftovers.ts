import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:net';

/** Polls until `condition` holds. @throws Error naming `what` after `timeoutMs` */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`still waiting for ${what} after ${timeoutMs} ms`);
    await sleep(20);
  }
}

interface ProcessRow {
  pid: number;
  parent: number;
  state: string;
  command: string;
}

function processes(): ProcessRow[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' });
  return table
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, pid, parent, state = '', command = '']) => {
      return { pid: Number(pid), parent: Number(parent), state, command };
    });
}

/** A process that has ended but was not collected by its parent yet counts as gone. */
export function isAlive(pid: number): boolean {
  return processes().some((row) => row.pid === pid && !row.state.startsWith('Z'));
}

/** `pid`, its descendants, and the guard above it. */
export function family(pid: number): number[] {
  const rows = processes();
  const guard = rows.find((row) => row.pid === pid)?.parent;
  const below = (parent: number): number[] =>
    rows.filter((row) => row.parent === parent).flatMap((row) => [row.pid, ...below(row.pid)]);
  return [...(guard === undefined || guard === process.pid ? [] : [guard]), pid, ...below(pid)];
}

/** Live processes whose command line contains `text`. */
export function processesNaming(text: string): number[] {
  return processes()
    .filter((row) => row.command.includes(text) && !row.state.startsWith('Z') && row.pid !== process.pid)
    .map((row) => row.pid);
}

export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export const portOf = (address: string): number => Number(address.split(':').at(-1));
