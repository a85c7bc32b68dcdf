import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where fetched and built servers are kept: outside the checkout, so that a fresh clone does not build again. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const base = env['XDG_CACHE_HOME'];
  // The XDG specification has relative paths ignored.
  const cache = base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache');
  return join(cache, 'offergrid-fulfillment');
}
