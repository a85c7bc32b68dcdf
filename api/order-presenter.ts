import { unreadView, type OrderView } from '../domain/order-view.js';
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

    unread: (itemId: string, orderId: string, heardAt: string): OrderView =>
      unreadView({ itemId, orderId, heardAt, workflow: workflowOf(itemId) }),
  };
}

export type OrderPresenter = ReturnType<typeof createOrderPresenter>;
