import { ApplicationFailure } from '@temporalio/activity';
import type { NotificationActivities } from '../domain/activities.js';
import { ChannelError, type NotificationChannel } from '../integrations/notifications/notification.js';

/** The channel that machines read. Test orders go nowhere else: nobody is to be woken for them. */
const MACHINE_CHANNEL = 'webhook';

export interface NotificationDependencies {
  channels: NotificationChannel[];
}

export function createNotificationActivities({ channels }: NotificationDependencies): NotificationActivities {
  return {
    channelsFor({ notification }) {
      const names = channels.map(({ name }) => name);
      const forTest = names.filter((name) => name === MACHINE_CHANNEL);
      return Promise.resolve(notification.data.testOrder === true ? forTest : names);
    },

    async deliver({ channel: name, notification }) {
      const channel = channels.find((candidate) => candidate.name === name);
      // Switched off since: nothing is left to be done.
      if (channel === undefined) return;
      try {
        await channel.send(notification);
      } catch (error) {
        if (!(error instanceof ChannelError)) throw error;
        throw ApplicationFailure.create({
          message: error.message,
          type: 'Notification.undelivered',
          nonRetryable: !error.retryable,
          ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
        });
      }
    },
  };
}
