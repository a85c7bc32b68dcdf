import { allHandlersFinished, setHandler } from '@temporalio/workflow';
import type { Rules } from '../domain/activities.js';
import type { OperatorCommand } from '../domain/command.js';
import type { Situation } from '../domain/event-plan.js';
import { factsIn } from '../domain/facts.js';
import { isTestOrder, type OrderItem } from '../domain/order-item.js';
import type { OrderView } from '../domain/order-view.js';
import { categoryPolicy, type CategoryPolicy } from '../domain/policy.js';
import { RECONCILED, readPlatformEvent, readProviderEvent } from '../domain/provider-event.js';
import { responseDeadline } from '../domain/response-deadline.js';
import type { Stage } from '../domain/stage.js';
import type { FulfillOrderItemInput } from '../domain/workflow-names.js';
import { AttendedItem } from './attended-item.js';
import { ItemKnowledge, type Carried } from './item-knowledge.js';
import { milestonesOf, viewOf, workflowUrl } from './item-view.js';
import { Journal } from './journal.js';
import { operate, platformEvent, providerEvent, state } from './messages.js';
import { obey, refuseImpossible } from './operator.js';

/** A sender repeats soon or never; what came longer ago than this many events is left to Postgres to remember. */
const SEEN_IDS = 1_000;

/** As good as any until the item has been read: nothing that is decided before depends on it. */
const UNREAD = { fulfillment: 'installation', ends: 'active' } as const;

/** An item as the workflow knows it, with the messages that change it. Handlers only record; the story acts. */
export class ItemState extends AttendedItem {
  readonly journal: Journal;
  /** The answer is on its way to the platform: it is too late for another. */
  answering = false;

  #rules: Rules | null;

  constructor(
    private readonly input: FulfillOrderItemInput,
    carried?: Carried,
  ) {
    super();
    Object.assign(this, carried?.knowledge);
    this.#rules = carried?.rules ?? null;
    this.journal = new Journal(
      input.itemId,
      () => ({ view: this.view(), situation: this.situation(), milestones: milestonesOf(this) }),
      carried?.journal,
    );
  }

  /** Answers messages from now on; those that came before are delivered first. They may come before the rules. */
  listen(): void {
    setHandler(providerEvent, (message) => this.#hearProvider(message));
    setHandler(platformEvent, (message) => this.#hearPlatform(message));
    setHandler(operate, (command) => obey(this, command), {
      validator: (command: OperatorCommand) => refuseImpossible(this, command),
    });
    setHandler(state, () => this.view());
  }

  set rules(rules: Rules) {
    this.#rules = rules;
  }

  get rules(): Rules {
    if (this.#rules === null) throw new Error('the rules have not been loaded yet');
    return this.#rules;
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
    const createdAt = item.createdAt === null ? this.heardAt : Date.parse(item.createdAt);
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
    return this.item?.createdAt == null ? this.heardAt : Date.parse(this.item.createdAt);
  }

  /** A stage that is only passed through (`waitingFor` null) is not worth a write of its own. */
  enter(stage: Stage, waitingFor: string | null): void {
    this.stage = stage;
    this.waitingFor = waitingFor;
    if (waitingFor !== null) this.journal.touch();
  }

  get url(): string | null {
    return this.#rules === null ? null : workflowUrl(this.#rules);
  }

  /** As much as decides what an event does; before the item is read it is as good as pending. */
  situation(): Situation {
    const { fulfillment, ends } = this.#rules === null ? UNREAD : this.category;
    return {
      stage: this.stage,
      status: this.status ?? 'pending',
      fulfillment,
      ends,
      appointment: this.appointment,
      begunAt: this.begunAt,
    };
  }

  view(): OrderView {
    return viewOf(this);
  }

  learn(data: object): void {
    Object.assign(this.facts, factsIn(data));
  }

  /** Nothing is in hand, unwritten or about to happen. */
  get quiet(): boolean {
    return this.fibers.allRest && this.journal.settled && allHandlersFinished();
  }

  /** All that another run needs to go on from here. */
  carry(): Carried {
    const known = Object.keys(new ItemKnowledge()).map((key) => [key, this[key as keyof ItemKnowledge]]);
    const knowledge = Object.fromEntries(known) as ItemKnowledge;
    if (knowledge.inHand !== null) knowledge.events = [knowledge.inHand, ...knowledge.events];
    return { knowledge: { ...knowledge, inHand: null }, journal: this.journal.pages, rules: this.rules };
  }

  /** Whether a message waits for the story to act on it. */
  hasNews(): boolean {
    return this.events.length > 0 || this.hints.length > 0;
  }

  /** What reconciliation finds every few minutes is looked into less often once a person knows of it. */
  #hearPlatform(message: unknown): void {
    const event = readPlatformEvent(message, new Date().toISOString());
    const { behind } = this;
    const known = event.type === RECONCILED && (event.status === undefined || event.status === behind?.shown);
    if (behind === null || !known || Date.now() >= behind.lookAfter) this.hints.push(event);
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
    if (this.seen.includes(event.id)) return;
    this.seen = [...this.seen, event.id].slice(-SEEN_IDS);
    this.events.push(event);
    this.journal.writeSoon({ type: 'event', actor: event.source ?? 'provider', note: event.type });
    // Whoever acts on it writes it down as well, and so does the first reading. What has to wait shows at once.
    const readingFirst = this.item === null && this.attentions.length === 0;
    if (!this.fibers.wake && !readingFirst) this.journal.touch();
  }
}
