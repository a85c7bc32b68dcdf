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
   * message repeats another system's words, which may name the customer. `isNews`: whether anybody is notified; default
   * where nothing stands under this code.
   */
  raise(code: AttentionCode, message: string, told = message, isNews?: boolean): void {
    const standing = this.attentions.find((attention) => attention.code === code);
    if (standing?.message === message && isNews !== true) return;
    const raised = { code, since: new Date().toISOString(), message };
    this.attentions = [...this.attentions.filter((one) => one !== standing), raised];
    this.journal.write({ type: 'note', actor: 'workflow', note: `${code}: ${message}` });
    if ((isNews ?? standing === undefined) && !code.startsWith('sla_'))
      this.notify('order.attention', told, `order.attention-${code}`);
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
    const { step, ...said } = stuck;
    // Stuck since before this run: a `retry` may have come while it began.
    const { retries: before = this.retries, isTold = false } = this.stuck[step] ?? {};
    this.stuck[step] = { ...said, retries: before, isTold };
    this.showStuck(said.code);
    await this.fibers.rest(() => this.retries > before || holds());
    this.unstick(step);
    return this.retries > before;
  }

  /** The step goes on, or is not wanted any more. */
  unstick(step: string): void {
    const stuck = this.stuck[step];
    if (stuck === undefined) return;
    delete this.stuck[step];
    if (Object.values(this.stuck).some(({ code }) => code === stuck.code)) this.showStuck(stuck.code);
    else this.settle(stuck.code);
  }

  /**
   * Of several steps that are stuck under this code the latest is shown, what waits for a person's word before what is
   * tried again by itself. Each is told of once, when it is shown first; of those that are tried again one stands for all.
   */
  showStuck(code: AttentionCode): void {
    const steps = Object.values(this.stuck).filter((step) => step.code === code);
    const shown = steps.filter(({ triedAgain }) => triedAgain !== true).at(-1) ?? steps.at(-1);
    if (shown?.message === undefined) return;
    const alike = steps.filter(({ triedAgain }) => triedAgain === true);
    const isNews = !(shown.triedAgain === true ? alike : [shown]).some(({ isTold }) => isTold === true);
    shown.isTold = true;
    this.raise(code, shown.message, shown.told, isNews);
  }
}
