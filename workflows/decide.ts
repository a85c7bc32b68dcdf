import { CancellationScope } from '@temporalio/workflow';
import type { Serviceability } from '../domain/activities.js';
import type { Answer } from '../domain/answer.js';
import type { AttentionCode } from '../domain/attention.js';
import { isTestOrder } from '../domain/order-item.js';
import { reviewItem } from '../domain/review.js';
import { isUnanswered } from '../domain/status.js';
import { providerCalls } from './activities.js';
import { CONTRADICTION, contradictionOf, isApproved, raiseHeld, takeEvents } from './early-events.js';
import type { ItemState } from './item-state.js';
import type { Platform } from './platform.js';

/** A system that cannot say within this long leaves the question to a person, while there is time to answer. */
const SERVICEABILITY_PATIENCE = 30 * 60_000;
/** Even when the deadline is near or past. */
const LEAST_PATIENCE = 60_000;

/** The step that a `retry` repeats while availability is unknown. */
const CHECK = 'the availability check';

/** `clear`: nothing stands in the way, go on. Anything else is the answer. */
type Finding = { kind: 'clear' } | Answer;

const CLEAR: Finding = { kind: 'clear' };

/** Is the order complete, and are we the ones to fulfil it? What is not goes before a person. */
export async function review(item: ItemState, platform: Platform): Promise<Finding> {
  item.enter('review', null);
  if (isTestOrder(item.known) && item.rules.policy.testOrders === 'reject') {
    return {
      kind: 'reject',
      reason: 'Test orders are not accepted',
      reasonCode: 'test_order',
      actor: 'policy',
    };
  }
  const offer = item.offerRead ? item.offer : 'unread';
  const findings = reviewItem(item.known, offer).map(({ field, problem }) => `${field} ${problem}`);
  if (isTestOrder(item.known) && item.rules.policy.testOrders === 'review')
    findings.push('it is a test order');
  if (findings.length === 0) return CLEAR;
  const message = `Please review: ${findings.join('; ')}.`;
  return await askPerson(item, platform, { code: 'manual_review', message });
}

/** Can the service be had at that address? */
export async function checkAvailability(item: ItemState, platform: Platform): Promise<Finding> {
  item.enter('availability', null);
  if (contradictionOf(item) !== null) return await settleContradiction(item, platform);
  if (item.availabilityConfirmed) return CLEAR;
  const found = await askAvailability(item, platform);
  const isSaid = found.kind === 'elsewhere' || item.verdict !== null;
  return isSaid || contradictionOf(item) === null ? found : await settleContradiction(item, platform);
}

async function askAvailability(item: ItemState, platform: Platform): Promise<Finding> {
  const ask = (message: string) => askPerson(item, platform, { code: 'availability_unknown', message });
  switch (item.category.availability) {
    case 'none':
      return CLEAR;
    case 'manual':
      return await ask('A person has to check availability.');
    case 'coverage':
      // The coverage table is not imported yet: without it nobody but a person can tell.
      return await ask('No coverage is known for this address.');
    case 'provider':
      return await askProvider(item, platform);
    default:
      return item.category.availability satisfies never;
  }
}

/** The provider's own events say yes and no: which of them holds is a person's to say. */
async function settleContradiction(item: ItemState, platform: Platform): Promise<Finding> {
  for (;;) {
    const message = contradictionOf(item);
    if (message === null || isApproved(message, item)) return CLEAR;
    item.enter('availability', null);
    item.availabilityConfirmed = false;
    const question = { code: 'availability_unknown', message, told: CONTRADICTION } as const;
    const found = await askPerson(item, platform, question);
    if (found.kind !== 'clear') return found;
  }
}

/** Automatic, or a person's word, as the policy has it for the category. */
export async function decide(item: ItemState, platform: Platform): Promise<Answer> {
  item.enter('decision', null);
  if (item.category.decision === 'manual') {
    const message = 'The order waits for a decision.';
    const found = await askPerson(item, platform, { code: 'manual_review', message });
    if (found.kind !== 'clear') return found;
  }
  const before = contradictionOf(item);
  const settled = await settleContradiction(item, platform);
  if (settled.kind !== 'clear') return settled;
  item.enter('decision', 'Offergrid to take the answer');
  const said = await untilAnsweredOr(item, platform, () => true);
  if (said !== null) return said;
  // What came with the last word may contradict it.
  return contradictionOf(item) === before
    ? { kind: 'accept', actor: 'policy' }
    : await decide(item, platform);
}

