import { kindOfStatus, OffergridError } from './errors.js';
import { beginningOf, errorMessage } from './error-body.js';
import { retryAfterMs } from './retry-after.js';

export interface OffergridClientOptions {
  /** Without trailing slash. */
  baseUrl: string;
  apiKey: string;
  /** For the whole call, body included; the platform recommends 10 s. */
  timeoutMs?: number;
  fetch?: typeof fetch;
  /** Runs every send when there is room for it; see {@link Gate}. */
  gate?: Gate;
}

/** Calls `send` once when the call budget has room, or throws an OffergridError without having sent anything. */
export type Gate = <T>(operation: string, send: () => Promise<T>) => Promise<T>;

export interface Call {
  /** For errors; the path would carry ids. */
  operation: string;
  method: 'GET' | 'POST' | 'PATCH';
  path: string;
  body?: object;
}

/** The parsed body of a 2xx answer, or `undefined` where it was no JSON. */
export type Answer = { status: number; body: unknown };

/** One attempt. @throws OffergridError for everything but 2xx. */
export async function call(options: OffergridClientOptions, request: Call): Promise<Answer> {
  const { gate = openGate } = options;
  return await gate(request.operation, () => attempt(options, request));
}

const openGate: Gate = (_operation, send) => send();

async function attempt(options: OffergridClientOptions, request: Call): Promise<Answer> {
  const { operation } = request;
  const { status, headers, text } = await exchange(options, request);
  const body = parse(text);
  if (status >= 200 && status < 300) return { status, body };
  const wait = retryAfterMs(status, headers, body, Date.now());
  const message = errorMessage(body);
  const beginning = message === undefined ? beginningOf(text) : undefined;
  throw new OffergridError({
    operation,
    kind: kindOfStatus(status),
    status,
    detail: message ?? 'no message',
    ...(beginning === undefined ? {} : { body: beginning }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  });
}

async function exchange(options: OffergridClientOptions, { operation, method, path, body }: Call) {
  const { baseUrl, apiKey, timeoutMs = 10_000, fetch: send = fetch } = options;
  try {
    const response = await send(`${baseUrl}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        'x-api-key': apiKey,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'TimeoutError') {
      throw new OffergridError({ operation, kind: 'timeout', detail: `no answer in ${timeoutMs} ms`, cause });
    }
    throw new OffergridError({ operation, kind: 'network', detail: networkDetail(cause), cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** fetch hides the system's code (ECONNREFUSED, ENOTFOUND, ECONNRESET) in the cause. */
function networkDetail(error: unknown): string {
  const inner: unknown = error instanceof Error ? error.cause : undefined;
  return inner instanceof Error && 'code' in inner ? String(inner.code) : 'connection failed';
}
