/** What people and systems are told of. */
export const NOTIFICATION_TYPES = [
  'sla.warning',
  'sla.breached',
  'order.accepted',
  'order.rejected',
  'order.scheduled',
  'order.started',
  'order.completed',
  'order.active',
  'order.failed',
  'order.cancelled',
  'order.attention',
  'stage.overdue',
  'appointment.reminder',
  'integration.down',
] as const;
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

/** One thing that happened. No customer name, e-mail, phone or street belongs in it. */
export interface Notification {
  /** The same on every retry: receivers tell repeats by it. */
  id: string;
  type: NotificationType;
  /** When it happened, ISO 8601. */
  timestamp: string;
  data: {
    itemId?: string;
    orderId?: string;
    stage?: string;
    deadline?: string;
    integration?: string;
    message: string;
    url: string | null;
    testOrder?: true;
  };
}
