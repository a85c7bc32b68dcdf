import type { Notification } from '../../domain/notification.js';

export type { Notification } from '../../domain/notification.js';

/** One way to tell people or systems. One attempt per call; every failure is a {@link ChannelError}. */
export interface NotificationChannel {
  readonly name: string;
  send(notification: Notification): Promise<void>;
}

export interface ChannelFailure {
  channel: string;
  /** No secret, and no more of the other side's answer than says what is wrong. */
  detail: string;
  retryable: boolean;
  retryAfterMs?: number;
  cause?: unknown;
}

/** A notification that did not get through. */
export class ChannelError extends Error {
  readonly channel: string;
  readonly retryable: boolean;
  /** How long the receiver asked us to wait, in milliseconds, where it did. */
  readonly retryAfterMs: number | undefined;

  constructor(failure: ChannelFailure) {
    super(`${failure.channel} notification: ${failure.detail}`, { cause: failure.cause });
    this.name = 'ChannelError';
    this.channel = failure.channel;
    this.retryable = failure.retryable;
    this.retryAfterMs = failure.retryAfterMs;
  }
}
