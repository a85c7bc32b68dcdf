import type { OrderRecord } from '../db/order-records.js';
import type { Earlier, ProviderEvents } from '../db/provider-events.js';
import { planEvent } from '../domain/event-plan.js';
import type { FulfillmentStarter } from '../integrations/temporal/fulfillment-starter.js';
import type { FindKnownItem } from './known-item.js';
import { Problem } from './problem.js';
import type { ReceivedEvent } from './schemas/provider-event.js';

export interface Acceptance {
  id: string;
  itemId: string;
  /** The item took this very event before. */
  duplicate: boolean;
}

export type AcceptEvent = (
  itemId: string,
  received: ReceivedEvent,
  /** Set by work-order sync: the work order that reports. */
  workOrderId?: string,
) => Promise<Acceptance>;

/**
 * Takes an event of the provider's systems once, and hands it to the item's workflow before saying so. An id that was
 * answered with an error is not used up.
 * @throws Problem 404 unknown item, 409 it cannot apply, 422 the id was taken with other content
 */
export function createAcceptEvent(parts: {
  providerEvents: ProviderEvents;
  starter: FulfillmentStarter;
  findKnownItem: FindKnownItem;
}): AcceptEvent {
  const { providerEvents, starter, findKnownItem } = parts;
  return async (itemId, { event, contentHash }, workOrderId) => {
    const record = await findKnownItem(itemId);
    const key = { itemId, eventId: event.id, contentHash };
    const answer = (earlier: Earlier): Acceptance => {
      if (earlier === 'conflict')
        throw new Problem(422, `The item took the id ${event.id} before, with other content.`);
      return { id: event.id, itemId, duplicate: earlier === 'taken' };
    };

    // A repeat is told so even when the item has moved on to where the event could not apply any more.
    const earlier = await providerEvents.seen(key);
    if (earlier !== 'new') return answer(earlier);
    refuseIfImpossible(record, event, workOrderId);
    const { orderId } = record.view;
    return answer(
      await providerEvents.accept(key, async () => {
        const told = await starter.providerEvent({ itemId, orderId }, event);
        if (told === 'finished') throw new Problem(409, 'It cannot apply: the item is finished.');
      }),
    );
  };
}

function refuseIfImpossible(
  { view, situation }: OrderRecord,
  event: ReceivedEvent['event'],
  workOrderId: string | undefined,
): void {
  if (workOrderId !== undefined && view.workOrderId !== null && view.workOrderId !== workOrderId)
    throw new Problem(409, `The item's work order is ${view.workOrderId}.`);
  if (situation === null) return;
  const plan = planEvent(event, situation);
  if (plan.kind === 'refused') throw new Problem(409, `It cannot apply: ${plan.why}.`);
}
