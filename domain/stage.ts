import type { Status } from './status.js';

/** Where the item stands with the provider. */
export const STAGES = [
  'intake',
  'review',
  'availability',
  'decision',
  'scheduling',
  'installation',
  'activation',
  'done',
] as const;
export type Stage = (typeof STAGES)[number];

/** How an item ended. */
export const OUTCOMES = ['active', 'completed', 'rejected', 'cancelled', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The outcome that a status at the platform stands for, where the item ends there. */
export function outcomeOf(status: Status): Outcome | undefined {
  return (OUTCOMES as readonly string[]).includes(status) ? (status as Outcome) : undefined;
}
