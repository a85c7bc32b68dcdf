import type { Rules, Serviceability } from '../domain/activities.js';
import type { Answer } from '../domain/answer.js';
import type { Attention, AttentionCode } from '../domain/attention.js';
import type { Appointment } from '../domain/event-plan.js';
import type { Facts } from '../domain/facts.js';
import type { Offer, OrderItem } from '../domain/order-item.js';
import type { PlatformEvent, ProviderEvent } from '../domain/provider-event.js';
import type { Alarm, SlaState } from '../domain/response-deadline.js';
import type { Outcome, Stage } from '../domain/stage.js';
import type { Status } from '../domain/status.js';
import type { StatusUpdate } from '../domain/status-update.js';
import type { JournalPages } from './journal.js';

/** What a person was asked, and why. Open until approved, or until the item is answered some other way. */
export interface Question {
  code: AttentionCode;
  /** The stage and the words: what is approved is not asked again. */
  asked: string;
}

/** A step that does not go on: the attention it is under, and how many `retry` there had been before. */
export interface Stuck {
  code: AttentionCode;
  /** For people; where there is none, whoever raised the attention said it. */
  message?: string;
  /** The same for notifications. */
  told?: string;
  isTold?: boolean;
  retries: number;
  /** It goes on by itself once the other side does. */
  triedAgain?: boolean;
}

/** What comes due on the way to the answer. */
export type Due = Alarm | { at: number; kind: 'acknowledge' };

/** An update that the platform would not have, and that nobody has had repeated yet. */
export interface Refusal {
  status: Status;
  message: string;
  /** The same for notifications, without the platform's words. */
  told: string;
}

export type DispatchStep = 'activation' | 'work order' | 'customer contact';

/** What the provider's systems are asked to do for an accepted order. */
export interface Dispatch {
  /** Not done yet. */
  open: DispatchStep[];
  /** ISO 8601; the same in every repetition of the call. */
  contactBy: string;
  /** Why a step was refused; a person has not said `retry` yet. */
  refused: Partial<Record<DispatchStep, string>>;
  /** `asked`: the provider may have switched the service on, or may do so yet. `done`: it said that it has. */
  activation?: 'asked' | 'done';
}

/** Offergrid shows an earlier status than ours, or nothing, and a person has been told. Times are milliseconds. */
export interface Behind {
  shown: Status | null;
  /** Reconciliation that finds the same again is not followed up before this instant. */
  lookAfter: number;
}

/**
 * All that a run knows of its item, in plain values: what stands here is handed to the next run when the history has
 * grown long, and what stands elsewhere is not.
 */
export class ItemKnowledge {
  stage: Stage = 'intake';
  outcome: Outcome | null = null;
  status: Status | null = null;
  item: OrderItem | null = null;
  /** How often it was asked for while the platform did not show it. */
  reads = 0;
  offer: Offer | null = null;
  /** Whether it was found out what offer this is for; it may be none of ours. */
  offerRead = false;
  /** That this one cannot be read has been seen, though others could. */
  offerFails = false;
  facts: Facts = {};
  appointment: Appointment | null = null;
  /** By the event that said so; ISO 8601. */
  begunAt: string | null = null;
  missedVisits = 0;
  /** Visits that were reported missed before the appointment for them was. */
  missedEarly: ProviderEvent[] = [];
  waitingFor: string | null = 'the order item from Offergrid';
  sla: { state: SlaState; deadline: number; respondedAt: number | null } | null = null;
  /** What is still to come before the answer; null until the clock has been started. */
  dues: Due[] | null = null;
  /** The acknowledgement is due and has been neither told nor dropped. */
  acknowledging = false;
  heardAt = Date.now();
  /**
   * When Offergrid was last called. Unlike the clock of the moment it is in the history already: what is made of it
   * stays the same when a worker dies and its task is done again.
   */
  calledAt = Date.now();
  acceptedAt: number | null = null;
  finishedAt: number | null = null;
  /** The order was called off after its acceptance; what the provider began for it is stopped. */
  withdrawn = false;
  /** The platform is being told that the order was called off. */
  callingOff = false;

  /** Messages the story has not acted on yet. */
  events: ProviderEvent[] = [];
  hints: PlatformEvent[] = [];
  /** The event that is being carried out. */
  inHand: ProviderEvent | null = null;
  /** Field events that came before the answer. */
  held: ProviderEvent[] = [];
  /** The latest ids of events that were taken; Postgres remembers all that came by the API. */
  seen: string[] = [];
  /** The latest ids of commands that were carried out. */
  obeyed: string[] = [];
  /** How many field commands came: each is an event of its own. */
  commands = 0;
  /** Grows with every `retry`: of several stuck steps each sees it for itself. */
  retries = 0;

  /** How to answer the order, once somebody or something has said so. */
  verdict: Answer | null = null;
  /** The order was called off before its answer: should it be accepted all the same, it is cancelled. */
  withdrawal: ProviderEvent | null = null;
  availabilityConfirmed = false;
  /** What the provider's events said of availability: that it is there, and why it is not. */
  saidAvailable = false;
  saidUnavailable: string | null = null;
  /** What the availability check said, where that was put before a person. */
  serviceability: Serviceability | null = null;
  /** What a person has approved; it is not asked again. */
  approved: string[] = [];
  question: Question | null = null;
  stuck: Record<string, Stuck> = {};
  refusal: Refusal | null = null;
  attentions: Attention[] = [];
  /** That Offergrid cannot be reached was told of this item, and not only of all. */
  isOutageTold = false;
  /** An update was taken back that may have got through all the same: the next call reads the item first. */
  unsure = false;
  /** The updates that the platform took, as they were sent. */
  sent: Partial<Record<Status, StatusUpdate>> = {};
  /** Lost updates have been sent again; the next time a person decides. */
  repaired = false;
  behind: Behind | null = null;

  /** Null until the order was accepted and carrying it out has begun. */
  dispatch: Dispatch | null = null;
}

/** What a run leaves to the next. */
export interface Carried {
  knowledge: ItemKnowledge;
  journal: JournalPages;
  /** Hold until the new run has loaded its own. */
  rules: Rules;
}
