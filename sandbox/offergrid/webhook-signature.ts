import { createHmac } from 'node:crypto';

/** `body`: the bytes alone are signed. `timestamped`: `<unix seconds>.` and the bytes, with its own header. */
export type SignatureVariant = 'body' | 'timestamped';

/** Headers that sign exactly these bytes, HMAC-SHA256 in lower-case hex. `now` in milliseconds. */
export function signatureHeaders(
  variant: SignatureVariant,
  secret: string,
  body: Buffer,
  now: number,
): Record<string, string> {
  const hmac = createHmac('sha256', secret);
  if (variant === 'body') return { 'x-offergrid-signature': hmac.update(body).digest('hex') };
  const timestamp = String(Math.floor(now / 1000));
  hmac.update(`${timestamp}.`).update(body);
  return { 'x-offergrid-signature': hmac.digest('hex'), 'x-offergrid-timestamp': timestamp };
}
