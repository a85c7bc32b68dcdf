import type { OrderView } from '../domain/order-view.js';
import { fulfillmentWorkflowId } from '../domain/workflow-names.js';

export interface TemporalUi {
  /** `TEMPORAL_UI_URL`; without it there are no links. */
  baseUrl: string | undefined;
  namespace: string;
}

/** How items are shown to people: as recorded, with a link to the run where there is a Temporal UI. */
export function createOrderPresenter({ baseUrl, namespace }: TemporalUi) {
  const base = baseUrl?.replace(/\/+$/, '');
  const workflowOf = (itemId: string): OrderView['workflow'] => {
    const workflowId = fulfillmentWorkflowId(itemId);
    const page = `namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
    return { workflowId, url: base === undefined ? null : `${base}/${page}` };
  };
  return {
    present: (view: OrderView): OrderView => ({ ...view, workflow: workflowOf(view.itemId) }),

    /** An item that was only heard of, at `heardAt` (ISO 8601): everything but ids, stage and times is null. */
    unread: (itemId: string, orderId: string, heardAt: string): OrderView => ({
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
      workflow: workflowOf(itemId),
    }),
  };
}

export type OrderPresenter = ReturnType<typeof createOrderPresenter>;
