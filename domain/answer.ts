import type { Status } from './status.js';
import type { ReasonCode } from './status-update.js';

/** How the order is answered. `elsewhere`: the item moved at the platform without us. */
export type Answer =
  | { kind: 'accept'; actor: string }
  | { kind: 'reject'; reason: string; reasonCode: ReasonCode; alternative?: string; actor: string }
  | { kind: 'elsewhere'; status: Status };
