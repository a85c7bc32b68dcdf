import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { alarmsFor } from '../domain/response-deadline.js';
import type { Due } from './item-knowledge.js';
import type { ItemState } from './item-state.js';
import type { Platform } from './platform.js';

/** An item heard of late is given this long to be answered straight away before it is merely acknowledged. */
const ACKNOWLEDGE_GRACE = 60_000;

/**
 * Runs beside the story until the answer has landed at the platform: acknowledges an item that is still undecided,
 * warns before the deadline, raises the alarm at it. One timer at a time.
 */
export class ResponseClock {
  readonly #scope = new CancellationScope();
  #running: Promise<void> | null = null;

  constructor(
    private readonly item: ItemState,
    private readonly platform: Platform,
  ) {}

  start(): void {
    this.#running = this.#scope
      .run(() => this.#run())
      .catch((error: unknown) => {
        if (!isCancellation(error)) throw error;
      });
  }

  async stop(): Promise<void> {
    this.#scope.cancel();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { item } = this;
    item.dues ??= this.#dues();
    if (item.acknowledging) this.#acknowledge();
    for (let due = item.dues[0]; due !== undefined; due = item.dues[0]) {
      const wait = due.at - Date.now();
      if (wait > 0) await sleep(wait, { summary: due.kind });
      item.dues = item.dues.slice(1);
      // After an outage several may be due at once: the last of them says it all.
      const overtaken = item.dues.some((next) => next.kind !== 'acknowledge' && next.at <= Date.now());
      if (due.kind !== 'warning' || !overtaken) this.#strike(due);
    }
  }

  #dues(): Due[] {
    const { policy } = this.item.rules;
    const { createdAt, heardAt } = this.item;
    const now = Date.now();
    const dues: Due[] = alarmsFor(createdAt, heardAt, policy.response);
    const after = policy.acknowledgeAfter;
    if (after !== null) {
      dues.push({
        at: Math.max(createdAt + after, now + Math.min(after, ACKNOWLEDGE_GRACE)),
        kind: 'acknowledge',
      });
    }
    return dues.sort((a, b) => a.at - b.at);
  }

  #strike(due: Due): void {
    const { item } = this;
    if (item.sla === null) return;
    const deadline = new Date(item.sla.deadline).toISOString();
    switch (due.kind) {
      case 'acknowledge':
        this.#acknowledge();
        break;
      case 'warning': {
        item.sla = { ...item.sla, state: 'at_risk' };
        item.journal.write({ type: 'sla', actor: 'clock', note: `Not answered yet; due ${deadline}.` });
        item.raise('sla_at_risk', `The answer is due ${deadline}.`);
        item.notify('sla.warning', `Not answered yet; the answer is due ${deadline}.`);
        break;
      }
      case 'breach':
        item.sla = { ...item.sla, state: 'breached' };
        item.journal.write({ type: 'sla', actor: 'clock', note: `Not answered by ${deadline}.` });
        item.settle('sla_at_risk');
        item.raise('sla_breached', `The answer was due ${deadline}.`);
        item.notify('sla.breached', `Not answered by ${deadline}.`);
        if (item.rules.policy.response.onBreach === 'reject' && !item.answering) {
          item.verdict ??= {
            kind: 'reject',
            reason: 'The order could not be confirmed in time',
            reasonCode: 'response_overdue',
            actor: 'policy',
          };
        }
        break;
      default:
        due satisfies never;
    }
  }

  /** Goes out beside the clock, which must not miss an alarm while the platform is slow. */
  #acknowledge(): void {
    const { item } = this;
    const wanted = () => item.status === 'pending' && !item.answering && item.verdict === null;
    item.acknowledging = wanted();
    if (!item.acknowledging) return;
    item.fibers.beside(
      CancellationScope.nonCancellable(async () => {
        await this.platform.tell({ status: 'submitted_to_provider' }, 'policy', { stillWanted: wanted });
        item.acknowledging = false;
      }),
    );
  }
}
