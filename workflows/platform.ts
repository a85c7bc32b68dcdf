import type { ItemLookup } from '../domain/activities.js';
import type { NotificationType } from '../domain/notification.js';
import { isFinal, isFurther, isUnanswered, walk, type Status } from '../domain/status.js';
import { updateFor, type Step } from '../domain/status-update.js';
import { fetchItem, giveAnswer, updateStatus } from './activities.js';
import { catchUp, fallBehind, untilWorthReading } from './drift.js';
import { hasCancellation, isCalledOff, isTellingOfCancellation, saidCancelled, settleSla } from './ending.js';
import type { Refusal } from './item-knowledge.js';
import type { ItemState } from './item-state.js';
import { reach } from './reach.js';
import { unless } from './unless.js';

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
 * `told`: the platform shows it. `overtaken`: the item moved there without us. `put_off`: other news comes first.
 * `given_up`: the platform refused it, and other news came before anybody had it repeated.
 */
export type Told = 'told' | 'overtaken' | 'put_off' | 'given_up';

/** When an update is left unsent, taken back, or given up after a refusal. A cancellation takes back what it can. */
export interface Telling {
  /** Asked when its turn has come, and while it is on its way: an attempt that failed is not repeated then. */
  stillWanted?: () => boolean;
  /** Asked while it is stuck: whether something else came that goes before it. */
  givesWay?: () => boolean;
}

/** The one way this item's status is told to the platform and read there: one call at a time. */
export class Platform {
  #busy = false;

  constructor(private readonly item: ItemState) {}

  async tell(step: Step, actor: string, telling: Telling = {}): Promise<Told> {
    return await this.#alone(() => this.#tell(step, actor, telling));
  }

  /** Reads the item after a hint that it changed there; if it had, what it shows now counts. */
  async look(): Promise<void> {
    // An answer to an update that is still under way would be older news than what is read beside it.
    await this.#alone(() => this.#look());
  }

  async #alone<T>(call: () => Promise<T>): Promise<T> {
    // Of several that waited one goes first, and the others wait again.
    while (this.#busy) await this.item.fibers.rest(() => !this.#busy);
    this.#busy = true;
    try {
      return await call();
    } finally {
      this.#busy = false;
    }
  }

