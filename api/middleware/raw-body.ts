import express from 'express';

export const MOST_BYTES = 256 * 1024;

/**
 * Reads every body as bytes, whatever its type: signatures are over bytes, and the limit comes before anything else.
 * Compressed bodies are refused (415), the signature could be over either form. Too large is 413.
 */
export const rawBody = express.raw({ type: () => true, limit: MOST_BYTES, inflate: false });

/** The body as received; none is an empty one. */
export function bytesOf(req: express.Request): Buffer {
  return Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
}
