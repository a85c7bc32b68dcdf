import type { Answer } from '../domain/answer.js';
import { planEvent, type EventPlan } from '../domain/event-plan.js';
import type { ProviderEvent } from '../domain/provider-event.js';
import type { ItemState } from './item-state.js';

/** What the events so far mean for the answer. What the field reports before it is held: it never stands for it. */
export function takeEvents(item: ItemState): void {
  if (item.events.length > 0) item.journal.touch();
  for (const event of item.events.splice(0)) {
    const plan = planEvent(event, item.situation());
    switch (plan.kind) {
      case 'availability':
        takeAvailability(event, plan, item);
        break;
      case 'withdrawn':
        item.withdrawal ??= event;
        // A denial may yet be contradicted; that the order is called off stands.
        if (item.verdict === null || isUnavailable(item.verdict)) {
          const { reason } = plan;
          item.verdict = {
            ...{ kind: 'reject', reason, reasonCode: 'withdrawn' },
            actor: event.source ?? 'provider',
          };
        }
        break;
      case 'held':
        item.held.push(event);
        if (item.question !== null) raiseHeld(item);
        break;
      default:
        item.journal.write({
          type: 'note',
          actor: 'workflow',
          note: `${event.type} changes nothing before the answer.`,
        });
    }
  }
}

export function raiseHeld(item: ItemState): void {
  item.raise('event_before_decision', 'The field reported on this order before it was answered.');
}

/** One word on availability stands for the check. Two that contradict each other stand for nothing. */
function takeAvailability(
  event: ProviderEvent,
  plan: Extract<EventPlan, { kind: 'availability' }>,
  item: ItemState,
): void {
  const actor = event.source ?? 'provider';
  if (plan.available) item.saidAvailable = true;
  else item.saidUnavailable = plan.reason;
  const contradiction = contradictionOf(item);
  if (contradiction !== null) {
    item.availabilityConfirmed = false;
    if (isUnavailable(item.verdict)) item.verdict = null;
    item.journal.write({ type: 'note', actor, note: contradiction });
  } else if (plan.available) {
    item.availabilityConfirmed = true;
  } else if (item.verdict === null) {
    const { reason, alternative } = plan;
    item.verdict = {
      ...{ kind: 'reject', reason, reasonCode: 'not_available', actor },
      ...(alternative === undefined ? {} : { alternative }),
    };
  } else {
    // What is rejected already is rejected in the words of the first.
    item.journal.write({ type: 'note', actor, note: `${event.type}: ${plan.reason}` });
  }
}

/** What a person has to be told where the provider's events said both yes and no. */
export function contradictionOf({ saidAvailable, saidUnavailable }: ItemState): string | null {
  if (!saidAvailable || saidUnavailable === null) return null;
  return `The provider's systems said both that the service is available and that it is not: ${saidUnavailable}`;
}

/** For notifications: the reason is another system's words. */
export const CONTRADICTION =
  "The provider's systems said both that the service is available and that it is not.";

/** A person knew of it, and said that the service is available all the same. */
export function isApproved(contradiction: string, { approved }: ItemState): boolean {
  return approved.includes(`availability: ${contradiction}`);
}

/** Whether the event says the opposite of an answer that is on its way. */
export function isContradiction({ type }: ProviderEvent, answer: Answer): boolean {
  if (answer.kind === 'accept') return type === 'availability.denied';
  return isUnavailable(answer) && type === 'availability.confirmed';
}

function isUnavailable(answer: Answer | null): boolean {
  return answer?.kind === 'reject' && answer.reasonCode === 'not_available';
}
