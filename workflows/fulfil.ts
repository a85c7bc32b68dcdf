import { planEvent, type EventPlan } from '../domain/event-plan.js';
import type { ProviderEvent } from '../domain/provider-event.js';
import type { Status } from '../domain/status.js';
import { callOffThere } from './calling-off.js';
import { setOut } from './dispatch.js';
import { CONTRADICTION, contradictionOf, isApproved } from './early-events.js';
import type { ItemState } from './item-state.js';
import { hasCancellation, hasEnded, isCalledOff, isCancellation } from './ending.js';
import type { Platform } from './platform.js';
import { callOff } from './stand-down.js';

/**
 * From acceptance to a live service. What happens is told by the field, in whatever order its messages come: each is
 * planned against where the item stands now, and the platform sees the drawn states in order. A cancellation goes before
 * all else, and before it has been settled nothing is begun.
 */
export async function carryOut(item: ItemState, platform: Platform): Promise<void> {
  if (item.dispatch === null) takeOver(item);
  let hasSetOut = false;
  while (!hasEnded(item)) {
    if (!hasSetOut && item.offerRead && !isCalledOff(item)) {
      stand(item);
      setOut(item);
      hasSetOut = true;
    } else if (item.hints.length > 0) {
      await platform.look();
    } else if (hasCancellation(item) || (hasSetOut && item.events.length > 0)) {
      await takeUp(nextEvent(item), item, platform);
    } else {
      await item.fibers.rest(() => (item.offerRead && !hasSetOut) || hasNewsFor(item, hasSetOut));
    }
    if (hasSetOut && !hasEnded(item)) stand(item);
  }
}

function hasNewsFor(item: ItemState, hasSetOut: boolean): boolean {
  return hasSetOut ? item.hasNews() : item.hints.length > 0 || hasCancellation(item);
}

function nextEvent(item: ItemState): ProviderEvent | null {
  const cancellation = item.events.findIndex(isCancellation);
  return item.events.splice(Math.max(cancellation, 0), 1)[0] ?? null;
}

async function takeUp(event: ProviderEvent | null, item: ItemState, platform: Platform): Promise<void> {
  item.inHand = event;
  if (event !== null) await apply(event, item, platform);
  item.inHand = null;
}

/** What came before the acceptance is acted on now. */
function takeOver(item: ItemState): void {
  item.events.unshift(...inOrder(item.held.splice(0)));
  if (item.withdrawal !== null) {
    item.events.unshift(item.withdrawal);
    item.withdrawal = null;
    item.verdict = null;
  } else if (item.verdict?.kind === 'reject') {
    item.raise('drift', 'The order was to be rejected, and is accepted at Offergrid.');
  } else {
    tellOfContradiction(item);
  }
  item.settle('event_before_decision');
}

/** Accepted there before a person could say which of the two holds. */
function tellOfContradiction(item: ItemState): void {
  const message = contradictionOf(item);
  if (message === null || isApproved(message, item)) return;
  const accepted = ' It is accepted at Offergrid.';
  item.raise('drift', `${message}.${accepted}`, `${CONTRADICTION}${accepted}`);
}

/** Where the item is in the story, and what it waits for, as its status says. */
function stand(item: ItemState): void {
  const wait = waitFor(item.status, item);
  if (item.stage !== wait.stage || item.waitingFor !== wait.for) item.enter(wait.stage, wait.for);
}

function waitFor(status: Status | null, item: ItemState): { stage: ItemState['stage']; for: string } {
  switch (status) {
    case 'scheduled':
      return item.appointment?.missed === true
        ? { stage: 'scheduling', for: 'a new appointment from the field-service system' }
        : { stage: 'installation', for: 'the technician to start' };
    case 'in_progress':
      return { stage: 'installation', for: 'the result of the installation' };
    case 'completed':
      return { stage: 'activation', for: 'the activation of the service' };
    default:
      return item.category.fulfillment === 'instant'
        ? { stage: 'activation', for: 'the activation of the service' }
        : { stage: 'scheduling', for: 'an appointment from the field-service system' };
  }
}

