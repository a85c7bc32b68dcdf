import { CancellationScope } from '@temporalio/workflow';
import { mayPass } from './activities.js';
import { isOver } from './ending.js';
import type { ItemState } from './item-state.js';
import { unless } from './unless.js';

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
      return answer;
    } catch (error) {
      // What was cancelled is not tried again, however it ended.
      if (!mayPass(error) || CancellationScope.current().consideredCancelled) throw error;
      item.raise(
        'offergrid_unreachable',
        'Offergrid cannot be reached or does not take our key; we keep trying.',
      );
    }
  }
}

/**
 * Does what is worth doing only while the item is open: once it has ended or is called off, the call is cancelled, and
 * null is what came of it.
 */
export async function whileOpen<T>(item: ItemState, call: () => Promise<T>): Promise<T | null> {
  return await unless(() => isOver(item), call);
}
