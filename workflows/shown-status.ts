import type { NotificationType } from '../domain/notification.js';
import type { OrderItem } from '../domain/order-item.js';
import { isFinal, isUnanswered, type Status } from '../domain/status.js';
import { catchUp } from './drift.js';
import { settleSla } from './ending.js';
import type { ItemState } from './item-state.js';

const ANNOUNCED: Partial<Record<Status, NotificationType>> = {
  accepted: 'order.accepted',
  rejected: 'order.rejected',
  scheduled: 'order.scheduled',
  in_progress: 'order.started',
  completed: 'order.completed',
  active: 'order.active',
  failed: 'order.failed',
  cancelled: 'order.cancelled',
};

/** The status the platform is now known to show. */
export function take(item: ItemState, status: Status, actor: string, note: string): void {
  const from = item.status;
  forgetRefusal(item);
  catchUp(item);
  item.unsure = false;
  item.status = status;
  item.journal.write({ type: 'status', actor, from, to: status, note });
  if (!isUnanswered(status) && item.sla?.respondedAt === null) settleSla(item, status);
  tellOf(item, from, status);
}

/** What the platform shows of an item that nothing was known of: it may have gone further while it was heard of. */
export function takeFirst(item: ItemState, shown: OrderItem): void {
  item.read(shown);
  const { status } = shown;
  if (!isUnanswered(status)) settleSla(item, status);
  tellOf(item, null, status);
}

function tellOf(item: ItemState, from: Status | null, to: Status): void {
  const announced = ANNOUNCED[to];
  if (announced !== undefined) item.notify(announced, `${from ?? 'new'} → ${to}`);
}

/** Takes a move that was made without us; a person is told where a technician may be on the way already. */
export function takeRemote(item: ItemState, status: Status): void {
  const from = item.status;
  take(item, status, 'offergrid', 'The item was moved at Offergrid.');
  if (!isFinal(status) || status === 'active' || from === null || isUnanswered(from)) return;
  item.withdrawn = true;
  // As it was to be: whoever called it off here knows.
  if (status === 'cancelled' && item.callingOff) return;
  if (status !== 'failed' && from !== 'accepted') {
    const ended = status === 'cancelled' ? 'Cancelled' : 'Rejected';
    item.raise('cancelled_in_field', `${ended} at Offergrid while the order was ${from}.`);
  }
}

/** Something else takes the place of an update that was refused. */
export function forgetRefusal(item: ItemState): void {
  if (item.refusal !== null) item.unstick(updateTo(item.refusal.status));
  item.refusal = null;
}

/** The step that a `retry` repeats. */
export function updateTo(status: Status): string {
  return `the update to ${status}`;
}
