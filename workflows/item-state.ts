import { condition, setHandler } from '@temporalio/workflow';
import type { Rules } from '../domain/activities.js';
import type { Answer } from '../domain/answer.js';
import { mostUrgent, type Attention, type AttentionCode } from '../domain/attention.js';
import type { OperatorCommand } from '../domain/command.js';
import type { Appointment, Situation } from '../domain/event-plan.js';
import { factsIn, type Facts } from '../domain/facts.js';
import type { NotificationType } from '../domain/notification.js';
import { isTestOrder, type Offer, type OrderItem } from '../domain/order-item.js';
import type { OrderView } from '../domain/order-view.js';
import { categoryPolicy, type CategoryPolicy } from '../domain/policy.js';
import { readProviderEvent, type PlatformEvent, type ProviderEvent } from '../domain/provider-event.js';
import { responseDeadline, type SlaState } from '../domain/response-deadline.js';
import type { Outcome, Stage } from '../domain/stage.js';
import type { Status } from '../domain/status.js';
import type { Milestones } from '../domain/transition.js';
import type { FulfillOrderItemInput } from '../domain/workflow-names.js';
import { viewOf, workflowUrl } from './item-view.js';
import { Journal } from './journal.js';
import { operate, platformEvent, providerEvent, state } from './messages.js';
import { obey, refuseImpossible } from './operator.js';

/** What a person was asked, and why. Open until approved, or until the item is answered some other way. */
interface Question {
  code: AttentionCode;
  message: string;
}

/** An item as the workflow knows it, with the messages that change it. Handlers only record; the story acts. */
export class ItemState {
  readonly journal: Journal;

  stage: Stage = 'intake';
  outcome: Outcome | null = null;
  status: Status | null = null;
  item: OrderItem | null = null;
  offer: Offer | null = null;
  /** Whether it was found out what offer this is for; it may be none of ours. */
  offerRead = false;
  facts: Facts = {};
  appointment: Appointment | null = null;
  missedVisits = 0;
  waitingFor: string | null = 'the order item from Offergrid';
  sla: { state: SlaState; deadline: number; respondedAt: number | null } | null = null;
  /**
   * When Offergrid was last called. Unlike the clock of the moment it is in the history already: what is made of it
   * stays the same when a worker dies and its task is done again.
   */
  calledAt = Date.now();
  acceptedAt: number | null = null;
  finishedAt: number | null = null;
  /** The order was called off after its acceptance; what the provider began for it is stopped. */
  withdrawn = false;

  /** Messages the story has not acted on yet. */
  readonly events: ProviderEvent[] = [];
  readonly hints: PlatformEvent[] = [];
  /** Field events that came before the answer. */
  held: ProviderEvent[] = [];
  /** How to answer the order, once somebody or something has said so. */
  verdict: Answer | null = null;
  /** The order was called off before its answer: should it be accepted all the same, it is cancelled. */
  withdrawal: ProviderEvent | null = null;
  /** The answer is on its way to the platform: it is too late for another. */
  answering = false;
  availabilityConfirmed = false;
  /** What a person has approved; it is not asked again. */
  readonly approved = new Set<string>();
  question: Question | null = null;
  /** The steps that cannot go on by themselves, each with the attention it is under. */
  readonly stuck = new Map<string, AttentionCode>();
  /** Grows with every `retry`: of several stuck steps each sees it for itself. */
  retries = 0;

  readonly #background: Promise<void>[] = [];
  #attentions = new Map<AttentionCode, Attention>();
  #heardAt = Date.now();
  #seen = new Set<string>();
  /** How many field commands came: each is an event of its own. */
  commands = 0;

  constructor(
    private readonly input: FulfillOrderItemInput,
    readonly rules: Rules,
  ) {
    this.journal = new Journal(input.itemId, () => ({
      view: this.view(),
      situation: this.situation(),
      milestones: this.#milestones(),
    }));
  }

