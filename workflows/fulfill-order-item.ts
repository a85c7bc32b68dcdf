import { allHandlersFinished, condition } from '@temporalio/workflow';
import type { Answer } from '../domain/answer.js';
import type { Offer, OrderItem } from '../domain/order-item.js';
import type { ProviderEvent } from '../domain/provider-event.js';
import { isFinal, isUnanswered, UNANSWERED_STATUSES } from '../domain/status.js';
import type { Step } from '../domain/status-update.js';
import type { FulfillOrderItemInput } from '../domain/workflow-names.js';
import { fetchItem, fetchOffer, findOffer, loadRules, mayPass } from './activities.js';
import { checkAvailability, decide, review, untilAnsweredOr } from './decide.js';
import { standDown } from './dispatch.js';
import { carryOut } from './fulfil.js';
import { ItemState } from './item-state.js';
import { finish, Platform, reach, settleSla, whileOpen } from './platform.js';
import { ResponseClock } from './response-clock.js';

/** An item that the platform does not show yet is asked for again, less and less often; in milliseconds. */
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 3_600_000;
/** About two days; after that only a person or a word from the platform has it read again. */
const READS_BY_ITSELF = 60;

/**
 * One order item, from the first word of it to a live service. It ends when the platform shows an end; until then it
 * waits, for months if need be.
 */
export async function fulfillOrderItem(input: FulfillOrderItemInput): Promise<void> {
  const item = new ItemState(input, await loadRules());
  const platform = new Platform(item);
  item.listen();
  const writing = item.journal.keep();

  await hear(item);
  item.background(learnOffer(item));
  if (isUnanswered(item.status ?? 'pending')) await answerInTime(item, platform);
  if (!isFinal(item.status ?? 'pending')) await carryOut(item, platform);
  finish(item);
  await standDown(item);

  await item.backgroundDone();
  await condition(allHandlersFinished);
  item.journal.close();
  await writing;
}

/** The webhook was a hint; the item itself is read from the platform, and the offer it is for from what we know. */
async function hear(item: ItemState): Promise<void> {
  const step = 'reading the item';
  for (let reads = 0, pause = FIRST_PAUSE; ; reads += 1, pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    const among = UNANSWERED_STATUSES;
    const lookup = await reach(item, () => fetchItem({ itemId: item.itemId, among }));
    if (lookup.kind === 'found') {
      item.stuck.delete(step);
      item.settle('drift');
      item.read(lookup.item);
      if (!isUnanswered(lookup.item.status)) settleSla(item, lookup.item.status);
      return;
    }
    item.stuck.set(step, 'drift');
    item.raise('drift', 'Offergrid does not know this item as one of ours.');
    const { retries } = item;
    const asked = () => item.retries > retries || item.hints.length > 0;
    await (reads < READS_BY_ITSELF ? condition(asked, pause) : condition(asked));
    item.hints.length = 0;
  }
}

/** Runs beside the clock: an offer that cannot be read must not keep alarms, or a person's answer, waiting. */
async function learnOffer(item: ItemState): Promise<void> {
  item.waitingFor = 'the offer from Offergrid';
  item.offer = await whileOpen(item, () => offerOf(item.known, item));
  item.offerRead = true;
}

/** The offers table remembers; Offergrid is asked where it does not, or is away. */
async function offerOf({ offerId }: OrderItem, item: ItemState): Promise<Offer | null> {
  if (offerId === null) return null;
  const remembered = await findOffer({ offerId }).catch((error: unknown) => {
    if (!mayPass(error)) throw error;
    return null;
  });
  return remembered ?? (await reach(item, () => fetchOffer({ offerId })));
}

/** The 24 hours: they run until an answer, ours or one given elsewhere, has landed at the platform. */
async function answerInTime(item: ItemState, platform: Platform): Promise<void> {
  const clock = new ResponseClock(item, platform);
  clock.start();
  while (isUnanswered(item.status ?? 'pending')) {
    const answer = await findAnswer(item, platform);
    if (answer.kind === 'elsewhere') continue;
    item.answering = true;
    const accepting = answer.kind === 'accept';
    await platform.tell(stepFor(answer, item), answer.actor, {
      stillWanted: () => !accepting || (!item.hasNews() && item.verdict === null),
      givesWay: () => accepting && (item.verdict !== null || item.events.some(isDenial)),
    });
    item.answering = false;
  }
  await clock.stop();
}

async function findAnswer(item: ItemState, platform: Platform): Promise<Answer> {
  const said = await untilAnsweredOr(item, platform, () => item.offerRead);
  if (said !== null) return said;
  const reviewed = await review(item, platform);
  if (reviewed.kind !== 'clear') return reviewed;
  const available = await checkAvailability(item, platform);
  if (available.kind !== 'clear') return available;
  return await decide(item, platform);
}

function isDenial({ type }: ProviderEvent): boolean {
  return type === 'availability.denied';
}

function stepFor(answer: Exclude<Answer, { kind: 'elsewhere' }>, item: ItemState): Step {
  if (answer.kind === 'accept') return { status: 'accepted', fulfillment: item.category.fulfillment };
  const { reason, reasonCode, alternative } = answer;
  return { status: 'rejected', reason, reasonCode, ...(alternative === undefined ? {} : { alternative }) };
}
