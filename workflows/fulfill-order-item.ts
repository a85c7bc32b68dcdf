import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  workflowInfo,
} from '@temporalio/workflow';
import type { Answer } from '../domain/answer.js';
import type { Offer, OrderItem } from '../domain/order-item.js';
import { isAnswerDue } from '../domain/response-deadline.js';
import { isFinal, isUnanswered, UNANSWERED_STATUSES } from '../domain/status.js';
import type { Step } from '../domain/status-update.js';
import type { FulfillOrderItemInput } from '../domain/workflow-names.js';
import { fetchItem, fetchOffer, findOffer, isStopOfAll, loadRules, mayPass } from './activities.js';
import { checkAvailability, closeQuestion, decide, review, untilAnsweredOr } from './decide.js';
import { isContradiction } from './early-events.js';
import { carryOut } from './fulfil.js';
import type { Carried } from './item-knowledge.js';
import { ItemState } from './item-state.js';
import { finish, hasEnded } from './ending.js';
import { notShown } from './look.js';
import { Platform } from './platform.js';
import { reach } from './reach.js';
import { unless } from './unless.js';
import { ResponseClock } from './response-clock.js';
import { takeFirst } from './shown-status.js';
import { leaveAside, standDown } from './stand-down.js';

/** An item that the platform does not show yet is asked for again, less and less often; in milliseconds. */
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 3_600_000;
/** About two days; after that only a person or a word from the platform has it read again. */
const READS_BY_ITSELF = 60;

/** Events in a run's history after which the item is carried over: a worker replays as many in a fraction of a second. */
const LONG_HISTORY = 2_000;

/** Half an item cannot be ended: what is under way at Offergrid and at the provider's would stay as it is. */
const CANCELLED_IN_TEMPORAL = {
  type: 'note',
  actor: 'workflow',
  note: 'Its cancellation was asked for in Temporal, which changes nothing: the commands are cancel and reject.',
} as const;

/**
 * One order item, from the first word of it to a live service. It ends when the platform shows an end; until then it
 * waits, for months if need be, in as many runs as that takes: `carried` is what the run before this one knew. The rules
 * are loaded anew in each, so that a change of policy reaches items that wait; what was promised stays as it was.
 */
export async function fulfillOrderItem(input: FulfillOrderItemInput, carried?: Carried): Promise<void> {
  const item = new ItemState(input, carried);
  // Before anything is awaited: a message may have come with the first task.
  item.listen();
  CancellationScope.current().cancelRequested.catch(() => item.journal.write({ ...CANCELLED_IN_TEMPORAL }));
  const ended = await CancellationScope.nonCancellable(async () => {
    item.rules = await loadRules();
    return await Promise.race([tellStory(item).then(() => true), historyIsLong(item).then(() => false)]);
  });
  if (!ended) await continueAsNew<typeof fulfillOrderItem>(input, item.carry());
}

async function tellStory(item: ItemState): Promise<void> {
  const platform = new Platform(item);
  const writing = item.journal.keep();

  if (item.item === null) await hear(item);
  if (!item.offerRead) item.fibers.beside(learnOffer(item));
  if (isUnanswered(item.status ?? 'pending')) await answerInTime(item, platform);
  if (!isFinal(item.status ?? 'pending')) await carryOut(item, platform);
  finish(item);
  leaveAside(item);
  await standDown(item);
  // What came while that was done, or is written down, which takes as long as the database is away.
  do {
    leaveAside(item);
    await condition(() => item.journal.settled && allHandlersFinished());
  } while (item.events.length > 0);
  item.journal.close();
  await writing;
}

/** Only where the story waits: nothing is in hand then that the next run would have to know of. */
async function historyIsLong(item: ItemState): Promise<void> {
  const limit = item.rules.historyLimit ?? LONG_HISTORY;
  const due = () => {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    return (continueAsNewSuggested || historyLength >= limit) && item.quiet;
  };
  // A message that came with the one that made it due is acted on first.
  while (!due()) await condition(due);
}

