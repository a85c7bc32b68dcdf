import { isGrpcServiceError } from '@temporalio/client';
import type { ClaimedRow } from '../db/inbox-queue.js';
import type { Inbox } from '../db/inbox.js';
import type { OrderRecords } from '../db/order-records.js';
import { isPostgresAway } from '../db/postgres-away.js';
import { readProviderEvent } from '../domain/provider-event.js';
import type { FulfillmentStarter } from '../integrations/temporal/fulfillment-starter.js';
import type { DeliverEvent } from './event-delivery.js';
import type { Logger } from './logger.js';
import type { PutAside } from './put-aside.js';
import { isTemporalAway } from './temporal-client.js';
import { deliver, recordedItems } from './webhook-delivery.js';
import { taskOf } from './webhook-task.js';

const RETRY_MOST_MS = 15_000;
/** An outage is over for all rows at once; the drain's few hands are what spares a Temporal that is away. */
const OUTAGE_RETRY_MS = 2_000;
/** A call that Temporal refuses may be a search attribute that is about to be registered. */
const REFUSALS_BORNE = 10;
/** Processes that ended one after another with this row in hand; save the first two times it was alone there. */
const ENDS_BORNE = 10;
/** An order may be cancelled before we hear of its items. */
const NOBODY_BORNE = 6;

/**
 * Does what a row of the inbox asks for, and settles it: processed, to be tried again, or left for a person. That is after
 * failures of its own only: an outage counts for nothing, nor does a process that is killed. A row that itself ends the
 * process is told from its neighbours by being taken alone, and left for a person in the end.
 */
export type SettleRow = (row: ClaimedRow) => Promise<void>;

export function createSettleRow(parts: {
  inbox: Inbox;
  records: OrderRecords;
  starter: FulfillmentStarter;
  deliverEvent: DeliverEvent;
  putAside: PutAside;
  logger: Logger;
}): SettleRow {
  const { inbox, records, starter, deliverEvent, putAside, logger } = parts;
  const directory = recordedItems(records);

  async function settleWebhook(row: ClaimedRow): Promise<void> {
    const task = taskOf(row);
    if (task.kind === 'impossible') return putAside(row, task.why);
    if (task.kind === 'nothing') return inbox.markProcessed(row.id, task.why);
    const occurrence = { id: row.dedupeKey, occurredAt: row.occurredAt ?? row.receivedAt };
    const delivery = await deliver(task, occurrence, { starter, directory });
    if (delivery === 'delivered') return inbox.markProcessed(row.id, null);
    if (delivery === 'unattended') return putAside(row, 'the workflow of an open item had ended before it');
    return notNow(row, 'none of its items is known', row.failures + 1 >= NOBODY_BORNE);
  }

  async function settleEvent(row: ClaimedRow): Promise<void> {
    const event = readProviderEvent(row.content, row.receivedAt);
    // It had been given up before, and people were told then.
    if (event === undefined) return inbox.quarantine(row.id, 'its content is not kept any more');
    const delivery = await deliverEvent(row, event);
    if (delivery === 'delivered') return inbox.markProcessed(row.id, null);
    return inbox.giveUp(row.id, 'the order had ended before it could be delivered');
  }

  function notNow(row: ClaimedRow, reason: string, forGood: boolean): Promise<void> {
    if (forGood) return putAside(row, reason);
    return inbox.postpone(row.id, reason, Math.min(RETRY_MOST_MS, 500 * 2 ** (row.failures + 1)));
  }

  /** An outage passes by itself, however long it takes; anything else a person has to look at. */
  async function afterFailure(row: ClaimedRow, error: unknown): Promise<void> {
    if (!isOutage(error)) return notNow(row, reasonOf(error), row.failures + 1 >= REFUSALS_BORNE);
    await inbox.keepForLater(row.id, reasonOf(error), OUTAGE_RETRY_MS);
  }

  return async (row) => {
    // Should that fail, nothing is heard of this claim either.
    if (row.unheard >= ENDS_BORNE)
      return putAside(row, `${row.unheard} processes ended while they had it in hand`);
    try {
      await (row.source === 'provider' ? settleEvent(row) : settleWebhook(row));
    } catch (error) {
      logger.warn({ inboxId: row.id, attempts: row.attempts, err: error }, 'not delivered');
      await afterFailure(row, error);
    }
  };
}

const isOutage = (error: unknown) => isTemporalAway(error) || isPostgresAway(error);

/** For the inbox's list: what went wrong, in Temporal's own words where it is Temporal's, without the stack. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 300);
  const said = isGrpcServiceError(error.cause) ? `: ${error.cause.details}` : '';
  return `${error.message}${said}`.slice(0, 300);
}
