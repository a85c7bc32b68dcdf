import type { InboxRow } from '../db/inbox-row.js';
import type { Inbox } from '../db/inbox.js';
import type { OrderRecords } from '../db/order-records.js';
import type { FulfillmentStarter } from '../integrations/temporal/fulfillment-starter.js';
import type { Logger } from './logger.js';
import { isBadCall } from './temporal-client.js';
import { deliver, recordedItems } from './webhook-delivery.js';
import { taskOf } from './webhook-task.js';

/** Rows in hand at a time. */
const BATCH = 16;
/** How often the inbox is looked at when nobody says that something came. */
const LOOK_EVERY_MS = 1_000;
const LOOK_SELDOM_MS = 15_000;
const RETRY_MOST_MS = 15_000;
/** A call that Temporal refuses may be a search attribute that is about to be registered. */
const REFUSALS_BORNE = 10;
/** An order may be cancelled before we hear of its items. */
const NOBODY_BORNE = 6;

export interface InboxDrain {
  start(): void;
  /** Something came. */
  wake(): void;
  /** Resolves when the rows in hand are settled or handed back. */
  stop(): Promise<void>;
}

interface DrainParts {
  inbox: Inbox;
  records: OrderRecords;
  starter: FulfillmentStarter;
  logger: Logger;
}

/** Takes stored webhooks to their workflows, now or when Temporal is back. Several processes may drain one inbox. */
export function createInboxDrain({ inbox, records, starter, logger }: DrainParts): InboxDrain {
  const directory = recordedItems(records);
  let stopping = false;
  let woken = false;
  let wakeUp = () => {};
  let running: Promise<void> = Promise.resolve();

  async function settle(row: InboxRow): Promise<void> {
    const task = taskOf(row);
    if (task.kind === 'impossible') return inbox.quarantine(row.id, task.why);
    if (task.kind === 'nothing') return inbox.markProcessed(row.id, task.why);
    const occurrence = { id: row.dedupeKey, occurredAt: row.occurredAt ?? row.receivedAt };
    try {
      const delivery = await deliver(task, occurrence, { starter, directory });
      if (delivery === 'delivered') return await inbox.markProcessed(row.id, null);
      return await notNow(row, 'none of its items is known', row.attempts >= NOBODY_BORNE);
    } catch (error) {
      logger.warn({ inboxId: row.id, attempts: row.attempts, err: error }, 'webhook not delivered');
      await notNow(row, reasonOf(error), isBadCall(error) && row.attempts >= REFUSALS_BORNE);
    }
  }

  function notNow(row: InboxRow, reason: string, forGood: boolean): Promise<void> {
    if (forGood) return inbox.quarantine(row.id, reason);
    return inbox.postpone(row.id, reason, Math.min(RETRY_MOST_MS, 500 * 2 ** row.attempts));
  }

  async function run(): Promise<void> {
    let pause = LOOK_EVERY_MS;
    while (!stopping) {
      woken = false;
      try {
        const rows = await inbox.claim(BATCH);
        await Promise.all(rows.map(settle));
        pause = rows.length === BATCH ? 0 : LOOK_EVERY_MS;
      } catch (error) {
        if (pause <= LOOK_EVERY_MS) logger.warn({ err: error }, 'inbox cannot be drained');
        pause = Math.min(LOOK_SELDOM_MS, Math.max(LOOK_EVERY_MS, pause * 2));
      }
      if (!stopping && !woken && pause > 0) await nap(pause);
    }
  }

  function nap(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    start() {
      running = run();
    },
    wake() {
      woken = true;
      wakeUp();
    },
    stop() {
      stopping = true;
      wakeUp();
      return running;
    },
  };
}

/** For the inbox's list: what went wrong, without the stack. */
function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}
