import type { FieldChanges } from './offer-difference.js';

/** Where a run stands; the last four are ends. */
export type OfferSyncStatus =
  'running' | 'awaiting_approval' | 'completed' | 'completed_with_errors' | 'stopped' | 'failed';

/** One run as people and systems see it. */
export interface OfferSyncRun {
  runId: string;
  dryRun: boolean;
  status: OfferSyncStatus;
  /** Why it waits, or why it ended otherwise than it should. */
  reason: string | null;
  /** The number of the plan that waits for approval, to be named with it; null while none does. */
  plan: number | null;
  /** Done so far; of a dry run, and of one that waits for approval, what would be. */
  created: number;
  updated: number;
  unchanged: number;
  deactivated: number;
  /** Offers in a status that people set, as a draft is: the product is sold, and the offer stays hidden. */
  skipped: number;
  failed: number;
}

/** `skip`: left to a person; `error`: nothing can be done for this SKU, or the platform would not have it. */
export interface ReportedChange {
  sku: string | null;
  action: 'create' | 'update' | 'deactivate' | 'skip' | 'error';
  fields?: FieldChanges;
  reason?: string;
}

export type OfferSyncReport = OfferSyncRun & { changes: ReportedChange[] };

/** What a person decides about a run. They approve the plan that they saw, and no other. */
export type OfferSyncDecision = { decision: 'approve'; plan: number } | { decision: 'stop' };

export function isOver(status: OfferSyncStatus): boolean {
  return status !== 'running' && status !== 'awaiting_approval';
}

/** A run as a workflow takes it up. */
export interface OpenRun {
  runId: string;
  /** Passes that were begun. */
  pass: number;
}

/** Changes of one plan by their numbers, both included. */
export interface ChangesToSend {
  first: number;
  last: number;
  /** Of the same plan: whether the platform took some before, and how many did not get through since. */
  before?: { tookSome: boolean; inVain: number };
}

/** A run as one execution leaves it to the next. */
export interface CarriedRun {
  run: OpenRun;
  /** What its plan has still to send. */
  sending?: ChangesToSend;
  /** Why it waits for a person. */
  braked?: string;
  /** For the report of a run that did all it should. */
  note: string | null;
}
