import { createHash } from 'node:crypto';
import { isObject, looseInstant, looseText } from './tolerant.js';

/** A platform event out of either envelope. It is a hint: the item itself is read for the facts. */
export interface PlatformWebhook {
  /** The platform's own id, or one derived from what the event is about. */
  eventId: string;
  /** `unknown` where the body names none. */
  event: string;
  itemId?: string;
  orderId?: string;
  offerId?: string;
  /** ISO 8601, UTC. */
  occurredAt?: string;
  /** Why a reseller cancelled. */
  reason?: string;
}

/** Longer ids than this are no names any more, and an index would not hold them. */
const LONGEST_ID = 200;

/**
 * Reads envelope A (flat) and B (nested under `data`). Never throws: what cannot be used is left out. `bodyText` is the
 * JSON as received: writing it again could fail, deeply nested as it may be.
 */
export function parseWebhook(body: object, bodyText = JSON.stringify(body)): PlatformWebhook {
  const top = body as Record<string, unknown>;
  const data = isObject(top['data']) ? top['data'] : top;
  const from = (key: string) => looseText.parse(data[key]) ?? looseText.parse(top[key]);

  const event = from('event') ?? 'unknown';
  const itemId = from('itemId');
  const orderId = from('orderId');
  const timestamp = from('timestamp');
  const offerId = from('offerId');
  const occurredAt = looseInstant.parse(timestamp);
  const reason = from('reason');
  const subject = itemId ?? orderId;
  const ownId = looseText.parse(top['id']) ?? from('eventId');
  const derived = () => derivedId(subject === null ? [bodyText] : [event, subject, timestamp]);
  return {
    eventId: ownId === null ? derived() : ownId.length > LONGEST_ID ? derivedId([ownId]) : ownId,
    event,
    ...(itemId === null ? {} : { itemId }),
    ...(orderId === null ? {} : { orderId }),
    ...(offerId === null ? {} : { offerId }),
    ...(occurredAt === null ? {} : { occurredAt }),
    ...(reason === null ? {} : { reason }),
  };
}

/** The same for a repeated delivery; JSON keeps the parts apart. */
function derivedId(parts: unknown[]): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}
