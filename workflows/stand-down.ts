import { isTestOrder } from '../domain/order-item.js';
import type { ProviderEvent } from '../domain/provider-event.js';
import { isCarriedOut, isOver } from './ending.js';
import type { ItemState } from './item-state.js';
import { reachProvider } from './reach.js';

/** Stops what the provider had begun for an order that will not be carried out; until nothing of it is in hand. */
export async function standDown(item: ItemState): Promise<void> {
  const { workOrderId } = item.facts;
  if ((item.outcome === 'cancelled' || item.withdrawn) && workOrderId !== undefined)
    await callOff(item, workOrderId);
  await item.fibers.done();
  const activation = item.dispatch?.activation;
  if (activation !== undefined && !isLive(item)) switchOff(item, activation);
}

/** The provider cancels a work order; a person is told where it stands all the same. */
export async function callOff(item: ItemState, workOrderId: string): Promise<void> {
  const write = (note: string) => item.journal.write({ type: 'note', actor: 'workflow', note });
  if (!item.rules.providerConnected || isTestOrder(item.known)) {
    write(`Work order ${workOrderId} is not needed any more, and nobody could be told.`);
    return;
  }
  const reason = 'The order was cancelled or carried out under another work order.';
  const { itemId } = item;
  const answer = await reachProvider(item, `the cancellation of work order ${workOrderId}`, (calls) =>
    calls.cancelWorkOrder({ itemId, workOrderId, reason }),
  );
  if (answer.kind === 'done') {
    write(`Work order ${workOrderId} cancelled.`);
    return;
  }
  const stands = `Work order ${workOrderId} could not be cancelled: ${answer.detail}`;
  write(stands);
  // Of an order that goes on under another work order nothing was cancelled: it has one visit too many.
  const code = isOver(item) ? 'cancelled_in_field' : 'drift';
  item.raise(code, stands, 'A work order that is not needed any more could not be cancelled.');
}

/** What was reported too late to apply, or held for an order that was never accepted, stays on record. */
export function leaveAside(item: ItemState): void {
  // Called off before its answer, and live all the same: nobody has acted on that.
  const overlooked = item.withdrawal !== null && isLive(item) ? [item.withdrawal] : [];
  item.withdrawal = null;
  for (const event of [...overlooked, ...item.held.splice(0), ...item.events.splice(0)]) {
    const why = event.type === 'availability.denied' ? `: ${event.data.reason}` : '.';
    const note = `${event.type} came when the order had ended${why}`;
    item.journal.write({ type: 'note', actor: 'workflow', note });
    putBeforePerson(event, item);
  }
}

/** What the field did, or was told by its customer, although the order ended in another way. */
function putBeforePerson(event: ProviderEvent, item: ItemState): void {
  if (event.type === 'order.cancelled') {
    if (isLive(item))
      item.raise('cancelled_in_field', `The order was called off, and ended as ${item.status ?? 'unknown'}.`);
  } else if (isLive(item)) {
    return;
  } else if (event.type === 'availability.confirmed') {
    if (item.sent.rejected?.metadata['reasonCode'] === 'not_available')
      item.raise('drift', 'The order was rejected as not available, and then confirmed to be available.');
  } else if (event.type === 'service.activated') {
    switchOff(item, 'done');
  } else if (IN_FIELD.has(event.type) && !isCarriedOut(item)) {
    item.raise('cancelled_in_field', `${event.type} was reported of an order that was not carried out.`);
  }
}

/** A technician is booked, or was there. */
const IN_FIELD: ReadonlySet<string> = new Set([
  'appointment.scheduled',
  'appointment.rescheduled',
  'installation.started',
  'installation.completed',
  'installation.failed',
]);

function isLive({ status }: ItemState): boolean {
  return status === 'active' || status === 'completed';
}

/** A service that runs without an order is a person's business. */
function switchOff(item: ItemState, activation: 'asked' | 'done'): void {
  const message =
    activation === 'done'
      ? 'The order ended while its service was being activated: switch it off.'
      : 'The order ended after the activation of its service was asked for: see that it is switched off.';
  item.raise('cancelled_in_field', message);
}
