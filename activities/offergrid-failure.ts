import { ApplicationFailure } from '@temporalio/activity';
import { OffergridError } from '../integrations/offergrid/errors.js';

/** A key that does not work is not worth a call a second; one of these probes finds out when it works again. */
const KEY_PROBE_INTERVAL = 30_000;

/** Never final: whatever went wrong, the item must go on once it is mended. */
export function asFailure(error: unknown): unknown {
  if (!(error instanceof OffergridError)) return error;
  const keyTrouble = error.kind === 'unauthorized' || error.kind === 'forbidden';
  const delay = error.retryAfterMs ?? (keyTrouble ? KEY_PROBE_INTERVAL : undefined);
  return ApplicationFailure.create({
    message: error.message,
    type: `Offergrid.${error.kind}`,
    ...(delay === undefined ? {} : { nextRetryDelay: delay }),
  });
}
