import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** What one POST needs. `timeoutMs` bounds the whole exchange. */
export interface Post {
  url: string;
  body: Buffer;
  headers: Record<string, string>;
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * One POST on a connection of its own, so that no kept-alive socket outlives its sender.
 * Resolves with any HTTP answer; rejects on network errors, timeout and abort.
 */
export function postBytes(post: Post): Promise<{ status: number; text: string }> {
  const open = post.url.startsWith('https:') ? requestHttps : requestHttp;
  // A timer of our own: on Node 20 a timeout signal inside AbortSignal.any may be collected before it fires.
  const stop = new AbortController();
  const signal = AbortSignal.any([post.signal, stop.signal]);
  const timer = setTimeout(() => stop.abort(new Error('timeout')), post.timeoutMs);
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    const headers = { ...post.headers, 'content-length': String(post.body.length) };
    const request = open(post.url, { method: 'POST', agent: false, headers, signal }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    request.on('error', reject);
    request.end(post.body);
  });
  return answered.finally(() => clearTimeout(timer));
}
