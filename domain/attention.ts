/** Why a person should look at an item, most urgent first. */
export const ATTENTION_CODES = [
  'offergrid_rejected_update',
  'cancelled_in_field',
  'sla_breached',
  'drift',
  'installation_failed',
  'no_show',
  'event_before_decision',
  'manual_review',
  'availability_unknown',
  'sla_at_risk',
  'stage_overdue',
  'offergrid_unreachable',
] as const;
export type AttentionCode = (typeof ATTENTION_CODES)[number];

export interface Attention {
  code: AttentionCode;
  /** ISO 8601. */
  since: string;
  message: string;
}

/** The one to show of several. */
export function mostUrgent(attentions: Iterable<Attention>): Attention | null {
  let first: Attention | null = null;
  for (const attention of attentions) {
    if (first === null || ATTENTION_CODES.indexOf(attention.code) < ATTENTION_CODES.indexOf(first.code))
      first = attention;
  }
  return first;
}
