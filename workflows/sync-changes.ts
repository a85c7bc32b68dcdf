import { ActivityFailure, condition, setCurrentDetails } from '@temporalio/workflow';
import type { ChangesToSend, OpenRun } from '../domain/offer-sync-run.js';
import { listInTurn } from './list-in-turn.js';
import { applyOfferChange, giveUpChanges } from './sync-activities.js';
import { STOPPED, type EarlyEnd, type SyncState } from './sync-state.js';
import { unless } from './unless.js';

/** Enough for the call budget, which is what limits it. */
const AT_ONCE = 4;

/** Six events each: an execution's history stays small whatever there is to be sent. */
const PER_EXECUTION = 200;

/** What is under way for longer is looked at: does it keep the others waiting, or is it the platform? */
const PATIENCE = '15s';

/** While nothing ends, changes from the far end of the plan are tried as well: they may have other troubles, or none. */
export const MOST_SCOUTS = 3;

/**
 * Those that have trouble of their own keep no others waiting, but there is an end to that: were they as many as the calls
 * that a worker makes at a time, and all of them hung, an order would wait for them.
 */
export const MOST_CHANGES_UNDER_WAY = 15;

/**
 * So many in a row that did not get through: it is the platform, and not one offer. Where others got through before, it is
 * asked first: one that can be read is up, and as many again are tried, but one that takes nothing may still be read.
 */
const MOST_IN_VAIN = 4;
const MOST_IN_VAIN_AFTER_SUCCESS = 20;
const MOST_IN_VAIN_THOUGH_UP = 60;

/** A person who stops the run waits no longer for the calls that are under way; the report says which they were. */
const LAST_ANSWERS = '5s';

/** A change under way. */
interface Attempt {
  /** As they were begun. */
  order: number;
  /** Under way for longer than patience lasts. */
  isSlow: boolean;
  /** Another lane goes on in its place. */
  replaced: boolean;
}

/**
 * Sends the changes of a plan, a few at a time, and goes on as a new execution when there are many. Each stands by
 * itself: what the platform refuses, or keeps failing at, is reported, and the rest goes on. Only a platform that takes
 * nothing ends the run. Null: all were tried.
 */
export async function sendChanges(
  sync: SyncState,
  run: OpenRun,
  { first, last, before = { tookSome: false, inVain: 0 } }: ChangesToSend,
): Promise<EarlyEnd | null> {
  const { runId } = run;
  const lastHere = Math.min(last, first + PER_EXECUTION - 1);
  const underWay = new Set<Attempt>();
  let next = first;
  let far = last;
  let lanes = 0;
  let begun = 0;
  let ended = 0;
  let latestTaken = 0;
  let { inVain } = before;
  let mostInVain = inVain + MOST_IN_VAIN_AFTER_SUCCESS;
  let trouble = '';
  let broken: { error: unknown } | null = null;
  let isCutOff = false;

  const hasTakenSome = () => before.tookSome || latestTaken > 0;
  const isInVain = () => inVain >= (hasTakenSome() ? mostInVain : MOST_IN_VAIN);
  const hasMore = () =>
    next <= Math.min(lastHere, far) && !sync.stopped && !isInVain() && !sync.isLong && broken === null;
  // One that was begun later got through: whatever keeps this one, it is not the platform.
  const isOvertaken = ({ order }: Attempt) => order < latestTaken;

  /** Whether its lane should take the next. */
  const send = async (seq: number): Promise<boolean> => {
    const attempt: Attempt = { order: (begun += 1), isSlow: false, replaced: false };
    underWay.add(attempt);
    let isWell = true;
    try {
      const apply = () => applyOfferChange({ runId, seq });
      if ((await unless(() => isCutOff, apply)) === null) return false;
      latestTaken = Math.max(latestTaken, attempt.order);
      inVain = 0;
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      isWell = isOvertaken(attempt);
      if (!isWell) inVain += 1;
      trouble = error.cause?.message ?? error.message;
      await giveUpChanges({ runId, first: seq, last: seq, reason: trouble });
    } finally {
      underWay.delete(attempt);
    }
    ended += 1;
    setCurrentDetails(`Sending changes: ${first - 1 + ended} of ${last} done.`);
    return isWell && !attempt.replaced;
  };
  const lane = async () => {
    while (hasMore() && (await send(next++)));
  };
  const open = (work: () => Promise<unknown>) => {
    lanes += 1;
    void work()
      .catch((error: unknown) => (broken ??= { error }))
      .finally(() => (lanes -= 1));
  };
  /** Whether it was these offers, after so much in vain, and not the platform. */
  const isTheirs = async (): Promise<boolean> => {
    if (!isInVain() || next > far || !hasTakenSome() || inVain >= MOST_IN_VAIN_THOUGH_UP) return false;
    if (!(await isUp(sync))) return false;
    mostInVain = inVain + MOST_IN_VAIN_AFTER_SUCCESS;
    return true;
  };
  const replaceSlow = () => {
    // Those that it opens are not slow yet.
    for (const attempt of [...underWay]) {
      if (attempt.isSlow && !attempt.replaced && isOvertaken(attempt) && lanes < MOST_CHANGES_UNDER_WAY) {
        attempt.replaced = true;
        open(lane);
      }
      attempt.isSlow = true;
    }
  };

  do {
    for (let n = 0; n < AT_ONCE; n += 1) open(lane);
    let scouts = 0;
    for (
      let seen = { ended, latestTaken };
      !(await condition(() => lanes === 0 || sync.stopped, PATIENCE));
    ) {
      replaceSlow();
      if (latestTaken > seen.latestTaken) scouts = 0;
      const hasRoom = scouts < MOST_SCOUTS && lanes < MOST_CHANGES_UNDER_WAY + MOST_SCOUTS;
      if (ended === seen.ended && hasRoom && hasMore()) {
        scouts += 1;
        open(() => send(far--));
      }
      seen = { ended, latestTaken };
    }
  } while (hasMore() || ((await isTheirs()) && hasMore()));

  if (sync.stopped) {
    isCutOff = !(await condition(() => lanes === 0, LAST_ANSWERS));
    await condition(() => lanes === 0);
  }
  if (broken !== null) throw (broken as { error: unknown }).error;
  if (sync.stopped) return STOPPED;
  if (isInVain() && (next <= far || !hasTakenSome())) {
    await giveUpChanges({ runId, first: next, last: far, reason: `not sent: ${trouble}` });
    return { status: 'failed', reason: trouble };
  }
  const soFar = { tookSome: hasTakenSome(), inVain };
  if (next <= far) await sync.carryOver(run, { sending: { first: next, last: far, before: soFar } });
  return sync.stopped ? STOPPED : null;
}

/** Whether the platform answers what is only read; with the patience of every other call. */
async function isUp(sync: SyncState): Promise<boolean> {
  try {
    return (await unless(() => sync.stopped, listInTurn)) !== null;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return false;
  }
}
