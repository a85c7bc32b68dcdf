import { condition } from '@temporalio/workflow';
import { planEvent, type EventPlan } from '../domain/event-plan.js';
import type { ProviderAnswer } from '../domain/activities.js';
import type { ProviderEvent } from '../domain/provider-event.js';
import type { Status } from '../domain/status.js';
import { providerCalls } from './activities.js';
import type { ItemState } from './item-state.js';
import { hasEnded, type Platform } from './platform.js';

/**
 * From acceptance to a live service. What happens is told by the field, in whatever order its messages come: each is
 * planned against where the item stands now, and the platform sees the drawn states in order.
 */
export async function carryOut(item: ItemState, platform: Platform): Promise<void> {
  stand(item);
  if (item.status === 'accepted') item.background(setOut(item));
  item.events.unshift(...inOrder(item.held.splice(0)));
  item.settle('event_before_decision');
  while (!hasEnded(item)) {
    await condition(() => item.hasNews());
    if (item.hints.length > 0) {
      await platform.look();
    } else {
      const event = item.events.shift();
      if (event !== undefined) await apply(event, item, platform);
    }
    if (!hasEnded(item)) stand(item);
  }
}

/** Stops what the provider had begun for an order that will not be carried out. */
export async function standDown(item: ItemState): Promise<void> {
  const workOrderId = item.facts.workOrderId;
  if (item.outcome !== 'cancelled' && !item.withdrawn) return;
  if (workOrderId !== undefined) await callOff(item, workOrderId);
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
      item.learn(event.data);
      item.journal.write({ type: 'note', actor, note: `${event.type} changes nothing: ${plan.why}.` });
      break;
    case 'refused':
      item.journal.write({ type: 'note', actor, note: `${event.type} cannot apply: ${plan.why}.` });
      item.raise('drift', `${event.type} from ${actor} contradicts the order: ${plan.why}.`);
      break;
    case 'availability':
    case 'withdrawn':
    case 'held':
      throw new Error(`${plan.kind} is planned only before the answer`);
    default:
      plan satisfies never;
  }
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
  for (const step of plan.steps) {
    const told = await platform.tell(step, actor);
    if (told === 'put_off') return;
    if (told === 'overtaken') {
      // Where the platform is further along, the event is planned again from there; where it ended, that is the end.
      if (!hasEnded(item)) item.events.unshift(event);
      return;
    }
  }
  if (plan.appointment !== undefined) {
    item.appointment = plan.appointment;
    item.settle('no_show');
  }
  if (event.type === 'installation.failed') {
    item.raise(
      'installation_failed',
      'The installation failed; the next steps are to be settled with the reseller.',
    );
  }
  if (event.type === 'order.cancelled') item.withdrawn = true;
}

/** A work order the event names replaces the one we made, which is called off. */
function adopt(event: ProviderEvent, item: ItemState): void {
  const named = 'workOrderId' in event.data ? event.data.workOrderId : undefined;
  const ours = item.facts.workOrderId;
  if (named !== undefined && ours !== undefined && named !== ours) item.background(callOff(item, ours));
}

function missed(by: 'customer' | 'technician', item: ItemState): void {
  item.missedVisits += 1;
  if (item.appointment !== null) item.appointment = { ...item.appointment, missed: true };
  item.journal.write({ type: 'note', actor: 'workflow', note: `Visit missed by the ${by}.` });
  if (item.missedVisits > item.rules.policy.noShow.maxReschedules) {
    item.raise('no_show', `${item.missedVisits} visits were missed.`);
  }
}

/** Tells the provider's systems what is to be done, as far as they are connected; else the field acts by itself. */
async function setOut(item: ItemState): Promise<void> {
  const { category, known, offer } = item;
  if (item.simulated) {
    item.events.push(...simulatedVisit(item));
    return;
  }
  if (!item.rules.providerConnected) return;
  const calls = providerCalls(item.journal);
  if (category.fulfillment === 'instant') {
    const result = await insist(item, 'the activation', () => calls.activate({ item: known, offer }));
    if (result?.activated !== true) return;
    if (hasEnded(item)) {
      item.raise(
        'cancelled_in_field',
        'The order ended while its service was being activated: switch it off.',
      );
      return;
    }
    const { kind: _, activated: __, ...data } = result;
    const time = new Date().toISOString();
    item.events.push({
      id: `activation-${item.itemId}`,
      type: 'service.activated',
      time,
      source: 'provider',
      data,
    });
    return;
  }
  const contactBy = new Date(Date.now() + item.rules.policy.stages.contact).toISOString();
  const [ordered] = await Promise.all([
    insist(item, 'the work order', () => calls.createWorkOrder({ item: known, offer })),
    insist(item, 'the customer contact', () => calls.contactCustomer({ item: known, contactBy })),
  ]);
  if (ordered === null) return;
  if (item.withdrawn) {
    await callOff(item, ordered.workOrderId);
    return;
  }
  if (item.facts.workOrderId === undefined) item.facts.workOrderId = ordered.workOrderId;
  else if (item.facts.workOrderId !== ordered.workOrderId) await callOff(item, ordered.workOrderId);
  item.journal.write({ type: 'note', actor: 'workflow', note: `Work order ${ordered.workOrderId} made.` });
}

/** A refusal goes before a person, who may have it tried again. Null once the item is over. */
async function insist<T>(
  item: ItemState,
  step: string,
  call: () => Promise<ProviderAnswer<T>>,
): Promise<({ kind: 'done' } & T) | null> {
  for (;;) {
    const answer = await call();
    if (answer.kind === 'done') return answer;
    item.stuck = step;
    item.raise('manual_review', `The provider's system refused ${step}: ${answer.detail}`);
    const retry = await item.untilRetryOr(() => hasEnded(item));
    item.stuck = null;
    item.settle('manual_review');
    if (!retry) return null;
  }
}

async function callOff(item: ItemState, workOrderId: string): Promise<void> {
  const reason = 'The order was cancelled or carried out under another work order.';
  const answer = await providerCalls(item.journal).cancelWorkOrder({
    itemId: item.itemId,
    workOrderId,
    reason,
  });
  const note =
    answer.kind === 'done'
      ? `Work order ${workOrderId} cancelled.`
      : `Work order ${workOrderId} stands: ${answer.detail}`;
  item.journal.write({ type: 'note', actor: 'workflow', note });
}

/** By when it happened, as far as the senders say; senders that send nothing keep their order. */
function inOrder(events: ProviderEvent[]): ProviderEvent[] {
  return [...events].sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

/** What the field would report of a test order, for which nobody drives out. */
function simulatedVisit(item: ItemState): ProviderEvent[] {
  const time = new Date().toISOString();
  const source = 'simulation';
  const id = (step: string) => `simulated-${step}`;
  if (item.category.fulfillment === 'instant') {
    return [
      {
        id: id('activation'),
        type: 'service.activated',
        time,
        source,
        data: { effectiveDate: time.slice(0, 10) },
      },
    ];
  }
  const visit = { scheduledFor: time, appointmentWindow: 'simulated' };
  return [
    { id: id('appointment'), type: 'appointment.scheduled', time, source, data: visit },
    { id: id('start'), type: 'installation.started', time, source, data: {} },
    {
      id: id('completion'),
      type: 'installation.completed',
      time,
      source,
      data: { accountNumber: 'TEST', activationDate: time.slice(0, 10) },
    },
  ];
}
