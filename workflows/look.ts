import type { ItemLookup } from '../domain/activities.js';
import { RECONCILED } from '../domain/provider-event.js';
import { isFurther, MOVES, OPEN_STATUSES, walk, type Status } from '../domain/status.js';
import { fetchItem, updateStatus } from './activities.js';
import { catchUp, fallBehind, untilWorthReading } from './drift.js';
import { isCalledOff, isToEnd, saidCancelled } from './ending.js';
import type { ItemState } from './item-state.js';
import { reach } from './reach.js';
import { takeRemote } from './shown-status.js';
import { unless } from './unless.js';

/** Reads the item; what the platform shows now counts, unless it is less than it was told. */
export async function lookAt(item: ItemState): Promise<void> {
  // They stand until the answer is there: nothing is begun meanwhile of an order that may be cancelled.
  const answered = item.hints.length;
  const lookup = await read(item);
  if (lookup.kind !== 'found') fallBehind(item, null, ...unseen(lookup, item));
  item.hints.splice(0, answered);
  if (lookup.kind !== 'found') return;
  const { status } = lookup.item;
  item.unsure = false;
  if (item.status === null || isFurther(status, item.status)) takeRemote(item, status);
  else if (status === item.status) catchUp(item);
  else await repair(item, status, item.status);
}

/** Why the item cannot be seen: for people, and for notifications, which leave out the platform's words. */
export function notShown(
  lookup: Exclude<ItemLookup, { kind: 'found' }>,
  unknown: string,
): [message: string, told: string] {
  if (lookup.kind === 'unknown') return [unknown, unknown];
  const told = 'Offergrid does not show this item in a form that can be read.';
  return [`${told.slice(0, -1)}: ${lookup.why}`, told];
}

/**
 * What is not shown goes before a person, and the order goes on; but not one that was cancelled there, as far as the
 * platform said: that is read again and again, until it is to end by our own word.
 */
async function read(item: ItemState): Promise<ItemLookup> {
  for (let times = 0; ; times += 1) {
    const among = listsWithIt(item);
    const lookup = await reach(item, () => fetchItem({ itemId: item.itemId, among }));
    if (lookup.kind === 'found' || !saidCancelled(item) || isToEnd(item)) return lookup;
    await untilWorthReading(item, times, ...unseen(lookup, item));
  }
}

/**
 * The lists that may show an item which the list of its own status does not, should many such reads have to wait. None of
 * what came to an end: those are as long as the platform is old.
 */
function listsWithIt(item: ItemState): Status[] {
  const { hints, status } = item;
  if (status === null || saidCancelled(item) || !hints.some(({ type }) => type === RECONCILED)) return [];
  return OPEN_STATUSES.filter((open) => open !== status && MOVES[status].includes(open));
}

/** For people, and for notifications. */
function unseen(
  lookup: Exclude<ItemLookup, { kind: 'found' }>,
  item: ItemState,
): [message: string, told: string] {
  const [message, told] = notShown(lookup, 'Offergrid does not show this item any more.');
  const cancelled = saidCancelled(item) ? ' It said that the order was cancelled.' : '';
  return [message + cancelled, told + cancelled];
}

/**
 * Updates that were lost there are sent once more, in drawn order and as they were sent before. Where that cannot be, or
 * did not last, or the order was called off, so that nothing is told of it any more, a person decides.
 */
async function repair(item: ItemState, shown: Status, ours: Status): Promise<void> {
  const way = walk(shown, ours, item.category.fulfillment) ?? [];
  const updates = way.flatMap((status) => item.sent[status] ?? []);
  const isWhole = way.length > 0 && updates.length === way.length;
  if (isCalledOff(item) || item.repaired || !isWhole) {
    fallBehind(item, shown, `Offergrid shows ${shown}, behind ${ours}.`);
    return;
  }
  let from = shown;
  for (const update of updates) {
    const at = from;
    // What was called off is not told any more.
    const result = await unless(
      () => isCalledOff(item),
      () => reach(item, (repeated) => updateStatus({ itemId: item.itemId, from: at, update, repeated })),
    );
    if (result === null) return;
    if (result.kind === 'elsewhere' && isFurther(result.status, ours)) {
      takeRemote(item, result.status);
      return;
    }
    if (result.kind === 'refused') {
      item.repaired = true;
      const told = `Offergrid shows ${from}, behind ${ours}, and refused ${update.status} (${result.httpStatus}).`;
      fallBehind(item, from, `${told.slice(0, -1)}: ${result.detail}`, told);
      return;
    }
    const note = `Offergrid showed ${from}, behind ${ours}: the update to ${update.status} was sent again.`;
    item.journal.write({ type: 'note', actor: 'workflow', note });
    from = update.status;
  }
  item.repaired = true;
  catchUp(item);
}