  async #look(): Promise<void> {
    const { item } = this;
    // They stand until the answer is there: nothing is begun meanwhile of an order that may be cancelled.
    const answered = item.hints.length;
    const lookup = await this.#read();
    item.hints.splice(0, answered);
    if (lookup.kind !== 'found') {
      fallBehind(item, null, ...notShown(lookup, 'Offergrid does not show this item any more.'));
      return;
    }
    const { status } = lookup.item;
    item.unsure = false;
    if (item.status === null || isFurther(status, item.status)) this.#takeRemote(status);
    else if (status === item.status) catchUp(item);
    else await this.#repair(status, item.status);
  }

  /**
   * What cannot be read goes before a person, and the order goes on; but not one that was cancelled there, as far as the
   * platform said: that is read again and again, until a person says that it is off.
   */
  async #read(): Promise<ItemLookup> {
    const { item } = this;
    for (let times = 0; ; times += 1) {
      const lookup = await reach(item, () => fetchItem({ itemId: item.itemId }));
      if (lookup.kind !== 'unreadable' || !saidCancelled(item) || hasCancellation(item)) return lookup;
      const [message, told] = notShown(lookup, '');
      const cancelled = ' It said that the order was cancelled.';
      await untilWorthReading(item, times, message + cancelled, told + cancelled);
    }
  }

  /**
   * Updates that were lost there are sent once more, in drawn order and as they were sent before. Where that cannot be,
   * or did not last, a person decides.
   */
  async #repair(shown: Status, ours: Status): Promise<void> {
    const { item } = this;
    if (isCalledOff(item)) {
      // Nothing is told of it any more, and what is found again and again is looked into less and less often.
      fallBehind(item, shown, `Offergrid shows ${shown}, behind ${ours}.`);
      return;
    }
    const way = walk(shown, ours, item.category.fulfillment) ?? [];
    const updates = way.flatMap((status) => item.sent[status] ?? []);
    if (item.repaired || way.length === 0 || updates.length < way.length) {
      fallBehind(item, shown, `Offergrid shows ${shown}, behind ${ours}.`);
      return;
    }
    item.repaired = true;
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
        this.#takeRemote(result.status);
        return;
      }
      if (result.kind === 'refused') {
        const told = `Offergrid shows ${from}, behind ${ours}, and refused ${update.status} (${result.httpStatus}).`;
        fallBehind(item, from, `${told.slice(0, -1)}: ${result.detail}`, told);
        return;
      }
      const note = `Offergrid showed ${from}, behind ${ours}: the update to ${update.status} was sent again.`;
      item.journal.write({ type: 'note', actor: 'workflow', note });
      from = update.status;
    }
    catchUp(item);
  }

  async #tell(step: Step, actor: string, { stillWanted, givesWay }: Telling): Promise<Told> {
    const { item } = this;
    const from = item.status ?? 'pending';
    const { timeZone, stages } = item.rules.policy;
    const update = updateFor(step, { timeZone, contactWithin: stages.contact, facts: item.facts });
    const send = step.status === 'accepted' || step.status === 'rejected' ? giveAnswer : updateStatus;
    const endsIt = item.callingOff || step.status === 'rejected';
    const isTakenBack = () =>
      stillWanted?.() === false || saidCancelled(item) || (!endsIt && hasCancellation(item));
    if (item.refusal !== null && item.refusal.status !== step.status) this.#forgetRefusal();
    for (;;) {
      if (item.refusal === null) {
        if (isTakenBack()) return 'put_off';
        const call = (again: boolean) =>
          send({ itemId: item.itemId, from, update, repeated: again || item.unsure });
        const result = await unless(isTakenBack, () => reach(item, call));
        switch (result?.kind) {
          case undefined:
            // No attempt is under way any more, but one may have got through.
            item.unsure = true;
            return 'put_off';
          case 'applied':
            item.sent[step.status] = update;
            this.#take(step.status, actor, update.providerNotes);
            return 'told';
          case 'elsewhere':
            this.#takeRemote(result.status);
            return 'overtaken';
          case 'refused': {
            if (step.status === 'submitted_to_provider') {
              // Only a courtesy: it must not stand in the way of the answer.
              const note = 'Offergrid refused the acknowledgement.';
              item.journal.write({ type: 'note', actor: 'offergrid', note });
              return 'put_off';
            }
            item.refusal = refusalOf(step.status, result, item);
            item.unsure ||= result.unsure === true;
            break;
          }
          default:
            return result satisfies never;
        }
      }
      if (!(await this.#untilRepeated(item.refusal, givesWay))) return 'given_up';
    }
  }

  /** Puts a refused update before a person. True: it is to be sent again; false: something else comes first. */
  async #untilRepeated(refusal: Refusal, givesWay: () => boolean = () => false): Promise<boolean> {
    const { item } = this;
    const { status, message, told } = refusal;
    // What is stuck is not on its way: another answer may take its place.
    const { answering } = item;
    item.answering = false;
    const retry = await item.untilRetryOr(
      { step: updateTo(status), code: 'offergrid_rejected_update', message, told },
      () => item.hints.length > 0 || hasCancellation(item) || givesWay(),
    );
    item.refusal = null;
    item.answering = retry && answering;
    return retry;
  }

  /** Another update takes the place of one that was refused before this run. */
  #forgetRefusal(): void {
    const { item } = this;
    if (item.refusal !== null) item.unstick(updateTo(item.refusal.status));
    item.refusal = null;
  }

  /** The platform's word counts; a person is told where a technician may be on the way already. */
  #takeRemote(status: Status): void {
    const { item } = this;
    const from = item.status;
    this.#take(status, 'offergrid', 'The item was moved at Offergrid.');
    if (!isFinal(status) || status === 'active' || from === null || isUnanswered(from)) return;
    item.withdrawn = true;
    if (status !== 'failed' && from !== 'accepted') {
      const ended = status === 'cancelled' ? 'Cancelled' : 'Rejected';
      item.raise('cancelled_in_field', `${ended} at Offergrid while the order was ${from}.`);
    }
  }

  /** The status the platform is now known to show. */
  #take(status: Status, actor: string, note: string): void {
    const { item } = this;
    const from = item.status;
    this.#forgetRefusal();
    catchUp(item);
    item.unsure = false;
    item.status = status;
    item.journal.write({ type: 'status', actor, from, to: status, note });
    if (!isUnanswered(status) && item.sla?.respondedAt === null) settleSla(item, status);
    const announced = ANNOUNCED[status];
    if (announced !== undefined) item.notify(announced, `${from ?? 'new'} → ${status}`);
  }
}

function refusalOf(
  status: Status,
  { httpStatus, detail }: { httpStatus: number; detail: string },
  item: ItemState,
): Refusal {
  const told = `Offergrid refused the move to ${status} (${httpStatus}).`;
  const message = `${told.slice(0, -1)}: ${detail}`;
  const ways = 'Retry sends the cancellation again; approve lets the order go on.';
  return { status, told, message: isTellingOfCancellation(item) ? `${message} ${ways}` : message };
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

/** The step that a `retry` repeats. */
export function updateTo(status: Status): string {
  return `the update to ${status}`;
}
