import type { ProviderAnswer } from '../domain/activities.js';
import { isTestOrder } from '../domain/order-item.js';
import { providerCalls } from './activities.js';
import type { ItemState } from './item-state.js';
import { hasEnded, whileOpen } from './platform.js';
import { simulatedVisit } from './simulated-visit.js';

/** Tells the provider's systems what is to be done, as far as they are connected; else the field acts by itself. */
export async function setOut(item: ItemState): Promise<void> {
  const { category, known, offer } = item;
  if (item.simulated) {
    item.events.push(...simulatedVisit(category.fulfillment, Date.now()));
    return;
  }
  // Nobody drives out for a test order, however it came to be accepted.
  if (!item.rules.providerConnected || isTestOrder(known)) return;
  const calls = providerCalls({ hold: item.journal.hold, finishAttempt: true });
  if (category.fulfillment === 'instant') {
    const result = await insist(item, 'the activation', () =>
      whileOpen(item, () => calls.activate({ item: known, offer })),
    );
    if (result?.activated !== true) return;
    if (hasEnded(item)) {
      if (item.status !== 'active') switchOff(item);
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
  // Made again with another time, the call would contradict its own idempotency key.
  const contactBy = new Date(item.calledAt + item.rules.policy.stages.contact).toISOString();
  const [ordered] = await Promise.all([
    insist(
      item,
      'the work order',
      () => calls.createWorkOrder({ item: known, offer }),
      () => item.facts.workOrderId !== undefined,
    ),
    insist(item, 'the customer contact', () =>
      whileOpen(item, () => calls.contactCustomer({ item: known, contactBy })),
    ),
  ]);
  if (ordered === null) return;
  const needed = !hasEnded(item) || item.facts.workOrderId === ordered.workOrderId;
  if (item.withdrawn || !needed) {
    await callOff(item, ordered.workOrderId);
    return;
  }
  if (item.facts.workOrderId === undefined) item.facts.workOrderId = ordered.workOrderId;
  else if (item.facts.workOrderId !== ordered.workOrderId) await callOff(item, ordered.workOrderId);
  item.journal.write({ type: 'note', actor: 'workflow', note: `Work order ${ordered.workOrderId} made.` });
}

/** A refusal goes before a person, who may have it tried again. Null once it is needless, or the item over. */
async function insist<T>(
  item: ItemState,
  step: string,
  call: () => Promise<ProviderAnswer<T> | null>,
  needless: () => boolean = () => false,
): Promise<({ kind: 'done' } & T) | null> {
  for (;;) {
    const answer = await call();
    if (answer === null || answer.kind === 'done') return answer;
    const message = `The provider's system refused ${step}: ${answer.detail}`;
    const stuck = { step, code: 'manual_review', message } as const;
    if (!(await item.untilRetryOr(stuck, () => hasEnded(item) || needless()))) return null;
  }
}

export async function callOff(item: ItemState, workOrderId: string): Promise<void> {
  if (!item.rules.providerConnected || isTestOrder(item.known)) {
    const note = `Work order ${workOrderId} is not needed any more, and nobody could be told.`;
    item.journal.write({ type: 'note', actor: 'workflow', note });
    return;
  }
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

/** Stops what the provider had begun for an order that will not be carried out. */
export async function standDown(item: ItemState): Promise<void> {
  const workOrderId = item.facts.workOrderId;
  if (item.outcome !== 'cancelled' && !item.withdrawn) return;
  if (workOrderId !== undefined) await callOff(item, workOrderId);
}

/** A service that runs without an order is a person's business. */
export function switchOff(item: ItemState): void {
  item.raise('cancelled_in_field', 'The order ended while its service was being activated: switch it off.');
}
