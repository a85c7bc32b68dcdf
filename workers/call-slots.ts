import { AsyncLocalStorage } from 'node:async_hooks';
import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit } from '@temporalio/worker';
import type { CallBudget, Lease } from '../db/call-budget.js';
import { LeaseQueue } from './lease-queue.js';

/** With 20 calls under way, 100 a minute go out even when each takes the client's whole 10 s. */
export const MOST_CALLS_AT_ONCE = 20;
/** A poll that waits for longer than this goes on without a lease: others may have calls that need one. */
const IDLE_MS = 1_000;

/** The slot supplier of the worker that calls Offergrid, and the gate that its client sends through. */
export interface CallSlots {
  /** Lets the worker ask for a task only with a lease in hand, so that calls that must wait do so in Temporal's queue. */
  supplier: CustomSlotSupplier<ActivitySlotInfo>;
  /** Around each activity: what was leased for it and not needed goes back. */
  during<T>(activity: () => Promise<T>): Promise<T>;
  /**
   * A lease for one send: one that is at hand, else the next that comes free, ahead of what waits for a task.
   * @throws what `signal` was aborted with
   */
  lease(signal: AbortSignal): Promise<Lease>;
  /** Gives back what is held; after the worker has stopped. */
  close(): void;
}

/**
 * Leases are not tied to tasks: the SDK does not say which permit a task came with. Every permit brings one lease into
 * the hand, and every activity takes one out with its first send; further sends borrow, or wait for one of their own.
 * What nobody took for a while goes back, and a task that comes then waits for a lease like a further send.
 */
export function createCallSlots(
  budget: CallBudget,
  { mostAtOnce = MOST_CALLS_AT_ONCE, idleMs = IDLE_MS }: { mostAtOnce?: number; idleMs?: number } = {},
): CallSlots {
  const queue = new LeaseQueue(budget);
  const hand: Lease[] = [];
  const parked: (() => void)[] = [];
  const sending = new AsyncLocalStorage<{ sent: boolean }>();
  let permits = 0;
  /** Permits, and activities that have not sent, whose lease is in the hand no longer. */
  let bare = 0;

  const giveBack = (lease: Lease | undefined) => {
    if (lease === undefined || (isUsable(lease) && queue.offer(lease))) return;
    lease.unused();
  };
  const fromHand = (): Lease | undefined => {
    for (;;) {
      const lease = hand.shift();
      if (lease === undefined || isUsable(lease)) return lease;
      bare += 1;
      giveBack(lease);
    }
  };
  const endUnsent = () => {
    if (bare > 0) bare -= 1;
    else giveBack(hand.shift());
  };
  const putInHand = (lease: Lease) => {
    hand.push(lease);
    setTimeout(() => {
      const at = hand.indexOf(lease);
      if (at < 0) return;
      hand.splice(at, 1);
      bare += 1;
      giveBack(lease);
    }, idleMs).unref();
  };
  const endPermit = () => {
    permits -= 1;
    parked.shift()?.();
  };

  return {
    supplier: {
      type: 'custom',
      async reserveSlot(_context, signal): Promise<SlotPermit> {
        while (permits >= mostAtOnce) await parkedUntilFree(parked, signal);
        permits += 1;
        try {
          putInHand(await queue.next('task', signal));
          return {};
        } catch (error) {
          endPermit();
          throw error;
        }
      },
      // Eager tasks are those of the worker's own workflows, and this worker has none.
      tryReserveSlot: () => null,
      markSlotUsed: () => {},
      releaseSlot({ slotInfo }) {
        if (slotInfo === undefined) endUnsent();
        endPermit();
      },
    },

    async during(activity) {
      const note = { sent: false };
      try {
        return await sending.run(note, activity);
      } finally {
        if (!note.sent) endUnsent();
      }
    },

    async lease(signal) {
      const note = sending.getStore();
      const isFirst = note?.sent === false;
      if (note !== undefined) note.sent = true;
      const lease = fromHand();
      // What a further send takes was another's, and what a first one finds gone was its own.
      if (isFirst && lease === undefined) bare = Math.max(0, bare - 1);
      if (!isFirst && lease !== undefined) bare += 1;
      return lease ?? (await queue.next('send', signal));
    },

    close() {
      queue.close();
      for (const lease of hand.splice(0)) lease.unused();
    },
  };
}

const isUsable = (lease: Lease): boolean => lease.usableUntil > performance.now();

function parkedUntilFree(parked: (() => void)[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = () => {
      signal.removeEventListener('abort', abort);
      resolve();
    };
    const abort = () => {
      parked.splice(parked.indexOf(wake), 1);
      reject(signal.reason as Error);
    };
    if (signal.aborted) return reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    parked.push(wake);
  });
}
