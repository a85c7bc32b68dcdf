import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedWebhook {
  /** The bytes as received, before any parsing. */
  rawBody: Buffer;
  /** `x-offergrid-signature` */
  signature?: string | undefined;
  /** `x-offergrid-timestamp`, Unix seconds. */
  timestamp?: string | undefined;
  /** One, or two while rotating. */
  secrets: readonly string[];
  nowMs: number;
}

export type SignatureCheck =
  { ok: true; variant: 1 | 2 } | { ok: false; reason: 'missing' | 'malformed' | 'mismatch' | 'stale' };

/** Either way; no window is documented, this is the customary one. */
const WINDOW_MS = 300_000;

/**
 * Checks a webhook's HMAC-SHA256. With a digits-only timestamp, variant 2 (`<timestamp>.<body>`) is tried first, and a
 * match outside the window is refused; otherwise, or if that does not match, variant 1 (the body alone). Taking either
 * is safe only because the caller goes on to require a JSON object: `<digits>.{…}` is none.
 */
export function verifySignature({
  rawBody,
  signature,
  timestamp,
  secrets,
  nowMs,
}: SignedWebhook): SignatureCheck {
  if (signature === undefined || signature === '') return { ok: false, reason: 'missing' };
  if (!/^[0-9a-f]{64}$/.test(signature)) return { ok: false, reason: 'malformed' };
  const given = Buffer.from(signature, 'hex');
  const signs = (prefix: string) => secrets.some((secret) => isSignedWith(secret, prefix, rawBody, given));

  if (timestamp !== undefined && /^\d+$/.test(timestamp) && signs(`${timestamp}.`)) {
    const fresh = Math.abs(nowMs - Number(timestamp) * 1_000) <= WINDOW_MS;
    return fresh ? { ok: true, variant: 2 } : { ok: false, reason: 'stale' };
  }
  return signs('') ? { ok: true, variant: 1 } : { ok: false, reason: 'mismatch' };
}

function isSignedWith(secret: string, prefix: string, rawBody: Buffer, given: Buffer): boolean {
  // An empty secret would let anybody sign.
  if (secret === '') return false;
  return timingSafeEqual(createHmac('sha256', secret).update(prefix).update(rawBody).digest(), given);
}
