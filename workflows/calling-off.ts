import type { EventPlan } from '../domain/event-plan.js';
import type { ProviderEvent } from '../domain/provider-event.js';
import { hasCancellation, hasEnded, isCancellation, isTellingOfCancellation } from './ending.js';
import type { ItemState } from './item-state.js';
import type { Platform } from './platform.js';
import { forgetRefusal } from './shown-status.js';

/** Tells the platform that the order is called off. Nothing more is begun from here on, however long that takes. */
export async function callOffThere(
  event: ProviderEvent,
  plan: Extract<EventPlan, { kind: 'moves' }>,
  item: ItemState,
  platform: Platform,
  actor: string,
): Promise<void> {
  item.callingOff = true;
  let over = false;
  item.fibers.beside(reportBeside(item, () => over));
  try {
    if (await isElsewhere(item, platform)) {
      item.events.unshift(event);
      return;
    }
    for (const step of plan.steps) {
      const from = item.status;
      const told = await platform.tell(step, actor, { givesWay: () => !item.callingOff });
      if (told === 'told') continue;
      if (told === 'given_up' && item.hints.length > 0) await platform.look();
      const wentOn = told === 'given_up' && item.status !== from && !hasEnded(item);
      // One that came meanwhile has not been refused: it is planned from where the item is now.
      if (wentOn && !hasCancellation(item)) letGo(item, `Offergrid went on to ${item.status ?? 'nothing'}`);
      // Of two cancellations one is enough; and where the item ended otherwise, this one came too late.
      if (item.callingOff && !hasCancellation(item)) item.events.unshift(event);
      return;
    }
    item.withdrawn = true;
  } finally {
    over = true;
  }
}

/** How an order is called off depends on where it is: an update that got through unseen makes it another place. */
async function isElsewhere(item: ItemState, platform: Platform): Promise<boolean> {
  if (!item.unsure) return false;
  const believed = item.status;
  await platform.look();
  return item.status !== believed;
}

/** Offergrid will not have it; a person has to say how it goes on. */
export function isCancellationRefused(item: ItemState): boolean {
  return item.refusal !== null && isTellingOfCancellation(item);
}

/** The order goes on as if it had never been called off. `why`: unless a person said so. */
export function letGo(item: ItemState, why?: string): void {
  forgetRefusal(item);
  item.callingOff = false;
  item.events = item.events.filter((event) => !isCancellation(event));
  item.withdrawal = null;
  item.verdict = null;
  item.journal.write({ type: 'note', actor: 'workflow', note: 'The cancellation is dropped.' });
  if (why === undefined) item.settle('drift');
  else item.raise('drift', `${why} though the order was to be cancelled: it goes on.`);
}

/** What the field reports while a cancellation is refused waits for a person's word, who has to know of it. */
async function reportBeside(item: ItemState, isOver: () => boolean): Promise<void> {
  const reports = () => (item.refusal === null ? [] : item.events.map(({ type }) => type));
  for (let told = 0; ; told = reports().length) {
    await item.fibers.rest(() => isOver() || reports().length > told);
    if (isOver()) return;
    item.raise(
      'drift',
      `While Offergrid refuses the cancellation, this was reported: ${reports().join(', ')}.`,
    );
  }
}
