import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { GUARD_SOURCE } from './guard-source.js';
import { OutputTail } from './output-tail.js';

/** What a process is to be. */
export interface ProcessOptions {
  /** For messages. */
  name: string;
  /** Default: this Node. */
  command?: string;
  args: string[];
  /** The whole environment but for `PATH`, `HOME` and `TMPDIR`: a developer's settings must not leak in. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Folders that go when the process has ended, however it or we end. */
  remove?: string[];
  /** Called with each piece of stdout and stderr. */
  onOutput?: (text: string) => void;
}

export interface Exit {
  /** Exit code; null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process that ends when we do, also when we are killed. */
export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** Settles once the process is gone, its output is read and its folders are removed; never rejects. */
  readonly exited: Promise<Exit>;
  readonly running: boolean;
  /** The last 256 KiB of stdout and stderr. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL for it and its children after `graceMs` (default 10 s). */
  stop(graceMs?: number): Promise<Exit>;
}

/** How long a process gets between SIGTERM and SIGKILL when we are gone and nobody can say otherwise. */
const ORPHAN_PATIENCE_MS = 5_000;
const DEFAULT_GRACE_MS = 10_000;

type FromGuard = { pid: number } | { failure: string } | { exit: Exit };

/** Starts a process under a guard. @throws Error when the command cannot be run */
export async function spawnProcess(options: ProcessOptions): Promise<RunningProcess> {
  const { command = process.execPath, args, remove = [] } = options;
  const plan = JSON.stringify({ command, args, remove, patienceMs: ORPHAN_PATIENCE_MS });
  const { PATH, HOME, TMPDIR } = process.env;
  const guard = spawn(process.execPath, ['--input-type=commonjs', '-e', GUARD_SOURCE, plan], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
    env: { PATH, HOME, TMPDIR, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const output = new OutputTail(options.onOutput);
  guard.stdout?.on('data', (chunk: Buffer) => output.add('stdout', chunk));
  guard.stderr?.on('data', (chunk: Buffer) => output.add('stderr', chunk));
  return await watch(guard, options.name, remove, output);
}

function watch(
  guard: ChildProcess,
  name: string,
  remove: string[],
  output: OutputTail,
): Promise<RunningProcess> {
  return new Promise((started, failed) => {
    let pid: number | undefined;
    let exit: Exit | undefined;
    let gone: (exit: Exit) => void;
    const exited = new Promise<Exit>((resolve) => (gone = resolve));
    guard.on('message', (message: FromGuard) => {
      if ('pid' in message) {
        pid = message.pid;
        started(new Guarded(name, pid, exited, () => exit === undefined, output));
      } else if ('exit' in message) exit = message.exit;
      else failed(new Error(`${name} cannot be run: ${message.failure}`));
    });
    guard.once('error', (error) => failed(new Error(`${name} cannot be run`, { cause: error })));
    guard.once('exit', (code) => {
      // Somebody killed the guard; what it guarded must not stay, or it would also hold our pipes open.
      if (code !== 0 && pid !== undefined) signalGroup(pid, 'SIGKILL');
    });
    const settle = () => {
      if (exit === undefined) for (const path of remove) rmSync(path, { recursive: true, force: true });
      exit ??= { code: null, signal: 'SIGKILL' };
      failed(new Error(`${name} ended before it began`));
      gone(exit);
    };
    // The guard's last message may be read after its output: both channels have to be at their end.
    guard.once('close', () => (guard.connected ? guard.once('disconnect', settle) : settle()));
  });
}

class Guarded implements RunningProcess {
  constructor(
    readonly name: string,
    readonly pid: number,
    readonly exited: Promise<Exit>,
    private readonly alive: () => boolean,
    private readonly tail: OutputTail,
  ) {}

  get running(): boolean {
    return this.alive();
  }

  output(): string {
    return this.tail.text();
  }

  kill(signal: NodeJS.Signals): void {
    if (this.running) ignoreGone(() => process.kill(this.pid, signal));
  }

  async stop(graceMs = DEFAULT_GRACE_MS): Promise<Exit> {
    this.kill('SIGTERM');
    const cancel = new AbortController();
    const late = sleep(graceMs, 'late' as const, { signal: cancel.signal }).catch(() => 'late' as const);
    if ((await Promise.race([this.exited, late])) === 'late' && this.running)
      signalGroup(this.pid, 'SIGKILL');
    cancel.abort();
    return await this.exited;
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  ignoreGone(() => process.kill(-pid, signal));
}

function ignoreGone(send: () => void): void {
  try {
    send();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
