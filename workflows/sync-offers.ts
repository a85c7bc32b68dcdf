import {
  ActivityFailure,
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { SyncPlan } from '../domain/offer-sync-activities.js';
import type { CarriedRun, OpenRun } from '../domain/offer-sync-run.js';
import type { SyncOffersInput } from '../domain/workflow-names.js';
import { listInTurn } from './list-in-turn.js';
import {
  announceBrake,
  announceFailure,
  approveSync,
  awaitApproval,
  finishSync,
  openSyncRun,
  planOffers,
  readProducts,
  requestOfferSync,
  takeWanted,
} from './sync-activities.js';
import { sendChanges } from './sync-changes.js';
import { STOPPED, SyncState, type EarlyEnd } from './sync-state.js';
import { unless } from './unless.js';

const NO_ROOM: EarlyEnd = {
  status: 'failed',
  reason: 'orders needed the call budget whenever the offers were to be listed',
};

/**
 * Brings Offergrid's offers in step with the provider's products: carries out the run that is open, with all that is
 * asked of it before it ends. The schedule's own execution only asks for a run, so that it joins one that is going on.
 */
export async function syncOffers(input: SyncOffersInput = {}): Promise<void> {
  const { dryRun, resumed } = input;
  if (dryRun === undefined) return await requestOfferSync();
  const sync = new SyncState(dryRun, resumed);
  sync.listen();
  const run = (sync.run ??= await openSyncRun({ dryRun }));
  const end = run === null ? null : await carryOut(sync, run, resumed);
  await goOnForLatecomers(sync);
  if (end?.status === 'failed') throw ApplicationFailure.nonRetryable(end.reason, 'OfferSyncFailed');
}

async function carryOut(
  sync: SyncState,
  run: OpenRun,
  begun: CarriedRun | undefined,
): Promise<EarlyEnd | null> {
  try {
    let end = begun === undefined ? null : await goOn(sync, run, begun);
    do end = end ?? (await syncWanted(sync, run));
    while (!(await finish(sync, run, end)));
    if (end?.status === 'failed' && !sync.dryRun) {
      const at = new Date().toISOString();
      await announceFailure({ runId: run.runId, reason: end.reason, at });
    }
    return end;
  } catch (error) {
    const end = { status: 'stopped', reason: 'cancelled in Temporal' } as const;
    if (isCancellation(error)) {
      await CancellationScope.nonCancellable(() => finish(sync, run, end));
      await goOnForLatecomers(sync);
    }
    throw error;
  }
}

/** Who came too late to join the run, also one that was cancelled, gets another. */
async function goOnForLatecomers(sync: SyncState): Promise<void> {
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  if (sync.requested) await continueAsNew<typeof syncOffers>({ dryRun: sync.dryRun });
}

/** With what the execution before had begun. */
async function goOn(
  sync: SyncState,
  run: OpenRun,
  { sending, braked }: CarriedRun,
): Promise<EarlyEnd | null> {
  if (braked !== undefined) return await untilApproved(sync, run, braked);
  return sending === undefined ? null : await sendChanges(sync, run, sending);
}

/** False when more was asked of the run in the last moment. */
async function finish(sync: SyncState, run: OpenRun, end: EarlyEnd | null): Promise<boolean> {
  setCurrentDetails(end === null ? (sync.note ?? 'Done.') : `${end.status}: ${end.reason}`);
  // Whoever asked until now has joined the run.
  sync.requested = false;
  const { runId } = run;
  const finished = await finishSync({ runId, ...(end ?? { status: 'done', reason: sync.note }) });
  // Or whoever has just stopped it would be told that it goes on.
  if (!finished) return false;
  sync.run = null;
  sync.written += 1;
  return true;
}

/** One plan after the other, until nothing more is wanted of the run. */
async function syncWanted(sync: SyncState, run: OpenRun): Promise<EarlyEnd | null> {
  for (;;) {
    if (sync.isLong) await sync.carryOver(run);
    if (sync.stopped) return STOPPED;
    run.pass += 1;
    if ((await takeWanted({ runId: run.runId, pass: run.pass })) === null) return null;
    const plan = await readAndPlan(sync, run);
    if ('status' in plan) return plan;
    const end = await carryOutPlan(sync, run, plan);
    if (end !== null) return end;
  }
}

async function readAndPlan(sync: SyncState, { runId, pass }: OpenRun): Promise<SyncPlan | EarlyEnd> {
  const readAll = async () => {
    setCurrentDetails('Waiting for room in the call budget.');
    const listed = await listInTurn(async () => {
      setCurrentDetails("Reading the provider's products.");
      // Only now, since prices change meanwhile; where there is no room after all, what was read is good for a while.
      await readProducts({ runId, pass });
      setCurrentDetails("Listing Offergrid's offers.");
    });
    if (listed === null) return NO_ROOM;
    setCurrentDetails('Comparing products and offers.');
    return await planOffers({ runId, pass });
  };
  try {
    return (await unless(() => sync.stopped, readAll)) ?? STOPPED;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return { status: 'failed', reason: error.cause?.message ?? error.message };
  }
}

async function carryOutPlan(
  sync: SyncState,
  run: OpenRun,
  { first, last, brake }: SyncPlan,
): Promise<EarlyEnd | null> {
  const reason = brake.join('; ');
  if (sync.dryRun) {
    sync.note = reason === '' ? null : `a real run would stop before its first change: ${reason}`;
    return null;
  }
  if (reason === '') return await sendChanges(sync, run, { first, last });
  const { runId, pass } = run;
  if (sync.stopped) return STOPPED;
  sync.braked = { approved: false };
  await awaitApproval({ runId, reason });
  const at = new Date().toISOString();
  // Not awaited: a person may well decide before a notification gets through.
  if (!sync.stopped) void announceBrake({ runId, pass, reason, at }).catch(() => undefined);
  return await untilApproved(sync, run, reason);
}

/**
 * A night of bad data would take the shop window down: nothing is sent until a person has looked. Then all is read and
 * planned again, with what was asked for meanwhile; should more come of it than was seen, it is asked again.
 */
async function untilApproved(sync: SyncState, run: OpenRun, reason: string): Promise<EarlyEnd | null> {
  setCurrentDetails(`**Waits for approval**: ${reason}`);
  const isDecided = () => sync.stopped || sync.braked?.approved === true;
  await condition(() => isDecided() || (sync.isLong && allHandlersFinished()));
  if (!isDecided()) await sync.carryOver(run, { braked: reason });
  sync.braked = null;
  if (sync.stopped) return STOPPED;
  await approveSync({ runId: run.runId, pass: run.pass });
  sync.written += 1;
  return null;
}