/** The webhook was a hint; the item itself is read from the platform, and the offer it is for from what we know. */
async function hear(item: ItemState): Promise<void> {
  const step = 'reading the item';
  for (;;) {
    // Said before the item is asked for again, and answered by that.
    const { retries } = item;
    item.hints.length = 0;
    const among = UNANSWERED_STATUSES;
    const lookup = await reach(item, () => fetchItem({ itemId: item.itemId, among }));
    if (lookup.kind === 'found') {
      item.unstick(step);
      takeFirst(item, lookup.item);
      return;
    }
    item.stuck[step] = { code: 'drift', retries };
    item.raise('drift', ...notShown(lookup, 'Offergrid does not know this item as one of ours.'));
    const asked = () => item.retries > retries || item.hints.length > 0;
    const pause =
      item.reads < READS_BY_ITSELF ? Math.min(FIRST_PAUSE * 2 ** item.reads, LONGEST_PAUSE) : undefined;
    item.reads += 1;
    await item.fibers.rest(asked, pause);
  }
}

/** Runs beside the clock: an offer that cannot be read must not keep alarms, or a person's answer, waiting. */
async function learnOffer(item: ItemState): Promise<void> {
  item.waitingFor = 'the offer from Offergrid';
  item.offer = await offerOf(item.known, item);
  item.offerRead = true;
}

/** The offers table remembers; Offergrid is asked where it does not, or is away. */
async function offerOf({ offerId }: OrderItem, item: ItemState): Promise<Offer | null> {
  if (offerId === null) return null;
  const remembered = await findOffer({ offerId }).catch((error: unknown) => {
    if (!mayPass(error)) throw error;
    return null;
  });
  if (remembered !== null) return remembered;
  const fetch = () =>
    fetchOffer({ offerId }).catch((error: unknown) => {
      if (mayPass(error) && !isStopOfAll(error)) item.offerFails = true;
      throw error;
    });
  return await unless(
    () => hasEnded(item),
    () => reach(item, fetch),
  );
}

/** Once a whole round of attempts has failed, close to the deadline: a person can answer without it, and it is read on. */
function mayDoWithoutOffer({ offerFails, sla }: ItemState): boolean {
  return offerFails && sla !== null && isAnswerDue(sla.deadline, Date.now());
}

/** The 24 hours: they run until an answer, ours or one given elsewhere, has landed at the platform. */
async function answerInTime(item: ItemState, platform: Platform): Promise<void> {
  const clock = new ResponseClock(item, platform);
  clock.start();
  while (isUnanswered(item.status ?? 'pending')) {
    const answer = await findAnswer(item, platform);
    closeQuestion(item);
    if (answer.kind === 'elsewhere') continue;
    item.answering = true;
    const { verdict } = item;
    const isSuperseded = () =>
      item.verdict !== verdict || item.events.some((event) => isContradiction(event, answer));
    await platform.tell(stepFor(answer, item), answer.actor, {
      // What was told before, or done at the platform meanwhile, may have answered it.
      stillWanted: () => isUnanswered(item.status ?? 'pending') && !isSuperseded(),
      givesWay: isSuperseded,
    });
    item.answering = false;
  }
  await clock.stop();
}

async function findAnswer(item: ItemState, platform: Platform): Promise<Answer> {
  const said = await untilAnsweredOr(item, platform, () => item.offerRead || mayDoWithoutOffer(item));
  if (said !== null) return said;
  const reviewed = await review(item, platform);
  if (reviewed.kind !== 'clear') return reviewed;
  const available = await checkAvailability(item, platform);
  if (available.kind !== 'clear') return available;
  return await decide(item, platform);
}

function stepFor(answer: Exclude<Answer, { kind: 'elsewhere' }>, item: ItemState): Step {
  if (answer.kind === 'accept') return { status: 'accepted', fulfillment: item.category.fulfillment };
  const { reason, reasonCode, alternative } = answer;
  return { status: 'rejected', reason, reasonCode, ...(alternative === undefined ? {} : { alternative }) };
}
