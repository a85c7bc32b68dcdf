import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifySignature } from '../../integrations/offergrid/webhook-signature.js';
import { parseWebhook } from '../../integrations/offergrid/webhook.js';

const BODY =
  '{"event":"order.created","orderId":"ord-1","itemId":"item-1","offerId":"off-1","timestamp":"2025-01-02T10:00:00Z"}';
const VARIANT_1 = 'c36d0d7dc5bc6f68c42312386429d726e108decc2fc1a21f07c5d7c3a08d5b9d';
const VARIANT_2 = '8c37f755acbde6fe8c3a6fef3d04f73fd8655b9b38191292afb29952b9ff7d2c';
const TIMESTAMP = '1735812000';
const AT = 1_735_812_000_000;

const signed = {
  rawBody: Buffer.from(BODY),
  signature: VARIANT_2,
  timestamp: TIMESTAMP,
  secrets: ['example-webhook-secret'],
  nowMs: AT,
};
const unstamped = { ...signed, signature: VARIANT_1, timestamp: undefined };

describe('signature', () => {
  it('accepts both documented variants', () => {
    expect(verifySignature(unstamped)).toEqual({ ok: true, variant: 1 });
    expect(verifySignature(signed)).toEqual({ ok: true, variant: 2 });
  });

  it('falls back to the body alone when a timestamp is there but not signed', () => {
    expect(verifySignature({ ...unstamped, timestamp: TIMESTAMP })).toEqual({ ok: true, variant: 1 });
  });

  it.each([
    [300_000, true],
    [-300_000, true],
    [300_001, false],
    [-300_001, false],
  ])('%i ms off the timestamp: %s', (off, ok) => {
    const check = verifySignature({ ...signed, nowMs: AT + off });
    expect(check).toEqual(ok ? { ok: true, variant: 2 } : { ok: false, reason: 'stale' });
  });

  it.each([
    ['missing', undefined, 'missing'],
    ['empty', '', 'missing'],
    ['short', VARIANT_1.slice(0, 62), 'malformed'],
    ['long', `${VARIANT_1}00`, 'malformed'],
    ['not hex', `${VARIANT_1.slice(0, 63)}g`, 'malformed'],
    ['upper case', VARIANT_1.toUpperCase(), 'malformed'],
    ['prefixed', `sha256=${VARIANT_1}`, 'malformed'],
    ['with a line break', `${VARIANT_1}\n`, 'malformed'],
    ['of something else', VARIANT_1.replace(/^./, 'd'), 'mismatch'],
    ['of the other variant', VARIANT_2, 'mismatch'],
  ])('refuses a signature that is %s', (_what, signature, reason) => {
    expect(verifySignature({ ...unstamped, signature })).toEqual({ ok: false, reason });
  });

  it('refuses another body, another secret, no secret and an empty one', () => {
    const refused = { ok: false, reason: 'mismatch' };
    expect(verifySignature({ ...unstamped, rawBody: Buffer.from(`${BODY} `) })).toEqual(refused);
    expect(verifySignature({ ...unstamped, secrets: ['another'] })).toEqual(refused);
    expect(verifySignature({ ...unstamped, secrets: [] })).toEqual(refused);
    const signature = createHmac('sha256', '').update(BODY).digest('hex');
    expect(verifySignature({ ...unstamped, signature, secrets: [''] })).toEqual(refused);
  });

  it('refuses another timestamp than the signed one', () => {
    expect(verifySignature({ ...signed, timestamp: '1735812001' })).toEqual({
      ok: false,
      reason: 'mismatch',
    });
  });

  it('does not take a timestamp that is more than digits', () => {
    const timestamp = `${TIMESTAMP}.{"event":"x"}`;
    const signature = createHmac('sha256', 'example-webhook-secret')
      .update(`${timestamp}.${BODY}`)
      .digest('hex');
    expect(verifySignature({ ...signed, timestamp, signature })).toEqual({ ok: false, reason: 'mismatch' });
  });

  it('knows two secrets while they are rotated, in both variants', () => {
    const secrets = ['the-new-one', 'example-webhook-secret'];
    expect(verifySignature({ ...signed, secrets })).toEqual({ ok: true, variant: 2 });
    expect(verifySignature({ ...unstamped, secrets })).toEqual({ ok: true, variant: 1 });
  });
});

describe('envelopes', () => {
  it('reads the flat one and derives an id that repeats with it', () => {
    const webhook = parseWebhook(JSON.parse(BODY) as object);
    expect(webhook).toEqual({
      eventId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      event: 'order.created',
      itemId: 'item-1',
      orderId: 'ord-1',
      offerId: 'off-1',
      occurredAt: '2025-01-02T10:00:00.000Z',
    });
    expect(parseWebhook(JSON.parse(BODY) as object).eventId).toBe(webhook.eventId);
  });

  it('derives another id for another event, item or time', () => {
    const base = { event: 'order.cancelled', itemId: 'i-1', timestamp: '2025-01-02T10:00:00Z' };
    const others = [
      base,
      { ...base, event: 'order.created' },
      { ...base, itemId: 'i-2' },
      { ...base, timestamp: '2025-01-02T10:00:01Z' },
      { anything: 1 },
      { anything: 2 },
    ];
    expect(new Set(others.map((body) => parseWebhook(body).eventId)).size).toBe(others.length);
  });

  it('reads the nested one', () => {
    const cancelled = {
      id: 'evt_abc123',
      event: 'order.cancelled',
      timestamp: '2025-01-02T10:00:00Z',
      data: { orderId: 'ord-1', itemId: 'item-1', reason: 'Moved away', cancelledBy: 'reseller' },
    };
    expect(parseWebhook(cancelled)).toEqual({
      eventId: 'evt_abc123',
      event: 'order.cancelled',
      itemId: 'item-1',
      orderId: 'ord-1',
      occurredAt: '2025-01-02T10:00:00.000Z',
      reason: 'Moved away',
    });
  });

  it('takes the id from the data where the top has none', () => {
    const body = { event: 'order.created', data: { eventId: 'evt-9', itemId: 'i' } };
    expect(parseWebhook(body).eventId).toBe('evt-9');
  });

  it('reads what it can of anything', () => {
    expect(parseWebhook({})).toEqual({
      eventId: expect.stringMatching(/^sha256:/) as string,
      event: 'unknown',
    });
    expect(parseWebhook({ event: 'x', data: [1], itemId: {}, timestamp: 'yesterday' })).toMatchObject({
      event: 'x',
    });
  });
});
