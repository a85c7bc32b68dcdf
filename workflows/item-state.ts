import { ApplicationFailure, condition, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Rules } from '../domain/activities.js';
import type { Answer } from '../domain/answer.js';
import { mostUrgent, type Attention, type AttentionCode } from '../domain/attention.js';
import { eventOf, type FieldCommand, type OperatorCommand } from '../domain/command.js';
import { planEvent, type Appointment, type Situation } from '../domain/event-plan.js';
import { factsIn, type Facts } from '../domain/facts.js';
import type { NotificationType } from '../domain/notification.js';
import { isTestOrder, type Offer, type OrderItem } from '../domain/order-item.js';
import type { OrderView } from '../domain/order-view.js';
import { categoryPolicy, type CategoryPolicy } from '../domain/policy.js';
import { readProviderEvent, type PlatformEvent, type ProviderEvent } from '../domain/provider-event.js';
import { responseDeadline, type SlaState } from '../domain/response-deadline.js';
import type { Outcome, Stage } from '../domain/stage.js';
import { isUnanswered, type Status } from '../domain/status.js';
import type { Milestones } from '../domain/transition.js';
import { Journal } from './journal.js';
import {
  COMMAND_REFUSED,
  operate,
  platformEvent,
  providerEvent,
  state,
  type FulfillOrderItemInput,
} from './messages.js';

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
  facts: Facts = {};
  appointment: Appointment | null = null;
  missedVisits = 0;
  waitingFor: string | null = 'the order item from Offergrid';
  sla: { state: SlaState; deadline: number; respondedAt: number | null } | null = null;
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
  /** The answer is on its way to the platform: it is too late for another. */
  answering = false;
  availabilityConfirmed = false;
  /** What a person has approved; it is not asked again. */
  readonly approved = new Set<string>();
  question: Question | null = null;
  /** The step that cannot go on by itself. */
  stuck: string | null = null;
  retryWanted = false;

  readonly #background: Promise<void>[] = [];
  #attentions = new Map<AttentionCode, Attention>();
  #heardAt = Date.now();
  #seen = new Set<string>();
  #commands = 0;

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
    setHandler(operate, (command) => this.#operate(command), {
      validator: (command: OperatorCommand) => this.#validate(command),
    });
    setHandler(state, () => this.view());
  }

  get itemId(): string {
    return this.input.itemId;
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
  read(item: OrderItem, offer: Offer | null): void {
    this.item = item;
    this.offer = offer;
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

  /** Puts the item before a person; once per reason until the reason is gone. */
  raise(code: AttentionCode, message: string): void {
    if (this.#attentions.get(code)?.message === message) return;
    const fresh = !this.#attentions.has(code);
    this.#attentions.set(code, { code, since: new Date().toISOString(), message });
    this.journal.write({ type: 'note', actor: 'workflow', note: `${code}: ${message}` });
    if (fresh && !code.startsWith('sla_')) this.notify('order.attention', message);
  }

  settle(...codes: AttentionCode[]): void {
    for (const code of codes) if (this.#attentions.delete(code)) this.journal.touch();
  }

  notify(type: NotificationType, message: string): void {
    this.journal.announce({
      type,
      data: {
        itemId: this.itemId,
        orderId: this.input.orderId,
        stage: this.stage,
        ...(this.sla === null ? {} : { deadline: new Date(this.sla.deadline).toISOString() }),
        message,
        url: this.#workflowUrl(),
        ...(this.item !== null && isTestOrder(this.item) ? { testOrder: true as const } : {}),
      },
    });
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
    const { itemId, orderId } = this.input;
    return {
      itemId,
      orderId: this.item?.orderId ?? orderId,
      offerId: this.item?.offerId ?? null,
      offerName: this.item?.offerName ?? null,
      category: this.offer?.category ?? null,
      stage: this.stage,
      outcome: this.outcome,
      offergridStatus: this.status,
      testOrder: this.item === null ? null : isTestOrder(this.item),
      sla:
        this.sla === null
          ? null
          : {
              state: this.sla.state,
              deadline: new Date(this.sla.deadline).toISOString(),
              respondedAt: iso(this.sla.respondedAt),
            },
      waitingFor: this.waitingFor,
      attention: mostUrgent(this.#attentions.values()),
      appointment:
        this.appointment === null
          ? null
          : { scheduledFor: this.appointment.scheduledFor, window: this.appointment.window },
      workOrderId: this.facts.workOrderId ?? null,
      createdAt: new Date(this.createdAt).toISOString(),
      updatedAt: new Date().toISOString(),
      workflow: { workflowId: workflowInfo().workflowId, url: this.#workflowUrl() },
    };
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

  /** Until somebody says `retry`, or the condition holds. True: retry. */
  async untilRetryOr(holds: () => boolean): Promise<boolean> {
    this.retryWanted = false;
    await condition(() => this.retryWanted || holds());
    const retry = this.retryWanted;
    this.retryWanted = false;
    return retry;
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

  /** Throws where the command cannot apply; nothing of a refused command reaches the history. */
  #validate(command: OperatorCommand): void {
    if (this.done) throw refused('the item is finished');
    switch (command.command) {
      case 'note':
        return;
      case 'retry':
        if (this.stuck === null) throw refused('no step is stuck');
        return;
      case 'approve':
        if (this.question === null || this.verdict !== null) throw refused('no question is open');
        return;
      case 'reject':
        if (this.status !== null && !isUnanswered(this.status))
          throw refused('the order has been answered already');
        if (this.answering || this.verdict !== null) throw refused('the answer is on its way already');
        return;
      default: {
        const plan = planEvent(this.#eventOf(command), this.situation());
        if (plan.kind === 'refused' || plan.kind === 'noted') throw refused(plan.why);
        if (plan.kind === 'held') throw refused('the order has not been accepted yet');
        if (plan.kind === 'withdrawn' && this.verdict !== null)
          throw refused('the answer is on its way already');
      }
    }
  }

  #operate(command: OperatorCommand): OrderView {
    const said = command.command === 'note' ? command.text : sayingOf(command);
    this.journal.write({ type: 'command', actor: command.actor, note: said });
    switch (command.command) {
      case 'note':
        break;
      case 'retry':
        this.retryWanted = true;
        break;
      case 'approve':
        if (this.question !== null) this.settle(this.question.code);
        this.question = null;
        break;
      case 'reject': {
        const { reason, alternative } = command;
        this.verdict = {
          kind: 'reject',
          reason,
          reasonCode: 'provider_decision',
          actor: command.actor,
          ...(alternative === undefined ? {} : { alternative }),
        };
        break;
      }
      default: {
        this.#commands += 1;
        this.events.push(this.#eventOf(command));
      }
    }
    return this.view();
  }

  #eventOf(command: FieldCommand & { actor: string }): ProviderEvent {
    const { actor, ...told } = command;
    return { ...eventOf(told, `command-${this.#commands}`, new Date().toISOString()), source: actor };
  }

  #milestones(): Milestones {
    return {
      acceptedAt: iso(this.acceptedAt),
      respondedAt: iso(this.sla?.respondedAt ?? null),
      finishedAt: iso(this.finishedAt),
    };
  }

  #workflowUrl(): string | null {
    const base = this.rules.workflowUrlBase;
    return base === null ? null : `${base}/${encodeURIComponent(workflowInfo().workflowId)}`;
  }
}

function refused(why: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(why, COMMAND_REFUSED);
}

function sayingOf(command: OperatorCommand): string {
  const said = 'reason' in command ? command.reason : 'note' in command ? command.note : undefined;
  return said === undefined ? command.command : `${command.command}: ${said}`;
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
