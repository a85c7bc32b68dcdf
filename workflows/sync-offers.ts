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
import type { ChangesToSend, OpenRun } from '../domain/offer-sync-run.js';
import type { SyncOffersInput } from '../domain/workflow-names.js';
import {
  announceBrake,
  finishSync,
  listOffers,
  openSyncRun,
  planOffers,
  readProducts,
  recordSync,
  requestOfferSync,
  takeWanted,
} from './sync-activities.js';
import { sendChanges } from './sync-changes.js';
import { STOPPED, SyncState, type EarlyEnd } from './sync-state.js';

/**
 * Brings Offergrid's offers in step with the provider's products: carries out the run that is open, with all that is
 * asked of it before it ends. The schedule's own execution only asks for a run, so that it joins one that is going on.
 */
export async function syncOffers(input: SyncOffersInput = {}): Promise<void> {
  const { dryRun, resumed } = input;
  if (dryRun === undefined) return await requestOfferSync();
  const sync = new SyncState(dryRun, resumed?.run ?? null);
  sync.listen();
  const run = (sync.run ??= await openSyncRun({ dryRun }));
  const end = run === null ? null : await carryOut(sync, run, resumed?.sending ?? null);
  await condition(allHandlersFinished);
  // By somebody who came too late to join the run.
  if (sync.requested) await continueAsNew<typeof syncOffers>({ dryRun });
  if (end?.status === 'failed') throw ApplicationFailure.nonRetryable(end.reason, 'OfferSyncFailed');
}

async function carryOut(
  sync: SyncState,
  run: OpenRun,
  begun: ChangesToSend | null,
): Promise<EarlyEnd | null> {
  try {
    let end = begun === null ? null : await sendChanges(sync, run, begun);
    do end = end ?? (await syncWanted(sync, run));
    while (!(await finish(sync, run, end)));
    return end;
  } catch (error) {
    const end = { status: 'stopped', reason: 'cancelled in Temporal' } as const;
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => finish(sync, run, end));
    throw error;
  }
}

/** False when more was asked of the run in the last moment. */
async function finish(sync: SyncState, run: OpenRun, end: EarlyEnd | null): Promise<boolean> {
  setCurrentDetails(end === null ? (sync.note ?? 'Done.') : `${end.status}: ${end.reason}`);
  // Whoever asked until now has joined the run.
  sync.requested = false;
  const { runId } = run;
  const finished = await finishSync({ runId, ...(end ?? { status: 'done', reason: sync.note }) });
  if (finished) sync.run = null;
  sync.written += 1;
  return finished;
}

/** One plan after the other, until nothing more is wanted of the run. */
async function syncWanted(sync: SyncState, run: OpenRun): Promise<EarlyEnd | null> {
  for (;;) {
    if (sync.stopped) return STOPPED;
    run.pass += 1;
    if ((await takeWanted({ runId: run.runId, pass: run.pass })) === null) return null;
    const plan = await readAndPlan(run);
    if ('status' in plan) return plan;
    const { first, last } = plan;
    const brake = plan.brake.join('; ');
    if (sync.dryRun) {
      sync.note = brake === '' ? null : `a real run would stop before its first change: ${brake}`;
      continue;
    }
    if (brake !== '') await untilDecided(sync, run, brake);
    const end = await sendChanges(sync, run, { first, last });
    if (end !== null) return end;
  }
}

async function readAndPlan(run: OpenRun): Promise<SyncPlan | EarlyEnd> {
  const { runId } = run;
  try {
    setCurrentDetails("Reading the provider's products.");
    await readProducts({ runId });
    setCurrentDetails("Listing Offergrid's offers.");
    await listOffers();
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    return { status: 'failed', reason: error.cause?.message ?? error.message };
  }
  setCurrentDetails('Comparing products and offers.');
  const plan = await planOffers({ runId, first: run.planned + 1, unchangedBefore: run.unchanged });
  run.planned = plan.planned;
  run.unchanged = plan.unchanged;
  return plan;
}

/** A night of bad data would take the shop window down: nothing is sent until a person has looked. */
async function untilDecided(sync: SyncState, run: OpenRun, reason: string): Promise<void> {
  const { runId, pass } = run;
  const braked = (sync.braked = { approved: false });
  setCurrentDetails(`**Waits for approval**: ${reason}`);
  await recordSync({ runId, status: 'awaiting_approval', reason });
  // Not awaited: a person may well decide before a notification gets through.
  void announceBrake({ runId, pass, reason, at: new Date().toISOString() }).catch(() => undefined);
  await condition(() => braked.approved || sync.stopped);
  sync.braked = null;
  if (sync.stopped) return;
  await recordSync({ runId, status: 'running', reason: null });
  sync.written += 1;
}
