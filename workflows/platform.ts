import { isAnswerDue } from '../domain/response-deadline.js';
import { updateFor, type Step } from '../domain/status-update.js';
import type { Status } from '../domain/status.js';
import { giveDueAnswer, updateStatus } from './activities.js';
import { hasCancellation, isTellingOfCancellation, saidCancelled } from './ending.js';
import type { Refusal } from './item-knowledge.js';
import type { ItemState } from './item-state.js';
import { lookAt } from './look.js';
import { reach } from './reach.js';
import { forgetRefusal, take, takeRemote, updateTo } from './shown-status.js';
import { unless } from './unless.js';

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
    await this.#alone(() => lookAt(this.item));
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

  async #tell(step: Step, actor: string, { stillWanted, givesWay }: Telling): Promise<Told> {
    const { item } = this;
    const from = item.status ?? 'pending';
    const { timeZone, stages } = item.rules.policy;
    const update = updateFor(step, { timeZone, contactWithin: stages.contact, facts: item.facts });
    const isAnswer = step.status === 'accepted' || step.status === 'rejected';
    const isDue = () => isAnswer && item.sla !== null && isAnswerDue(item.sla.deadline, Date.now());
    const endsIt = item.callingOff || step.status === 'rejected';
    const isTakenBack = () =>
      stillWanted?.() === false || saidCancelled(item) || (!endsIt && hasCancellation(item));
    if (item.refusal !== null && item.refusal.status !== step.status) forgetRefusal(item);
    for (;;) {
      if (item.refusal === null) {
        if (isTakenBack()) return 'put_off';
        const { unsure } = item;
        const call = (again: boolean) => {
          // Each round anew: what was far from its deadline at first may be close to it by now.
          const send = isDue() ? giveDueAnswer : updateStatus;
          return send({ itemId: item.itemId, from, update, repeated: again || unsure });
        };
        // Until there is an answer: a call that is taken back, or goes on in another run, may have got through.
        item.unsure = true;
        const result = await unless(isTakenBack, () => reach(item, call));
        switch (result?.kind) {
          case undefined:
            return 'put_off';
          case 'applied':
            item.sent[step.status] = update;
            take(item, step.status, actor, update.providerNotes);
            return 'told';
          case 'elsewhere':
            takeRemote(item, result.status);
            return 'overtaken';
          case 'refused': {
            item.unsure = unsure || result.unsure === true;
            if (step.status === 'submitted_to_provider') {
              // Only a courtesy: it must not stand in the way of the answer.
              const note = 'Offergrid refused the acknowledgement.';
              item.journal.write({ type: 'note', actor: 'offergrid', note });
              return 'put_off';
            }
            item.refusal = refusalOf(step.status, result, item);
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
