import type { RecordActivities, Rules } from '../domain/activities.js';
import type { Notification } from '../domain/notification.js';
import type { Offer } from '../domain/order-item.js';
import type { Transition } from '../domain/transition.js';

export interface RecordDependencies {
  rules: Rules;
  offers: { find: (offerId: string) => Promise<Offer | null> };
  records: { record: (transition: Transition) => Promise<void> };
  /** Starts the run that sends a notification; one that was started before is left alone. */
  startNotification: (notification: Notification) => Promise<void>;
}

export function createRecordActivities(dependencies: RecordDependencies): RecordActivities {
  const { rules, offers, records, startNotification } = dependencies;
  const announce = async (notifications: Notification[]) => {
    for (const notification of notifications) await startNotification(notification);
  };
  return {
    loadRules: () => Promise.resolve(rules),
    findOffer: ({ offerId }) => offers.find(offerId),

    async publish({ transition, notifications }) {
      await announce(notifications);
      await records.record(transition);
    },
    announce: ({ notifications }) => announce(notifications),
    record: ({ transition }) => records.record(transition),
  };
}
