import { workflowInfo } from '@temporalio/workflow';
import type { Rules } from '../domain/activities.js';
import { isTestOrder } from '../domain/order-item.js';
import type { OrderView } from '../domain/order-view.js';
import type { Milestones } from '../domain/transition.js';
import type { ItemState } from './item-state.js';

/** What people see of an item now. */
export function viewOf(item: ItemState): OrderView {
  const { sla, appointment } = item;
  return {
    itemId: item.itemId,
    orderId: item.orderId,
    offerId: item.item?.offerId ?? null,
    offerName: item.item?.offerName ?? null,
    category: item.offer?.category ?? null,
    stage: item.stage,
    outcome: item.outcome,
    offergridStatus: item.status,
    testOrder: item.item === null ? null : isTestOrder(item.item),
    sla:
      sla === null
        ? null
        : {
            state: sla.state,
            deadline: new Date(sla.deadline).toISOString(),
            respondedAt: sla.respondedAt === null ? null : new Date(sla.respondedAt).toISOString(),
          },
    waitingFor: item.waitingFor,
    attention: item.attention,
    appointment:
      appointment === null ? null : { scheduledFor: appointment.scheduledFor, window: appointment.window },
    workOrderId: item.facts.workOrderId ?? null,
    createdAt: new Date(item.createdAt).toISOString(),
    updatedAt: new Date().toISOString(),
    workflow: { workflowId: workflowInfo().workflowId, url: item.url },
  };
}

/** When it came to what, for the reports. */
export function milestonesOf({ acceptedAt, sla, finishedAt }: ItemState): Milestones {
  return {
    acceptedAt: iso(acceptedAt),
    respondedAt: iso(sla?.respondedAt ?? null),
    finishedAt: iso(finishedAt),
  };
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/** This run's page in the Temporal UI, where one is configured. */
export function workflowUrl({ workflowUrlBase }: Rules): string | null {
  return workflowUrlBase === null
    ? null
    : `${workflowUrlBase}/${encodeURIComponent(workflowInfo().workflowId)}`;
}
