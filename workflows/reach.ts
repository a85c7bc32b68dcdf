import { CancellationScope, CancelledFailure, sleep } from '@temporalio/workflow';
import type { ProviderActivities } from '../domain/activities.js';
import {
  isStopOfAll,
  mayBeInHand,
  mayPass,
  PROVIDER_ATTEMPT,
  PROVIDER_ATTEMPTS,
  PROVIDER_PATIENCE,
  providerCalls,
  type ProviderCallOptions,
  wasLeftWaiting,
} from './activities.js';
import { isOver } from './ending.js';
import type { ItemState } from './item-state.js';
import { unless } from './unless.js';

/** Milliseconds before a round of attempts begins anew. */
const BETWEEN_ROUNDS = 60_000;

/**
 * Calls Offergrid until it answers. When many attempts have failed a person is told, and it goes on: the order is kept
 * for as long as it takes. The call is told whether an earlier one may have got through.
 */
export async function reach<T>(item: ItemState, call: (repeated: boolean) => Promise<T>): Promise<T> {
  for (let repeated = false; ; repeated = true) {
    item.calledAt = Date.now();
    try {
      const answer = await call(repeated);
      item.settle('offergrid_unreachable');
      item.isOutageTold = false;
      return answer;
    } catch (error) {
      // What was cancelled is not tried again, however it ended.
      if (!mayPass(error) || CancellationScope.current().consideredCancelled) throw error;
      tellOfOutage(item, error);
      // Lets the item be carried over: each round lengthens the history.
      await item.fibers.rest(() => false, BETWEEN_ROUNDS);
    }
  }
}

/** Of a stop of all calls people were told already, once, and not for each item. */
function tellOfOutage(item: ItemState, error: unknown): void {
  const message = 'Offergrid cannot be reached or does not take our key; we keep trying.';
  const isNews = !isStopOfAll(error) && !item.isOutageTold;
  item.isOutageTold ||= isNews;
  item.raise('offergrid_unreachable', message, message, isNews);
}

/**
 * Calls the provider's systems until they answer. When they have failed for a while, or ask us to wait for longer, a person
 * is told of `what` they do not do, and it goes on as one call without end, which adds nothing to the history.
 */
export async function reachProvider<T>(
  item: ItemState,
  what: string,
  call: (calls: ProviderActivities) => Promise<T>,
  options: ProviderCallOptions = {},
): Promise<T> {
  const giveUpAfter = item.rules.providerPatience ?? PROVIDER_PATIENCE;
  let tried = false;
  let inHand = false;
  while (!tried) {
    try {
      return await call(providerCalls({ ...options, attempts: PROVIDER_ATTEMPTS, giveUpAfter }));
    } catch (error) {
      if (!mayPass(error) || CancellationScope.current().consideredCancelled) throw error;
      tried = !wasLeftWaiting(error);
      inHand = mayBeInHand(error);
    }
  }
  const step = `reaching the provider's system for ${what}`;
  const message = `The provider's system fails at ${what}, or asks us to wait for more than half an hour; we keep trying.`;
  item.stuck[step] = { code: 'manual_review', message, retries: item.retries, triedAgain: true };
  item.showStuck('manual_review');
  try {
    // Their key keeps two calls from being done twice, but not every system minds it while both are in hand.
    if (inHand) await sleep(PROVIDER_ATTEMPT);
    for (;;) {
      // A person who mended it need not wait for as long as their system asked us to.
      const { retries } = item;
      const anew = () => item.retries > retries;
      const answer = await unless(anew, () => call(providerCalls(options)));
      if (answer !== null) return answer;
      if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('called off');
    }
  } finally {
    item.unstick(step);
  }
}

/**
 * Does what is worth doing only while the item is open: once it has ended or is called off, the call is cancelled, and
 * null is what came of it.
 */
export async function whileOpen<T>(item: ItemState, call: () => Promise<T>): Promise<T | null> {
  return await unless(() => isOver(item), call);
}
