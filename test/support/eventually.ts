import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds: what takes long is looked at less often, and leaves the machine to what is waited for. */
const PAUSE = { first: 25, longest: 100 };

/** Polls until `look` gives something, and fails with what was seen last. `within` in milliseconds. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { within = 40_000, seen }: { within?: number; seen?: () => unknown } = {},
): Promise<T> {
  const began = performance.now();
  const end = began + within;
  let failure: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > end) {
      const last = seen === undefined ? '' : `; last seen: ${JSON.stringify(await seen())}`;
      throw new Error(`not within ${within} ms: ${what}${last}`, { cause: failure });
    }
    const elapsed = performance.now() - began;
    await wait(Math.min(PAUSE.longest, Math.max(PAUSE.first, elapsed / 10)));
  }
}
