import { createEmailChannel, type EmailChannelOptions } from './email-channel.js';
import type { NotificationChannel } from './notification.js';
import { createWebhookChannel, type WebhookChannelOptions } from './webhook-channel.js';

/** The part of the notification settings that has channels so far. */
export interface ChannelSettings {
  email?: EmailChannelOptions | undefined;
  webhook?: WebhookChannelOptions | undefined;
}

/** One channel for each that is on. Slack and PagerDuty settings are read already; their channels come later. */
export function createChannels(config: ChannelSettings): NotificationChannel[] {
  const channels: NotificationChannel[] = [];
  if (config.webhook !== undefined) channels.push(createWebhookChannel(config.webhook));
  if (config.email !== undefined) channels.push(createEmailChannel(config.email));
  return channels;
}
