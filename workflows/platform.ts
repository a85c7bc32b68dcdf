import { condition } from '@temporalio/workflow';
import type { NotificationType } from '../domain/notification.js';
import { answeredSlaState } from '../domain/response-deadline.js';
import { outcomeOf } from '../domain/stage.js';
import { isFinal, isFurther, isUnanswered, type Status } from '../domain/status.js';
import { updateFor, type Step } from '../domain/status-update.js';
import { fetchItem, giveAnswer, mayPass, updateStatus } from './activities.js';
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

/**
 * Calls Offergrid until it answers. When many attempts have failed a person is told, and it goes on: the order is kept
 * for as long as it takes. The call is told whether an earlier one may have got through.
 */
export async function reach<T>(item: ItemState, call: (repeated: boolean) => Promise<T>): Promise<T> {
  for (let repeated = false; ; repeated = true) {
    try {
      const answer = await call(repeated);
      item.settle('offergrid_unreachable');
      return answer;
    } catch (error) {
      if (!mayPass(error)) throw error;
      item.raise(
        'offergrid_unreachable',
        'Offergrid cannot be reached or does not take our key; we keep trying.',
      );
    }
  }
}

/** `told`: the platform shows it. `overtaken`: the item moved there without us. `put_off`: other news comes first. */
export type Told = 'told' | 'overtaken' | 'put_off';

/** The one way this item's status is told to the platform: one update at a time, in the order they were asked for. */
export class Platform {
  #busy = false;

  constructor(private readonly item: ItemState) {}

  /** Tells a step unless `stillWanted` says no when its turn has come. */
  async tell(step: Step, actor: string, stillWanted: () => boolean = () => true): Promise<Told> {
    await condition(() => !this.#busy);
    if (!stillWanted()) return 'put_off';
    this.#busy = true;
    try {
      return await this.#tell(step, actor);
    } finally {
      this.#busy = false;
    }
  }

  /** Reads the item after a hint that it changed there. True: it had, and what it shows now counts. */
  async look(): Promise<boolean> {
    const { item } = this;
    item.hints.length = 0;
    const lookup = await reach(item, () => fetchItem({ itemId: item.itemId }));
    if (lookup.kind === 'unknown') return false;
    const { status } = lookup.item;
    if (item.status !== null && !isFurther(status, item.status)) {
      if (status !== item.status) item.raise('drift', `Offergrid shows ${status}, behind ${item.status}.`);
      return false;
    }
    this.#takeRemote(status);
    return true;
  }

  async #tell(step: Step, actor: string): Promise<Told> {
    const { item } = this;
    const { timeZone, stages } = item.rules.policy;
    const update = updateFor(step, { timeZone, contactWithin: stages.contact, facts: item.facts });
    const send = step.status === 'accepted' || step.status === 'rejected' ? giveAnswer : updateStatus;
    for (;;) {
      const result = await reach(item, (repeated) => send({ itemId: item.itemId, update, repeated }));
      switch (result.kind) {
        case 'applied':
          this.#take(step.status, actor, update.providerNotes);
          return 'told';
        case 'elsewhere':
          this.#takeRemote(result.status);
          return 'overtaken';
        case 'refused': {
          if (step.status === 'submitted_to_provider') {
            // Only a courtesy: it must not stand in the way of the answer.
            item.journal.write({
              type: 'note',
              actor: 'offergrid',
              note: 'Offergrid refused the acknowledgement.',
            });
            return 'put_off';
          }
          const message = `Offergrid refused the move to ${step.status} (${result.httpStatus}): ${result.detail}`;
          item.raise('offergrid_rejected_update', message);
          item.stuck = `the update to ${step.status}`;
          const retry = await item.untilRetryOr(
            () => item.hints.length > 0 || item.events.some(({ type }) => type === 'order.cancelled'),
          );
          item.stuck = null;
          item.settle('offergrid_rejected_update');
          if (!retry) return 'put_off';
          break;
        }
        default:
          return result satisfies never;
      }
    }
  }

  /** The platform's word counts; a person is told where a technician may be on the way already. */
  #takeRemote(status: Status): void {
    const { item } = this;
    const from = item.status;
    this.#take(status, 'offergrid', 'The item was moved at Offergrid.');
    if (status !== 'cancelled' || from === null || isUnanswered(from)) return;
    item.withdrawn = true;
    if (from === 'scheduled' || from === 'in_progress') {
      item.raise('cancelled_in_field', `Cancelled at Offergrid while the order was ${from}.`);
    }
  }

  /** The status the platform is now known to show. */
  #take(status: Status, actor: string, note: string): void {
    const { item } = this;
    const from = item.status;
    item.status = status;
    item.journal.write({ type: 'status', actor, from, to: status, note });
    if (!isUnanswered(status) && item.sla?.respondedAt === null) settleSla(item, status);
    const announced = ANNOUNCED[status];
    if (announced !== undefined) item.notify(announced, `${from ?? 'new'} → ${status}`);
  }
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

/** Closes the item's story as its status says. */
export function finish(item: ItemState): void {
  item.outcome = item.status === null ? null : (outcomeOf(item.status) ?? null);
  item.finishedAt = Date.now();
  item.enter('done', null);
  item.journal.touch();
}
