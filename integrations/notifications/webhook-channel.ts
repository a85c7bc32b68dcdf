import { Webhook } from 'standardwebhooks';
import { ChannelError, type Notification, type NotificationChannel } from './notification.js';

export interface WebhookChannelOptions {
  url: string;
  /** Standard Webhooks secret: padded base64, with or without `whsec_`. */
  secret: string;
  timeoutMs?: number;
  fetch?: typeof fetch;
}

const NAME = 'webhook';
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Posts `{type, timestamp, data}` with Standard Webhooks headers. `webhook-id` is the notification's id, the same on
 * every retry; `webhook-timestamp` is the time of this attempt, so that a late retry is not taken for a replay.
 */
export function createWebhookChannel(options: WebhookChannelOptions): NotificationChannel {
  const signer = new Webhook(options.secret);
  return {
    name: NAME,
    send: async ({ id, type, timestamp, data }: Notification) => {
      const body = JSON.stringify({ type, timestamp, data });
      const sentAt = new Date();
      const response = await post(options, body, {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
        'webhook-signature': signer.sign(id, sentAt, body),
      });
      if (!response.ok) throw refusal(response, sentAt.getTime());
    },
  };
}

async function post(
  { url, timeoutMs = 10_000, fetch: send = fetch }: WebhookChannelOptions,
  body: string,
  headers: Record<string, string>,
): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await send(url, { method: 'POST', body, headers, redirect: 'manual', signal });
    // The status is all we want; an unread body would keep the connection.
    await response.body?.cancel();
    return response;
  } catch (cause) {
    const timedOut = cause instanceof Error && cause.name === 'TimeoutError';
    const detail = timedOut ? `no answer in ${timeoutMs} ms` : 'cannot be reached';
    throw new ChannelError({ channel: NAME, detail, retryable: true, cause });
  }
}

function refusal({ status, headers }: Response, nowMs: number): ChannelError {
  const asked = headers.get('retry-after');
  const wait = asked === null ? NaN : /^\d+$/.test(asked) ? Number(asked) * 1_000 : Date.parse(asked) - nowMs;
  return new ChannelError({
    channel: NAME,
    detail: `answered ${status}`,
    retryable: status === 408 || status === 429 || status >= 500,
    ...(wait > 0 ? { retryAfterMs: Math.min(wait, LONGEST_WAIT_MS) } : {}),
  });
}
