import type { Notification } from '../domain/notification.js';
import { channelsFor, deliver } from './activities.js';

/**
 * One notification, to every channel that is on. A run of its own: a channel that is down delays neither the order nor
 * the other channels, and is retried until it takes it.
 */
export async function sendNotification(notification: Notification): Promise<void> {
  const channels = await channelsFor({ notification });
  const deliveries = await Promise.allSettled(channels.map((channel) => deliver({ channel, notification })));
  // Only once every channel has had its chance may the run fail, for people to see.
  for (const delivery of deliveries) if (delivery.status === 'rejected') throw delivery.reason;
}