  /** Answers messages from now on; those that came before are delivered first. */
  listen(): void {
    setHandler(providerEvent, (message) => this.#hearProvider(message));
    setHandler(platformEvent, (event) => void this.hints.push(event));
    setHandler(operate, (command) => obey(this, command), {
      validator: (command: OperatorCommand) => refuseImpossible(this, command),
    });
    setHandler(state, () => this.view());
  }

  get itemId(): string {
    return this.input.itemId;
  }

  /** Whoever started us may not have known it. */
  get orderId(): string {
    return this.item?.orderId || this.input.orderId;
  }

  get category(): CategoryPolicy {
    return categoryPolicy(this.rules.policy, this.offer?.category ?? null);
  }

  /** The item, in a part of the story that begins after it was read. */
  get known(): OrderItem {
    if (this.item === null) throw new Error('the item has not been read yet');
    return this.item;
  }

  get simulated(): boolean {
    return this.item !== null && isTestOrder(this.item) && this.rules.policy.testOrders === 'simulate';
  }

  get done(): boolean {
    return this.stage === 'done';
  }

  /** Takes in what the platform says of the item when it is first read. */
  read(item: OrderItem): void {
    this.item = item;
    this.status = item.status;
    const createdAt = item.createdAt === null ? this.#heardAt : Date.parse(item.createdAt);
    const deadline = responseDeadline(createdAt, this.rules.policy.response);
    this.sla = { state: 'on_track', deadline, respondedAt: null };
    this.journal.writeLater({
      type: 'status',
      actor: 'offergrid',
      to: item.status,
      note: 'Order item read.',
    });
  }

  /** When the item was created at Offergrid, epoch milliseconds; when we heard of it if the platform does not say. */
  get createdAt(): number {
    return this.item?.createdAt == null ? this.#heardAt : Date.parse(this.item.createdAt);
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  /** A stage that is only passed through (`waitingFor` null) is not worth a write of its own. */
  enter(stage: Stage, waitingFor: string | null): void {
    this.stage = stage;
    this.waitingFor = waitingFor;
    if (waitingFor !== null) this.journal.touch();
  }

  /**
   * Puts the item before a person; once per reason until the reason is gone. `told` is what notifications say where the
   * message repeats another system's words, which may name the customer.
   */
  raise(code: AttentionCode, message: string, told = message): void {
    if (this.#attentions.get(code)?.message === message) return;
    const fresh = !this.#attentions.has(code);
    this.#attentions.set(code, { code, since: new Date().toISOString(), message });
    this.journal.write({ type: 'note', actor: 'workflow', note: `${code}: ${message}` });
    if (fresh && !code.startsWith('sla_')) this.notify('order.attention', told, `order.attention-${code}`);
  }

  settle(...codes: AttentionCode[]): void {
    for (const code of codes) if (this.#attentions.delete(code)) this.journal.touch();
  }

  notify(type: NotificationType, message: string, about: string = type): void {
    const data = {
      itemId: this.itemId,
      orderId: this.orderId,
      stage: this.stage,
      ...(this.sla === null ? {} : { deadline: new Date(this.sla.deadline).toISOString() }),
      message,
      url: workflowUrl(this.rules),
      ...(this.item !== null && isTestOrder(this.item) ? { testOrder: true as const } : {}),
    };
    this.journal.announce({ type, data }, about);
  }

  get attention(): Attention | null {
    return mostUrgent(this.#attentions.values());
  }

  /** As much as decides what an event does; before the item is read it is as good as pending. */
  situation(): Situation {
    const { fulfillment, ends } = this.category;
    return {
      stage: this.stage,
      status: this.status ?? 'pending',
      fulfillment,
      ends,
      appointment: this.appointment,
    };
  }

  view(): OrderView {
    return viewOf(this);
  }

  learn(data: object): void {
    Object.assign(this.facts, factsIn(data));
  }

  /** Work beside the story that must be over before the run may close. */
  background(work: Promise<void>): void {
    this.#background.push(work);
  }

  async backgroundDone(): Promise<void> {
    await Promise.all(this.#background);
  }

  /** Whether a message waits for the story to act on it. */
  hasNews(): boolean {
    return this.events.length > 0 || this.hints.length > 0;
  }

  /** Puts a stuck step before a person until somebody says `retry`, or the condition holds. True: retry. */
  async untilRetryOr(
    stuck: { step: string; code: AttentionCode; message: string; told?: string },
    holds: () => boolean,
  ): Promise<boolean> {
    const { step, code, message } = stuck;
    const before = this.retries;
    this.stuck.set(step, code);
    this.raise(code, message, stuck.told);
    await condition(() => this.retries > before || holds());
    this.stuck.delete(step);
    if (![...this.stuck.values()].includes(code)) this.settle(code);
    return this.retries > before;
  }

  /** Signals reach a workflow past the API as well: what is no event would break every later step. */
  #hearProvider(message: unknown): void {
    const event = readProviderEvent(message, new Date().toISOString());
    if (event === undefined) {
      this.journal.write({
        type: 'note',
        actor: 'workflow',
        note: 'A signal that is no provider event was left aside.',
      });
      return;
    }
    if (this.#seen.has(event.id)) return;
    this.#seen.add(event.id);
    this.events.push(event);
    this.journal.writeLater({ type: 'event', actor: event.source ?? 'provider', note: event.type });
  }

  #milestones(): Milestones {
    return {
      acceptedAt: iso(this.acceptedAt),
      respondedAt: iso(this.sla?.respondedAt ?? null),
      finishedAt: iso(this.finishedAt),
    };
  }
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
