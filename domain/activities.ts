import type { Notification } from './notification.js';
import type { Offer, OrderItem } from './order-item.js';
import type { Policy } from './policy.js';
import type { Status } from './status.js';
import type { StatusUpdate } from './status-update.js';
import type { Transition } from './transition.js';

/*
 * What the story asks of the outside world. A refusal that the story must handle is a returned value; whatever else
 * goes wrong is an exception, which Temporal retries.
 */

/** Each is one call to Offergrid at most, save where a repeat or a refusal makes a read necessary first. */
export interface OffergridActivities {
  /** `among`: the statuses whose lists may show the item, should the call have to wait for its turn. */
  fetchItem: (input: { itemId: string; among?: readonly Status[] }) => Promise<ItemLookup>;
  /** `from`: where we have the item. `repeated`: an earlier run may have sent it already. */
  updateStatus: (input: {
    itemId: string;
    from: Status;
    update: StatusUpdate;
    repeated: boolean;
  }) => Promise<UpdateResult>;
  /** Asks the platform and remembers the answer in the offers table. */
  fetchOffer: (input: { offerId: string }) => Promise<Offer | null>;
}

/** `unreadable`: the platform will not show it, or shows what cannot be read, and asking again does not help. */
export type ItemLookup =
  { kind: 'found'; item: OrderItem } | { kind: 'unknown' } | { kind: 'unreadable'; why: string };

/**
 * `applied`: the platform took it, now or at an earlier attempt. `elsewhere`: the item is further along or ended there
 * already. `refused`: the platform will not have it, and a person has to look; `unsure`: an earlier attempt may have got
 * through, which could not be found out.
 */
export type UpdateResult =
  | { kind: 'applied' }
  | { kind: 'elsewhere'; status: Status }
  | { kind: 'refused'; httpStatus: number; detail: string; unsure?: true };

/** What a run is told once, at its start, so that its history says by which rules it ran. */
export interface Rules {
  policy: Policy;
  /** Whether the provider's own systems can be called. */
  providerConnected: boolean;
  /** Prefix of this run's page in the Temporal UI, null where none is configured. */
  workflowUrlBase: string | null;
  /** Events in history after which an item is carried over to a new run; the workflow's own number where it is left out. */
  historyLimit?: number;
  /** Milliseconds until a person is told that a call to the provider's system fails; left out as `historyLimit`. */
  providerPatience?: number;
}

export interface RecordActivities {
  loadRules: () => Promise<Rules>;
  /** From the offers table; null when it is not there. */
  findOffer: (input: { offerId: string }) => Promise<Offer | null>;
  /** Both of the next two in one: what a quick attempt does. */
  publish: (input: { transition: Transition; notifications: Notification[] }) => Promise<void>;
  /** Hands notifications on, each once by its id. */
  announce: (input: { notifications: Notification[] }) => Promise<void>;
  /** Writes a transition, once by its revision. */
  record: (input: { transition: Transition }) => Promise<void>;
}

/** The provider's own systems. Every POST carries an idempotency key made of the item and the purpose. */
export interface ProviderActivities {
  checkServiceability: (input: { item: OrderItem; offer: Offer | null }) => Promise<Serviceability>;
  contactCustomer: (input: { item: OrderItem; contactBy: string }) => Promise<ProviderAnswer<object>>;
  createWorkOrder(input: {
    item: OrderItem;
    offer: Offer | null;
  }): Promise<ProviderAnswer<{ workOrderId: string }>>;
  cancelWorkOrder(input: {
    itemId: string;
    workOrderId: string;
    reason: string;
  }): Promise<ProviderAnswer<object>>;
  activate: (input: { item: OrderItem; offer: Offer | null }) => Promise<ProviderAnswer<Activation>>;
}

export type Serviceability =
  | { kind: 'serviceable' }
  | { kind: 'not_serviceable'; reason?: string; alternative?: string }
  | { kind: 'unknown'; reason?: string };

/** `refused`: the provider's system answered that it will not, and repeating will not help. */
export type ProviderAnswer<T> = ({ kind: 'done' } & T) | { kind: 'refused'; detail: string };

/** `activated: false`: under way, a `service.activated` event follows. */
export interface Activation {
  activated: boolean;
  accountNumber?: string;
  policyNumber?: string;
  effectiveDate?: string;
}

/** How many items of one status the platform listed, and what came of them. */
export interface Comparison {
  listed: number;
  /** Nobody had told us of these. */
  started: number;
  /** The platform shows these elsewhere than we do; their workflows look for themselves. */
  hinted: number;
}

export interface ReconcileActivities {
  /**
   * One list call. `startedAt`: when the run began, ISO 8601. `leftOut`: entries that could not be read, and items whose
   * workflows could not be told; the others have been.
   */
  compareStatus: (input: { status: Status; startedAt: string }) => Promise<Comparison & { leftOut: number }>;
}

export interface WatchActivities {
  /**
   * Tells people of open items that nobody looks after: `unattended`, whose workflow ended before they did or fails again
   * and again, and `overdue`, unanswered though their workflow does not say so. Each is told of once, and counted then;
   * `leftOut` could not be looked at.
   */
  watchItems: () => Promise<{ unattended: number; overdue: number; leftOut: number }>;
  /**
   * Tells people, once by `workflowId`, that reconciliation cannot compare everything, run after run: `unlisted` says
   * what. `at`: ISO 8601.
   */
  tellUnlisted: (input: { unlisted: string[]; at: string; workflowId: string }) => Promise<void>;
}

export interface NotificationActivities {
  /** The channels this notification goes out by. */
  channelsFor: (input: { notification: Notification }) => Promise<string[]>;
  deliver: (input: { channel: string; notification: Notification }) => Promise<void>;
}
