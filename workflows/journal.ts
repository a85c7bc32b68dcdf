import { condition, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  type SearchAttributeUpdatePair,
} from '@temporalio/common';
import type { Notification } from '../domain/notification.js';
import type { OrderView, TimelineEntry } from '../domain/order-view.js';
import type { Transition } from '../domain/transition.js';
import { announce, mayPass, publish, record } from './activities.js';

const KEYWORDS = {
  OffergridOrderId: defineSearchAttributeKey('OffergridOrderId', SearchAttributeType.KEYWORD),
  OffergridStatus: defineSearchAttributeKey('OffergridStatus', SearchAttributeType.KEYWORD),
  FulfillmentStage: defineSearchAttributeKey('FulfillmentStage', SearchAttributeType.KEYWORD),
  ServiceCategory: defineSearchAttributeKey('ServiceCategory', SearchAttributeType.KEYWORD),
  SlaState: defineSearchAttributeKey('SlaState', SearchAttributeType.KEYWORD),
  Attention: defineSearchAttributeKey('Attention', SearchAttributeType.KEYWORD),
};
const RESPONSE_DEADLINE = defineSearchAttributeKey('ResponseDeadline', SearchAttributeType.DATETIME);
const TEST_ORDER = defineSearchAttributeKey('TestOrder', SearchAttributeType.BOOL);

/** Milliseconds. A line that may wait for the next write waits no longer: the call that this hangs on may take hours. */
const LONGEST_WAIT = 5_000;

/** What the journal writes down beside its own lines. */
export type Snapshot = Pick<Transition, 'view' | 'situation' | 'milestones'>;

/** What a later run needs to go on counting where this one ended. */
export interface JournalPages {
  /** Lines that go out with the next write. */
  entries: Transition['entries'];
  sequence: number;
  revision: number;
  /** How often people were told of each thing. */
  notified: Record<string, number>;
  /** The search attributes as last set. */
  indexed: Record<string, unknown>;
}

/**
 * Writes the item's story down: lines and notifications gather while the story runs, and one write at a time carries
 * them out with the view of that moment. It never holds the story up: when the database is away the story goes on.
 */
export class Journal {
  #notifications: Notification[] = [];
  #changed = false;
  /** A line may wait for the next write, but not for long. */
  #waiting = false;
  #writing = false;
  /** Writes that could not be made at once. */
  readonly #records = new Set<Promise<void>>();
  #closed = false;
  readonly #pages: JournalPages;

  constructor(
    private readonly itemId: string,
    private readonly snapshot: () => Snapshot,
    carried?: JournalPages,
  ) {
    this.#pages = carried ?? { entries: [], sequence: 0, revision: 0, notified: {}, indexed: {} };
    this.#waiting = this.#pages.entries.length > 0;
    // What a run says of itself in the Temporal UI is not carried over with its search attributes.
    if (carried !== undefined) setCurrentDetails(describe(snapshot().view));
  }

  /** What has been counted so far, for a run that goes on. */
  get pages(): JournalPages {
    return this.#pages;
  }

  /** Everything that was to be written has been. */
  get settled(): boolean {
    return !this.#changed && !this.#writing && this.#records.size === 0;
  }

  /** Adds a line, and has it written. */
  write(entry: Partial<TimelineEntry> & Pick<TimelineEntry, 'type' | 'actor'>): void {
    this.writeLater(entry);
    this.#changed = true;
  }

  /** Adds a line that goes out with the next write; by itself where none comes within seconds. */
  writeSoon(entry: Partial<TimelineEntry> & Pick<TimelineEntry, 'type' | 'actor'>): void {
    this.writeLater(entry);
    this.#waiting = true;
  }

