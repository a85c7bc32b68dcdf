import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnProcess, type Exit } from '../../sandbox/stack/guarded-process.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { family, isAlive, until } from '../stack/leftovers.js';

/** A program of `dist/`, run as a person would run it but with a folder of its own for temporary files. */
export interface BuiltProgram {
  output(): string;
  /** Waits until it has printed something. @throws Error with all it printed */
  printed(what: RegExp, withinMs: number): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  exited: Promise<Exit>;
  /** Once it has ended: processes it had started that are still there, and files and folders it left. */
  leftovers(): Promise<{ processes: number[]; files: string[] }>;
}

/** Often enough to see every process that lives for more than a moment. */
const LOOK_EVERY_MS = 200;

/** `onFinished` is the test's own: whatever happens, the program ends with the test. */
export async function startBuilt(
  path: string,
  onFinished: (end: () => Promise<void>) => void,
): Promise<BuiltProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'built-program-'));
  // As root, Postgres runs as another user, who must get through to its data.
  await chmod(folder, 0o711);
  const { XDG_CACHE_HOME } = process.env;
  const child = await spawnProcess({
    name: path,
    args: [path],
    env: { TMPDIR: folder, XDG_CACHE_HOME },
    cwd: projectRoot(),
  });
  const seen = new Set<number>();
  const looking = setInterval(() => {
    // The first of the family is the guard over the program, which is ours.
    if (child.running) for (const pid of family(child.pid).slice(1)) seen.add(pid);
  }, LOOK_EVERY_MS);
  onFinished(async () => {
    clearInterval(looking);
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  });

  return {
    output: () => child.output(),
    kill: (signal) => child.kill(signal),
    exited: child.exited,
    async printed(what, withinMs) {
      let found: RegExpExecArray | null = null;
      const look = () => (found = what.exec(child.output())) !== null;
      await until(String(what), () => look() || !child.running, withinMs).catch(() => undefined);
      if (found === null && !look()) throw new Error(`${what} was not printed, but:\n${child.output()}`);
      return found as unknown as RegExpExecArray;
    },
    async leftovers() {
      clearInterval(looking);
      // Guards go after what they guard, and after us.
      const gone = () => ![...seen].some(isAlive);
      await until('its processes to be gone', gone).catch(() => undefined);
      return { processes: [...seen].filter(isAlive), files: await readdir(folder) };
    },
  };
}
