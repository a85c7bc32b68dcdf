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
  /** Done so far; of a dry run, and of one that waits for approval, what would be. */
  created: number;
  updated: number;
  unchanged: number;
  deactivated: number;
  failed: number;
}

/** `error`: nothing can be done for this SKU, or the platform would not have it; `reason` says which. */
export interface ReportedChange {
  sku: string | null;
  action: 'create' | 'update' | 'deactivate' | 'error';
  fields?: FieldChanges;
  reason?: string;
}

export type OfferSyncReport = OfferSyncRun & { changes: ReportedChange[] };

/** What a person decides about a run. */
export type OfferSyncDecision = 'approve' | 'stop';

export function isOver(status: OfferSyncStatus): boolean {
  return status !== 'running' && status !== 'awaiting_approval';
}

/** A run as a workflow takes it up. */
export interface OpenRun {
  runId: string;
  /** Passes that were begun. */
  pass: number;
  /** Changes and errors that were planned. */
  planned: number;
  unchanged: number;
}

/** Changes of one plan by their numbers, both included. */
export interface ChangesToSend {
  first: number;
  last: number;
}