  /** Adds a line that goes out with the next write: another follows at once. */
  writeLater(entry: Partial<TimelineEntry> & Pick<TimelineEntry, 'type' | 'actor'>): void {
    this.#pages.entries.push({
      at: new Date().toISOString(),
      from: null,
      to: null,
      note: null,
      ...entry,
      sequence: ++this.#pages.sequence,
    });
  }

  /**
   * Adds something for people to be told, under an id that every retry of it keeps. A worker may die between sending
   * and the server's knowing of it, and what comes next may differ then: the id says what it is about, so that another
   * thing is not taken for a repeat.
   */
  announce(notification: Omit<Notification, 'id' | 'timestamp'>, about: string = notification.type): void {
    const count = (this.#pages.notified[about] ?? 0) + 1;
    this.#pages.notified[about] = count;
    const id = `${this.itemId}-${about}-${count}`;
    this.#notifications.push({ id, timestamp: new Date().toISOString(), ...notification });
    this.#changed = true;
  }

  /** The view changed, without a line of its own. */
  touch(): void {
    this.#changed = true;
  }

  /** Runs beside the story until it is closed and everything is written. */
  async keep(): Promise<void> {
    for (;;) {
      const due = () => this.#changed || this.#closed;
      await condition(() => due() || this.#waiting);
      if (!due() && !(await condition(due, LONGEST_WAIT))) this.#changed = true;
      if (!this.#changed) break;
      this.#changed = false;
      this.#waiting = false;
      this.#writing = true;
      const entries = this.#pages.entries.splice(0);
      const notifications = this.#notifications.splice(0);
      const { view, situation, milestones } = this.snapshot();
      this.#index(view);
      const revision = ++this.#pages.revision;
      const transition = { itemId: this.itemId, revision, view, situation, milestones, entries };
      if (!(await this.#writtenAtOnce(transition, notifications))) {
        // People are told at once; what is to be searched waits for the database to come back.
        if (notifications.length > 0) await announce({ notifications });
        this.#recordBeside(transition);
      }
      this.#writing = false;
    }
    await Promise.all(this.#records);
  }

  /** Ends `keep` once all is written. */
  close(): void {
    this.#closed = true;
  }

  async #writtenAtOnce(transition: Transition, notifications: Notification[]): Promise<boolean> {
    try {
      await publish({ transition, notifications });
      return true;
    } catch (error) {
      if (!mayPass(error)) throw error;
      return false;
    }
  }

  #recordBeside(transition: Transition): void {
    const recording = record({ transition }).finally(() => this.#records.delete(recording));
    this.#records.add(recording);
  }

  /** Makes the run findable in the Temporal UI; only what changed is sent, in one event. */
  #index(view: OrderView): void {
    setCurrentDetails(describe(view));
    const updates: SearchAttributeUpdatePair[] = [];
    const set = (pair: SearchAttributeUpdatePair) => {
      const value = pair.value instanceof Date ? pair.value.getTime() : pair.value;
      if ((this.#pages.indexed[pair.key.name] ?? null) === value) return;
      this.#pages.indexed[pair.key.name] = value;
      updates.push(pair);
    };
    set({ key: KEYWORDS.OffergridOrderId, value: view.orderId });
    set({ key: KEYWORDS.OffergridStatus, value: view.offergridStatus });
    set({ key: KEYWORDS.FulfillmentStage, value: view.stage });
    set({ key: KEYWORDS.ServiceCategory, value: view.category });
    set({ key: KEYWORDS.SlaState, value: view.sla?.state ?? null });
    set({ key: KEYWORDS.Attention, value: view.attention?.code ?? null });
    set({ key: RESPONSE_DEADLINE, value: view.sla === null ? null : new Date(view.sla.deadline) });
    set({ key: TEST_ORDER, value: view.testOrder });
    if (updates.length > 0) upsertSearchAttributes(updates);
  }
}

function describe(view: OrderView): string {
  const lines = [
    `**Stage** ${view.stage}${view.outcome === null ? '' : ` (${view.outcome})`}`,
    `**At Offergrid** ${view.offergridStatus ?? 'not read yet'}`,
  ];
  if (view.waitingFor !== null) lines.push(`**Waiting for** ${view.waitingFor}`);
  if (view.sla !== null) lines.push(`**Answer** ${view.sla.state}, due ${view.sla.deadline}`);
  if (view.attention !== null) lines.push(`**Attention** ${view.attention.code}`);
  return lines.join('\n\n');
}
