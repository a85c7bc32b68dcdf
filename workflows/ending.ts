import { answeredSlaState } from '../domain/response-deadline.js';
import { outcomeOf } from '../domain/stage.js';
import { isFinal, isUnanswered, type Status } from '../domain/status.js';
import type { ItemState } from './item-state.js';

const CANCELLED = 'order.cancelled';

/** A message that the order is called off: an event of the provider's systems, or a word from the platform. */
export function isCancellation({ type }: { type: string }): boolean {
  return type === CANCELLED;
}

/** An end that is neither answer nor beyond one means that none was ever given. */
export function settleSla(item: ItemState, status: Status): void {
  if (item.sla === null) return;
  const now = Date.now();
  if (status === 'cancelled') {
    item.sla = { ...item.sla, state: 'void' };
  } else {
    item.sla = { ...item.sla, state: answeredSlaState(item.sla.deadline, now), respondedAt: now };
    if (status !== 'rejected') item.acceptedAt = now;
  }
  item.settle(
    'sla_at_risk',
    'sla_breached',
    'manual_review',
    'availability_unknown',
    'event_before_decision',
  );
}

/** Whether the item has come to an end there: for `completed` that depends on what the category ends with. */
export function hasEnded(item: ItemState): boolean {
  if (item.status === null) return false;
  return isFinal(item.status) || (item.status === 'completed' && item.category.ends === 'completed');
}

/** Ended as it was meant to, or by an installation that failed: not called off. */
export function isCarriedOut(item: ItemState): boolean {
  return hasEnded(item) && !item.withdrawn && item.status !== 'cancelled' && item.status !== 'rejected';
}

/** The provider's systems or a person called the order off, and the story has not acted on it yet. */
export function hasCancellation({ events }: ItemState): boolean {
  return events.some(isCancellation);
}

/** The platform said that the order was cancelled there, and it has not been read since. */
export function saidCancelled({ hints }: ItemState): boolean {
  return hints.some(isCancellation);
}

/** Word has come that the order is called off: nothing else is begun or told until that has been settled. */
export function isCalledOff(item: ItemState): boolean {
  return item.callingOff || hasCancellation(item) || saidCancelled(item);
}

/** A person, the provider or a rule has called it off or rejected it: whatever the platform shows, nothing is begun for it. */
export function isToEnd(item: ItemState): boolean {
  const says = (said: string) => item.events.some(({ type }) => type === said);
  const isAvailable = item.saidAvailable || says('availability.confirmed');
  // What is denied and confirmed as well is for a person to decide.
  const isDenied = item.verdict !== null || (says('availability.denied') && !isAvailable);
  return item.callingOff || hasCancellation(item) || (isDenied && isUnanswered(item.status ?? 'pending'));
}

/** What is told to the platform ends the order because it was called off. */
export function isTellingOfCancellation({ callingOff, verdict }: ItemState): boolean {
  return callingOff || (verdict?.kind === 'reject' && verdict.reasonCode === 'withdrawn');
}

/** Ended, or about to: nothing more is begun for it. */
export function isOver(item: ItemState): boolean {
  return isCalledOff(item) || hasEnded(item);
}

/** Closes the item's story as its status says. */
export function finish(item: ItemState): void {
  item.outcome = item.status === null ? null : (outcomeOf(item.status) ?? null);
  item.finishedAt = Date.now();
  // Nobody has to look at these any more.
  item.settle('drift', 'no_show', 'offergrid_unreachable');
  item.enter('done', null);
  item.journal.touch();
}
