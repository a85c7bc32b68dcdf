import { kindOfStatus, ProviderError } from './errors.js';

export interface ProviderClientOptions {
  /** Without trailing slash; may have a path. */
  baseUrl: string;
  apiKey: string;
  /** For the whole call, body included. */
  timeoutMs?: number;
  fetch?: typeof fetch;
}

export type Call =
  | { operation: string; method: 'GET'; url: string }
  | { operation: string; method: 'POST'; url: string; body: object; idempotencyKey: string };

export interface Answer {
  status: number;
  /** `undefined` where the answer was no JSON. */
  body: unknown;
}

/** An hour is the longest we let another system put us off. */
const LONGEST_WAIT_MS = 3_600_000;

/** One attempt. @throws ProviderError for everything but 2xx. */
export async function call(options: ProviderClientOptions, request: Call): Promise<Answer> {
  const { operation } = request;
  const { status, headers, text } = await exchange(options, request);
  if (status >= 200 && status < 300) return { status, body: parse(text) };
  const wait = retryAfterMs(headers.get('retry-after'), Date.now());
  throw new ProviderError({
    operation,
    kind: kindOfStatus(status),
    status,
    detail: `answered ${status}`,
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  });
}

async function exchange(options: ProviderClientOptions, request: Call) {
  const { apiKey, timeoutMs = 10_000, fetch: send = fetch } = options;
  const { operation, method, url } = request;
  const headers: Record<string, string> = { accept: 'application/json', authorization: `Bearer ${apiKey}` };
  if (request.method === 'POST') {
    headers['content-type'] = 'application/json';
    headers['idempotency-key'] = request.idempotencyKey;
  }
  try {
    const response = await send(url, {
      method,
      headers,
      ...(request.method === 'POST' ? { body: JSON.stringify(request.body) } : {}),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'TimeoutError') {
      throw new ProviderError({ operation, kind: 'timeout', detail: `no answer in ${timeoutMs} ms`, cause });
    }
    throw new ProviderError({ operation, kind: 'network', detail: networkDetail(cause), cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `Retry-After` in seconds or as a date, to milliseconds. */
function retryAfterMs(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const wait = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return wait > 0 ? Math.min(wait, LONGEST_WAIT_MS) : undefined;
}

/** fetch hides the system's code (ECONNREFUSED, ENOTFOUND, ECONNRESET) in the cause. */
function networkDetail(error: unknown): string {
  const inner: unknown = error instanceof Error ? error.cause : undefined;
  return inner instanceof Error && 'code' in inner ? String(inner.code) : 'connection failed';
}
