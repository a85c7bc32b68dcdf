import { ApplicationFailure, condition, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { Comparison } from '../domain/activities.js';
import { OPEN_STATUSES } from '../domain/status.js';
import { compareStatus, tellUnlisted, watchItems } from './activities.js';
import { watchOfferSync } from './sync-activities.js';

/** As often as a run begins, where the policy does not say otherwise. */
const LOOK_EVERY = '5m';

/**
 * Finds what no webhook told us: items that wait for an answer, and items that the platform shows elsewhere than we do; and
 * what no workflow tells: open items, and runs of the offer sync, that nobody looks after.
 *
 * A list call per status, whatever the number of items. The statuses are listed in the order in which items go through
 * them, so that a new one that moves meanwhile is in a later list rather than in none.
 *
 * A list that cannot be had, or an item that cannot be told, keeps no other waiting: the run goes on, and fails at its end
 * for people to see. The next one tries again, and people are told, once, where that was in vain as well.
 */
export async function reconcileOrders(): Promise<Comparison> {
  const startedAt = new Date().toISOString();
  let isCompared = false;
  const comparing = compare(startedAt).finally(() => (isCompared = true));
  const [unattended, { found, unlisted }] = await Promise.all([keepLooking(() => isCompared), comparing]);
  const troubles = [...unattended, ...unlisted.values()];
  if (troubles.length === 0) return found;
  const before = leftBefore();
  const again = [...unlisted.keys()].filter((what) => before[what] === false);
  const untold =
    again.length === 0
      ? []
      : await troublesOf('who is to know', tellOf(again.map((what) => unlisted.get(what)!)));
  troubles.push(...untold);
  const isKnown = (what: string) => before[what] === true || (again.includes(what) && untold.length === 0);
  const left: Left = Object.fromEntries([...unlisted.keys()].map((what) => [what, isKnown(what)]));
  throw ApplicationFailure.nonRetryable(troubles.join('; '), 'NotAllReconciled', found, left);
}

/** What could not be compared, each with whether people know. A run that fails leaves it to the next. */
type Left = Record<string, boolean>;

/** By the run before this one. */
function leftBefore(): Left {
  const { lastFailure } = workflowInfo();
  if (!(lastFailure instanceof ApplicationFailure)) return {};
  return (lastFailure.details?.[1] as Left | undefined) ?? {};
}

async function tellOf(unlisted: string[]): Promise<string[]> {
  await tellUnlisted({ unlisted, at: new Date().toISOString(), workflowId: workflowInfo().workflowId });
  return [];
}

/** What the lists show, and which could not be had or acted on. */
async function compare(startedAt: string): Promise<{ found: Comparison; unlisted: Map<string, string> }> {
  const found: Comparison = { listed: 0, started: 0, hinted: 0 };
  /** In words, by what it is of. */
  const unlisted = new Map<string, string>();
  for (const status of OPEN_STATUSES) {
    try {
      const { listed, started, hinted, leftOut } = await compareStatus({ status, startedAt });
      found.listed += listed;
      found.started += started;
      found.hinted += hinted;
      if (leftOut > 0) unlisted.set(`some-${status}`, `${leftOut} left out of those in ${status}`);
    } catch (error) {
      if (isCancellation(error)) throw error;
      unlisted.set(`list-${status}`, `no list of those in ${status}`);
    }
  }
  return { found, unlisted };
}

/**
 * Without a call to Offergrid, and again and again: its lists may be waited for as long as it is away, and what nobody
 * looks after must not wait with them. What was seen, each once.
 */
async function keepLooking(isOver: () => boolean): Promise<string[]> {
  const seen = new Set<string>();
  do {
    const looks = [
      troublesOf('items that nobody looks after', lookAtItems()),
      troublesOf('the offer sync', lookAtOfferSync(new Date().toISOString())),
    ];
    for (const trouble of (await Promise.all(looks)).flat()) seen.add(trouble);
  } while (!(await condition(isOver, LOOK_EVERY)));
  return [...seen];
}

async function lookAtItems(): Promise<string[]> {
  const { unattended, overdue, leftOut } = await watchItems();
  return [
    ...(unattended > 0 ? [`${unattended} whose workflow ended before them, or fails`] : []),
    ...(overdue > 0 ? [`${overdue} overdue, and their workflows do not say so`] : []),
    ...(leftOut > 0 ? [`${leftOut} of which it could not be seen whether they are looked after`] : []),
  ];
}

async function lookAtOfferSync(at: string): Promise<string[]> {
  await watchOfferSync({ at });
  return [];
}

/** What was found; a look that fails is trouble itself, and keeps nothing else waiting. */
async function troublesOf(what: string, look: Promise<string[]>): Promise<string[]> {
  try {
    return await look;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return [`no look at ${what}`];
  }
}
