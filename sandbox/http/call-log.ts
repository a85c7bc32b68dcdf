import express, { type Request, type RequestHandler, type Response } from 'express';

/** One call that reached a simulated system. */
export interface Call {
  /** ISO time of arrival. */
  at: string;
  method: string;
  /** Without query. */
  path: string;
  query: Record<string, string>;
  /** Whose key it carried: a role, `none` without a key, `unknown` with a wrong one. */
  role: string;
  idempotencyKey: string | null;
  /** Parsed JSON; the raw text when it does not parse; undefined without a body. */
  body: unknown;
  /** The status sent; null while handling and when no answer was let through. */
  status: number | null;
  /** Whether it changed the simulated system's state. */
  applied: boolean;
  /** Whether it was answered from an earlier call with the same Idempotency-Key. */
  repeat: boolean;
  /** The kinds of the faults that struck it. */
  faults: string[];
}

const calls = new WeakMap<Response, Call>();
const malformed = new WeakSet<Call>();

/** The log entry of the exchange now handled; only behind `recordCalls`. */
export function callOf(res: Response): Call {
  const call = calls.get(res);
  if (call === undefined) throw new Error('the exchange was not recorded');
  return call;
}

/** True when the call had a body that is not JSON. */
export const isMalformed = (call: Call): boolean => malformed.has(call);

/** Reads the body as bytes, writes a log entry, and notes the status in the moment of answering. */
export function recordCalls(log: Call[], roleOf: (req: Request) => string): RequestHandler[] {
  const record: RequestHandler = (req, res, next) => {
    const url = new URL(req.originalUrl, 'http://sandbox.invalid');
    const call: Call = {
      at: new Date().toISOString(),
      method: req.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      role: roleOf(req),
      idempotencyKey: req.get('idempotency-key') ?? null,
      body: undefined,
      status: null,
      applied: false,
      repeat: false,
      faults: [],
    };
    readBody(call, req.body);
    req.body = call.body;
    log.push(call);
    calls.set(res, call);
    const end = res.end.bind(res) as (...args: unknown[]) => Response;
    res.end = ((...args: unknown[]) => {
      if (!res.destroyed) call.status = res.statusCode;
      return end(...args);
    }) as typeof res.end;
    next();
  };
  return [express.raw({ type: () => true, limit: '1mb' }), record];
}

function readBody(call: Call, bytes: unknown): void {
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return;
  const text = bytes.toString('utf8');
  try {
    call.body = JSON.parse(text) as unknown;
  } catch {
    call.body = text;
    malformed.add(call);
  }
}