async function apply(event: ProviderEvent, item: ItemState, platform: Platform): Promise<void> {
  const plan = planEvent(event, item.situation());
  const actor = event.source ?? 'provider';
  switch (plan.kind) {
    case 'moves':
      await move(event, plan, item, platform, actor);
      break;
    case 'missed':
      missed(plan.by, item);
      break;
    case 'noted':
      // On a word that contradicts what is known no work order is called off.
      if (!isOutdated(event, item) && plan.contradicts !== true) {
        adopt(event, item);
        item.learn(event.data);
      }
      // The platform may have shown it before the event came.
      if (isOfBegunVisit(event)) item.begunAt ??= event.time;
      if (event.type === 'appointment.missed' && item.status === 'accepted') item.missedEarly.push(event);
      item.journal.write({ type: 'note', actor, note: `${event.type} changes nothing: ${plan.why}.` });
      if (plan.contradicts === true) tellContradicted(event, actor, plan.why, item);
      break;
    case 'refused':
      if (isCancellation(event)) item.callingOff = false;
      item.journal.write({ type: 'note', actor, note: `${event.type} cannot apply: ${plan.why}.` });
      tellContradicted(event, actor, plan.why, item);
      break;
    case 'availability':
    case 'withdrawn':
    case 'held':
      throw new Error(`${plan.kind} is planned only before the answer`);
    default:
      plan satisfies never;
  }
}

function tellContradicted({ type }: ProviderEvent, actor: string, why: string, item: ItemState): void {
  const message = `${type} from ${actor} contradicts the order: ${why}.`;
  // Each is another, whatever else is wrong with the item.
  item.raise('drift', message, message, true);
}

async function move(
  event: ProviderEvent,
  plan: Extract<EventPlan, { kind: 'moves' }>,
  item: ItemState,
  platform: Platform,
  actor: string,
): Promise<void> {
  adopt(event, item);
  item.learn(event.data);
  if (isCancellation(event)) {
    await callOffThere(event, plan, item, platform, actor);
    return;
  }
  for (const step of plan.steps) {
    const givesWay = () => item.events.some((later) => supersedes(later, event));
    const told = await platform.tell(step, actor, { givesWay });
    if (told === 'told') continue;
    // Where the platform is further along, the event is planned again from there; where it ended, it came too late.
    if (told === 'overtaken') item.events.unshift(event);
    else putBack(event, item);
    return;
  }
  if (plan.appointment !== undefined) {
    item.appointment = plan.appointment;
    item.settle('no_show');
    // This is the visit they meant; one that was made later is another.
    item.events.unshift(...item.missedEarly.splice(0).filter((early) => !isOutdated(early, item)));
  }
  if (isOfBegunVisit(event)) item.begunAt = event.time;
  if (event.type === 'installation.failed') {
    item.raise(
      'installation_failed',
      'The installation failed; the next steps are to be settled with the reseller.',
    );
  }
}

const isOfBegunVisit = ({ type }: ProviderEvent): boolean =>
  type === 'installation.started' || type === 'installation.completed';

/** What came first may change nothing, and then it is this event's turn again. */
function putBack(event: ProviderEvent, item: ItemState): void {
  if (item.events.some((later) => supersedes(later, event))) {
    item.journal.write({ type: 'note', actor: 'workflow', note: `A later ${event.type} took its place.` });
    return;
  }
  item.events.unshift(event);
}

/** Says the same thing anew: another appointment, or the same report with other data. */
function supersedes(later: ProviderEvent, event: ProviderEvent): boolean {
  const kind = ({ type }: ProviderEvent) =>
    type === 'appointment.rescheduled' ? 'appointment.scheduled' : type;
  return kind(later) === kind(event) && Date.parse(later.time) >= Date.parse(event.time);
}

/** Happened before the appointment that stands was made: what it says of the visit has been overtaken. */
function isOutdated(event: ProviderEvent, { appointment }: ItemState): boolean {
  return appointment !== null && Date.parse(event.time) < Date.parse(appointment.asOf);
}

/** A work order the event names replaces the one we made, which is called off. */
function adopt(event: ProviderEvent, item: ItemState): void {
  const named = 'workOrderId' in event.data ? event.data.workOrderId : undefined;
  const ours = item.facts.workOrderId;
  if (named !== undefined && ours !== undefined && named !== ours) item.fibers.beside(callOff(item, ours));
}

function missed(by: 'customer' | 'technician', item: ItemState): void {
  item.missedVisits += 1;
  if (item.appointment !== null) item.appointment = { ...item.appointment, missed: true };
  item.journal.write({ type: 'note', actor: 'workflow', note: `Visit missed by the ${by}.` });
  if (item.missedVisits > item.rules.policy.noShow.maxReschedules) {
    item.raise('no_show', `${item.missedVisits} visits were missed.`);
  }
}

/** By when it happened, as far as the senders say; senders that send nothing keep their order. */
function inOrder(events: ProviderEvent[]): ProviderEvent[] {
  return [...events].sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}
