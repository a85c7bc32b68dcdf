import { createNotificationActivities, type NotificationDependencies } from './notification-activities.js';
import { createOffergridActivities, type OffergridDependencies } from './offergrid-activities.js';
import { createProviderActivities, type ProviderDependencies } from './provider-activities.js';
import { createRecordActivities, type RecordDependencies } from './record-activities.js';

export type Dependencies = OffergridDependencies &
  NotificationDependencies &
  ProviderDependencies &
  RecordDependencies;

/** By task queue: what calls Offergrid keeps to a queue of its own, because its rate is the platform's call budget. */
export function createActivities(dependencies: Dependencies) {
  return {
    offergrid: createOffergridActivities(dependencies),
    fulfillment: {
      ...createRecordActivities(dependencies),
      ...createProviderActivities(dependencies),
      ...createNotificationActivities(dependencies),
    },
  };
}
