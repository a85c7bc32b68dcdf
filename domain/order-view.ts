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

/** An item that was only heard of, at `heardAt` (ISO 8601): everything but ids, stage and times is null. */
export function unreadView(heard: {
  itemId: string;
  orderId: string;
  heardAt: string;
  workflow: OrderView['workflow'];
}): OrderView {
  const { itemId, orderId, heardAt, workflow } = heard;
  return {
    itemId,
    orderId,
    offerId: null,
    offerName: null,
    category: null,
    stage: 'intake',
    outcome: null,
    offergridStatus: null,
    testOrder: null,
    sla: null,
    waitingFor: null,
    attention: null,
    appointment: null,
    workOrderId: null,
    createdAt: heardAt,
    updatedAt: heardAt,
    workflow,
  };
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
