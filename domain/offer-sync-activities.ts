import type { OpenRun } from './offer-sync-run.js';

/*
 * What the offer sync asks of the outside world. Catalogues and changes stay in Postgres; the workflow sees counts.
 */

/** What a plan came to; the changes to be sent are numbered `first` to `last`. */
export interface SyncPlan {
  first: number;
  last: number;
  /** Why a person should look before the first change is sent; empty: nothing. */
  brake: string[];
}

/** `failed`: the platform will not have it; the report says why. */
export type ChangeOutcome = 'applied' | 'failed';

export interface OfferSyncActivities {
  /** Asks for a run of everything, or joins the one that is open. */
  requestOfferSync: () => Promise<void>;
  /** The open run, null when there is none. What an execution that is gone had in hand is to be done again. */
  openSyncRun: (input: { dryRun: boolean }) => Promise<OpenRun | null>;
  /** Takes in hand what is wanted of the run; null: nothing more. The same `pass` gets the same answer. */
  takeWanted: (input: { runId: string; pass: number }) => Promise<'everything' | 'some' | null>;
  /** Nothing is sent before a person has looked. */
  awaitApproval: (input: { runId: string; reason: string }) => Promise<void>;
  /** A person has looked: what they saw may go on, and what was in hand is read and planned again. */
  approveSync: (input: { runId: string; pass: number }) => Promise<void>;
  /** Ends the run; false when more was asked of it in the last moment. `done`: all, or all but what failed. */
  finishSync: (input: {
    runId: string;
    status: 'done' | 'stopped' | 'failed';
    reason: string | null;
  }) => Promise<boolean>;
  /** Reads, maps and keeps the provider's catalogue; how many products. Goes on where an attempt before was cut off. */
  readProducts: (input: { runId: string; pass: number }) => Promise<number>;
  /** Over once there is more left of the call budget than is kept for orders. */
  waitForRoom: () => Promise<void>;
  /** Compares for what is in hand. The same `pass` gets the same plan. */
  planOffers: (input: { runId: string; pass: number }) => Promise<SyncPlan>;
  /** Tells people, once, that a run waits for them. `at`: since when, ISO 8601. */
  announceBrake: (input: { runId: string; pass: number; reason: string; at: string }) => Promise<void>;
  /** Tells people that a run failed, unless the one before did as well. `at`: ISO 8601. */
  announceFailure: (input: { runId: string; reason: string; at: string }) => Promise<void>;
  /** Those of these changes that did not get through fail. */
  giveUpChanges: (input: { runId: string; first: number; last: number; reason: string }) => Promise<void>;
}

export interface SyncWatchActivities {
  /** Tells people, once, of runs whose workflow was ended before them, or fails again and again. `at`: ISO 8601. */
  watchOfferSync: (input: { at: string }) => Promise<void>;
}

/** Calls to Offergrid. */
export interface OfferChangeActivities {
  /** One list call, remembered in the offers table; how many offers. Null: what is left of the call budget is for orders. */
  listOffers: () => Promise<number | null>;
  /** One write at most, save where an earlier attempt may have got through: then a look comes first. */
  applyOfferChange: (input: { runId: string; seq: number }) => Promise<ChangeOutcome>;
}
