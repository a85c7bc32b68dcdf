import { createHash, timingSafeEqual } from 'node:crypto';
import { SCOPES, type FindKey } from './middleware/require-scope.js';

/** Knows the bootstrap key only; without one no key fits. */
export function createFindKey(adminApiKey: string | undefined): FindKey {
  const admin = adminApiKey === undefined ? undefined : digest(adminApiKey);
  return (presented) =>
    Promise.resolve(
      // Digests are of one length, so that the comparison takes the same time whatever was presented.
      admin !== undefined && timingSafeEqual(digest(presented), admin)
        ? { name: 'admin', scopes: SCOPES }
        : null,
    );
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
