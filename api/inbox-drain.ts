import type { ClaimedRow } from '../db/inbox-queue.js';
import type { Inbox } from '../db/inbox.js';
import type { Logger } from './logger.js';
import type { SettleRow } from './settle-row.js';

/** Rows in hand at a time: each waits for Temporal most of the time. */
const MOST_IN_HAND = 16;
/** How often the inbox is looked at when nobody says that something came. */
const LOOK_EVERY_MS = 1_000;
const LOOK_SELDOM_MS = 15_000;
/** For so long others may go before a row that may end the process. */
const SUSPECTS_WAIT_MS = 10_000;

export interface InboxDrain {
  start(): void;
  /** Something came. */
  wake(): void;
  /** Resolves when the rows in hand are settled or handed back. */
  stop(): Promise<void>;
}

interface DrainParts {
  inbox: Inbox;
  settleRow: SettleRow;
  logger: Logger;
}

/** Takes what is stored to its workflows, now or when Temporal is back. Several processes may drain one inbox. */
export function createInboxDrain({ inbox, settleRow, logger }: DrainParts): InboxDrain {
  const inHand = new Set<Promise<void>>();
  let stopping = false;
  let woken = false;
  let wakeUp = () => {};
  let running: Promise<void> = Promise.resolve();
  let suspectsSeenAt = performance.now();
  /** Longer and longer while the inbox cannot be read. */
  let pause = LOOK_EVERY_MS;

  function take(row: ClaimedRow): void {
    const settled = settleRow(row)
      .then(() => {
        // The item's next event was waiting for this one.
        if (row.source === 'provider') wake();
      })
      .catch((error: unknown) => logger.warn({ inboxId: row.id, err: error }, 'inbox row not settled'))
      .finally(() => inHand.delete(settled));
    inHand.add(settled);
  }

  /** However much there is to do: a suspect may be an order that nobody has begun. */
  async function makeRoomForSuspect(): Promise<void> {
    if (performance.now() - suspectsSeenAt < SUSPECTS_WAIT_MS) return;
    suspectsSeenAt = performance.now();
    if (!(await inbox.hasSuspect())) return;
    await Promise.all(inHand);
    await tookSuspect();
  }

  async function tookSuspect(): Promise<boolean> {
    suspectsSeenAt = performance.now();
    const suspect = await inbox.claimSuspect();
    if (suspect === null) return false;
    take(suspect);
    await Promise.all(inHand);
    return true;
  }

  async function run(): Promise<void> {
    while (!stopping) {
      woken = false;
      try {
        await makeRoomForSuspect();
        const room = MOST_IN_HAND - inHand.size;
        const rows = await inbox.claim(room);
        rows.forEach(take);
        pause = LOOK_EVERY_MS;
        // One slow row does not hold the others up, and claims are for several at a time.
        if (rows.length === room) {
          while (inHand.size > MOST_IN_HAND / 2) await Promise.race(inHand);
          continue;
        }
        if (rows.length === 0 && inHand.size === 0 && (await tookSuspect())) continue;
      } catch (error) {
        if (pause <= LOOK_EVERY_MS) logger.warn({ err: error }, 'inbox cannot be drained');
        pause = Math.min(LOOK_SELDOM_MS, pause * 2);
      }
      if (!stopping && !woken) await nap(pause);
    }
    await Promise.all(inHand);
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

  function wake(): void {
    woken = true;
    wakeUp();
  }

  return {
    start() {
      running = run();
    },
    wake,
    stop() {
      stopping = true;
      wakeUp();
      return running;
    },
  };
}
