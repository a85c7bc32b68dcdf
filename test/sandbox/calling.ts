/** A JSON call over real HTTP and everything of its answer that tests look at. */
export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

interface Sent {
  body?: unknown;
  headers?: Record<string, string>;
}

/** Calls below `base` with fixed headers; a string body goes out as it is. Rejects on network errors. */
export function caller(base: string, fixed: Record<string, string> = {}) {
  return async <T = Record<string, unknown>>(
    method: string,
    path: string,
    { body, headers }: Sent = {},
  ): Promise<Answer<T>> => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...fixed, ...headers },
      ...(text !== undefined && { body: text }),
      signal: AbortSignal.timeout(5000),
    });
    const answer = await response.text();
    return { status: response.status, headers: response.headers, body: parse(answer) as T };
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
