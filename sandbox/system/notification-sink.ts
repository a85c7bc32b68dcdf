import express from 'express';
import { Webhook } from 'standardwebhooks';
import { listen } from '../http/listen.js';

/** One notification as it arrived; `verified`: its Standard Webhooks signature was right. */
export interface ReceivedNotification {
  id: string;
  verified: boolean;
  /** False for one that was taken in without a word. */
  answered: boolean;
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

export interface NotificationSink {
  url: string;
  /** Oldest first, repeats included. */
  received(): ReceivedNotification[];
  /** Answers so many requests with 503 from now on. */
  refuse(times: number): void;
  refused(): number;
  /** Takes the next one about this in, and leaves its sender waiting. */
  hang(about: { itemId: string; type: string }): void;
  close: () => Promise<void>;
}

/** Stands for whatever an operator points `NOTIFY_WEBHOOK_URL` at. */
export async function startNotificationSink(secret: string): Promise<NotificationSink> {
  const received: ReceivedNotification[] = [];
  const webhook = new Webhook(secret);
  let toRefuse = 0;
  let refused = 0;
  const toHang: { itemId: string; type: string }[] = [];
  const app = express();
  app.post('/notifications', express.text({ type: '*/*' }), (request, response) => {
    if (toRefuse > 0) {
      toRefuse -= 1;
      refused += 1;
      response.sendStatus(503);
      return;
    }
    const body = String(request.body);
    const { type, timestamp, data } = JSON.parse(body) as Omit<ReceivedNotification, 'id' | 'verified'>;
    const id = request.header('webhook-id') ?? '';
    const at = toHang.findIndex((one) => one.itemId === data['itemId'] && one.type === type);
    toHang.splice(at, at < 0 ? 0 : 1);
    const verified = isSigned(webhook, body, request.headers);
    received.push({ id, verified, answered: at < 0, type, timestamp, data });
    if (at < 0) response.sendStatus(204);
  });
  const listening = await listen(app, '127.0.0.1', 0);
  return {
    url: `${listening.url}/notifications`,
    received: () => [...received],
    refuse: (times) => void (toRefuse = times),
    refused: () => refused,
    hang: (about) => void toHang.push(about),
    close: listening.close,
  };
}

function isSigned(webhook: Webhook, body: string, headers: Record<string, unknown>): boolean {
  try {
    webhook.verify(body, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}
