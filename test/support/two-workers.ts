import { freePort } from '../../sandbox/stack/free-port.js';
import { startProcess, type RunningProcess } from '../../sandbox/stack/child-process.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import type { TestSystem } from './test-system.js';

/** One of the system's workers, which can be started again when it has ended. */
export interface WorkerSeat {
  process: () => RunningProcess;
  start: () => Promise<RunningProcess>;
}

/** The system's own worker and another beside it, both of the build in `programs`. The second ends with `stop`. */
export async function startSecondWorker(
  system: TestSystem,
  programs: string,
): Promise<{ seats: [WorkerSeat, WorkerSeat]; stop: () => Promise<unknown> }> {
  const port = await freePort();
  const start = () =>
    startProcess({
      name: 'second worker',
      args: [`${programs}/workers/main.js`],
      env: { ...system.env, WORKER_PORT: String(port) },
      cwd: projectRoot(),
      readyUrl: `http://127.0.0.1:${port}/readyz`,
    });
  let second = await start();
  return {
    seats: [
      { process: () => system.worker(), start: () => system.startWorker() },
      { process: () => second, start: async () => (second = await start()) },
    ],
    stop: () => second.stop(),
  };
}
