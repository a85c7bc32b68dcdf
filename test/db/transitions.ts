import type { OrderView } from '../../domain/order-view.js';
import type { Situation } from '../../domain/event-plan.js';
import type { Milestones, Transition } from '../../domain/transition.js';

export function viewOf(itemId: string, more: Partial<OrderView> = {}): OrderView {
  return {
    itemId,
    orderId: `order-of-${itemId}`,
    offerId: 'off-1',
    offerName: 'Fiber 1000',
    category: 'internet',
    stage: 'decision',
    outcome: null,
    offergridStatus: 'pending',
    testOrder: false,
    sla: { state: 'on_track', deadline: '2025-01-03T10:00:00.000Z', respondedAt: null },
    waitingFor: null,
    attention: null,
    appointment: null,
    workOrderId: null,
    createdAt: '2025-01-02T10:00:00.000Z',
    updatedAt: '2025-01-02T10:00:05.000Z',
    workflow: { workflowId: `fulfillment-${itemId}`, url: null },
    ...more,
  };
}

export function situationOf(more: Partial<Situation> = {}): Situation {
  return {
    stage: 'decision',
    status: 'pending',
    fulfillment: 'installation',
    ends: 'active',
    appointment: null,
    ...more,
  };
}

export function transitionOf(
  view: OrderView,
  more: Partial<Omit<Transition, 'view' | 'milestones'>> & { milestones?: Partial<Milestones> } = {},
): Transition {
  return {
    itemId: view.itemId,
    revision: 1,
    view,
    situation: situationOf(),
    entries: [],
    ...more,
    milestones: { acceptedAt: null, respondedAt: null, finishedAt: null, ...more.milestones },
  };
}

export function line(sequence: number, note: string): Transition['entries'][number] {
  return {
    sequence,
    at: `2025-01-02T10:00:0${sequence}.000Z`,
    type: 'note',
    from: null,
    to: null,
    actor: 'policy',
    note,
  };
}
