import { sleep } from '@temporalio/workflow';
import { listOffers, waitForRoom } from './sync-activities.js';

/** Orders may take the room between two looks, but not again and again: each time lengthens the history. */
const MOST_TIMES = 20;
const AFTER_NO_ROOM = '5s';

/**
 * Lists the offers once the call budget has room beside what is kept for orders; `first` is done as soon as there is
 * some. Null: orders needed it each time.
 */
export async function listInTurn(first: () => Promise<void> = async () => {}): Promise<number | null> {
  for (let times = 0; times < MOST_TIMES; times += 1) {
    await waitForRoom();
    await first();
    const listed = await listOffers();
    if (listed !== null) return listed;
    await sleep(AFTER_NO_ROOM);
  }
  return null;
}
