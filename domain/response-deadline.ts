import type { ResponsePolicy } from './policy.js';

/** Where an item stands with its answer. `void`: it ended otherwise before one was given. */
export const SLA_STATES = ['on_track', 'at_risk', 'breached', 'met', 'met_late', 'void'] as const;
export type SlaState = (typeof SLA_STATES)[number];

/** One thing that becomes due on the way to the deadline. Times are epoch milliseconds. */
export interface Alarm {
  at: number;
  kind: 'warning' | 'breach';
}

/** The instant by which the item must be answered: wall clock from its creation at Offergrid. */
export function responseDeadline(createdAt: number, response: ResponsePolicy): number {
  return createdAt + response.deadline;
}

/** An answer goes before everything else this long before its deadline: time for some thousands of calls. */
const DUE_WITHIN = 3_600_000;

/** Whether an answer with this deadline is close to it, or late. */
export function isAnswerDue(deadline: number, now: number): boolean {
  return deadline - now <= DUE_WITHIN;
}

/**
 * The alarms still owed to an item first heard of at `heardAt`, in order. Warnings already past then are one, due at
 * once; when the deadline itself is past only the breach is left.
 */
export function alarmsFor(createdAt: number, heardAt: number, response: ResponsePolicy): Alarm[] {
  const deadline = responseDeadline(createdAt, response);
  if (heardAt >= deadline) return [{ at: heardAt, kind: 'breach' }];
  const warnings = response.warnBefore.map((before) => deadline - before).sort((a, b) => a - b);
  const ahead = warnings.filter((at) => at > heardAt);
  const missed = warnings.length > ahead.length ? [heardAt] : [];
  return [...missed, ...ahead]
    .map((at): Alarm => ({ at, kind: 'warning' }))
    .concat({ at: deadline, kind: 'breach' });
}

/** The state once answered at `respondedAt`. */
export function answeredSlaState(deadline: number, respondedAt: number): SlaState {
  return respondedAt < deadline ? 'met' : 'met_late';
}
