import type { Fulfillment } from './policy.js';

/** The ten statuses of an order item at Offergrid (published enum). */
export const STATUSES = [
  'pending',
  'submitted_to_provider',
  'accepted',
  'rejected',
  'scheduled',
  'in_progress',
  'completed',
  'active',
  'cancelled',
  'failed',
] as const;
export type Status = (typeof STATUSES)[number];

export function isStatus(value: unknown): value is Status {
  return typeof value === 'string' && (STATUSES as readonly string[]).includes(value);
}

/**
 * The moves the platform draws for a provider. `scheduled → cancelled` and `in_progress → cancelled` are documented in
 * words only (cancelled: after acceptance, by provider or reseller); `scheduled → scheduled` is how a visit is moved.
 */
export const MOVES: Readonly<Record<Status, readonly Status[]>> = {
  pending: ['submitted_to_provider', 'accepted', 'rejected'],
  submitted_to_provider: ['accepted', 'rejected'],
  accepted: ['scheduled', 'active', 'cancelled'],
  scheduled: ['scheduled', 'in_progress', 'cancelled'],
  in_progress: ['completed', 'active', 'failed', 'cancelled'],
  completed: ['active'],
  rejected: [],
  active: [],
  cancelled: [],
  failed: [],
};

/** Whether the platform draws this move for a service fulfilled this way. */
export function isDrawn(from: Status, to: Status, fulfillment: Fulfillment): boolean {
  if (from === 'accepted' && to === 'active' && fulfillment === 'installation') return false;
  return MOVES[from].includes(to);
}

/**
 * The shortest way from one status to another through drawn moves, without the start: `[]` when already there,
 * `undefined` when no way is drawn. Acknowledging (`submitted_to_provider`) is never a step on the way to an answer.
 */
export function walk(from: Status, to: Status, fulfillment: Fulfillment): Status[] | undefined {
  if (from === to) return [];
  const paths: Status[][] = [[from]];
  const seen = new Set<Status>([from]);
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    const here = path[path.length - 1] as Status;
    for (const next of MOVES[here]) {
      if (seen.has(next) || !isDrawn(here, next, fulfillment)) continue;
      if (next === to) return [...path.slice(1), next];
      seen.add(next);
      paths.push([...path, next]);
    }
  }
  return undefined;
}

/** Before the provider has answered. */
export const UNANSWERED_STATUSES = ['pending', 'submitted_to_provider'] as const satisfies readonly Status[];

export function isUnanswered(status: Status): boolean {
  return (UNANSWERED_STATUSES as readonly Status[]).includes(status);
}

/** No automation moves an item out of these. `completed` is not among them: it may still become active. */
export function isFinal(status: Status): boolean {
  return MOVES[status].length === 0;
}

const PROGRESS: readonly Status[] = [
  'pending',
  'submitted_to_provider',
  'accepted',
  'scheduled',
  'in_progress',
  'completed',
  'active',
];

/** Whether `status` lies further along the straight path than `other`; the three bad ends lie beyond everything. */
export function isFurther(status: Status, other: Status): boolean {
  const rank = (s: Status) => (PROGRESS.includes(s) ? PROGRESS.indexOf(s) : PROGRESS.length);
  return rank(status) > rank(other);
}

/** The statuses of items that are under way, in the order in which they go through them. */
export const OPEN_STATUSES = [
  'pending',
  'submitted_to_provider',
  'accepted',
  'scheduled',
  'in_progress',
  'completed',
] as const satisfies readonly Status[];
