/** The sustained limit counts by the hour, so no honest wait is longer. */
const LONGEST_MS = 3_600_000;

/**
 * How long the platform asks to wait, in milliseconds: the longest of `Retry-After` (seconds or a date), the body's
 * `retryAfter` (seconds) and, on 429, `X-RateLimit-Reset` (Unix seconds); undefined when it does not say.
 */
export function retryAfterMs(
  status: number,
  headers: Headers,
  body: unknown,
  nowMs: number,
): number | undefined {
  const waits = [
    fromHeader(headers.get('retry-after'), nowMs),
    seconds((body as { retryAfter?: unknown } | null | undefined)?.retryAfter),
    status === 429 ? fromReset(headers.get('x-ratelimit-reset'), nowMs) : undefined,
  ].filter((wait) => wait !== undefined && wait > 0) as number[];
  return waits.length === 0 ? undefined : Math.min(LONGEST_MS, Math.max(...waits));
}

function fromHeader(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return seconds(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at - nowMs;
}

/** A reset further off than any limit's window is some other unit, not a wait. */
function fromReset(value: string | null, nowMs: number): number | undefined {
  const wait = (seconds(value) ?? 0) - nowMs;
  return wait <= LONGEST_MS ? wait : undefined;
}

function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? Math.ceil(number * 1_000) : undefined;
}
