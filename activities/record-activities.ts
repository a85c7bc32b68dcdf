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
  return {
    loadRules: () => Promise.resolve(rules),
    findOffer: ({ offerId }) => offers.find(offerId),

    /** Alarms first: they do not wait for a database that is away. */
    async publish({ transition, notifications }) {
      for (const notification of notifications) await startNotification(notification);
      await records.record(transition);
    },
  };
}
