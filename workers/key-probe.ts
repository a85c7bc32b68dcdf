import type { OffergridClient } from '../integrations/offergrid/client.js';
import { OffergridError } from '../integrations/offergrid/errors.js';

/** Nobody's, so that it is answered at once. */
const NO_ITEM = '00000000-0000-0000-0000-000000000000';

/**
 * Whether the platform takes the key and is up, by one read. A list may come too late for as long as it is long: a read
 * that is short follows it then. Never rejects.
 */
export async function isKeyTaken(client: Pick<OffergridClient, 'listItems' | 'getItem'>): Promise<boolean> {
  try {
    await client.listItems('pending');
    return true;
  } catch (error) {
    if (!(error instanceof OffergridError && error.kind === 'timeout')) return sawTheKey(error);
  }
  return await client.getItem(NO_ITEM).then(() => true, sawTheKey);
}

/** Whoever refuses the call, or answers what cannot be read, has taken the key. A redirect comes from somebody else. */
function sawTheKey(error: unknown): boolean {
  if (!(error instanceof OffergridError)) return false;
  const { kind, status = 0 } = error;
  return kind === 'not_found' || kind === 'bad_answer' || (kind === 'refused' && status >= 400);
}
