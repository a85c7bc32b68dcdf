import { CancellationScope, condition } from '@temporalio/workflow';
import type { Serviceability } from '../domain/activities.js';
import type { Answer } from '../domain/answer.js';
import type { AttentionCode } from '../domain/attention.js';
import { planEvent } from '../domain/event-plan.js';
import { isTestOrder } from '../domain/order-item.js';
import { reviewItem } from '../domain/review.js';
import { isUnanswered } from '../domain/status.js';
import { providerCalls, type Hold } from './activities.js';
import type { ItemState } from './item-state.js';
import type { Platform } from './platform.js';

/** A system that cannot say within this long leaves the question to a person, while there is time to answer. */
const SERVICEABILITY_PATIENCE = 30 * 60_000;
/** Even when the deadline is near or past. */
const LEAST_PATIENCE = 60_000;

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
  const findings = reviewItem(item.known, item.offer).map(({ field, problem }) => `${field} ${problem}`);
  if (isTestOrder(item.known) && item.rules.policy.testOrders === 'review')
    findings.push('it is a test order');
  if (findings.length === 0) return CLEAR;
  return askPerson(item, platform, 'manual_review', `Please review: ${findings.join('; ')}.`);
}

/** Can the service be had at that address? */
export async function checkAvailability(item: ItemState, platform: Platform): Promise<Finding> {
  item.enter('availability', null);
  if (item.availabilityConfirmed) return CLEAR;
  switch (item.category.availability) {
    case 'none':
      return CLEAR;
    case 'manual':
      return askPerson(item, platform, 'availability_unknown', 'A person has to check availability.');
    case 'coverage':
      // The coverage table is not imported yet: without it nobody but a person can tell.
      return askPerson(item, platform, 'availability_unknown', 'No coverage is known for this address.');
    case 'provider':
      return askProvider(item, platform);
    default:
      return item.category.availability satisfies never;
  }
}

/** Automatic, or a person's word, as the policy has it for the category. */
export async function decide(item: ItemState, platform: Platform): Promise<Answer> {
  item.enter('decision', null);
  if (item.category.decision === 'manual') {
    const found = await askPerson(item, platform, 'manual_review', 'The order waits for a decision.');
    if (found.kind !== 'clear') return found;
  }
  item.enter('decision', 'Offergrid to take the answer');
  return (await untilAnsweredOr(item, platform, () => true)) ?? { kind: 'accept', actor: 'policy' };
}

async function askProvider(item: ItemState, platform: Platform): Promise<Finding> {
  item.waitingFor = "the provider's availability check";
  const { deadline } = item.rules.policy.response;
  const left = (item.sla?.deadline ?? 0) - Date.now();
  const patience = Math.max(LEAST_PATIENCE, Math.min(SERVICEABILITY_PATIENCE, deadline / 4, left / 2));
  // A quick answer is passed over in the records; one that takes its time shows.
  const hold: Hold = () => (succeeded) => {
    if (!succeeded) item.journal.touch();
  };
  const { checkServiceability } = providerCalls({ hold, giveUpAfter: patience });
  for (;;) {
    let found: Serviceability | null = null;
    const asking = new CancellationScope();
    const asked = asking
      .run(() => checkServiceability({ item: item.known, offer: item.offer }))
      .catch((): Serviceability => ({ kind: 'unknown', reason: 'The availability check does not answer.' }))
      .then((answer) => void (found = answer));
    const answer = await untilAnsweredOr(item, platform, () => found !== null || item.availabilityConfirmed);
    if (found === null) asking.cancel();
    await asked;
    if (answer !== null) return answer;
    const said = found as Serviceability | null;
    if (said?.kind === 'serviceable') item.availabilityConfirmed = true;
    if (item.availabilityConfirmed) return CLEAR;
    if (said?.kind === 'not_serviceable') {
      const { reason = 'Service is not available at this address.', alternative } = said;
      const rejection: Answer = { kind: 'reject', reason, reasonCode: 'not_available', actor: 'provider' };
      return alternative === undefined ? rejection : { ...rejection, alternative };
    }
    const untold = 'The availability check cannot tell.';
    const message = (said?.kind === 'unknown' ? said.reason : undefined) ?? untold;
    const step = { name: 'the availability check', told: untold };
    const told = await askPerson(item, platform, 'availability_unknown', message, step);
    if (told.kind !== 'retry') return told;
  }
}

