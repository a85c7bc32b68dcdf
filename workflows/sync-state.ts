import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { CarriedRun, OfferSyncDecision, OpenRun } from '../domain/offer-sync-run.js';
import { COMMAND_REFUSED, decideSync, RUN_NOT_IN_HAND, syncRequested } from './messages.js';
import type { syncOffers } from './sync-offers.js';

/** Events: more than any one execution's changes need, so that only what people and systems send gets there. */
const LONG_HISTORY = 1_800;

/** How a run ended, other than by having done all it should. */
export interface EarlyEnd {
  status: 'stopped' | 'failed';
  reason: string;
}

/** What a person asks of the run of this id. */
type Asked = { runId: string } & OfferSyncDecision;

export const STOPPED: EarlyEnd = { status: 'stopped', reason: 'stopped by a person' };

/** What the offer sync knows of the run in hand, and what it is told while that goes on. */
export class SyncState {
  /** Whether a run was asked for since we last looked for one. */
  requested = false;
  /** The run in hand. */
  run: OpenRun | null;
  stopped = false;
  /** Set while the run waits for a person. */
  braked: { approved: boolean } | null;
  /** For the report of a run that did all it should. */
  note: string | null;
  /** How often a decision, or the run's end, was written down. */
  written = 0;

  constructor(
    readonly dryRun: boolean,
    carried: CarriedRun | undefined,
  ) {
    this.run = carried?.run ?? null;
    this.braked = carried?.braked === undefined ? null : { approved: false };
    this.note = carried?.note ?? null;
  }

  listen(): void {
    setHandler(syncRequested, () => void (this.requested = true));
    setHandler(
      decideSync,
      async ({ decision }) => {
        const { written } = this;
        if (decision === 'stop') this.stopped = true;
        else if (this.braked !== null) this.braked.approved = true;
        // Whoever decided is answered, also when the run is cancelled in Temporal meanwhile.
        await CancellationScope.nonCancellable(() => condition(() => this.written > written));
      },
      { validator: (asked: Asked) => this.#refuseImpossible(asked) },
    );
  }

  /** Requests may come for weeks while a run waits for a person, and each is in the history. */
  get isLong(): boolean {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    return continueAsNewSuggested || historyLength >= LONG_HISTORY;
  }

  /** Goes on as a new execution, unless a person stops the run before: then it returns. */
  async carryOver(run: OpenRun, rest: Pick<CarriedRun, 'sending' | 'braked'> = {}): Promise<void> {
    await condition(() => allHandlersFinished() || this.stopped);
    if (this.stopped) return;
    const { dryRun, note } = this;
    await continueAsNew<typeof syncOffers>({ dryRun, resumed: { run, note, ...rest } });
  }

  #refuseImpossible({ runId, ...asked }: Asked): void {
    const refused = (why: string, type = COMMAND_REFUSED) => ApplicationFailure.nonRetryable(why, type);
    if (this.run?.runId !== runId) throw refused('the run is not in hand', RUN_NOT_IN_HAND);
    if (this.stopped) throw refused('the run is being stopped');
    if (asked.decision === 'stop') return;
    if (this.braked === null || this.braked.approved) throw refused('the run does not wait for approval');
    // All may have been read and planned again since they looked.
    const { pass } = this.run;
    if (asked.plan !== pass)
      throw refused(`it is plan ${pass} that waits for approval, not plan ${asked.plan}`);
  }
}
