import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { OfferSyncDecision, OpenRun } from '../domain/offer-sync-run.js';
import { COMMAND_REFUSED, decideSync, syncRequested } from './messages.js';

/** How a run ended, other than by having done all it should. */
export interface EarlyEnd {
  status: 'stopped' | 'failed';
  reason: string;
}

/** What a person asks of the run of this id. */
interface Asked {
  runId: string;
  decision: OfferSyncDecision;
}

export const STOPPED: EarlyEnd = { status: 'stopped', reason: 'stopped by a person' };

/** What the offer sync knows of the run in hand, and what it is told while that goes on. */
export class SyncState {
  /** Whether a run was asked for since we last looked for one. */
  requested = false;
  /** The run in hand. */
  run: OpenRun | null;
  stopped = false;
  /** Set while the run waits for a person. */
  braked: { approved: boolean } | null = null;
  /** For the report of a run that did all it should. */
  note: string | null = null;
  /** How often a decision, or the run's end, was written down. */
  written = 0;

  constructor(
    readonly dryRun: boolean,
    run: OpenRun | null,
  ) {
    this.run = run;
  }

  listen(): void {
    setHandler(syncRequested, () => void (this.requested = true));
    setHandler(
      decideSync,
      async ({ decision }) => {
        const { written } = this;
        if (decision === 'stop') this.stopped = true;
        else if (this.braked !== null) this.braked.approved = true;
        await condition(() => this.written > written);
      },
      { validator: (asked: Asked) => this.#refuseImpossible(asked) },
    );
  }

  #refuseImpossible({ runId, decision }: Asked): void {
    const refused = (why: string) => ApplicationFailure.nonRetryable(why, COMMAND_REFUSED);
    if (this.run?.runId !== runId) throw refused('the run is over');
    if (this.stopped) throw refused('the run is being stopped');
    if (decision === 'approve' && (this.braked === null || this.braked.approved))
      throw refused('the run does not wait for approval');
  }
}
