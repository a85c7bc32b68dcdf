import { fulfillmentWorkflowId } from '../../domain/workflow-names.js';
import type { TestSystem } from '../support/test-system.js';
import type { Kill } from './worker-killer.js';

/** What the kills did to work in hand, as Temporal's histories tell. */
export interface Interruptions {
  /** Kills that struck at least one task in hand. */
  kills: number;
  activities: number;
  workflowTasks: number;
  /** Tasks that lay waiting for a worker that was dead. */
  waitedForTheDead: number;
  /** Tasks that timed out though their worker lived. */
  outOfBreath: number;
  /** Of each task in hand, milliseconds from the kill until it went on; ascending. */
  pauses: number[];
}

const SCHEDULE_TO_START = 2;
const AT_ONCE = 16;

type Timestamp = { seconds?: unknown; nanos?: number | null };

/** Reads the histories of these items. */
export async function countInterruptions(
  { client }: TestSystem,
  itemIds: string[],
  kills: Kill[],
): Promise<Interruptions> {
  const struck = new Set<Kill>();
  const found: Interruptions = {
    ...{ kills: 0, activities: 0, workflowTasks: 0, waitedForTheDead: 0, outOfBreath: 0, pauses: [] },
  };
  const goesOn = (kill: Kill, at: number) => {
    struck.add(kill);
    found.pauses.push(at - kill.at);
  };

  const read = async (itemId: string) => {
    const workflowId = fulfillmentWorkflowId(itemId);
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    const activities = new Map<number, string>();
    const dropped: Kill[] = [];
    let holder: Kill | undefined;
    for (const event of events ?? []) {
      const at = millis(event.eventTime);
      const begun = event.workflowTaskStartedEventAttributes;
      const late = event.workflowTaskTimedOutEventAttributes;
      const activity = event.activityTaskStartedEventAttributes;
      if (begun != null) {
        holder = kills.find(({ identities }) => identities.includes(begun.identity ?? ''));
      } else if (late != null) {
        if ((late.timeoutType as number) === SCHEDULE_TO_START) found.waitedForTheDead += 1;
        else if (holder === undefined) found.outOfBreath += 1;
        else dropped.push(holder);
      } else if (event.workflowTaskCompletedEventAttributes != null) {
        for (const kill of dropped.splice(0)) {
          found.workflowTasks += 1;
          goesOn(kill, at);
        }
      } else if (event.activityTaskScheduledEventAttributes != null) {
        activities.set(Number(event.eventId), event.activityTaskScheduledEventAttributes.activityId ?? '');
      } else if (activity != null) {
        const id = `${workflowId}/${activities.get(Number(activity.scheduledEventId))}`;
        // A history has only an activity's last start: of several kills the last one counts.
        const kill = kills.findLast((one) => one.activities.has(id));
        if (kill !== undefined) {
          found.activities += 1;
          goesOn(kill, at);
        } else if (activity.lastFailure?.timeoutFailureInfo != null) {
          found.outOfBreath += 1;
        }
      }
    }
  };
  for (let from = 0; from < itemIds.length; from += AT_ONCE)
    await Promise.all(itemIds.slice(from, from + AT_ONCE).map(read));
  found.kills = struck.size;
  found.pauses.sort((a, b) => a - b);
  return found;
}

/** In seconds, to a tenth. */
export function percentile(ascending: number[], share: number): number {
  const at = Math.min(ascending.length - 1, Math.floor(ascending.length * share));
  return Math.round((ascending[at] ?? 0) / 100) / 10;
}

const millis = (time: Timestamp | null | undefined): number =>
  Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1_000_000;
