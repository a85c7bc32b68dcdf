import { createNotificationActivities, type NotificationDependencies } from './notification-activities.js';
import { createOffergridActivities, type OffergridDependencies } from './offergrid-activities.js';
import { createProviderActivities, type ProviderDependencies } from './provider-activities.js';
import { createReconcileActivities, type ReconcileDependencies } from './reconcile-activities.js';
import { createRecordActivities, type RecordDependencies } from './record-activities.js';

export type Dependencies = OffergridDependencies &
  NotificationDependencies &
  ProviderDependencies &
  RecordDependencies &
  ReconcileDependencies;

/** By task queue: what calls Offergrid keeps to a queue of its own, because its rate is the platform's call budget. */
export function createActivities(dependencies: Dependencies) {
  const { compareStatus, hintUnlisted } = createReconcileActivities(dependencies);
  return {
    offergrid: { ...createOffergridActivities(dependencies), compareStatus },
    fulfillment: {
      ...createRecordActivities(dependencies),
      ...createProviderActivities(dependencies),
      ...createNotificationActivities(dependencies),
      hintUnlisted,
    },
  };
}
