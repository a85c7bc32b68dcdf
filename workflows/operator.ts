import { ApplicationFailure, currentUpdateInfo } from '@temporalio/workflow';
import { eventOf, type FieldCommand, type OperatorCommand } from '../domain/command.js';
import { planEvent } from '../domain/event-plan.js';
import type { OrderView } from '../domain/order-view.js';
import { readProviderEvent, type ProviderEvent } from '../domain/provider-event.js';
import { isUnanswered } from '../domain/status.js';
import { isCancellationRefused, letGo } from './calling-off.js';
import type { ItemState } from './item-state.js';
import { COMMAND_REFUSED } from './messages.js';

/** A client that got no answer says its command again, soon or never. */
const REMEMBERED = 20;

/** Temporal tells a repeated command by its id, but only where both come to one run of an item that may go on in others. */
function isRepeated({ obeyed }: ItemState): boolean {
  const { id } = currentUpdateInfo() ?? {};
  return id !== undefined && obeyed.includes(id);
}

/** Throws where the command cannot apply; nothing of a refused command reaches the history. */
export function refuseImpossible(item: ItemState, command: OperatorCommand): void {
  if (isRepeated(item)) return;
  if (item.done) throw refused('the item is finished');
  if (!isWhole(command)) throw refused('it is no command that could be read');
  switch (command.command) {
    case 'note':
      return;
    case 'retry':
      if (Object.keys(item.stuck).length === 0) throw refused('no step is stuck');
      return;
    case 'approve':
      if (isCancellationRefused(item)) return;
      if (item.question === null || item.verdict !== null) throw refused('no question is open');
      return;
    case 'reject':
      if (item.status !== null && !isUnanswered(item.status)) {
        throw refused('the order has been answered already');
      }
      if (item.answering || item.verdict !== null) throw refused('the answer is on its way already');
      return;
    default: {
      const plan = planEvent(fieldEvent(item, command), item.situation());
      if (plan.kind === 'refused' || plan.kind === 'noted') throw refused(plan.why);
      if (plan.kind === 'held') throw refused('the order has not been accepted yet');
      if (plan.kind === 'withdrawn' && item.verdict !== null)
        throw refused('the answer is on its way already');
    }
  }
}

/** Records what the operator wants, once; the story acts on it right after. */
export function obey(item: ItemState, command: OperatorCommand): OrderView {
  if (isRepeated(item)) return item.view();
  item.obeyed = [...item.obeyed, currentUpdateInfo()?.id ?? ''].slice(-REMEMBERED);
  item.journal.write({ type: 'command', actor: command.actor, note: sayingOf(command) });
  switch (command.command) {
    case 'note':
      break;
    case 'retry':
      item.retries += 1;
      if (item.behind !== null) {
        item.repaired = false;
        item.hints.push({ id: `retry-${item.retries}`, type: 'retry', occurredAt: new Date().toISOString() });
      }
      break;
    case 'approve':
      if (isCancellationRefused(item)) {
        letGo(item);
        break;
      }
      if (item.question !== null) {
        item.approved.push(item.question.asked);
        item.settle(item.question.code);
      }
      item.question = null;
      item.waitingFor = null;
      break;
    case 'reject': {
      const { reason, alternative, actor } = command;
      item.verdict = {
        kind: 'reject',
        reason,
        reasonCode: 'provider_decision',
        actor,
        ...(alternative === undefined ? {} : { alternative }),
      };
      break;
    }
    default:
      // Whoever says what happens next does not want it called off any more.
      if (command.command !== 'cancel' && isCancellationRefused(item)) letGo(item);
      item.commands += 1;
      item.events.push(fieldEvent(item, command));
  }
  return item.view();
}

function fieldEvent(item: ItemState, command: FieldCommand & { actor: string }): ProviderEvent {
  const { actor, ...told } = command;
  const now = new Date().toISOString();
  const event = readProviderEvent({ ...eventOf(told, `command-${item.commands}`, now), source: actor }, now);
  if (event === undefined) throw refused('a field is missing or cannot be read');
  return event;
}

/** Updates reach a workflow past the API as well; of a field command the event says more. */
function isWhole(command: unknown): boolean {
  if (typeof command !== 'object' || command === null) return false;
  const { command: name, actor, text, reason, alternative } = command as Record<string, unknown>;
  if (typeof actor !== 'string') return false;
  switch (name) {
    case 'note':
      return typeof text === 'string';
    case 'reject':
      return typeof reason === 'string' && ['string', 'undefined'].includes(typeof alternative);
    default:
      return typeof name === 'string';
  }
}

function sayingOf(command: OperatorCommand): string {
  if (command.command === 'note') return command.text;
  const said = 'reason' in command ? command.reason : 'note' in command ? command.note : undefined;
  return said === undefined ? command.command : `${command.command}: ${said}`;
}

function refused(why: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(why, COMMAND_REFUSED);
}
