import type { Activation, ProviderActivities, ProviderAnswer } from '../domain/activities.js';
import { isTestOrder } from '../domain/order-item.js';
import type { Dispatch, DispatchStep } from './item-knowledge.js';
import type { ItemState } from './item-state.js';
import { hasEnded, isCalledOff, isCarriedOut, isOver } from './ending.js';
import { reachProvider, whileOpen } from './reach.js';
import { unless } from './unless.js';
import { simulatedVisit } from './simulated-visit.js';
import { callOff } from './stand-down.js';

/**
 * Tells the provider's systems what is to be done, as far as they are connected; else the field acts by itself. Begins it,
 * or goes on with what an earlier run left open.
 */
export function setOut(item: ItemState): void {
  item.dispatch ??= begin(item);
  for (const step of item.dispatch.open) item.fibers.beside(carryOutStep(step, item, item.dispatch));
}

function begin(item: ItemState): Dispatch {
  const { category, known, rules } = item;
  const steps = (...open: DispatchStep[]): Dispatch => ({
    open,
    // Made again with another time, the call would contradict its own idempotency key.
    contactBy: new Date(item.calledAt + rules.policy.stages.contact).toISOString(),
    refused: {},
  });
  if (item.status !== 'accepted') return steps();
  if (item.simulated) {
    item.events.push(...simulatedVisit(category.fulfillment, Date.now()));
    return steps();
  }
  // Nobody drives out for a test order, however it came to be accepted.
  if (!rules.providerConnected || isTestOrder(known)) return steps();
  return category.fulfillment === 'instant' ? steps('activation') : steps('work order', 'customer contact');
}

async function carryOutStep(step: DispatchStep, item: ItemState, dispatch: Dispatch): Promise<void> {
  const { known, offer } = item;
  const ask = <T>(call: (calls: ProviderActivities) => Promise<T>) =>
    reachProvider(item, `the ${step}`, call, { finishAttempt: true });
  switch (step) {
    case 'activation': {
      const call = async () => {
        // Whatever becomes of the call: its answer may be lost, and a cancellation may come first.
        dispatch.activation = 'asked';
        const answer = await whileOpen(item, () => ask((calls) => calls.activate({ item: known, offer })));
        if (answer?.kind === 'refused') delete dispatch.activation;
        return answer;
      };
      const result = await insist(item, dispatch, step, call);
      if (result?.activated === true) activated(item, dispatch, result);
      break;
    }
    case 'work order': {
      const needless = () => item.facts.workOrderId !== undefined;
      // Of an order that is called off we have to know what there is to cancel; one that was carried out needs no more.
      const call = () =>
        unless(
          () => isCarriedOut(item),
          () => ask((calls) => calls.createWorkOrder({ item: known, offer })),
        );
      const ordered = await insist(item, dispatch, step, call, needless);
      if (ordered !== null) await keepOne(item, ordered.workOrderId);
      break;
    }
    case 'customer contact': {
      const { contactBy } = dispatch;
      const call = () =>
        whileOpen(item, () => ask((calls) => calls.contactCustomer({ item: known, contactBy })));
      await insist(item, dispatch, step, call);
      break;
    }
    default:
      step satisfies never;
  }
  dispatch.open = dispatch.open.filter((open) => open !== step);
}

function activated(item: ItemState, dispatch: Dispatch, result: Activation): void {
  dispatch.activation = 'done';
  const { accountNumber, policyNumber, effectiveDate } = result;
  item.events.push({
    id: `activation-${item.itemId}`,
    type: 'service.activated',
    time: new Date().toISOString(),
    source: 'provider',
    data: {
      ...(accountNumber === undefined ? {} : { accountNumber }),
      ...(policyNumber === undefined ? {} : { policyNumber }),
      ...(effectiveDate === undefined ? {} : { effectiveDate }),
    },
  });
}

/**
 * The work order we made stands, unless the order was called off or the field has named another one meanwhile. One that
 * was carried out before we heard of its number stands too.
 */
async function keepOne(item: ItemState, workOrderId: string): Promise<void> {
  const named = item.facts.workOrderId;
  const isReplaced = named !== undefined && named !== workOrderId;
  if (isReplaced || (hasEnded(item) && !isCarriedOut(item)) || item.withdrawn) {
    await callOff(item, workOrderId);
    return;
  }
  item.facts.workOrderId = workOrderId;
  item.journal.write({ type: 'note', actor: 'workflow', note: `Work order ${workOrderId} made.` });
}

/**
 * A refusal goes before a person, who may have it tried again. While the order is being called off nothing is begun, and
 * it goes on should that come to nothing. Null once it is needless, or the item has ended.
 */
async function insist<T>(
  item: ItemState,
  { refused }: Dispatch,
  step: DispatchStep,
  call: () => Promise<ProviderAnswer<T> | null>,
  needless: () => boolean = () => false,
): Promise<({ kind: 'done' } & T) | null> {
  for (;;) {
    if (isCalledOff(item)) await item.fibers.rest(() => !isCalledOff(item) || hasEnded(item));
    if (hasEnded(item) || needless()) return null;
    if (refused[step] === undefined) {
      const answer = await call();
      if (answer === null) continue;
      if (answer.kind === 'done') return answer;
      refused[step] = answer.detail;
      if (isOver(item)) continue;
    }
    const message = `The provider's system refused the ${step}: ${refused[step]}`;
    const stuck = { step: `the ${step}`, code: 'manual_review', message } as const;
    if (await item.untilRetryOr(stuck, () => isOver(item) || needless())) delete refused[step];
  }
}