/** Puts a question before a person and waits until it is approved, answered or overtaken. */
async function askPerson(
  item: ItemState,
  platform: Platform,
  code: AttentionCode,
  message: string,
): Promise<Finding>;
async function askPerson(
  item: ItemState,
  platform: Platform,
  code: AttentionCode,
  message: string,
  /** The step that a `retry` repeats, and what notifications say of the question. */
  repeatable: { name: string; told: string },
): Promise<Finding | { kind: 'retry' }>;
async function askPerson(
  item: ItemState,
  platform: Platform,
  code: AttentionCode,
  message: string,
  repeatable?: { name: string; told: string },
): Promise<Finding | { kind: 'retry' }> {
  const asked = `${item.stage}: ${message}`;
  if (item.approved.has(asked)) return CLEAR;
  if (item.simulated) {
    item.journal.write({
      type: 'note',
      actor: 'simulation',
      note: `Approved for the test order: ${message}`,
    });
    return CLEAR;
  }
  item.question = { code, message };
  item.waitingFor = 'a person';
  const retries = item.retries;
  if (repeatable !== undefined) item.stuck.set(repeatable.name, code);
  const retry = () => repeatable !== undefined && item.retries > retries;
  item.raise(code, message, repeatable?.told);
  if (item.held.length > 0) raiseHeld(item);
  const answer = await untilAnsweredOr(item, platform, () => {
    if (code === 'availability_unknown' && item.availabilityConfirmed) item.question = null;
    return item.question === null || retry();
  });
  item.question = null;
  if (repeatable !== undefined) item.stuck.delete(repeatable.name);
  item.waitingFor = null;
  item.settle(code);
  if (answer !== null) return answer;
  if (retry()) return { kind: 'retry' };
  item.approved.add(asked);
  return CLEAR;
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
    takeEvents(item);
    if (item.hints.length > 0) await platform.look();
    if (answered()) return { kind: 'elsewhere', status: item.status ?? 'pending' };
    if (item.verdict !== null) return item.verdict;
    if (holds()) return null;
    await condition(() => item.hasNews() || item.verdict !== null || answered() || holds());
  }
}

/** What the events so far mean for the answer. What the field reports before it is held: it never stands for it. */
function takeEvents(item: ItemState): void {
  for (const event of item.events.splice(0)) {
    const plan = planEvent(event, item.situation());
    switch (plan.kind) {
      case 'availability':
        if (plan.available) {
          item.availabilityConfirmed = true;
        } else {
          const { reason, alternative } = plan;
          item.verdict ??= {
            kind: 'reject',
            reason,
            reasonCode: 'not_available',
            actor: event.source ?? 'provider',
            ...(alternative === undefined ? {} : { alternative }),
          };
        }
        break;
      case 'withdrawn':
        item.withdrawal ??= event;
        item.verdict ??= {
          kind: 'reject',
          reason: plan.reason,
          reasonCode: 'withdrawn',
          actor: event.source ?? 'provider',
        };
        break;
      case 'held':
        item.held.push(event);
        if (item.question !== null) raiseHeld(item);
        break;
      default:
        item.journal.write({
          type: 'note',
          actor: 'workflow',
          note: `${event.type} changes nothing before the answer.`,
        });
    }
  }
}

function raiseHeld(item: ItemState): void {
  item.raise('event_before_decision', 'The field reported on this order before it was answered.');
}
