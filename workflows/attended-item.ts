import { mostUrgent, type Attention, type AttentionCode } from '../domain/attention.js';
import type { NotificationType } from '../domain/notification.js';
import { isTestOrder } from '../domain/order-item.js';
import { Fibers } from './fibers.js';
import { ItemKnowledge } from './item-knowledge.js';
import type { Journal } from './journal.js';

/** An item that people are told of, and that waits for them. */
export abstract class AttendedItem extends ItemKnowledge {
  readonly fibers = new Fibers();
  abstract readonly journal: Journal;
  abstract get itemId(): string;
  abstract get orderId(): string;
  /** This run's page in the Temporal UI, where one is configured. */
  abstract get url(): string | null;

  /**
   * Puts the item before a person; once per reason until the reason is gone. `told` is what notifications say where the
   * message repeats another system's words, which may name the customer.
   */
  raise(code: AttentionCode, message: string, told = message): void {
    const standing = this.attentions.find((attention) => attention.code === code);
    if (standing?.message === message) return;
    // Nobody had to do anything about what is tried again by itself.
    const isNews = standing === undefined || this.#isTriedAgain(standing.message);
    const raised = { code, since: new Date().toISOString(), message };
    this.attentions = [...this.attentions.filter((one) => one !== standing), raised];
    this.journal.write({ type: 'note', actor: 'workflow', note: `${code}: ${message}` });
    if (isNews && !code.startsWith('sla_')) this.notify('order.attention', told, `order.attention-${code}`);
  }

  settle(...codes: AttentionCode[]): void {
    const left = this.attentions.filter(({ code }) => !codes.includes(code));
    if (left.length === this.attentions.length) return;
    this.attentions = left;
    this.journal.touch();
  }

  notify(type: NotificationType, message: string, about: string = type): void {
    const data = {
      itemId: this.itemId,
      orderId: this.orderId,
      stage: this.stage,
      ...(this.sla === null ? {} : { deadline: new Date(this.sla.deadline).toISOString() }),
      message,
      url: this.url,
      ...(this.item !== null && isTestOrder(this.item) ? { testOrder: true as const } : {}),
    };
    this.journal.announce({ type, data }, about);
  }

  get attention(): Attention | null {
    return mostUrgent(this.attentions);
  }

  /** Puts a stuck step before a person until somebody says `retry`, or the condition holds. True: retry. */
  async untilRetryOr(
    stuck: { step: string; code: AttentionCode; message: string; told?: string },
    holds: () => boolean,
  ): Promise<boolean> {
    const { step, code, message } = stuck;
    // Stuck since before this run: a `retry` may have come while it began.
    const before = this.stuck[step]?.retries ?? this.retries;
    this.stuck[step] = { code, message, retries: before };
    this.raise(code, message, stuck.told);
    await this.fibers.rest(() => this.retries > before || holds());
    this.unstick(step);
    return this.retries > before;
  }

  /** The step goes on, or is not wanted any more. */
  unstick(step: string): void {
    const stuck = this.stuck[step];
    if (stuck === undefined) return;
    delete this.stuck[step];
    const left = Object.values(this.stuck).find(({ code }) => code === stuck.code);
    if (left === undefined) this.settle(stuck.code);
    else if (left.message !== undefined) this.raise(left.code, left.message);
  }

  #isTriedAgain(standing: string): boolean {
    return Object.values(this.stuck).some(
      ({ message, triedAgain }) => triedAgain === true && message === standing,
    );
  }
}
