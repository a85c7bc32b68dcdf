import { setTimeout as wait } from 'node:timers/promises';
import type { CallStop } from '../db/call-stop.js';
import { UNAVAILABLE, type Outage } from '../db/call-stops.js';
import type { Notification } from '../domain/notification.js';

/** How soon a stop is found to be over, ended by another process. */
const LOOK_EVERY_MS = 1_000;

export interface KeyWatchOptions {
  stop: CallStop;
  /** Whether the key is taken and the platform answers; its read is let through the stop. */
  probe: () => Promise<boolean>;
  startNotification: (notification: Notification) => Promise<void>;
  /** Where people go to look, null where that is not known. */
  url: string | null;
  onProblem: (error: unknown, what: string) => void;
  onResumed: () => void;
}

/**
 * While calls are stopped, tells people once and finds out when the key works again. Every process that knows of the
 * stop does both in its turn, so that neither depends on the one that met it.
 */
export function watchKey(options: KeyWatchOptions): { close(): Promise<void> } {
  const { stop, onProblem } = options;
  const closing = new AbortController();
  let watching: Promise<void> | null = null;

  const announce = async (outage: Outage) => {
    try {
      await options.startNotification(integrationDown(outage, options.url));
      await stop.announced(outage);
    } catch (error) {
      onProblem(error, 'people could not be told yet that calls to Offergrid are stopped');
    }
  };
  const watch = async () => {
    while (!closing.signal.aborted) {
      const state = await stop.turn();
      if (!state.up) return;
      if (!state.announced) await announce(state.outage);
      if (state.mine && (await options.probe())) {
        await stop.end(state.outage);
        options.onResumed();
        // Older news may have come in between: the next look tells whether it is over.
        continue;
      }
      await wait(LOOK_EVERY_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  };
  const begin = () => {
    watching ??= watch()
      .catch((error: unknown) => onProblem(error, 'the key could not be watched'))
      .finally(() => (watching = null));
  };
  stop.onUp(begin);
  return {
    async close() {
      closing.abort();
      await watching;
    },
  };
}

/** What the platform said is left out: it might repeat the key. */
function integrationDown({ id, status, began }: Outage, url: string | null): Notification {
  return {
    id: `integration-down-offergrid-${id}`,
    type: 'integration.down',
    timestamp: began,
    data: {
      integration: 'offergrid',
      message: `Offergrid ${troubleOf(status)}. No orders are read or answered there until it does; then everything goes on by itself.`,
      url,
    },
  };
}

function troubleOf(status: number): string {
  if (status === UNAVAILABLE) return 'fails or cannot be reached';
  if (status === 403) return 'says that our key may not do what we ask (403)';
  return `does not take our key (${status})`;
}
