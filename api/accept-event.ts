import type { OrderRecord } from '../db/order-records.js';
import type { Earlier, ProviderEvents } from '../db/provider-events.js';
import { planEvent } from '../domain/event-plan.js';
import type { ProviderEvent } from '../domain/provider-event.js';
import type { FulfillOrderItemInput } from '../domain/workflow-names.js';
import type { FulfillmentStarter } from '../integrations/temporal/fulfillment-starter.js';
import type { FindKnownItem } from './known-item.js';
import type { Logger } from './logger.js';
import { Problem } from './problem.js';
import type { ReceivedEvent } from './schemas/provider-event.js';

/** An event that does not reach its workflow within this long waits in the inbox; a connection is held meanwhile. */
const PATIENCE_MS = 1_000;
/** Of the pool's 20 connections: webhooks need theirs while Temporal does not answer. */
const MOST_AT_ONCE = 8;

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
 * Takes an event of the provider's systems once, and hands it to the item's workflow before saying so, or to the inbox
 * where Temporal does not take it. An id that was answered with an error is not used up.
 * @throws Problem 404 unknown item, 409 it cannot apply, 422 the id was taken with other content
 */
export function createAcceptEvent(parts: {
  providerEvents: ProviderEvents;
  starter: FulfillmentStarter;
  findKnownItem: FindKnownItem;
  /** Called when an event waits in the inbox. */
  wakeDrain: () => void;
  logger: Logger;
}): AcceptEvent {
  const { providerEvents, starter, findKnownItem, wakeDrain, logger } = parts;
  let inHand = 0;

  /** False: not now. */
  async function deliver(item: FulfillOrderItemInput, event: ProviderEvent): Promise<boolean> {
    if (inHand >= MOST_AT_ONCE || !starter.seemsUp()) return false;
    inHand += 1;
    try {
      const told = await starter.providerEvent(item, event, PATIENCE_MS);
      if (told === 'told' || (await arrived(item, event))) return true;
      throw new Problem(409, 'It cannot apply: the item is finished.');
    } catch (error) {
      if (error instanceof Problem) throw error;
      logger.warn({ err: error, event: event.type }, 'event not delivered, keeping it');
      return false;
    } finally {
      inHand -= 1;
    }
  }

  /** A process may die between telling the workflow and noting that it did; then the sender tries again. */
  const arrived = ({ itemId }: FulfillOrderItemInput, { id }: ProviderEvent) =>
    starter.heard(itemId, id).catch(() => false);

  return async (itemId, { event, contentHash }, workOrderId) => {
    const record = await findKnownItem(itemId);
    const key = { itemId, eventId: event.id, contentHash };
    // A repeat is told so even when the item has moved on to where the event could not apply any more.
    const earlier = await providerEvents.seen(key);
    if (earlier !== 'new') return { id: event.id, itemId, duplicate: isRepeat(earlier, event) };
    const item = { itemId, orderId: record.view.orderId };
    const why = refusal(record, event, workOrderId);
    if (why !== undefined && !(await arrived(item, event))) throw new Problem(409, why);
    const taken = await providerEvents.accept(key, { orderId: item.orderId, event }, () =>
      why === undefined ? deliver(item, event) : Promise.resolve(true),
    );
    if (taken === 'kept') wakeDrain();
    return { id: event.id, itemId, duplicate: taken !== 'kept' && isRepeat(taken, event) };
  };
}

/** @throws Problem 422 */
function isRepeat(earlier: Earlier, { id }: ProviderEvent): boolean {
  if (earlier === 'conflict')
    throw new Problem(422, `The item took the id ${id} before, with other content.`);
  return earlier === 'taken';
}

/** Why the event cannot apply, as far as the records know. */
function refusal(
  { view, situation }: OrderRecord,
  event: ProviderEvent,
  workOrderId: string | undefined,
): string | undefined {
  if (workOrderId !== undefined && view.workOrderId !== null && view.workOrderId !== workOrderId)
    return `The item's work order is ${view.workOrderId}.`;
  if (situation === null) return undefined;
  const plan = planEvent(event, situation);
  return plan.kind === 'refused' ? `It cannot apply: ${plan.why}.` : undefined;
}
