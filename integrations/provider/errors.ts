export type ProviderErrorKind =
  | 'unauthorized'
  | 'not_found'
  | 'refused'
  | 'rate_limited'
  | 'unavailable'
  | 'timeout'
  | 'network'
  | 'bad_answer';

/** What passes by itself: 408, 429, 5xx and the network. An answer we cannot read will read no better next time. */
const RETRYABLE: ReadonlySet<ProviderErrorKind> = new Set([
  'rate_limited',
  'unavailable',
  'timeout',
  'network',
]);

export interface ProviderFailure {
  operation: string;
  kind: ProviderErrorKind;
  /** Bounded, and ours: their answers may repeat the customer data we sent. */
  detail: string;
  status?: number;
  retryAfterMs?: number;
  cause?: unknown;
}

/** A call to the provider's own systems that brought no usable answer. */
export class ProviderError extends Error {
  readonly kind: ProviderErrorKind;
  readonly status: number | undefined;
  readonly retryable: boolean;
  /** How long their system asked us to wait, in milliseconds, where it did. */
  readonly retryAfterMs: number | undefined;
  readonly detail: string;

  constructor(failure: ProviderFailure) {
    super(`provider ${failure.operation}: ${failure.kind}: ${failure.detail}`, { cause: failure.cause });
    this.name = 'ProviderError';
    this.kind = failure.kind;
    this.status = failure.status;
    this.retryable = RETRYABLE.has(failure.kind);
    this.retryAfterMs = failure.retryAfterMs;
    this.detail = failure.detail;
  }
}

/** What an answer outside 2xx means. A redirect is followed nowhere: the key would travel with it. */
export function kindOfStatus(status: number): ProviderErrorKind {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not_found';
  if (status === 408) return 'timeout';
  if (status === 429) return 'rate_limited';
  return status >= 500 ? 'unavailable' : 'refused';
}
