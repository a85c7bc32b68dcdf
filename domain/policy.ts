import type { OfferMapping } from './offer-mapping.js';

/** What the provider decides about how its order items are handled. Durations are milliseconds throughout. */
export interface Policy {
  timeZone: string;
  businessHours: BusinessHours;
  response: ResponsePolicy;
  /** An item still undecided this long after it was created is acknowledged; null: never. */
  acknowledgeAfter: number | null;
  stages: StageLimits;
  reminders: number[];
  noShow: { maxReschedules: number };
  testOrders: 'simulate' | 'reject' | 'review';
  duplicates: { window: number; action: 'review' | 'reject' | 'ignore' };
  /** By Offergrid category; every entry is complete, `default` is always there. */
  categories: { default: CategoryPolicy } & Record<string, CategoryPolicy>;
  reconcileEvery: number;
  offerSync: OfferSyncPolicy;
  retention: { customerData: number };
}

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Opening hours as `HH:MM-HH:MM` in the policy's time zone; holidays as `YYYY-MM-DD`. */
export type BusinessHours = Record<Weekday, string[]> & { holidays: string[] };

export interface ResponsePolicy {
  deadline: number;
  /** How long before the deadline people are warned; each shorter than the deadline, longest first. */
  warnBefore: number[];
  onBreach: 'alert' | 'reject';
}

/** How long each wait may last, in business time. */
export interface StageLimits {
  contact: number;
  schedule: number;
  installStart: number;
  install: number;
  activate: number;
}

export interface CategoryPolicy {
  fulfillment: Fulfillment;
  availability: 'provider' | 'coverage' | 'manual' | 'none';
  decision: 'auto' | 'manual';
  ends: 'active' | 'completed';
}

/** `instant`: nothing is installed, the service is switched on (insurance, some energy plans). */
export type Fulfillment = 'installation' | 'instant';

export interface OfferSyncPolicy {
  every: number;
  onMissing: 'inactive' | 'ignore';
  brake: { deactivateShare: number; repriceFactor: number };
  mapping: OfferMapping;
}

/** The rules for one category; a category the policy does not name follows `default`. */
export function categoryPolicy(policy: Policy, category: string | null): CategoryPolicy {
  const named =
    category !== null && Object.hasOwn(policy.categories, category) ? policy.categories[category] : undefined;
  return named ?? policy.categories.default;
}
