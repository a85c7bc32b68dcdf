import { z } from 'zod';
import { httpFault, strikes, type HttpFault } from '../http/fault-plan.js';

const event = { event: z.string().optional(), ...strikes };

/**
 * A misbehaviour of the simulated webhooks, for all events or one.
 * - `webhook-off`: the event is never sent.
 * - `webhook-duplicate`: sent `copies` times more.
 * - `webhook-delay`: first sent `ms` later.
 * - `webhook-shuffle`: gathered with the others of the next `windowMs`, then sent in another order.
 */
export const webhookFault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('webhook-off'), ...event }),
  z.strictObject({ kind: z.literal('webhook-duplicate'), copies: z.int().positive(), ...event }),
  z.strictObject({ kind: z.literal('webhook-delay'), ms: z.int().nonnegative(), ...event }),
  z.strictObject({ kind: z.literal('webhook-shuffle'), windowMs: z.int().positive(), ...event }),
]);
export type WebhookFault = z.infer<typeof webhookFault>;

export type Fault = HttpFault | WebhookFault;
export const fault = z.union([httpFault, webhookFault]);

export const isWebhookFault = (one: Fault): one is WebhookFault => one.kind.startsWith('webhook-');