async function askProvider(item: ItemState, platform: Platform): Promise<Finding> {
  item.enter('availability', "the provider's availability check");
  const { deadline } = item.rules.policy.response;
  const left = (item.sla?.deadline ?? 0) - Date.now();
  const patience = Math.max(LEAST_PATIENCE, Math.min(SERVICEABILITY_PATIENCE, deadline / 4, left / 2));
  const { checkServiceability } = providerCalls({ giveUpAfter: patience });
  for (;;) {
    let found = item.serviceability;
    const asking = new CancellationScope();
    const asked =
      found !== null
        ? Promise.resolve()
        : asking
            .run(() => checkServiceability({ item: item.known, offer: item.offer }))
            .catch((): Serviceability => ({
              kind: 'unknown',
              reason: 'The availability check does not answer.',
            }))
            .then((answer) => void (found = answer));
    item.fibers.beside(asked);
    const answer = await untilAnsweredOr(item, platform, () => found !== null || item.availabilityConfirmed);
    if (found === null) asking.cancel();
    await asked;
    if (answer !== null) return answer;
    const said = found;
    if (said?.kind === 'serviceable') item.availabilityConfirmed = true;
    if (item.availabilityConfirmed) return CLEAR;
    if (said?.kind === 'not_serviceable') {
      const { reason = 'Service is not available at this address.', alternative } = said;
      const rejection: Answer = { kind: 'reject', reason, reasonCode: 'not_available', actor: 'provider' };
      return alternative === undefined ? rejection : { ...rejection, alternative };
    }
    item.serviceability = said;
    const told = 'The availability check cannot tell.';
    const message = (said?.kind === 'unknown' ? said.reason : undefined) ?? told;
    const unknown = { code: 'availability_unknown', message, told, again: true } as const;
    const answered = await askPerson(item, platform, unknown);
    if (answered.kind !== 'retry') return answered;
    item.serviceability = null;
  }
}

interface PutQuestion {
  code: AttentionCode;
  message: string;
  /** What notifications say of it, where the message repeats another system's words. */
  told?: string;
}

/**
 * Puts a question before a person and waits until it is approved, answered or overtaken; or, where what was asked before
 * can be asked `again`, until a `retry`.
 */
async function askPerson(
  item: ItemState,
  platform: Platform,
  question: PutQuestion & { again: true },
): Promise<Finding | { kind: 'retry' }>;
async function askPerson(item: ItemState, platform: Platform, question: PutQuestion): Promise<Finding>;
async function askPerson(
  item: ItemState,
  platform: Platform,
  { code, message, told, again = false }: PutQuestion & { again?: boolean },
): Promise<Finding | { kind: 'retry' }> {
  const asked = `${item.stage}: ${message}`;
  if (item.question !== null && item.question.asked !== asked) closeQuestion(item);
  if (item.approved.includes(asked)) return CLEAR;
  if (item.simulated) {
    const note = `Approved for the test order: ${message}`;
    item.journal.write({ type: 'note', actor: 'simulation', note });
    item.approved.push(asked);
    return CLEAR;
  }
  item.question = { code, asked };
  item.waitingFor = 'a person';
  // Stuck since before this run: a `retry` may have come while it began.
  const before = item.stuck[CHECK]?.retries ?? item.retries;
  if (again) item.stuck[CHECK] = { code, retries: before };
  const retry = () => again && item.retries > before;
  item.raise(code, message, told);
  if (item.held.length > 0) raiseHeld(item);
  const answer = await untilAnsweredOr(item, platform, () => {
    const known = code === 'availability_unknown' && item.availabilityConfirmed;
    return item.question === null || known || retry();
  });
  const isRetried = answer === null && item.question !== null && retry();
  closeQuestion(item);
  item.waitingFor = null;
  if (answer !== null) return answer;
  return isRetried ? { kind: 'retry' } : CLEAR;
}

/** The question has been answered, or nobody needs to answer it any more. */
export function closeQuestion(item: ItemState): void {
  if (item.question !== null) item.settle(item.question.code);
  item.question = null;
  delete item.stuck[CHECK];
}

/** The answer that a message gives, or null once the condition holds without one. */
export async function untilAnsweredOr(
  item: ItemState,
  platform: Platform,
  holds: () => boolean,
): Promise<Answer | null> {
  // Not only a hint tells: an acknowledgement that was overtaken does as well.
  const answered = () => item.status !== null && !isUnanswered(item.status);
  for (;;) {
    // Before anything that came with it is taken for news from before the answer: it is the next stage's to act on.
    if (answered()) return { kind: 'elsewhere', status: item.status ?? 'pending' };
    takeEvents(item);
    if (item.hints.length > 0) {
      await platform.look();
      continue;
    }
    if (item.verdict !== null) return item.verdict;
    if (holds()) return null;
    await item.fibers.rest(() => item.hasNews() || item.verdict !== null || answered() || holds());
  }
}
