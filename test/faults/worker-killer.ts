import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { fulfillmentWorkflowId } from '../../domain/workflow-names.js';
import { seededChance } from '../../sandbox/http/fault-plan.js';
import type { TestSystem } from '../support/test-system.js';
import type { WorkerSeat } from '../support/two-workers.js';

/** One stroke: one worker or both. */
export interface Kill {
  /** Epoch milliseconds. */
  at: number;
  /** As Temporal's histories name them. */
  identities: string[];
  /** Activities that the dead had begun, as `workflowId/activityId`. */
  activities: Set<string>;
}

export interface KillerOptions {
  system: TestSystem;
  seats: [WorkerSeat, WorkerSeat];
  seed: number;
  /** Milliseconds between one stroke and the next, at least and at most, counted from when both workers are back. */
  pause: [number, number];
  /** At least so many strokes. */
  least: number;
  /** No further stroke once it says so. */
  over: () => boolean;
  /** Ends it at once. */
  signal: AbortSignal;
  /** Whose work order the first stroke strikes: one that nothing makes needless before it is asked for again. */
  first: (itemId: string) => boolean;
  /** Items that are under way. */
  open: () => string[];
}

const STARTED = 2;
/** Milliseconds; where nothing is made any more, the clock decides. */
const LONGEST_AIM = 2_000;
/** The first is sure to strike a work order. */
const FIRST_AIM = 60_000;

/**
 * Kills workers, one or both, and starts them again, until it is over. Half of the strokes fall at a moment drawn by
 * chance, the others in the moment when the provider's system has made a work order and not yet said so.
 */
export async function killWorkers(options: KillerOptions): Promise<Kill[]> {
  const { seats, pause, least, over } = options;
  const chance = seededChance(options.seed);
  const kills: Kill[] = [];
  const looks: Promise<void>[] = [];
  while (!options.signal.aborted && (kills.length < least || !over())) {
    const first = kills.length === 0;
    const struck = first || chance() < 0.3 ? seats : [seats[chance() < 0.5 ? 0 : 1]];
    const aimed = first || chance() < 0.5;
    const strike = () => {
      const dead = struck.map(({ process }) => process());
      for (const worker of dead) worker.kill('SIGKILL');
      return { dead, at: Date.now() };
    };
    const { dead, at } = aimed ? await whenWorkOrderIsMade(strike, first, options) : strike();
    await Promise.all(dead.map(({ exited }) => exited));
    const identities = dead.map(({ pid }) => `${pid}@${hostname()}`);
    const kill: Kill = { at, identities, activities: new Set() };
    kills.push(kill);
    looks.push(lookAtItems(options, kill));
    await Promise.all(struck.map((seat) => seat.start()));
    await wait(pause[0] + chance() * (pause[1] - pause[0]));
  }
  await Promise.all(looks);
  return kills;
}

function whenWorkOrderIsMade<T>(
  strike: () => T,
  isFirst: boolean,
  { system, signal, first }: KillerOptions,
): Promise<T> {
  return new Promise((resolve) => {
    const now = () => {
      deaf();
      clearTimeout(timer);
      signal.removeEventListener('abort', now);
      resolve(strike());
    };
    const timer = setTimeout(now, isFirst ? FIRST_AIM : LONGEST_AIM);
    const deaf = system.provider.control.onWorkOrder(({ itemId }) => {
      if (!isFirst || first(itemId)) now();
    });
    signal.addEventListener('abort', now, { once: true });
  });
}

/** What a dead worker had in hand stays with it until it times out, so there is time to look. */
async function lookAtItems({ system, open }: KillerOptions, kill: Kill): Promise<void> {
  await Promise.all(
    open().map(async (itemId) => {
      const workflowId = fulfillmentWorkflowId(itemId);
      const run = await system.client.workflow
        .getHandle(workflowId)
        .describe()
        .catch(() => null);
      for (const { activityId, state, lastWorkerIdentity } of run?.raw.pendingActivities ?? [])
        if ((state as number) === STARTED && kill.identities.includes(lastWorkerIdentity ?? ''))
          kill.activities.add(`${workflowId}/${activityId}`);
    }),
  );
}
