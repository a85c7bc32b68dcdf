import type { Attention } from './attention.js';
import type { SlaState } from './response-deadline.js';
import type { Outcome, Stage } from './stage.js';
import type { Status } from './status.js';

/** What anybody who asks sees of an item: the body of `GET /v1/orders/{itemId}` without its timeline. */
export interface OrderView {
  itemId: string;
  orderId: string;
  offerId: string | null;
  offerName: string | null;
  category: string | null;
  stage: Stage;
  outcome: Outcome | null;
  offergridStatus: Status | null;
  testOrder: boolean | null;
  sla: { state: SlaState; deadline: string; respondedAt: string | null } | null;
  waitingFor: string | null;
  attention: Attention | null;
  appointment: { scheduledFor: string; window: string | null } | null;
  workOrderId: string | null;
  /** At Offergrid; when we first heard of it, until the item has been read. */
  createdAt: string;
  updatedAt: string;
  workflow: { workflowId: string; url: string | null };
}

/** One line of an item's story. `at` is ISO 8601; no customer data belongs in a note. */
export interface TimelineEntry {
  at: string;
  type: 'status' | 'event' | 'command' | 'sla' | 'notification' | 'note';
  from: string | null;
  to: string | null;
  actor: string;
  note: string | null;
}
