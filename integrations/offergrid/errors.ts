export type OffergridErrorKind =
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'refused'
  | 'rate_limited'
  /** Not sent: what is left of the call budget is kept for others. */
  | 'kept_free'
  /** Not sent: the platform did not take our key, or was down, the last time. */
  | 'stopped'
  | 'unavailable'
  | 'timeout'
  | 'network'
  | 'bad_answer';

/** 400 and every other 4xx are permanent by the platform's own words; only these may pass by themselves. */
const RETRYABLE: ReadonlySet<OffergridErrorKind> = new Set([
  'rate_limited',
  'kept_free',
  'stopped',
  'unavailable',
  'timeout',
  'network',
  'bad_answer',
]);

export interface OffergridFailure {
  operation: string;
  kind: OffergridErrorKind;
  /** What the platform said, bounded; no more of the order than is in its message. */
  detail: string;
  /** How an answer without a message begins. It may be anybody's, and say anything: for people, and never for logs. */
  body?: string;
  status?: number;
  retryAfterMs?: number;
  cause?: unknown;
}

/** A call to Offergrid that brought no usable answer. */
export class OffergridError extends Error {
  readonly kind: OffergridErrorKind;
  readonly status: number | undefined;
  readonly retryable: boolean;
  /** How long the platform asked us to wait, in milliseconds, where it did. */
  readonly retryAfterMs: number | undefined;
  /** For people; the error's own message leaves out what has no known form. */
  readonly detail: string;

  constructor(failure: OffergridFailure) {
    const status = failure.status === undefined ? '' : ` (${failure.status})`;
    super(`Offergrid ${failure.operation}: ${failure.kind}${status}: ${failure.detail}`, {
      cause: failure.cause,
    });
    this.name = 'OffergridError';
    this.kind = failure.kind;
    this.status = failure.status;
    this.retryable = RETRYABLE.has(failure.kind);
    this.retryAfterMs = failure.retryAfterMs;
    this.detail = failure.body ?? failure.detail;
  }
}

/** What an answer outside 2xx means. A redirect is followed nowhere: the key would travel with it. */
export function kindOfStatus(status: number): OffergridErrorKind {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 408) return 'timeout';
  if (status === 429) return 'rate_limited';
  return status >= 500 ? 'unavailable' : 'refused';
}
