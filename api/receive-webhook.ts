import type { Inbox } from '../db/inbox.js';
import { parseWebhook } from '../integrations/offergrid/webhook.js';
import { within } from './deadline.js';
import type { FulfillmentStarter } from '../integrations/temporal/fulfillment-starter.js';
import type { Logger } from './logger.js';
import type { OrderPresenter } from './order-presenter.js';
import { unavailable } from './problem.js';
import { deliver, runningItems } from './webhook-delivery.js';
import { taskOf, usableId, type WebhookTask } from './webhook-task.js';

/** Of the 5 s in which the platform wants its answer; the rest is for Temporal. */
const STORE_MS = 2_000;

/** `stored`: kept for the drain. `handed_over`: the workflow was told at once, for want of a database. */
export type Reception = 'stored' | 'duplicate' | 'handed_over';

export type ReceiveWebhook = (body: Record<string, unknown>, bodyText: string) => Promise<Reception>;

/**
 * Puts a platform event where it cannot be lost: the inbox, or the item's workflow while Postgres is away.
 * @throws Problem 503 when neither took it
 */
export function createReceiveWebhook(parts: {
  inbox: Inbox;
  starter: FulfillmentStarter;
  presenter: OrderPresenter;
  logger: Logger;
  now: () => Date;
}): ReceiveWebhook {
  const { inbox, starter, presenter, logger, now } = parts;
  return async (body, bodyText) => {
    const webhook = parseWebhook(body, bodyText);
    const facts = {
      event: webhook.event,
      itemId: usableId(webhook.itemId),
      orderId: usableId(webhook.orderId),
    };
    const task = taskOf(facts);
    const heardAt = now().toISOString();
    const stored = inbox.store({
      ...facts,
      dedupeKey: webhook.eventId,
      occurredAt: webhook.occurredAt ?? null,
      bodyText,
      quarantine: task.kind === 'impossible' ? task.why : null,
      unread: makesKnown(task) ? presenter.unread(task.item.itemId, task.item.orderId, heardAt) : null,
    });
    try {
      if (!(await within(STORE_MS, stored))) return 'duplicate';
      // No order could be named to people; the inbox lists it.
      if (task.kind === 'impossible')
        logger.error({ event: facts.event, reason: task.why }, 'a webhook was put aside for a person');
      return 'stored';
    } catch (error) {
      logger.warn({ err: error, event: facts.event }, 'webhook not stored, telling the workflow');
    }
    await handOver(task, { id: webhook.eventId, occurredAt: webhook.occurredAt ?? heardAt });
    return 'handed_over';
  };

  async function handOver(task: WebhookTask, occurrence: { id: string; occurredAt: string }): Promise<void> {
    const nowhere = unavailable('The event can be stored nowhere at the moment. Please send it again.');
    if (task.kind === 'impossible') throw nowhere;
    try {
      const delivery = await deliver(task, occurrence, { starter, directory: runningItems(starter) });
      if (delivery === 'delivered') return;
    } catch (error) {
      logger.error({ err: error }, 'webhook stored nowhere');
    }
    throw nowhere;
  }
}

function makesKnown(task: WebhookTask): task is Extract<WebhookTask, { item: unknown }> {
  return task.kind === 'start' || task.kind === 'cancel_item';
}
